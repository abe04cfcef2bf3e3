# Runs the fixtures and looks at the results. Everything here holds under Pester as well, but for what the stand-in refuses.
BeforeDiscovery {
    $isStandIn = (Get-Command Invoke-Pester).Module.Path -like '*PesterStandIn*'
}

BeforeAll {
    $fixtures = [System.IO.Path]::Combine($PSScriptRoot, 'fixtures')

    function Invoke-Fixture([string] $Name, [hashtable] $Filter = @{}, [hashtable] $Run = @{}) {
        $global:StandInLog = [System.Collections.Generic.List[string]]::new()
        $Run.Path = [System.IO.Path]::Combine($fixtures, "$Name.ps1")
        $Run.PassThru = $true
        Invoke-Pester -Configuration @{ Run = $Run; Filter = $Filter; Output = @{ Verbosity = 'None' } }
    }

    function Get-Outcome($Result) {
        foreach ($test in $Result.Tests) { "$($test.Result) $($test.ExpandedPath)" }
    }

    function Get-Count($Result) {
        "passed $($Result.PassedCount), failed $($Result.FailedCount), skipped $($Result.SkippedCount), not run $($Result.NotRunCount), " +
        "blocks $($Result.FailedBlocksCount), containers $($Result.FailedContainersCount)"
    }
}

AfterAll {
    $ExecutionContext.SessionState.PSVariable.Remove('global:StandInLog')
}

Describe 'the order of things' {
    It 'is that of Pester' {
        $null = Invoke-Fixture Order
        $global:StandInLog | Should -Be @(
            'file', 'before discovery', 'body one', 'body two'
            'top before all'
            'before all', 'before each', 'a', 'after each'
            'inner before all', 'before each', 'inner before each', 'b', 'inner after each', 'after each', 'inner after all'
            'before each', 'c', 'after each', 'after all'
            'd'
            'top after all'
        )
    }
}

Describe 'variables and functions' {
    It 'are seen below and nowhere else' {
        $result = Invoke-Fixture Scoping
        $result.Failed | Should -BeNullOrEmpty
        $result.PassedCount | Should -Be 10
    }

    It 'do not leak out of a run' {
        $null = Invoke-Fixture Scoping
        Get-Command Get-Helper -ErrorAction Ignore | Should -BeNullOrEmpty
        $all | Should -BeNullOrEmpty
        $script:shared | Should -BeNullOrEmpty
    }

    It 'of a module are seen in its scope' {
        (Invoke-Fixture Module).Result | Should -Be 'Passed'
    }
}

Describe 'data' {
    It 'makes blocks and tests and their names' {
        $result = Invoke-Fixture Data
        Get-Outcome $result | Should -Be @(
            'Passed block A 1.sees A and A-1'
            'Passed block A 1.inner 1.has System.Collections.Hashtable and A and 3'
            'Passed block A 1.inner 2.has System.Collections.Hashtable and A and 3'
            'Passed block B 2.sees B and B-2'
            'Passed block B 2.inner 1.has System.Collections.Hashtable and B and 3'
            'Passed block B 2.inner 2.has System.Collections.Hashtable and B and 3'
            'Passed tests.adds 1 and 1 to 2'
            'Failed tests.adds 2 and 2 to 5'
            'Passed tests.counts 1'
            'Passed tests.counts 2'
            'Passed tests.counts 3'
            'Passed tests.shows <plain> $x "quoted" deep  1 2'
            'Passed tests.takes objects object'
            'Passed tests.takes x'
            'Passed tests.takes System.Collections.Hashtable'
            'Passed tests.takes y'
            'Passed tests.shows of before each 1'
        )
        $result.Tests[0].Name | Should -BeExactly 'sees <name> and <fromData>'
        $result.Tests[0].Path | Should -Be @('block <name> <inner.value>', 'sees <name> and <fromData>')
        $result.Tests[0].Data | Should -BeNullOrEmpty
        $result.Tests[6].Data.Sum | Should -Be 2
    }

    It 'reaches the parameters of a file' {
        $path = [System.IO.Path]::Combine($fixtures, 'Parameters.ps1')
        $containers = New-PesterContainer -Path $path -Data @{ Name = 'first'; Size = 2 }, @{ Name = 'second'; Other = 'o' }
        $result = Invoke-Pester -Container $containers -Output None -PassThru
        Get-Outcome $result | Should -Be @(
            'Passed of first.sees first and 2', 'Passed of first.has 1', 'Passed of first.has 2'
            'Passed of second.sees second and 5', 'Passed of second.has 1', 'Passed of second.has 2', 'Passed of second.has 3'
            'Passed of second.has 4', 'Passed of second.has 5'
        )
        $result.Containers | Should -HaveCount 2
    }

    It 'reaches the parameters of a script block' {
        $container = New-PesterContainer -ScriptBlock {
            param($Value)
            Describe 'block' { It "has $Value" { $Value | Should -Be 7 } }
        } -Data @{ Value = 7 }
        $result = Invoke-Pester -Container $container -Output None -PassThru
        Get-Outcome $result | Should -Be 'Passed block.has 7'
    }
}

