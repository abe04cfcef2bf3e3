# Test code belongs to the session state of the test file, the module's code to that of the module. A script block runs
# where its session state says, so a wrapper bound to the test file's state opens a scope there; what is dot-sourced into
# it shares its variables, and what runs below it sees them without being able to leak its own.

$script:StateOfScriptBlock = [scriptblock].GetProperty('SessionStateInternal', [System.Reflection.BindingFlags]'Instance, NonPublic')
$script:StateOfSession = [System.Management.Automation.SessionState].GetProperty('Internal', [System.Reflection.BindingFlags]'Instance, NonPublic')

function Set-Home([scriptblock] $ScriptBlock, $Like) {
    $state = if ($Like -is [scriptblock]) { $script:StateOfScriptBlock.GetValue($Like) } else { $script:StateOfSession.GetValue($Like) }
    $script:StateOfScriptBlock.SetValue($ScriptBlock, $state)
}

function New-Frame($Item, $Data, [scriptblock[]] $Setup = @(), [scriptblock[]] $Teardown = @()) {
    $splat = @{}
    if ($Data -is [System.Collections.IDictionary]) {
        foreach ($key in $Data.Keys) { $splat[[string]$key] = $Data[$key] }
    }

    $variables = $splat.Clone()
    if ($null -ne $Data -and -not $variables.ContainsKey('_')) { $variables['_'] = $Data }
    $splat.Remove('_')
    # Pester hands one parameter of its own to every script block, which those with [CmdletBinding()] refuse.
    $splat['____Pester'] = $null

    @{
        Item           = $Item
        Variables      = $variables
        Splat          = $splat
        Setup          = $Setup
        Teardown       = $Teardown
        NameExpression = $null
        RunChildren    = $null
        Errors         = [System.Collections.Generic.List[System.Management.Automation.ErrorRecord]]::new()
        # Read by Should, which may be told to note a failure and go on.
        AssertionAction = $script:Session.Configuration.Should.ErrorAction.Value
    }
}

# '<a.b>' stands for the value of $a.b in the scope of the test, '`<' for a plain '<'.
function Get-NameExpression([string] $Name) {
    if (-not $Name.Contains('<')) { return }
    $text = $Name.Replace('$', '`$').Replace('"', '`"')
    '"' + [regex]::Replace($text, '(?<!`)<([^>^`]+)>', '$$($$$1)') + '"'
}

# Returns what the test code wrote to its output. The loop is there for a 'break' or 'continue' in the test code.
function Invoke-Framed([scriptblock] $Wrapper, $Like, $Frame) {
    Set-Home $Wrapper -Like $Like
    do {
        & $Wrapper $Frame
    } while ($false)
}
