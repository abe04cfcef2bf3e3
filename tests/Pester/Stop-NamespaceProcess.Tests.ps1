# How Stop-NamespaceProcess ends programs.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.StopNamespaceProcessCommand'
    $script:Set = New-TestSet Uts

    function Start-Deaf {
        # A program that ignores SIGTERM, and has said that it does.
        $process = Start-NamespaceProcess $Set sh -ArgumentList '-c', 'trap "" TERM; echo deaf; while :; do sleep 0.2; done' -RedirectStandardOutput "$TestDrive/deaf"
        Wait-Until -For 'the trap' { [System.IO.File]::ReadAllText("$TestDrive/deaf") -eq "deaf`n" }
        $process
    }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Stop-NamespaceProcess' {
    It 'ends a program with SIGTERM, and says nothing' {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 300
        Stop-NamespaceProcess $process | Should -BeNullOrEmpty
        $process.HasExited | Should -BeTrue
        $process.ExitCode | Should -Be 143
        $process.ExitSignal | Should -Be 15
    }

    It 'lets a program that handles SIGTERM end in its own way' {
        $process = Start-NamespaceProcess $Set sh -ArgumentList '-c', 'trap "exit 6" TERM; echo ready; while :; do sleep 0.1; done' -RedirectStandardOutput "$TestDrive/handles"
        Wait-Until -For 'the trap' { [System.IO.File]::ReadAllText("$TestDrive/handles") -eq "ready`n" }
        Stop-NamespaceProcess $process
        $process.ExitCode | Should -Be 6
    }

    It 'ends one that ignores SIGTERM with SIGKILL, after -Timeout' {
        $process = Start-Deaf
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        Stop-NamespaceProcess $process -Timeout 1
        $watch.Elapsed.TotalSeconds | Should -BeGreaterThan 0.9
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 8
        $process.ExitSignal | Should -Be 9
    }

    It 'ends it at once with -Force' {
        $process = Start-Deaf
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        Stop-NamespaceProcess $process -Force
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 5
        $process.ExitCode | Should -Be 137
    }

    It 'ends the whole process group of a program that this PowerShell started' {
        $process = Start-NamespaceProcess $Set sh -ArgumentList '-c', 'sleep 618.5 & sleep 618.5'
        Wait-Until -For 'the two sleeps' { @(Get-NamespaceProcess $Set | Where-Object CommandLine -EQ 'sleep 618.5').Count -eq 2 }
        Stop-NamespaceProcess $process
        Wait-Until -For 'the end of both' { -not (Get-NamespaceProcess $Set | Where-Object CommandLine -EQ 'sleep 618.5') } -Seconds 5
    }

    It 'ends processes from the pipeline, and passes them on with -PassThru' {
        $processes = 1..3 | ForEach-Object { Start-NamespaceProcess $Set sleep -ArgumentList 300 }
        $passed = $processes | Stop-NamespaceProcess -PassThru
        $passed | Should -Be $processes
        $passed.HasExited | Should -Be $true, $true, $true
    }

    It 'ends what Get-NamespaceProcess finds' {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 619
        Get-NamespaceProcess $Set | Where-Object CommandLine -EQ 'sleep 619' | Stop-NamespaceProcess
        $process.HasExited | Should -BeTrue
    }

    It 'ends a process by its pid, also one that another started' {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 300
        Stop-NamespaceProcess -Id $process.Id
        $process.ExitCode | Should -Be 143

        $other = [System.Diagnostics.Process]::Start('sleep', '300')
        Stop-NamespaceProcess -Id $other.Id
        $other.WaitForExit(1000) | Should -BeTrue
        $other.ExitCode | Should -Be 143
    }

    It 'does nothing with -WhatIf' {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 300
        try {
            Stop-NamespaceProcess $process -WhatIf | Should -BeNullOrEmpty
            $process.HasExited | Should -BeFalse
        }
        finally {
            Stop-NamespaceProcess $process -Force
        }
    }

    It 'is content with one that has ended' {
        $process = Start-NamespaceProcess $Set true
        Wait-NamespaceProcess $process -Timeout 20
        Stop-NamespaceProcess $process -ErrorAction Stop
        $process.ExitCode | Should -Be 0
    }

    It 'refuses a pid that no process has' {
        $refusal = Get-Refusal { Stop-NamespaceProcess -Id 4194304 }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "ProcessNotFound,$Command"
        $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
        $refusal.Exception.Message | Should -Match '4194304'
    }

    It 'refuses an ordinary user a process of root' -Tag User {
        $refusal = Get-Refusal { Stop-NamespaceProcess -Id 1 }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceProcessStopFailed,$Command"
        $refusal.CategoryInfo.Category | Should -Be PermissionDenied
        $refusal.Exception.Message | Should -Match 'as root'
    }
}