Describe 'failures' {
    It 'of tests, setups and teardowns are counted' {
        $result = Invoke-Fixture Failing
        $result.Result | Should -Be 'Failed'
        Get-Count $result | Should -Be 'passed 4, failed 11, skipped 0, not run 0, blocks 2, containers 0'
        Get-Outcome $result | Should -Be @(
            'Failed before all fails.a', 'Failed before all fails.c', 'Failed before all fails.child.b'
            'Passed after all fails.d'
            'Failed before each fails.e <x>'
            'Failed after each fails.f', 'Failed after each fails.g'
            'Failed test fails.h', 'Failed test fails.i', 'Failed test fails.j <nothing.there()>', 'Failed test fails.k'
            'Passed test fails.passes though it breaks', 'Passed test fails.passes though it returns', 'Failed test fails.l'
            'Passed passes.m'
        )
        $result.FailedBlocks.Name | Should -Be @('before all fails', 'after all fails')
    }

    It 'do not keep teardowns from running' {
        $null = Invoke-Fixture Failing
        $global:StandInLog | Should -Be (@('after all of the failed', 'after each of the failed') + @('after each of the test') * 7)
    }

    It 'carry their errors' {
        $result = Invoke-Fixture Failing
        $result.FailedBlocks[0].ErrorRecord[0].Exception.Message | Should -Be 'setup broke'
        $byName = @{}
        foreach ($test in $result.Tests) { $byName[$test.Name] = $test }
        $byName['g'].ErrorRecord | Should -HaveCount 2
        $byName['h'].ErrorRecord[0].DisplayErrorMessage -split '\r?\n' | Should -Be @('InvalidOperationException: inner', 'IOException: outer')
        $byName['h'].ErrorRecord[0].DisplayStackTrace | Should -BeLike 'at <ScriptBlock>, *Failing.ps1:*'
        $byName['i'].ErrorRecord[0].FullyQualifiedErrorId | Should -Be 'CommandNotFoundException'
        $byName['g'].ErrorRecord[0].DisplayStackTrace | Should -BeLike "at It 'g' { 1 | Should -Be 2 }, *Failing.ps1:*"
    }

    It 'in the top setup fail the file' {
        $result = Invoke-Fixture TopFails
        Get-Count $result | Should -Be 'passed 0, failed 1, skipped 0, not run 0, blocks 0, containers 1'
        $result.Result | Should -Be 'Failed'
    }

    It 'in discovery fail the file: <Name>' -ForEach @(
        @{ Name = 'DiscoveryFails'; Count = 'passed 2, failed 0, skipped 0, not run 0, blocks 0, containers 1' }
        @{ Name = 'SyntaxFails'; Count = 'passed 0, failed 0, skipped 0, not run 0, blocks 0, containers 1' }
        @{ Name = 'TestInRoot'; Count = 'passed 1, failed 0, skipped 0, not run 0, blocks 0, containers 1' }
        @{ Name = 'EachInRoot'; Count = 'passed 0, failed 1, skipped 0, not run 0, blocks 0, containers 1' }
        @{ Name = 'NoBody'; Count = 'passed 0, failed 0, skipped 0, not run 0, blocks 0, containers 1' }
        @{ Name = 'UnknownFocus'; Count = 'passed 1, failed 0, skipped 0, not run 0, blocks 0, containers 1' }
        @{ Name = 'UnknownIt'; Count = 'passed 0, failed 0, skipped 0, not run 0, blocks 0, containers 1' }
    ) {
        $result = Invoke-Fixture $Name
        Get-Count $result | Should -Be $Count
        $result.Result | Should -Be 'Failed'
        $result.FailedContainers[0].ErrorRecord | Should -Not -BeNullOrEmpty
    }

    It 'follow the error preference' {
        $result = Invoke-Fixture Errors
        Get-Outcome $result | Should -Be @(
            'Passed errors.goes on after an error that does not terminate'
            'Failed errors.is failed by an error that stops'
            'Passed errors.is not bothered by the preference of another test'
            'Failed errors.is failed under SilentlyContinue too'
            'Failed errors.collects errors when told so'
            'Failed errors.collects across a passing one'
            'Passed errors.ignores output'
        )
        $result.Tests[4].ErrorRecord | Should -HaveCount 2
        $global:StandInLog | Should -Contain 'reached'
    }
}

