$script:Colours = @{
    Magenta = '35'; White = '97'; Green = '92'; Cyan = '96'; DarkGreen = '32'; DarkGray = '90'; Red = '91'; Yellow = '93'; Gray = '37'
}

function Test-Detailed {
    $script:Session.Configuration.Output.Verbosity.Value -in 'Detailed', 'Diagnostic'
}

function Test-Colour {
    $mode = $script:Session.Configuration.Output.RenderMode.Value
    if ($mode -ne 'Auto') { return $mode -eq 'Ansi' }
    $terminal = $null -ne $Host.UI -and $Host.UI.SupportsVirtualTerminal
    $terminal -and $null -eq [System.Environment]::GetEnvironmentVariable('NO_COLOR') -and -not [System.Console]::IsOutputRedirected
}

# The same stream and tag that Write-Host uses, without asking the host program for that cmdlet.
function Write-Screen {
    [CmdletBinding()]
    param([string] $Text, [string] $Colour = 'Gray', [switch] $NoNewline)
    if ($script:Session.Configuration.Output.Verbosity.Value -eq 'None') { return }
    if ($Text -and (Test-Colour)) { $Text = "`e[$($script:Colours[$Colour])m$Text`e[0m" }
    $message = [System.Management.Automation.HostInformationMessage]@{ Message = $Text; NoNewLine = $NoNewline }
    $PSCmdlet.WriteInformation($message, [string[]]@('PSHOST'))
}

function Write-DiscoveryStart([int] $Count) {
    if (Test-Detailed) { Write-Screen "Pester stand-in v$($MyInvocation.MyCommand.Module.Version)" -Colour Magenta }
    Write-Screen "`nStarting discovery in $Count files." -Colour Magenta
}

function Write-DiscoveryFailure($Container) {
    Write-Screen "[-] Discovery in $($Container.Name) failed with:" -Colour Red
    Write-ErrorList $Container.ErrorRecord ''
}

function Write-DiscoveryEnd($Container, [timespan] $Duration) {
    $tests = @(foreach ($one in $Container) { Get-BlockTest $one.Root })
    Write-Screen "Discovery found $($tests.Count) tests in $(Format-Duration $Duration)." -Colour Magenta
    $filter = $script:Session.Configuration.Filter
    $active = @(foreach ($name in 'Tag', 'ExcludeTag', 'FullName') { if ($filter.$name.Value.Count -gt 0) { $name } })
    if ($active.Count -gt 0 -and (Test-Detailed)) {
        foreach ($name in $active) { Write-Screen "Filter '$name' set to ('$($filter.$name.Value -join "', '")')." -Colour Magenta }
        Write-Screen "Filters selected $($tests.Where({ $_.ShouldRun }).Count) tests to run." -Colour Magenta
    }

    Write-Screen 'Running tests.' -Colour Magenta
}

# The name of a block is known only when its setup has run, so it is written with its first test or its failure.
function Write-BlockName($Block) {
    if ($Block.IsRoot -or $Block.Shown -or -not (Test-Detailed)) { return }
    Write-BlockName $Block.Parent
    $level = $Block.Path.Count - 1
    if ($level -eq 0 -and -not [object]::ReferenceEquals($Block, $Block.Parent.Blocks[0])) { Write-Screen '' }
    $text, $colour = if ($Block.Command -eq 'Describe') { 'Describing', 'Green' } else { 'Context', 'Cyan' }
    Write-Screen "$(' ' * $level)$text $($Block.ExpandedName)" -Colour $colour
    $Block.Shown = $true
}

function Write-TestResult($Test) {
    $detailed = Test-Detailed
    if (-not $detailed -and $Test.Result -ne 'Failed') { return }
    $margin = if ($detailed) { ' ' * $Test.Path.Count } else { '' }
    $sign, $colour = switch ($Test.Result) {
        'Passed' { '[+]', 'DarkGreen' }
        'Failed' { '[-]', 'Red' }
        'Skipped' { '[!]', 'Yellow' }
        'Inconclusive' { '[?]', 'Gray' }
    }
    $name = if ($detailed) { $Test.ExpandedName } else { $Test.ExpandedPath }
    if ($Test.Result -in 'Skipped', 'Inconclusive' -and $Test.ErrorRecord.Count -gt 0) { $name += " $($Test.ErrorRecord[0])" }
    Write-Screen "$margin$sign $name" -Colour $colour -NoNewline
    $parts = "$(Format-Duration $Test.Duration) ($(Format-Duration $Test.UserDuration)|$(Format-Duration $Test.FrameworkDuration))"
    Write-Screen " $parts" -Colour DarkGray
    if ($Test.Result -eq 'Failed') { Write-ErrorList $Test.ErrorRecord "$margin " }
}

