$script:Operators = @{}
$script:ShouldParameters = [System.Management.Automation.RuntimeDefinedParameterDictionary]::new()

function Get-ShouldParameter([string] $Name, [type] $Type) {
    if (-not $script:ShouldParameters.ContainsKey($Name)) {
        $attributes = [System.Collections.ObjectModel.Collection[System.Attribute]]::new()
        $script:ShouldParameters.Add($Name, [System.Management.Automation.RuntimeDefinedParameter]::new($Name, $Type, $attributes))
    }

    $script:ShouldParameters[$Name]
}

# Each operator is a parameter set of Should, so that a parameter of another operator, or of none, cannot bind.
function Add-Operator([string] $Name, [string] $Alias, [switch] $Collection) {
    $function = $ExecutionContext.InvokeCommand.GetCommand("Test-$Name", 'Function')
    $script:Operators[$Name] = @{ Function = $function; TakesCollection = $Collection }

    $switch = Get-ShouldParameter $Name ([switch])
    $switch.Attributes.Add([System.Management.Automation.ParameterAttribute]@{ ParameterSetName = $Name; Mandatory = $true })
    if ($Alias) { $switch.Attributes.Add([System.Management.Automation.AliasAttribute]::new($Alias)) }
    (Get-ShouldParameter 'Not' ([switch])).Attributes.Add([System.Management.Automation.ParameterAttribute]@{ ParameterSetName = $Name })

    $position = 1
    foreach ($parameter in $function.Parameters.Values) {
        if ($parameter.Name -in 'ActualValue', 'Negate') { continue }
        # Values are passed on as they come; the function that takes them converts them.
        $type = if ($parameter.ParameterType -eq [switch]) { [switch] } else { [object] }
        $attribute = [System.Management.Automation.ParameterAttribute]@{ ParameterSetName = $Name; Position = $position }
        (Get-ShouldParameter $parameter.Name $type).Attributes.Add($attribute)
        $position++
    }
}

Add-Operator Be -Alias EQ -Collection
Add-Operator BeExactly -Alias CEQ -Collection
Add-Operator BeGreaterThan -Alias GT
Add-Operator BeGreaterOrEqual -Alias GE
Add-Operator BeLessThan -Alias LT
Add-Operator BeLessOrEqual -Alias LE
Add-Operator BeLike
Add-Operator BeLikeExactly
Add-Operator Match
Add-Operator MatchExactly -Alias CMATCH
Add-Operator BeIn
Add-Operator Contain -Collection
Add-Operator HaveCount -Collection
Add-Operator BeNullOrEmpty -Collection
Add-Operator BeTrue
Add-Operator BeFalse
Add-Operator BeOfType -Alias HaveType
Add-Operator Exist
Add-Operator FileContentMatch
Add-Operator FileContentMatchExactly
Add-Operator FileContentMatchMultiline
Add-Operator FileContentMatchMultilineExactly
Add-Operator Throw
Add-Operator HaveParameter
Add-Operator Invoke
Add-Operator InvokeVerifiable

function New-AssertionError([string] $Message, $Invocation) {
    $details = @{
        Message = $Message; File = $Invocation.ScriptName; Line = $Invocation.ScriptLineNumber
        LineText = $Invocation.Line.TrimEnd(); Terminating = $true
    }
    [System.Management.Automation.ErrorRecord]::new([System.Exception]::new($Message), 'PesterAssertionFailed', 'InvalidResult', $details)
}

# A failed assertion ends the test, unless it was asked to be noted only.
function Submit-AssertionError($Record, $Caller) {
    $frame = $Caller.SessionState.PSVariable.GetValue('______pester')
    $action = if ($Caller.MyInvocation.BoundParameters.ContainsKey('ErrorAction')) { $Caller.MyInvocation.BoundParameters['ErrorAction'] }
    elseif ($null -ne $frame) { $frame.AssertionAction }
    else { 'Stop' }
    if ($action -eq 'Stop' -or $null -eq $frame) { throw $Record }
    # Thrown and caught to give it the stack of the test.
    try { throw $Record } catch { $frame.Errors.Add($_) }
}

function Invoke-Operator($Operator, $ActualValue, $Arguments, $Caller) {
    $verdict = & $Operator.Function -ActualValue $ActualValue @Arguments
    if ($verdict -is [string]) { Submit-AssertionError (New-AssertionError $verdict $Caller.MyInvocation) $Caller }
    elseif ($null -ne $verdict) { $verdict }
}

# The parameter of the actual value takes what no other parameter wants, so a misspelt '-Because' would end up there.
function Assert-NothingLeft($Bound, $Invocation) {
    $offset = $Invocation.OffsetInLine - 1
    if ($offset -ge 0 -and $offset -lt $Invocation.Line.Length -and $Invocation.Line.Substring($offset) -match '^\s*should\s+[^-@\s]') {
        throw [System.ArgumentException]::new('The old syntax of Should, without dashes, is not part of Pester 5.')
    }

    if (-not $Bound.ContainsKey('ActualValue')) { return }
    $left = $Bound['ActualValue']
    $isLeftover = $left -is [System.Collections.Generic.List[object]] -and @($left.Where({ $_ -is [string] -and $_.StartsWith('-') })).Count -gt 0
    if ($Invocation.ExpectingInput -or $isLeftover) {
        throw [System.ArgumentException]::new("Should does not know what to do with: $left")
    }
}

function Should {
    [CmdletBinding()]
    param(
        [Parameter(ValueFromPipeline, ValueFromRemainingArguments)]
        [object] $ActualValue
    )

    dynamicparam {
        $script:ShouldParameters
    }

    begin {
        Assert-NothingLeft $PSBoundParameters $MyInvocation
        $values = [System.Collections.Generic.List[psobject]]::new()
    }

    process {
        $values.Add($ActualValue)
    }

    end {
        $operator = $script:Operators[$PSCmdlet.ParameterSetName]
        $arguments = @{ Negate = $PSBoundParameters.ContainsKey('Not') -and $PSBoundParameters['Not'] }
        foreach ($name in $operator.Function.Parameters.Keys) {
            if ($name -ne 'ActualValue' -and $PSBoundParameters.ContainsKey($name)) { $arguments[$name] = $PSBoundParameters[$name] }
        }

        if ($values.Count -eq 0) { Invoke-Operator $operator $null $arguments $PSCmdlet }
        elseif ($operator.TakesCollection) { Invoke-Operator $operator $values.ToArray() $arguments $PSCmdlet }
        else { foreach ($value in $values) { Invoke-Operator $operator $value $arguments $PSCmdlet } }
    }
}