Describe 'skips' {
    It 'are inherited and counted' {
        $result = Invoke-Fixture Skips
        $result.Result | Should -Be 'Passed'
        $global:StandInLog | Should -Be 'runs'
        Get-Outcome $result | Should -Be @(
            'Skipped skipped block.a', 'Skipped skipped block.child.b <x>'
            'Skipped all tests skipped.c', 'Skipped all tests skipped.d'
            'Skipped some.e', 'Passed some.f', 'Skipped some.g', 'Skipped some.h', 'Inconclusive some.i', 'Inconclusive some.j'
            'Skipped some.in.k'
            'Skipped set result in setup.l <_>', 'Passed set result in setup.l 2'
        )
        $result.InconclusiveCount | Should -Be 2
    }

    It 'keep their reason' {
        $result = Invoke-Fixture Skips
        $test = $result.Skipped | Where-Object Name -EQ 'g'
        "$($test.ErrorRecord[0])" | Should -Be 'is skipped, because it needs root'
    }
}

Describe 'filters' {
    It 'choose <run>' -ForEach @(
        @{ Filter = @{ Tag = 'Slow' }; Run = 'b', 'd' }
        @{ Filter = @{ Tag = 'unit' }; Run = 'a', 'b', 'c' }
        @{ Filter = @{ Tag = 'Deep', 'S*' }; Run = 'b', 'c', 'd', 'f 1', 'f 2' }
        @{ Filter = @{ ExcludeTag = 'Slow', 'Root' }; Run = 'a', 'c', 'e', 'f 1', 'f 2' }
        @{ Filter = @{ Tag = 'Unit'; ExcludeTag = 'Slow' }; Run = 'a', 'c' }
        @{ Filter = @{ FullName = '*in*' }; Run = 'c', 'f 1', 'f 2' }
        @{ Filter = @{ FullName = 'two.e', 'one' }; Run = 'a', 'b', 'c', 'e' }
        @{ Filter = @{ Tag = 'None' }; Run = @() }
    ) {
        $result = Invoke-Fixture Filters -Filter $Filter
        $result.Passed.ExpandedName | Should -Be $Run
        $result.NotRunCount | Should -Be ($result.TotalCount - @($Run).Count - $result.FailedCount)
    }

    It 'keep setups of blocks without a chosen test from running' {
        $null = Invoke-Fixture Filters -Filter @{ Tag = 'Unit' }
        $global:StandInLog | Should -BeNullOrEmpty
    }

    It 'are parameters too' {
        $path = [System.IO.Path]::Combine($fixtures, 'Filters.ps1')
        (Invoke-Pester -Path $path -Tag Slow -Output None -PassThru).PassedCount | Should -Be 2
        (Invoke-Pester $path -TagFilter Unit -ExcludeTag Slow -Output None -PassThru).PassedCount | Should -Be 2
        (Invoke-Pester -Path $path -FullNameFilter 'two.d' -Output None -PassThru).PassedCount | Should -Be 1
    }
}

Describe 'the drive' {
    It 'is cleaned after each block' {
        $result = Invoke-Fixture Drive
        $result.Failed.ExpandedPath | Should -BeNullOrEmpty
        $result.PassedCount | Should -Be 6
    }

    It 'is gone after the run' {
        $null = Invoke-Fixture Drive
        $global:StandInLog[0] | Should -Not -Exist
    }

    It 'comes back after a run within a test' {
        $result = Invoke-Fixture Nested
        $result.PassedCount | Should -Be 2
    }
}

