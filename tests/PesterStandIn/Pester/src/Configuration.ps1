# Every option has its type, its default and, where only some values can be honoured here, those values.
$script:ConfigurationSchema = [ordered]@{
    Run          = [ordered]@{
        Path                   = @{ Type = [string[]]; Default = @('.') }
        ExcludePath            = @{ Type = [string[]]; Default = @() }
        ScriptBlock            = @{ Type = [scriptblock[]]; Default = @() }
        Container              = @{ Type = [object[]]; Default = @() }
        TestExtension          = @{ Type = [string]; Default = '.Tests.ps1' }
        Exit                   = @{ Type = [bool]; Default = $false }
        Throw                  = @{ Type = [bool]; Default = $false }
        PassThru               = @{ Type = [bool]; Default = $false }
        SkipRun                = @{ Type = [bool]; Default = $false; Only = @($false) }
        SkipRemainingOnFailure = @{ Type = [string]; Default = 'None'; Only = @('None') }
    }
    Filter       = [ordered]@{
        Tag         = @{ Type = [string[]]; Default = @() }
        ExcludeTag  = @{ Type = [string[]]; Default = @() }
        FullName    = @{ Type = [string[]]; Default = @() }
        Line        = @{ Type = [string[]]; Default = @(); Only = @() }
        ExcludeLine = @{ Type = [string[]]; Default = @(); Only = @() }
    }
    CodeCoverage = [ordered]@{
        Enabled = @{ Type = [bool]; Default = $false; Only = @($false) }
    }
    TestResult   = [ordered]@{
        Enabled = @{ Type = [bool]; Default = $false; Only = @($false) }
    }
    Should       = [ordered]@{
        ErrorAction = @{ Type = [string]; Default = 'Stop'; Only = @('Stop', 'Continue') }
    }
    Debug        = [ordered]@{
        ShowFullErrors = @{ Type = [bool]; Default = $false }
    }
    Output       = [ordered]@{
        Verbosity           = @{ Type = [string]; Default = 'Normal'; Only = @('None', 'Normal', 'Detailed', 'Diagnostic') }
        StackTraceVerbosity = @{ Type = [string]; Default = 'Filtered'; Only = @('None', 'FirstLine', 'Filtered', 'Full') }
        CIFormat            = @{ Type = [string]; Default = 'Auto'; Only = @('Auto', 'None') }
        RenderMode          = @{ Type = [string]; Default = 'Auto'; Only = @('Auto', 'Plaintext', 'Ansi') }
    }
    TestDrive    = [ordered]@{
        Enabled = @{ Type = [bool]; Default = $true }
    }
    TestRegistry = [ordered]@{
        Enabled = @{ Type = [bool]; Default = $true }
    }
}

function New-ConfigurationOption([string] $Name, $Rule) {
    [pscustomobject]@{ Name = $Name; Rule = $Rule; Default = $Rule.Default; Value = $Rule.Default; IsModified = $false }
}

function Set-ConfigurationOption($Option, $Value) {
    # An option of another configuration may be handed over whole.
    if ($null -ne $Value -and $null -ne $Value.PSObject.Properties['IsModified']) { $Value = $Value.Value }
    $Option.Value = [System.Management.Automation.LanguagePrimitives]::ConvertTo($Value, $Option.Rule.Type)
    $Option.IsModified = $true
}

function New-ConfigurationSection([string] $Section) {
    $result = [pscustomobject]@{}
    $set = { param($option, $value) Set-ConfigurationOption $option $value }
    foreach ($name in $script:ConfigurationSchema[$Section].Keys) {
        $option = New-ConfigurationOption "$Section.$name" $script:ConfigurationSchema[$Section][$name]
        $getter = { $option }.GetNewClosure()
        $setter = { param($value) & $set $option $value }.GetNewClosure()
        $result.PSObject.Properties.Add([System.Management.Automation.PSScriptProperty]::new($name, $getter, $setter))
    }

    $result
}

function New-DefaultConfiguration {
    $sections = [ordered]@{ PSTypeName = 'PesterConfiguration' }
    foreach ($section in $script:ConfigurationSchema.Keys) { $sections[$section] = New-ConfigurationSection $section }
    [pscustomobject]$sections
}

function Import-ConfigurationTable($Configuration, [System.Collections.IDictionary] $Table) {
    foreach ($section in $Table.Keys) {
        if (-not $script:ConfigurationSchema.Contains($section)) { throw (New-UnsupportedError "The section '$section' of the configuration") }
        foreach ($name in $Table[$section].Keys) {
            if (-not $script:ConfigurationSchema[$section].Contains($name)) { throw (New-UnsupportedError "The option '$section.$name'") }
            $Configuration.$section.$name = $Table[$section][$name]
        }
    }
}

function ConvertTo-Configuration($Value) {
    if ($Value -is [System.Collections.IDictionary]) {
        $result = New-DefaultConfiguration
        Import-ConfigurationTable $result $Value
        return $result
    }

    if ($Value.PSObject.TypeNames -contains 'PesterConfiguration') { return $Value }
    throw [System.ArgumentException]::new('The configuration must be a hashtable or come from New-PesterConfiguration.')
}

# Values are judged when a run starts, as they may have been set in any order before.
function Assert-Configuration($Configuration) {
    foreach ($section in $script:ConfigurationSchema.Keys) {
        foreach ($name in $script:ConfigurationSchema[$section].Keys) {
            $option = $Configuration.$section.$name
            if (-not $option.Rule.ContainsKey('Only')) { continue }
            foreach ($value in @($option.Value)) {
                if ($option.Rule.Only -notcontains $value) { throw (New-UnsupportedError "The value '$value' of the option '$section.$name'") }
            }
        }
    }
}

function New-PesterConfiguration {
    [CmdletBinding()]
    param(
        [System.Collections.IDictionary] $Hashtable = @{}
    )

    ConvertTo-Configuration $Hashtable
}