function Write-BlockFailure($Block) {
    Write-BlockName $Block
    $margin = if (Test-Detailed) { ' ' * $Block.Path.Count } else { '' }
    Write-Screen "[-] $($Block.Command) $($Block.Path -join '.') failed" -Colour Red
    Write-ErrorList $Block.ErrorRecord "$margin "
}

function Write-ContainerEnd($Container) {
    if ($Container.ErrorRecord.Count -gt 0) {
        Write-Screen "[-] $($Container.Name) failed with:" -Colour Red
        Write-ErrorList $Container.ErrorRecord ''
    }

    if (Test-Detailed) { return }
    $time = " $(Format-Duration $Container.Duration)"
    if ($Container.Result -eq 'Passed') {
        Write-Screen "[+] $($Container.Name)" -Colour DarkGreen -NoNewline
        Write-Screen $time -Colour DarkGray
    }
    elseif ($Container.Result -eq 'Skipped') {
        Write-Screen "[!] $($Container.Name)" -Colour Yellow -NoNewline
        Write-Screen $time -Colour DarkGray
    }
}

function Write-ErrorList($ErrorRecord, [string] $Margin) {
    $verbosity = $script:Session.Configuration.Output.StackTraceVerbosity.Value
    $index = 0
    foreach ($record in $ErrorRecord) {
        Add-DisplayText $record
        $lines = @($record.DisplayErrorMessage -split "`n")
        if ($ErrorRecord.Count -gt 1) { $lines[0] = "[$index] $($lines[0])" }
        $trace = @($record.DisplayStackTrace -split "`n")
        if ($verbosity -eq 'FirstLine') { $lines += $trace[0] } elseif ($verbosity -ne 'None') { $lines += $trace }
        foreach ($line in $lines) { if ($line) { Write-Screen "$Margin$line" -Colour Red } }
        $index++
    }
}

# The same two properties that Pester adds, as reports read them.
function Add-DisplayText($Record) {
    if ($Record.PSObject.Properties['DisplayErrorMessage']) { return }
    $isAssertion = $Record.FullyQualifiedErrorId -eq 'PesterAssertionFailed'
    # The innermost exception first, as it says most.
    $messages = @()
    for ($exception = $Record.Exception; $null -ne $exception; $exception = $exception.InnerException) {
        $messages = @(if ($isAssertion) { $exception.Message } else { "$($exception.GetType().Name): $($exception.Message)" }) + $messages
    }

    $messages = @(($messages -join "`n") -split '\r?\n').Where({ $_ })
    $trace = @(Get-TestTrace $Record)
    if ($isAssertion) {
        $at = $Record.TargetObject
        $trace = @("at $($at.LineText.Trim()), $($at.File):$($at.Line)") + $trace
    }

    $Record.PSObject.Properties.Add([System.Management.Automation.PSNoteProperty]::new('DisplayErrorMessage', $messages -join "`n"))
    $Record.PSObject.Properties.Add([System.Management.Automation.PSNoteProperty]::new('DisplayStackTrace', $trace -join "`n"))
}

# From the failing line up to the It or setup; what lies above is this module.
function Get-TestTrace($Record) {
    $full = $script:Session.Configuration.Debug.ShowFullErrors.Value -or $script:Session.Configuration.Output.StackTraceVerbosity.Value -eq 'Full'
    $own = ", $($MyInvocation.MyCommand.Module.ModuleBase)/"
    foreach ($line in "$($Record.ScriptStackTrace)" -split "`n") {
        if (-not $full) {
            if ($line.Contains("${own}src/Should.ps1")) { continue }
            if ($line.Contains($own)) { break }
        }

        $line -replace ':\s*line\s*(\d+)\s*$', ':$1'
    }
}

function Write-Summary($Run) {
    Write-Screen "Tests completed in $(Format-Duration $Run.Duration)" -Colour White
    $colour = if ($Run.Result -eq 'Passed') { 'DarkGreen' } else { 'Red' }
    $counts = "Tests Passed: $($Run.PassedCount), Failed: $($Run.FailedCount), Skipped: $($Run.SkippedCount), " +
    "Inconclusive: $($Run.InconclusiveCount), NotRun: $($Run.NotRunCount)"
    Write-Screen $counts -Colour $colour
    if ($Run.FailedBlocksCount -gt 0) {
        Write-Screen "BeforeAll \ AfterAll failed: $($Run.FailedBlocksCount)" -Colour Red
        foreach ($block in $Run.FailedBlocks) { Write-Screen "  - $($block.Path -join '.')" -Colour Red }
    }

    if ($Run.FailedContainersCount -gt 0) {
        Write-Screen "Container failed: $($Run.FailedContainersCount)" -Colour Red
        foreach ($container in $Run.FailedContainers) { Write-Screen "  - $($container.Name)" -Colour Red }
    }
}
