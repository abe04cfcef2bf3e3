# A test that leans on something unknown here must never pass by accident. The throw may be swallowed by a try/catch of
# the test code, therefore the use is also noted and fails the container at the end.
function New-UnsupportedError([string] $What) {
    $exception = [System.NotSupportedException]::new("$What is not supported by the Pester stand-in. Run these tests under Pester, or write them without it.")
    $record = [System.Management.Automation.ErrorRecord]::new($exception, 'PesterStandInNotSupported', 'NotImplemented', $What)
    if ($null -ne $script:Session) { $script:Session.Unsupported.Add($record) }
    $record
}

function Test-Invoke(
    $ActualValue, [string] $CommandName, [int] $Times, [scriptblock] $ParameterFilter, [scriptblock] $ExclusiveFilter,
    [string] $ModuleName, [string] $Scope, [switch] $Exactly, [switch] $Negate, [string] $Because) {
    throw (New-UnsupportedError 'Should -Invoke')
}

function Test-InvokeVerifiable($ActualValue, [switch] $Negate, [string] $Because) {
    throw (New-UnsupportedError 'Should -InvokeVerifiable')
}

function Mock { throw (New-UnsupportedError 'Mock') }
function Assert-MockCalled { throw (New-UnsupportedError 'Assert-MockCalled') }
function Assert-VerifiableMock { throw (New-UnsupportedError 'Assert-VerifiableMock') }
function New-MockObject { throw (New-UnsupportedError 'New-MockObject') }
function Add-ShouldOperator { throw (New-UnsupportedError 'Add-ShouldOperator') }
function Get-ShouldOperator { throw (New-UnsupportedError 'Get-ShouldOperator') }
function New-Fixture { throw (New-UnsupportedError 'New-Fixture') }
function ConvertTo-Pester4Result { throw (New-UnsupportedError 'ConvertTo-Pester4Result') }
function Export-NUnitReport { throw (New-UnsupportedError 'Export-NUnitReport') }
function ConvertTo-NUnitReport { throw (New-UnsupportedError 'ConvertTo-NUnitReport') }
function Export-JUnitReport { throw (New-UnsupportedError 'Export-JUnitReport') }
function ConvertTo-JUnitReport { throw (New-UnsupportedError 'ConvertTo-JUnitReport') }
