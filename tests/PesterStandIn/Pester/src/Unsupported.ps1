function New-UnsupportedError([string] $What) {
    $exception = [System.NotSupportedException]::new("$What is not supported by the Pester stand-in. Run these tests under Pester, or write them without it.")
    [System.Management.Automation.ErrorRecord]::new($exception, 'PesterStandInNotSupported', 'NotImplemented', $What)
}

# A test that leans on something unknown here must never pass by accident. The error may be swallowed by a try/catch of
# the test code, therefore the use is also noted and fails the container at the end.
function Stop-Unsupported([string] $What) {
    $record = New-UnsupportedError $What
    if ($null -ne $script:Session) { $script:Session.Unsupported.Add($record) }
    throw $record
}

function Test-Invoke(
    $ActualValue, [string] $CommandName, [int] $Times, [scriptblock] $ParameterFilter, [scriptblock] $ExclusiveFilter,
    [string] $ModuleName, [string] $Scope, [switch] $Exactly, [switch] $Negate, [string] $Because) {
    Stop-Unsupported 'Should -Invoke'
}

function Test-InvokeVerifiable($ActualValue, [switch] $Negate, [string] $Because) {
    Stop-Unsupported 'Should -InvokeVerifiable'
}

function Mock { Stop-Unsupported 'Mock' }
function Assert-MockCalled { Stop-Unsupported 'Assert-MockCalled' }
function Assert-VerifiableMock { Stop-Unsupported 'Assert-VerifiableMock' }
function New-MockObject { Stop-Unsupported 'New-MockObject' }
function Add-ShouldOperator { Stop-Unsupported 'Add-ShouldOperator' }
function Get-ShouldOperator { Stop-Unsupported 'Get-ShouldOperator' }
function New-Fixture { Stop-Unsupported 'New-Fixture' }
function ConvertTo-Pester4Result { Stop-Unsupported 'ConvertTo-Pester4Result' }
function Export-NUnitReport { Stop-Unsupported 'Export-NUnitReport' }
function ConvertTo-NUnitReport { Stop-Unsupported 'ConvertTo-NUnitReport' }
function Export-JUnitReport { Stop-Unsupported 'Export-JUnitReport' }
function ConvertTo-JUnitReport { Stop-Unsupported 'ConvertTo-JUnitReport' }
