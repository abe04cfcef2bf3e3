# How Wait-NamespaceProcess waits.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.WaitNamespaceProcessCommand'
    $script:Set = New-TestSet Uts
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Wait-NamespaceProcess' {
    It 'waits for the end of a program, and says nothing' {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 0.5
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        Wait-NamespaceProcess $process | Should -BeNullOrEmpty
        $watch.Elapsed.TotalSeconds | Should -BeGreaterThan 0.3
        $process.HasExited | Should -BeTrue
    }

    It 'waits for all programs of the pipeline' {
        $processes = 0.1, 0.6, 0.3 | ForEach-Object { Start-NamespaceProcess $Set sleep -ArgumentList $_ }
        $processes | Wait-NamespaceProcess
        $processes.HasExited | Should -Be $true, $true, $true
    }

    It 'passes the processes on with -PassThru' {
        $process = Start-NamespaceProcess $Set sh -ArgumentList '-c', 'exit 4'
        $passed = $process | Wait-NamespaceProcess -PassThru
        $passed | Should -Be $process
        $passed.ExitCode | Should -Be 4
    }

    It 'waits for a process by its pid, also for one that another started' {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 0.4
        Wait-NamespaceProcess -Id $process.Id -Timeout 20
        $process.HasExited | Should -BeTrue

        $other = [System.Diagnostics.Process]::Start('sleep', '0.4')
        Wait-NamespaceProcess -Id $other.Id -Timeout 20
        $other.WaitForExit(1000) | Should -BeTrue
    }

    It 'returns at once for one that has ended' {
        $process = Start-NamespaceProcess $Set true
        Wait-NamespaceProcess $process -Timeout 20
        Wait-NamespaceProcess $process -Timeout 0 -ErrorAction Stop
    }

    It 'gives up after -Timeout, and the program goes on' {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 300
        try {
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $refusal = Get-Refusal { Wait-NamespaceProcess $process -Timeout 1 }
            $watch.Elapsed.TotalSeconds | Should -BeGreaterThan 0.9
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceProcessTimeout,$Command"
            $refusal.CategoryInfo.Category | Should -Be OperationTimeout
            $refusal.TargetObject | Should -Be $process
            $refusal.Exception.Message | Should -Match "Stop-NamespaceProcess -Id $($process.Id)"
            $process.HasExited | Should -BeFalse
            (Get-Refusal { Wait-NamespaceProcess $process -Timeout 0 }).CategoryInfo.Category | Should -Be OperationTimeout
        }
        finally {
            Stop-NamespaceProcess $process -Force
        }
    }

    It 'counts -Timeout once for all, and tells each that did not end' {
        $slow = 1..3 | ForEach-Object { Start-NamespaceProcess $Set sleep -ArgumentList 300 }
        $quick = Start-NamespaceProcess $Set true
        try {
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $passed = $slow + $quick | Wait-NamespaceProcess -Timeout 1 -PassThru -ErrorVariable refused -ErrorAction SilentlyContinue
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 2.5
            $refused.Count | Should -Be 3
            $passed | Should -Be $quick
        }
        finally {
            $slow | Stop-NamespaceProcess -Force
        }
    }

    It 'stops waiting when the pipeline is stopped' {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 300
        $shell = New-TestShell "Wait-NamespaceProcess -Id $($process.Id)"
        try {
            $null = $shell.BeginInvoke()
            [System.Threading.Thread]::Sleep(1000)
            $shell.InvocationStateInfo.State | Should -Be Running
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 5
            $shell.InvocationStateInfo.State | Should -Be Stopped
            $process.HasExited | Should -BeFalse
        }
        finally {
            $shell.Dispose()
            Stop-NamespaceProcess $process -Force
        }
    }

    It 'refuses a pid that no process has, and goes on with the next' -ForEach @(@{ Id = 4194304 }, @{ Id = 0 }, @{ Id = -1 }) {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 0.1
        Wait-NamespaceProcess -Id $Id, $process.Id -ErrorVariable refused -ErrorAction SilentlyContinue
        $refused.Count | Should -Be 1
        $refused[0].FullyQualifiedErrorId | Should -BeExactly "ProcessNotFound,$Command"
        $refused[0].CategoryInfo.Category | Should -Be ObjectNotFound
        $process.HasExited | Should -BeTrue
    }

    It 'refuses a -Timeout below zero, when its parameters are bound' {
        (Get-Refusal { Wait-NamespaceProcess -Id $PID -Timeout -1 }).FullyQualifiedErrorId | Should -BeExactly "ParameterArgumentValidationError,$Command"
    }
}
