# Programs that Start-NamespaceProcess starts in the background.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.StartNamespaceProcessCommand'
    $script:Set = New-TestSet Pid, Mount, Uts -With @{ HostName = 'started' }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Start-NamespaceProcess' {
    It 'returns at once, with the pid on the host and the one inside' {
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 300
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 5
        try {
            $process | Should -BeOfType Isolation.NamespaceProcess
            $process.HasExited | Should -BeFalse
            $process.ExitCode | Should -BeNullOrEmpty
            $process.Namespace | Should -Be $Set.Name
            $process.IsDetached | Should -BeFalse
            $status = [System.IO.File]::ReadAllLines("/proc/$($process.Id)/status") -match '^NSpid:'
            $process.NamespaceIds | Should -Be ($status -replace '^NSpid:' -split '\s+' | Where-Object { $_ })
            $process.NamespaceId | Should -Be $process.NamespaceIds[-1]
            $process.NamespaceIds[0] | Should -Be $process.Id
            Get-NamespaceId pid $process.Id | Should -Be $Set.GetId('Pid')
            Enter-Namespace $Set cat "/proc/$($process.NamespaceId)/comm" | Should -Be 'sleep'
        }
        finally {
            Stop-NamespaceProcess $process -Force
        }
    }

    It 'knows the exit code: <Code> after <Script>' -ForEach @(
        @{ Script = 'exit 0'; Code = 0; Signal = $null }
        @{ Script = 'exit 3'; Code = 3; Signal = $null }
        @{ Script = 'kill -KILL $$'; Code = 137; Signal = 9 }
    ) {
        $process = Start-NamespaceProcess $Set sh -ArgumentList '-c', $Script
        Wait-NamespaceProcess $process -Timeout 20
        $process.HasExited | Should -BeTrue
        $process.ExitCode | Should -Be $Code
        $process.ExitSignal | Should -Be $Signal
    }

    It 'does not change $LASTEXITCODE' {
        $global:LASTEXITCODE = 55
        Start-NamespaceProcess $Set false | Wait-NamespaceProcess -Timeout 20
        $global:LASTEXITCODE | Should -Be 55
    }

    It 'starts one program for each set of the pipeline' {
        $sets = 1..2 | ForEach-Object { New-TestSet Uts }
        $processes = $sets | Start-NamespaceProcess -FilePath sleep -ArgumentList 300
        $processes.Namespace | Should -Be $sets.Name
        $processes | Stop-NamespaceProcess -Force
    }

    It 'gives the program the working directory, the environment and the arguments' {
        Start-NamespaceProcess $Set sh -ArgumentList '-c', 'pwd; echo "$ISOTEST_V"; echo "$1"', 'sh', 'a  b' -WorkingDirectory /usr -Environment @{ ISOTEST_V = 'v' } -RedirectStandardOutput "$TestDrive/what" |
            Wait-NamespaceProcess -Timeout 20
        [System.IO.File]::ReadAllText("$TestDrive/what") | Should -BeExactly "/usr`nv`na  b`n"
    }

    It 'takes no arguments from -ArgumentList $null' {
        $process = Start-NamespaceProcess $Set sh -ArgumentList $null -RedirectStandardInput /dev/null
        Wait-NamespaceProcess $process -Timeout 20
        $process.ExitCode | Should -Be 0
        Enter-Namespace $Set echo -ArgumentList $null | Should -BeExactly ''
    }

    It 'runs as another user' -Tag Root {
        Start-NamespaceProcess $Set id -ArgumentList '-un' -User daemon -RedirectStandardOutput "$TestDrive/who" | Wait-NamespaceProcess -Timeout 20
        [System.IO.File]::ReadAllText("$TestDrive/who") | Should -BeExactly "daemon`n"
    }

    Context 'files' {
        It 'writes standard output and standard error to files, which it makes or empties' {
            [System.IO.File]::WriteAllText("$TestDrive/out", 'something longer from before')
            $process = Start-NamespaceProcess $Set sh -ArgumentList '-c', 'echo out; echo err >&2' -RedirectStandardOutput "$TestDrive/out" -RedirectStandardError "$TestDrive/err"
            Wait-NamespaceProcess $process -Timeout 20
            [System.IO.File]::ReadAllText("$TestDrive/out") | Should -BeExactly "out`n"
            [System.IO.File]::ReadAllText("$TestDrive/err") | Should -BeExactly "err`n"
            $process.StandardOutput | Should -Be "$TestDrive/out"
            $process.StandardError | Should -Be "$TestDrive/err"
        }

        It 'writes both to the same file, in their order' {
            Start-NamespaceProcess $Set sh -ArgumentList '-c', 'echo one; echo two >&2; echo three' -RedirectStandardOutput "$TestDrive/both" -RedirectStandardError "$TestDrive/both" |
                Wait-NamespaceProcess -Timeout 20
            [System.IO.File]::ReadAllText("$TestDrive/both") | Should -BeExactly "one`ntwo`nthree`n"
        }

        It 'reads standard input from a file' {
            [System.IO.File]::WriteAllText("$TestDrive/in", "from a file`n")
            Start-NamespaceProcess $Set cat -RedirectStandardInput "$TestDrive/in" -RedirectStandardOutput "$TestDrive/copy" | Wait-NamespaceProcess -Timeout 20
            [System.IO.File]::ReadAllText("$TestDrive/copy") | Should -BeExactly "from a file`n"
        }

        It 'has no input and throws output away without them' {
            $process = Start-NamespaceProcess $Set sh -ArgumentList '-c', 'cat; echo nobody reads this; exit 5'
            Wait-NamespaceProcess $process -Timeout 20
            $process.ExitCode | Should -Be 5
            $process.StandardOutput | Should -BeNullOrEmpty
        }

        It 'takes a path relative to the current location' {
            Push-Location $TestDrive
            try { $process = Start-NamespaceProcess $Set echo here -RedirectStandardOutput relative } finally { Pop-Location }
            Wait-NamespaceProcess $process -Timeout 20
            $process.StandardOutput | Should -Be "$TestDrive/relative"
            [System.IO.File]::ReadAllText("$TestDrive/relative") | Should -BeExactly "here`n"
        }

        It 'refuses a file for -<Parameter> that cannot be opened, and starts nothing' -ForEach @(
            @{ Parameter = 'RedirectStandardInput'; Path = '/no/such/file'; Category = 'ObjectNotFound' }
            @{ Parameter = 'RedirectStandardOutput'; Path = '/no/such/folder/file'; Category = 'ObjectNotFound' }
            @{ Parameter = 'RedirectStandardError'; Path = '/etc'; Category = 'InvalidArgument' }
        ) {
            $options = @{ $Parameter = $Path }
            $refusal = Get-Refusal { Start-NamespaceProcess $Set sleep -ArgumentList 300 @options }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "RedirectionFailed,$Command"
            $refusal.CategoryInfo.Category | Should -Be $Category
            $refusal.Exception.Message | Should -Match "$Path.*-$Parameter"
            (Get-NamespaceProcess $Set).CommandLine | Should -Not -Contain 'sleep 300'
        }

        It 'refuses a NUL in the path for -<Parameter>, and makes no file of what comes before' -ForEach @(
            @{ Parameter = 'RedirectStandardInput' }, @{ Parameter = 'RedirectStandardOutput' }, @{ Parameter = 'RedirectStandardError' }
        ) {
            $options = @{ $Parameter = "$TestDrive/cut`0off" }
            $refusal = Get-Refusal { Start-NamespaceProcess $Set true @options }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "ProgramArgumentInvalid,$Command"
            $refusal.Exception.Message | Should -Match "^-$Parameter "
            [System.IO.File]::Exists("$TestDrive/cut") | Should -BeFalse
        }

        It 'waits for the other end of a fifo' {
            mkfifo "$TestDrive/other"
            $reader = [System.Diagnostics.Process]::Start('sh', [string[]]('-c', "cat '$TestDrive/other' > '$TestDrive/read'"))
            try {
                Wait-NamespaceProcess (Start-NamespaceProcess $Set echo through -RedirectStandardOutput "$TestDrive/other") -Timeout 20
                $reader.WaitForExit(30000) | Should -BeTrue
                [System.IO.File]::ReadAllText("$TestDrive/read") | Should -BeExactly "through`n"
            }
            finally {
                $reader.Kill()
            }
        }

        It 'stops waiting for the other end of a fifo for -<Parameter> with the pipeline' -ForEach @(
            @{ Parameter = 'RedirectStandardInput' }, @{ Parameter = 'RedirectStandardOutput' }
        ) {
            $fifo = "$TestDrive/$Parameter"
            mkfifo $fifo
            $shell = New-TestShell "'begun'; Start-NamespaceProcess $($Set.Name) cat -$Parameter '$fifo'"
            try {
                $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
                $null = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
                Wait-Until -For 'the pipeline' { $output.Count -gt 0 }
                $stopped = $shell.BeginStop($null, $null)
                $inTime = $stopped.AsyncWaitHandle.WaitOne(30000)
                $inTime | Should -BeTrue
                $shell.InvocationStateInfo.State | Should -Be Stopped
            }
            finally {
                # Whoever still waits is let go.
                [System.IO.FileStream]::new($fifo, 'Open', 'ReadWrite').Dispose()
                $shell.Dispose()
            }
        }
    }

    Context 'the end of its PowerShell' {
        It 'ends a program when its PowerShell <How>, and one with -Detach goes on' -ForEach @(@{ How = 'ends'; Kill = $false }, @{ How = 'is killed'; Kill = $true }) {
            $child = Start-ChildHost "
                `$a = Start-NamespaceProcess $($Set.Name) sh -ArgumentList '-c', 'sleep 617.5 & sleep 617.5'
                `$d = Start-NamespaceProcess $($Set.Name) sleep -ArgumentList 300 -Detach
                Write-Line `$a.Id `$d.Id `$d.IsDetached
                Wait-Go"
            $attached, $detached, $isDetached = (Read-ChildLine $child) -split ' '
            $isDetached | Should -Be 'True'
            Test-ProcessAlive $attached | Should -BeTrue
            Stop-ChildHost $child -Kill:$Kill
            Wait-Until -For 'the end of the attached program' { -not (Test-ProcessAlive $attached) }
            Wait-Until -For 'the end of its child' { -not (Get-NamespaceProcess $Set | Where-Object CommandLine -Match '617.5') }
            [System.Threading.Thread]::Sleep(200)
            Test-ProcessAlive $detached | Should -BeTrue
            Stop-NamespaceProcess -Id $detached
            Test-ProcessAlive $detached | Should -BeFalse
        }
    }

    Context 'what it refuses' {
        It 'a program that is missing' {
            $refusal = Get-Refusal { Start-NamespaceProcess $Set /no/such/program }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceProcessStartFailed,$Command"
            $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
            $refusal.Exception.Message | Should -Match '/no/such/program'
        }

        It 'a set that there is not' {
            (Get-Refusal { Start-NamespaceProcess isotest-none true }).FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
        }

        It 'to do anything with -WhatIf' {
            Start-NamespaceProcess $Set sleep -ArgumentList 300 -RedirectStandardOutput "$TestDrive/whatif" -WhatIf | Should -BeNullOrEmpty
            (Get-NamespaceProcess $Set).CommandLine | Should -Not -Contain 'sleep 300'
            [System.IO.File]::Exists("$TestDrive/whatif") | Should -BeFalse
        }
    }
}
