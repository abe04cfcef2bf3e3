# In the order of Pester's result: the tests of a block, then those of its blocks.
function Get-BlockTest($Block) {
    $Block.Tests
    foreach ($child in $Block.Blocks) { Get-BlockTest $child }
}

function Get-ChildBlock($Block) {
    foreach ($child in $Block.Blocks) {
        $child
        Get-ChildBlock $child
    }
}

# A test that should have run and has no result, because the setup of its block failed or it was left by an exit, has failed.
function Complete-TestResult($Test) {
    if ($Test.ShouldRun -and $Test.Result -eq 'NotRun') { $Test.Result = 'Failed' }
}

function Add-Count($Target, [string] $Result, [int] $Count) {
    $Target."${Result}Count" += $Count
    $Target.TotalCount += $Count
}

function Complete-BlockResult($Block) {
    $childFailed = $false
    foreach ($item in $Block.Order) {
        if ($item.ItemType -eq 'Test') {
            Complete-TestResult $item
            Add-Count $Block $item.Result 1
            $childFailed = $childFailed -or $item.Result -eq 'Failed'
        }
        else {
            Complete-BlockResult $item
            foreach ($result in 'Passed', 'Failed', 'Skipped', 'Inconclusive', 'NotRun') { Add-Count $Block $result $item."${result}Count" }
            $childFailed = $childFailed -or ($item.ShouldRun -and -not $item.Passed)
        }
    }

    $Block.Passed = $Block.Executed -and $Block.OwnPassed -and -not $childFailed
    $Block.Result = if (-not $Block.ShouldRun) { 'NotRun' } elseif ($Block.Skip) { 'Skipped' } elseif ($Block.Passed) { 'Passed' } else { 'Failed' }
}

function Complete-ContainerResult($Container) {
    Add-UnsupportedUse $Container
    $root = $Container.Root
    Complete-BlockResult $root
    foreach ($name in 'TotalCount', 'PassedCount', 'FailedCount', 'SkippedCount', 'InconclusiveCount', 'NotRunCount', 'Skip', 'ShouldRun', 'StandardOutput') {
        $Container.$name = $root.$name
    }

    $Container.Passed = $root.Passed -and $Container.ErrorRecord.Count -eq 0
    $Container.Result = if ($Container.ErrorRecord.Count -gt 0) { 'Failed' } else { $root.Result }
    foreach ($record in $Container.ErrorRecord) { Add-DisplayText $record }
}

function New-RunResult($Container, [datetime] $Start, $Version) {
    $lists = @{}
    foreach ($name in 'Tests', 'Passed', 'Failed', 'Skipped', 'Inconclusive', 'NotRun', 'FailedBlocks', 'FailedContainers') {
        $lists[$name] = [System.Collections.Generic.List[object]]::new()
    }

    $duration = [timespan]::Zero
    foreach ($one in $Container) {
        $duration += $one.Duration
        foreach ($test in Get-BlockTest $one.Root) {
            $lists.Tests.Add($test)
            $lists[$test.Result].Add($test)
        }

        foreach ($block in Get-ChildBlock $one.Root) { if ($block.ErrorRecord.Count -gt 0) { $lists.FailedBlocks.Add($block) } }
        if ($one.ErrorRecord.Count -gt 0) { $lists.FailedContainers.Add($one) }
    }

    $bad = $lists.Failed.Count + $lists.FailedBlocks.Count + $lists.FailedContainers.Count
    [pscustomobject]@{
        PSTypeName            = 'Pester.Run'
        Containers            = [object[]]$Container
        Result                = if ($bad -gt 0) { 'Failed' } else { 'Passed' }
        FailedCount           = $lists.Failed.Count
        FailedBlocksCount     = $lists.FailedBlocks.Count
        FailedContainersCount = $lists.FailedContainers.Count
        PassedCount           = $lists.Passed.Count
        SkippedCount          = $lists.Skipped.Count
        InconclusiveCount     = $lists.Inconclusive.Count
        NotRunCount           = $lists.NotRun.Count
        TotalCount            = $lists.Tests.Count
        Duration              = $duration
        Executed              = $true
        ExecutedAt            = $Start
        Version               = "$Version"
        PSVersion             = "$($PSVersionTable.PSVersion)"
        Configuration         = $script:Session.Configuration
        Tests                 = $lists.Tests
        Passed                = $lists.Passed
        Failed                = $lists.Failed
        Skipped               = $lists.Skipped
        Inconclusive          = $lists.Inconclusive
        NotRun                = $lists.NotRun
        FailedBlocks          = $lists.FailedBlocks
        FailedContainers      = $lists.FailedContainers
    }
}
