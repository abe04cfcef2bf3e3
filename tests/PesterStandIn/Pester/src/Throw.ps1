function Format-Origin($Record) {
    $position = if ($null -eq $Record.InvocationInfo) { '' } else { "$($Record.InvocationInfo.PositionMessage)" }
    ($position -replace '^At ', 'from ') -replace '\r?\n', "`n    "
}

function Test-Throw($ActualValue, [string] $ExpectedMessage, [string] $ErrorId, [type] $ExceptionType, [switch] $Negate, [string] $Because, [switch] $PassThru) {
    if ($ActualValue -isnot [scriptblock]) {
        throw [System.ArgumentException]::new("Input is missing or not a ScriptBlock. Input to '-Throw' and '-Not -Throw' must be enclosed in curly braces.")
    }

    $thrown = Get-ThrownError $ActualValue
    if ($Negate) {
        if ($null -eq $thrown) { return }
        return "Expected no exception to be thrown,$(Format-Because $Because) but an exception `"$($thrown.Exception.Message)`" was thrown $(Format-Origin $thrown)."
    }

    $wanted = @()
    $wrong = @()
    if ($null -ne $ExceptionType) {
        $wanted += "type $(Format-Value $ExceptionType)"
        if ($null -ne $thrown -and $thrown.Exception -isnot $ExceptionType) { $wrong += "the exception type was $(Format-Value $thrown.Exception.GetType())" }
    }

    if (-not [string]::IsNullOrWhiteSpace($ExpectedMessage)) {
        $wanted += "message like $(Format-Value ([System.Management.Automation.WildcardPattern]::Unescape($ExpectedMessage)))"
        if ($null -ne $thrown -and $thrown.Exception.Message -notlike $ExpectedMessage) { $wrong += "the message was $(Format-Value $thrown.Exception.Message)" }
    }

    if (-not [string]::IsNullOrWhiteSpace($ErrorId)) {
        $wanted += "FullyQualifiedErrorId $(Format-Value $ErrorId)"
        if ($null -ne $thrown -and $thrown.FullyQualifiedErrorId -notlike $ErrorId) { $wrong += "the FullyQualifiedErrorId was $(Format-Value $thrown.FullyQualifiedErrorId)" }
    }

    if ($null -eq $thrown) { $wrong = @('no exception was thrown') }
    if ($wrong.Count -eq 0) { return $(if ($PassThru) { $thrown }) }
    $with = if ($wanted.Count -gt 0) { " with $(Join-Sentence $wanted)" } else { '' }
    $origin = if ($null -eq $thrown) { '' } else { Format-Origin $thrown }
    "Expected an exception$with to be thrown,$(Format-Because $Because) but $(Join-Sentence $wrong). $origin".Trim()
}