Describe 'a run' {
    BeforeAll {
        $folder = [System.IO.Path]::Combine($TestDrive, 'suite')
        $null = [System.IO.Directory]::CreateDirectory("$folder/inner")
        [System.IO.File]::WriteAllText("$folder/A.Tests.ps1", "Describe 'A' { It 'a' { `$true | Should -BeTrue } }")
        [System.IO.File]::WriteAllText("$folder/inner/B.Tests.ps1", "Describe 'B' { It 'b' { `$true | Should -BeFalse } }")
        [System.IO.File]::WriteAllText("$folder/Common.ps1", "throw 'must not run'")
    }

    It 'finds the files of a folder' {
        $result = Invoke-Pester -Path $folder -Output None -PassThru
        $result.Tests.Name | Should -Be 'a', 'b'
        $result.Containers | Should -HaveCount 2
    }

    It 'leaves out what is excluded' {
        $result = Invoke-Pester -Configuration @{ Run = @{ Path = $folder; ExcludePath = '*inner*'; PassThru = $true }; Output = @{ Verbosity = 'None' } }
        $result.Tests.Name | Should -Be 'a'
    }

    It 'takes wildcards' {
        (Invoke-Pester -Path "$folder/*.Tests.ps1" -Output None -PassThru).Tests.Name | Should -Be 'a'
    }

    It 'takes a configuration object' {
        $configuration = New-PesterConfiguration
        $configuration.Run.Path = $folder
        $configuration.Run.PassThru = $true
        $configuration.Filter.FullName = 'A.a'
        $configuration.Output.Verbosity = 'None'
        $configuration.Run.Path.Value | Should -Be $folder
        $configuration.Filter.Tag.Value | Should -BeNullOrEmpty
        $result = Invoke-Pester -Configuration $configuration
        $result.PassedCount | Should -Be 1
        $result.NotRunCount | Should -Be 1
        $result.Result | Should -Be 'Passed'
    }

    It 'says how many failed' {
        $null = Invoke-Pester -Path $folder -Output None -PassThru
        $global:LASTEXITCODE | Should -Be 1
        $null = Invoke-Pester -Path "$folder/A.Tests.ps1" -Output None -PassThru
        $global:LASTEXITCODE | Should -Be 0
    }

    It 'throws when told so' {
        { Invoke-Pester -Configuration @{ Run = @{ Path = $folder; Throw = $true }; Output = @{ Verbosity = 'None' } } } |
            Should -Throw 'Pester run failed, because 1 test failed'
    }

    It 'returns nothing unless told so' {
        Invoke-Pester -Path $folder -Output None | Should -BeNullOrEmpty
    }

    It 'has durations, times and versions' {
        $result = Invoke-Pester -Path $folder -Output None -PassThru
        $result.Duration | Should -BeGreaterThan ([timespan]::Zero)
        $result.Tests[0].Duration | Should -BeGreaterThan ([timespan]::Zero)
        $result.ExecutedAt | Should -BeOfType datetime
        $result.Version | Should -Match '^\d+\.\d+'
    }

    It 'keeps the location' {
        [System.IO.File]::WriteAllText("$folder/Move.ps1", "Describe 'm' { It 'm' { `$null = `$ExecutionContext.SessionState.Path.SetLocation('/') } }")
        $before = $ExecutionContext.SessionState.Path.CurrentLocation.Path
        $null = Invoke-Pester -Path "$folder/Move.ps1" -Output None -PassThru
        $ExecutionContext.SessionState.Path.CurrentLocation.Path | Should -Be $before
    }

    It 'passes without tests' {
        (Invoke-Fixture Empty).Result | Should -Be 'Passed'
    }

    It 'prints blocks, tests, reasons and the summary' {
        $text = (Invoke-Pester -Configuration @{
                Run = @{ Path = [System.IO.Path]::Combine($fixtures, 'Skips.ps1') }; Output = @{ Verbosity = 'Detailed'; RenderMode = 'Plaintext' }
            } 6>&1) -join "`n"
        $text | Should -BeLike '*Running tests from *Skips.ps1*'
        $text | Should -Match '(?m)^Describing some'
        $text | Should -Match '(?m)^ Context in'
        $text | Should -Match '(?m)^  \[\+\] f'
        $text | Should -Match '(?m)^  \[!\] g is skipped, because it needs root'
        $text | Should -Match '(?m)^  \[\?\] i '
        $text | Should -Match 'Tests Passed: 2, '
        $text | Should -Match 'Failed: 0, '
        $text | Should -Match 'Skipped: 9, '
    }

    It 'prints failures with file and line' {
        $text = (Invoke-Pester -Configuration @{
                Run = @{ Path = [System.IO.Path]::Combine($fixtures, 'Failing.ps1') }; Output = @{ Verbosity = 'Normal'; RenderMode = 'Plaintext' }
            } 6>&1) -join "`n"
        $text | Should -Match '(?m)^\[-\] after each fails\.g'
        $text | Should -Match '(?m)^\[-\] Describe before all fails failed'
        $text | Should -Match "(?m)^ at It 'g' \{ 1 \| Should -Be 2 \}, .*Failing\.ps1:\d+"
        $text | Should -Match 'BeforeAll \\ AfterAll failed: 2'
    }
}

