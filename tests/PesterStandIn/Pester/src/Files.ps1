function Test-Exist($ActualValue, [switch] $Negate, [string] $Because) {
    $exists = foreach ($path in $ActualValue) { $ExecutionContext.SessionState.InvokeProvider.Item.Exists($path) }
    if ([bool]$exists -ne $Negate) { return }
    $not, $end = if ($Negate) { ' not', 'it did exist' } else { '', 'it did not exist' }
    "Expected path $(Format-Value $ActualValue) to$not exist,$(Format-Because $Because) but $end."
}

function Read-FileText([string] $Path) {
    foreach ($file in $ExecutionContext.SessionState.Path.GetResolvedProviderPathFromPSPath($Path, [ref]$null)) {
        [System.IO.File]::ReadAllText($file)
    }
}

function Read-FileLine([string] $Path) {
    foreach ($file in $ExecutionContext.SessionState.Path.GetResolvedProviderPathFromPSPath($Path, [ref]$null)) {
        [System.IO.File]::ReadAllLines($file)
    }
}

function Format-ContentFailure($ActualValue, $ExpectedContent, [string] $How, [bool] $Negate, [string] $Because) {
    $not, $end = if ($Negate) { ' not', 'it was found' } else { '', 'it was not found' }
    "Expected $(Format-Value $ExpectedContent) to$not be ${How}found in file $(Format-Value $ActualValue),$(Format-Because $Because) but $end."
}

function Test-FileContentMatch($ActualValue, $ExpectedContent, [switch] $Negate, [string] $Because) {
    $found = @(@(Read-FileLine $ActualValue) -match $ExpectedContent).Count -gt 0
    if ($found -eq $Negate) { Format-ContentFailure $ActualValue $ExpectedContent '' $Negate $Because }
}

function Test-FileContentMatchExactly($ActualValue, $ExpectedContent, [switch] $Negate, [string] $Because) {
    $found = @(@(Read-FileLine $ActualValue) -cmatch $ExpectedContent).Count -gt 0
    if ($found -eq $Negate) { Format-ContentFailure $ActualValue $ExpectedContent 'case sensitively ' $Negate $Because }
}

function Test-FileContentMatchMultiline($ActualValue, $ExpectedContent, [switch] $Negate, [string] $Because) {
    $found = [bool]((Read-FileText $ActualValue) -match $ExpectedContent)
    if ($found -eq $Negate) { Format-ContentFailure $ActualValue $ExpectedContent '' $Negate $Because }
}

function Test-FileContentMatchMultilineExactly($ActualValue, $ExpectedContent, [switch] $Negate, [string] $Because) {
    $found = [bool]((Read-FileText $ActualValue) -cmatch $ExpectedContent)
    if ($found -eq $Negate) { Format-ContentFailure $ActualValue $ExpectedContent 'case sensitively ' $Negate $Because }
}
