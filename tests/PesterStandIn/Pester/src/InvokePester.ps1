function Get-SimpleConfiguration($Bound) {
    $result = New-DefaultConfiguration
    $options = @{
        Path = 'Run', 'Path'; ExcludePath = 'Run', 'ExcludePath'; Container = 'Run', 'Container'; PassThru = 'Run', 'PassThru'
        TagFilter = 'Filter', 'Tag'; ExcludeTagFilter = 'Filter', 'ExcludeTag'; FullNameFilter = 'Filter', 'FullName'; Output = 'Output', 'Verbosity'
    }
    foreach ($name in $options.Keys) {
        if (-not $Bound.ContainsKey($name)) { continue }
        $section, $option = $options[$name]
        $value = $Bound[$name]
        $result.$section.$option = if ($value -is [switch]) { [bool]$value } else { $value }
    }

    $result
}

function Invoke-Run($Configuration, $SessionState, $Version) {
    $start = [datetime]::Now
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $infos = @(Get-RunContainer $Configuration $SessionState)
    Write-DiscoveryStart $infos.Count
    $containers = @(foreach ($info in $infos) { Invoke-ContainerDiscovery $info })
    foreach ($container in $containers) { Resolve-BlockPlan $container.Root $Configuration.Filter }
    Write-DiscoveryEnd $containers $watch.Elapsed

    $script:Session.Phase = 'Run'
    foreach ($container in $containers) {
        Invoke-ContainerRun $container
        Complete-ContainerResult $container
        Write-ContainerEnd $container
    }

    $run = New-RunResult $containers $start $Version
    Write-Summary $run
    $run
}

function Get-FailureText($Run) {
    $parts = foreach ($part in @(@($Run.FailedCount, 'test'), @($Run.FailedBlocksCount, 'block'), @($Run.FailedContainersCount, 'container'))) {
        if ($part[0] -gt 0) { "$($part[0]) $($part[1])$(if ($part[0] -gt 1) { 's' }) failed" }
    }
    Join-Sentence $parts
}

function Invoke-Pester {
    [CmdletBinding(DefaultParameterSetName = 'Simple')]
    param(
        [Parameter(Position = 0, ParameterSetName = 'Simple')]
        [string[]] $Path = '.',

        [Parameter(ParameterSetName = 'Simple')]
        [string[]] $ExcludePath,

        [Parameter(ParameterSetName = 'Simple')]
        [Alias('Tag', 'Tags')]
        [string[]] $TagFilter,

        [Parameter(ParameterSetName = 'Simple')]
        [string[]] $ExcludeTagFilter,

        [Parameter(ParameterSetName = 'Simple')]
        [Alias('Name')]
        [string[]] $FullNameFilter,

        [Parameter(ParameterSetName = 'Simple')]
        [ValidateSet('Diagnostic', 'Detailed', 'Normal', 'None')]
        [string] $Output = 'Normal',

        [Parameter(ParameterSetName = 'Simple')]
        [switch] $PassThru,

        [Parameter(ParameterSetName = 'Simple')]
        [object[]] $Container,

        [Parameter(Mandatory, ParameterSetName = 'Advanced')]
        [object] $Configuration
    )

    $settings = if ($PSCmdlet.ParameterSetName -eq 'Advanced') { ConvertTo-Configuration $Configuration } else { Get-SimpleConfiguration $PSBoundParameters }
    Assert-Configuration $settings
    if ($null -ne $PSCmdlet.SessionState.PSVariable.GetValue('PesterPreference')) { throw (New-UnsupportedError 'The variable $PesterPreference') }

    $outer = $script:Session
    $location = $PSCmdlet.SessionState.Path.CurrentLocation.Path
    # Set at once: a run that breaks off must not look like one that passed.
    $global:LASTEXITCODE = 1
    $script:Session = New-Session $settings $PSCmdlet.SessionState
    $ended = $false
    try {
        $run = Invoke-Run $settings $PSCmdlet.SessionState $MyInvocation.MyCommand.Module.Version
        $ended = $true
    }
    catch {
        $ended = $true
        throw
    }
    finally {
        $script:Session = $outer
        if ($null -ne $outer -and $null -ne $outer.TestDrive) { Mount-TestDrive $outer.TestDrive }
        $null = $PSCmdlet.SessionState.Path.SetLocation($location)
        # An 'exit 0' in a test would end the whole program as if all were well.
        if (-not $ended) { throw 'The run of the tests was broken off, by an exit or a break in a test file or from outside.' }
    }

    if ($settings.Run.PassThru.Value) { $run }
    $bad = $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
    $global:LASTEXITCODE = $bad
    if ($settings.Run.Throw.Value -and $bad -gt 0) { throw "Pester run failed, because $(Get-FailureText $run)" }
    if ($settings.Run.Exit.Value -and $bad -gt 0) { exit $bad }
}