Describe 'what the stand-in does not know' -Skip:(-not $isStandIn) {
    It 'fails a test that mocks, and its file even where the error is swallowed' {
        $result = Invoke-Fixture Unsupported
        Get-Count $result | Should -Be 'passed 1, failed 3, skipped 0, not run 0, blocks 0, containers 1'
        $result = Invoke-Fixture Swallowed
        $result.Result | Should -Be 'Failed'
        $result.FailedContainersCount | Should -Be 1
        $result.FailedContainers[0].ErrorRecord[0].Exception.Message | Should -BeLike 'Mock is not supported*'
    }

    It 'fails a file that is left by <Name>' -ForEach @(
        @{ Name = 'Exits'; Count = 'passed 0, failed 1, skipped 0, not run 0, blocks 0, containers 1' }
        @{ Name = 'Breaks'; Count = 'passed 1, failed 0, skipped 0, not run 0, blocks 0, containers 1' }
    ) {
        $result = Invoke-Fixture $Name
        $result.Result | Should -Be 'Failed'
        Get-Count $result | Should -Be $Count
    }

    It 'fails blocks and tests within a test' {
        Get-Count (Invoke-Fixture Misplaced) | Should -Be 'passed 0, failed 2, skipped 0, not run 0, blocks 0, containers 0'
    }

    It 'is refused: <Name>' -ForEach @(
        @{ Name = 'a misspelt parameter of Should'; Code = { 1 | Should -Not -Be 2 -Becuase 'x' } }
        @{ Name = 'a second value'; Code = { 1 | Should -Be 1 'x' 3 } }
        @{ Name = 'a leftover without input'; Code = { Should -BeNullOrEmpty -Becuase 'x' } }
        @{ Name = 'an unknown parameter of Invoke-Pester'; Code = { Invoke-Pester -CodeCoverage x } }
        @{ Name = 'an unknown verbosity'; Code = { Invoke-Pester -Output Loud } }
        @{ Name = 'an unknown section'; Code = { Invoke-Pester -Configuration @{ Rnu = @{ } } } }
        @{ Name = 'an unknown option'; Code = { Invoke-Pester -Configuration @{ Run = @{ Pth = '.' } } } }
        @{ Name = 'an unknown option of the object'; Code = { (New-PesterConfiguration).Run.Pth = '.' } }
        @{ Name = 'code coverage'; Code = { Invoke-Pester -Configuration @{ Run = @{ Path = $fixtures }; CodeCoverage = @{ Enabled = $true } } } }
        @{ Name = 'a filter by line'; Code = { Invoke-Pester -Configuration @{ Run = @{ Path = $fixtures }; Filter = @{ Line = 'x:1' } } } }
        @{ Name = 'a path that is not there'; Code = { Invoke-Pester -Path '/no/such/path' -Output None } }
        @{ Name = 'a folder without tests'; Code = { Invoke-Pester -Path $fixtures -Output None } }
    ) {
        $Code | Should -Throw
    }
}
