function Get-DefaultText($Command, [string] $ParameterName) {
    if ($Command -is [System.Management.Automation.AliasInfo]) { $Command = $Command.ResolvedCommand }
    $ast = if ($Command.PSObject.Properties['ScriptBlock'] -and $null -ne $Command.ScriptBlock) { $Command.ScriptBlock.Ast }
    if ($null -eq $ast) { throw [System.ArgumentException]::new('Using -DefaultValue is only supported for functions and scripts.') }
    $parameters = if ($ast -is [System.Management.Automation.Language.FunctionDefinitionAst]) {
        if ($null -ne $ast.Parameters) { $ast.Parameters } elseif ($null -ne $ast.Body.ParamBlock) { $ast.Body.ParamBlock.Parameters }
    }
    elseif ($null -ne $ast.ParamBlock) { $ast.ParamBlock.Parameters }

    foreach ($parameter in $parameters) {
        if ($parameter.Name.VariablePath.UserPath -ne $ParameterName -or $null -eq $parameter.DefaultValue) { continue }
        $value = $parameter.DefaultValue
        if ($value.PSObject.Properties['Value']) { return [string]$value.Value }
        switch ($value.Extent.Text) {
            '$null' { return '' }
            { $_ -in '$true', '$false' } { return $_.Substring(1) }
            default { return $_ }
        }
    }

    ''
}

function Test-RegisteredCompleter([string] $Command, [string] $ParameterName) {
    $flags = [System.Reflection.BindingFlags]'Instance, NonPublic'
    $context = $ExecutionContext.GetType().GetField('_context', $flags).GetValue($ExecutionContext)
    $completers = $context.GetType().GetProperty('CustomArgumentCompleters', $flags).GetValue($context)
    $null -ne $completers -and $completers.ContainsKey("${Command}:$ParameterName")
}

# One checked trait: what was asked for, whether it is there, and how to say that it is not (or is, under -Not).
function New-Trait([string] $Wanted, [bool] $Present, [string] $Absence, [string] $Presence) {
    @{ Wanted = $Wanted; Present = $Present; Absence = $Absence; Presence = $Presence }
}

function Get-RequestedTrait($Command, $Parameter, $Attributes, $Asked, [bool] $Negate) {
    $not = if ($Negate) { ' not' } else { '' }
    if ($Asked.Mandatory) {
        New-Trait "which is$not mandatory" (@($Attributes.Where({ $_.Mandatory })).Count -gt 0) "it wasn't mandatory" 'it was mandatory'
    }

    if ($null -ne $Asked.Type) {
        $type = ConvertTo-ExpectedType $Asked.Type
        $was = "it was of type [$($Parameter.ParameterType.FullName)]"
        New-Trait "$(if ($Negate) { 'not ' })of type [$($type.FullName)]" ($type -eq $Parameter.ParameterType) $was $was
    }

    if ($null -ne $Asked.DefaultValue) {
        $actual = Get-DefaultText $Command $Parameter.Name
        $was = "the default value was $(Format-Value $actual)"
        New-Trait "the default value$not to be $(Format-Value $Asked.DefaultValue)" ($actual -eq $Asked.DefaultValue) $was $was
    }

    if ($Asked.HasArgumentCompleter) {
        $has = @($Parameter.Attributes.Where({ $_ -is [System.Management.Automation.ArgumentCompleterAttribute] })).Count -gt 0 -or
        (Test-RegisteredCompleter $Command.Name $Parameter.Name)
        New-Trait 'has ArgumentCompletion' $has 'has no ArgumentCompletion' 'has ArgumentCompletion'
    }

    if ($Asked.Alias.Count -gt 0) { New-AliasTrait $Parameter $Asked.Alias $Negate }
}

function New-AliasTrait($Parameter, [string[]] $Alias, [bool] $Negate) {
    $faulty = @($Alias.Where({ ($Parameter.Aliases -contains $_) -eq $Negate }))
    $named = "$(if ($faulty.Count -eq 1) { 'an alias' } else { 'the aliases' }) $(Join-Sentence @($faulty -replace '^|$', "'"))"
    $wanted = "with$(if ($Negate) { 'out' }) alias$(if ($Alias.Count -gt 1) { 'es' }) $(Join-Sentence @($Alias -replace '^|$', "'"))"
    New-Trait $wanted (($faulty.Count -eq 0) -ne $Negate) "it didn't have $named" "it has $named"
}

function Test-HaveParameter(
    $ActualValue, [string] $ParameterName, $Type, [string] $DefaultValue, [switch] $Mandatory, [string] $InParameterSet,
    [switch] $HasArgumentCompleter, [string[]] $Alias, [switch] $Negate, [string] $Because) {
    if ($ActualValue -isnot [System.Management.Automation.CommandInfo] -or $ActualValue -is [System.Management.Automation.ApplicationInfo]) {
        throw [System.ArgumentException]::new('Input value must be a CommandInfo object other than an application. You can get one by calling Get-Command.')
    }

    if (-not $ParameterName) { throw [System.ArgumentException]::new("The ParameterName can't be empty") }
    $asked = @{
        Type = $Type; Mandatory = $Mandatory; HasArgumentCompleter = $HasArgumentCompleter
        DefaultValue = if ($PSBoundParameters.ContainsKey('DefaultValue')) { $DefaultValue } else { $null }
        Alias = @(if ($null -ne $Alias) { $Alias })
    }
    # An alias alone does not soften a -Not: the parameter itself must be missing then.
    $isPlain = -not ($InParameterSet -or $Mandatory -or $null -ne $Type -or $DefaultValue -or $HasArgumentCompleter)
    $wanted = @("to$(if ($Negate) { ' not' }) have a parameter $ParameterName$(if ($InParameterSet) { " in parameter set $InParameterSet" })")
    $wrong = @()
    $parameter = $null
    if ($null -ne $ActualValue.Parameters -and $ActualValue.Parameters.ContainsKey($ParameterName)) { $parameter = $ActualValue.Parameters[$ParameterName] }
    $attributes = @(if ($null -ne $parameter) {
            $parameter.Attributes.Where({ $_ -is [System.Management.Automation.ParameterAttribute] -and (-not $InParameterSet -or $_.ParameterSetName -eq $InParameterSet) })
        })
    $exists = $null -ne $parameter -and (-not $InParameterSet -or $attributes.Count -gt 0)

    if ($null -eq $parameter -and $Negate) { return }
    if (-not $exists -and -not $Negate) { $wrong += 'the parameter is missing' }
    elseif ($Negate -and $exists -and ($isPlain -or $InParameterSet)) { $wrong += 'the parameter exists' }
    else {
        foreach ($trait in Get-RequestedTrait $ActualValue $parameter $attributes $asked $Negate) {
            $wanted += $trait.Wanted
            if ($trait.Present -eq $Negate) { $wrong += $(if ($Negate) { $trait.Presence } else { $trait.Absence }) }
        }
    }

    if ($wrong.Count -gt 0) { "Expected command $($ActualValue.Name) $(Join-Sentence $wanted -Threshold 3),$(Format-Because $Because) but $(Join-Sentence $wrong)." }
}
