function Set-Duration($Item, [System.Diagnostics.Stopwatch] $Whole, [timespan] $User) {
    $Item.Duration = $Whole.Elapsed
    $Item.UserDuration = $User
    $Item.FrameworkDuration = $Whole.Elapsed - $User
}

function Get-TestStep($Test, [string] $Step, [switch] $OuterFirst) {
    $steps = @(for ($block = $Test.Block; $null -ne $block; $block = $block.Parent) { if ($null -ne $block.$Step) { $block.$Step } })
    if ($OuterFirst) { [array]::Reverse($steps) }
    $steps
}

function Set-TestOutcome($Test, $Frame) {
    $Test.ErrorRecord.AddRange([object[]]$Frame.Errors.ToArray())
    $only = if ($Frame.Errors.Count -eq 1) { $Frame.Errors[0].FullyQualifiedErrorId } else { '' }
    $Test.Skipped = $only -eq 'PesterTestSkipped'
    $Test.Inconclusive = $only -eq 'PesterTestInconclusive'
    $Test.Passed = $Frame.Errors.Count -eq 0 -or $Test.Skipped -or $Test.Inconclusive
}

function Invoke-TestBody($Test) {
    $setup = @(Get-TestStep $Test 'BeforeEach' -OuterFirst)
    $teardown = @(Get-TestStep $Test 'AfterEach')
    $frame = New-Frame $Test $Test.Data $setup $teardown
    $frame.NameExpression = Get-NameExpression $Test.Name
    $Test.StandardOutput = Invoke-Framed (New-TestWrapper) $Test.ScriptBlock $frame
    Set-TestOutcome $Test $frame
}

function Invoke-TestItem($Test) {
    if (-not $Test.ShouldRun) { return }
    $whole = [System.Diagnostics.Stopwatch]::StartNew()
    $user = [timespan]::Zero
    $Test.Executed = $true
    $Test.ExecutedAt = [datetime]::Now
    $Test.ExpandedPath = "$($Test.Block.ExpandedPath).$($Test.Name)"
    Write-BlockName $Test.Block
    if ($Test.Skip) {
        $Test.Passed = $true
        $Test.Skipped = $true
    }
    else {
        $script:Session.Test = $Test
        try { Invoke-TestBody $Test } finally { $script:Session.Test = $null }
        $user = $whole.Elapsed
    }

    $Test.ExpandedPath = "$($Test.Block.ExpandedPath).$($Test.ExpandedName)"
    $Test.Result = if ($Test.Skipped) { 'Skipped' } elseif ($Test.Inconclusive) { 'Inconclusive' } elseif ($Test.Passed) { 'Passed' } else { 'Failed' }
    foreach ($record in $Test.ErrorRecord) { Add-DisplayText $record }
    Set-Duration $Test $whole $user
    Write-TestResult $Test
}

# Called from within the scope of the block, so that the scopes of its children lie below it.
function Invoke-BlockContent($Block) {
    if (-not $Block.IsRoot) {
        $Block.ExpandedPath = if ($Block.Parent.IsRoot) { $Block.ExpandedName } else { "$($Block.Parent.ExpandedPath).$($Block.ExpandedName)" }
    }

    foreach ($item in $Block.Order) {
        if ($item.ItemType -eq 'Test') { Invoke-TestItem $item } else { Invoke-BlockItem $item }
    }
}

function Invoke-BlockBody($Block) {
    $setup = @(if (-not $Block.Skip -and $null -ne $Block.BeforeAll) { $Block.BeforeAll })
    $teardown = @(if (-not $Block.Skip -and $null -ne $Block.AfterAll) { $Block.AfterAll })
    $like = if ($Block.IsRoot) { $script:Session.SessionState } else { $Block.ScriptBlock }
    $frame = New-Frame $Block $Block.Data $setup $teardown
    if (-not $Block.IsRoot) { $frame.NameExpression = Get-NameExpression $Block.Name }
    $frame.RunChildren = { param($item) $null = Invoke-BlockContent $item }
    $Block.StandardOutput = Invoke-Framed (New-BlockWrapper) $like $frame
    $Block.OwnPassed = $frame.Errors.Count -eq 0
    $Block.ErrorRecord.AddRange([object[]]$frame.Errors.ToArray())
}

function Invoke-BlockItem($Block) {
    if (-not $Block.ShouldRun) { return }
    $whole = [System.Diagnostics.Stopwatch]::StartNew()
    $outer = $script:Session.Block
    $script:Session.Block = $Block
    $Block.Executed = $true
    $Block.ExecutedAt = [datetime]::Now
    if (-not $Block.IsRoot -and -not $Block.Parent.IsRoot) { $Block.ExpandedPath = "$($Block.Parent.ExpandedPath).$($Block.Name)" }
    try {
        if ($Block.IsRoot) { New-TestDrive }
        $content = Save-TestDrive
        Invoke-BlockBody $Block
        if ($Block.IsRoot) { Remove-TestDrive } else { Restore-TestDrive $content }
    }
    finally {
        $script:Session.Block = $outer
    }

    $Block.Finished = $true
    Set-Duration $Block $whole $whole.Elapsed
    foreach ($record in $Block.ErrorRecord) { Add-DisplayText $record }
    if (-not $Block.IsRoot -and -not $Block.OwnPassed) { Write-BlockFailure $Block }
}

function Add-UnsupportedUse($Container) {
    foreach ($record in $script:Session.Unsupported) { $Container.ErrorRecord.Add($record) }
    $script:Session.Unsupported.Clear()
}

function Invoke-ContainerRun($Container) {
    $session = $script:Session
    $root = $Container.Root
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    if ($root.ShouldRun) {
        $session.Container = $Container
        $Container.Executed = $true
        $Container.ExecutedAt = [datetime]::Now
        if ((Test-Detailed) -and $Container.Type -eq 'File') { Write-Screen "`nRunning tests from '$($Container.Name)'" -Colour Magenta }
        try {
            foreach ($step in 'BeforeEach', 'AfterEach') {
                if ($null -ne $root.$step) { throw "$step is not supported directly in the root of a file." }
            }

            $start = { param($private:file, $private:action, $private:item) & $private:file $private:action $private:item }
            Set-Home $start -Like $session.SessionState
            $null = & $start "$PSScriptRoot/ScriptScope.ps1" { param($item) Invoke-BlockItem $item } $root
            if (-not $root.Finished) { throw 'The tests of this file were broken off by an exit.' }
        }
        catch {
            # What went wrong outside of the tests, such as a drive that cannot be cleaned.
            $root.ErrorRecord.Add($_)
        }
        finally {
            Remove-TestDrive
        }
    }

    $Container.UserDuration = $watch.Elapsed
    $Container.Duration = $Container.DiscoveryDuration + $watch.Elapsed
}
