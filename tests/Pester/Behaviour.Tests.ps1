# What the kernel says namespaces do, seen from a program that this module started in them. Other files prove the rest of it beside the cmdlet that it
# belongs to: ids in New-Namespace.Ids, mounts in Set-MountPropagation, IPC in Get-IpcObject, relations in Get-NamespaceInfo.Relation, entry in Enter-Namespace.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:AsUser = if ($IsRoot) { @{} } else { @{ MapRootUser = $true } }
    $script:MapText = if ($IsRoot) { '' } else { '-MapRootUser' }

    # Given to a child: the namespaces of all its threads, and what has the pool make threads.
    $script:ThreadFunctions = '
        function Get-ThreadNamespace {
            $all = foreach ($task in [System.IO.Directory]::GetDirectories("/proc/self/task")) {
                # A thread may end meanwhile.
                try { foreach ($link in [System.IO.Directory]::GetFiles("$task/ns")) { "{0} {1}" -f [System.IO.Path]::GetFileName($link), [System.IO.File]::ResolveLinkTarget($link, $false).Name } } catch { }
            }
            ($all | Sort-Object -Unique) -join ","
        }
        function Invoke-Pool {
            $reads = foreach ($i in 1..64) { [System.IO.File]::ReadAllBytesAsync("/proc/self/maps") }
            if (-not [System.Threading.Tasks.Task]::WaitAll($reads, 60000)) { throw "The pool did not read." }
            $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
            $listener.Start()
            $client = [System.Net.Sockets.TcpClient]::new()
            $connected = $client.ConnectAsync([System.Net.IPAddress]::Loopback, $listener.LocalEndpoint.Port)
            if (-not $connected.Wait(60000)) { throw "No connection." }
            $listener.Stop()
            $client.Dispose()
            $start = [System.Diagnostics.ProcessStartInfo]::new("/bin/sh")
            $start.ArgumentList.Add("-c")
            $start.ArgumentList.Add("echo started")
            $start.RedirectStandardOutput = $true
            $start.RedirectStandardError = $true
            $process = [System.Diagnostics.Process]::Start($start)
            $said = $process.StandardOutput.ReadToEndAsync()
            if (-not $process.WaitForExit(60000)) { throw "The process did not end." }
            $said.Result.Trim()
        }
    '
}

AfterAll {
    Remove-TestLeftover
}

Describe 'A pid namespace' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'pidns: its first process is PID 1, has no parent, and leads session 1' {
        # stat: pid, name, state, parent, group, session. Read with its own /proc.
        $stat = Enter-Namespace -New Pid, Mount cat /proc/self/stat @AsUser
        ($stat -split ' ')[0, 3, 4, 5] | Should -Be '1', '0', '1', '1'
    }

    It 'pidns: PID 1 is not ended by its own SIGKILL, nor by that of its children' {
        Enter-Namespace -New Pid, Mount sh @AsUser -ArgumentList '-c', 'kill -KILL $$; sh -c "kill -KILL 1"; sh -c "kill -TERM 1"; echo alive' | Should -Be 'alive'
        $global:LASTEXITCODE | Should -Be 0
    }

    It 'pidns: nobody outside can be signalled from inside' {
        $outside = [System.Diagnostics.Process]::Start('sleep', '300')
        try {
            # ESRCH: a number that is not there.
            Enter-Namespace -New Pid perl @AsUser -ArgumentList '-e', "print kill('KILL', $($outside.Id)), ' ', `$!{ESRCH} ? 'ESRCH' : 'other', ""\n""" | Should -Be '0 ESRCH'
            Test-ProcessAlive $outside.Id | Should -BeTrue
        }
        finally {
            $outside.Kill()
            $outside.WaitForExit()
        }
    }

    It 'pidns: the end of PID 1, killed from outside, is the end of all in it' {
        $first = Start-NamespaceProcess -New Pid sh @AsUser -ArgumentList '-c', 'setsid sleep 655.5 & setsid sh -c "trap : TERM; sleep 656.5 & wait; wait" & wait'
        $namespace = [System.IO.File]::ResolveLinkTarget("/proc/$($first.Id)/ns/pid", $false).Name
        $inside = {
            foreach ($folder in [System.IO.Directory]::GetDirectories('/proc') -match '/\d+$') {
                try { if ([System.IO.File]::ResolveLinkTarget("$folder/ns/pid", $false).Name -eq $namespace) { $folder } } catch { }
            }
        }
        $namespace | Should -Not -Be "pid:[$(Get-NamespaceId pid)]"
        Wait-Until -Seconds 60 -For 'the four processes' { @(& $inside).Count -eq 4 }
        /bin/kill -KILL $first.Id
        $first | Wait-NamespaceProcess -Timeout 60
        Wait-Until -Seconds 60 -For 'the end of them' { @(& $inside).Count -eq 0 }
        $first.ExitCode | Should -Be 137
    }

    It 'forwards signals: SIG<Signal> to the pid that is known outside reaches PID 1, which handles it' -ForEach @(
        @{ Signal = 'TERM' }, @{ Signal = 'INT' }, @{ Signal = 'HUP' }, @{ Signal = 'USR1' }
    ) {
        $file = "$TestDrive/ready-$Signal"
        $process = Start-NamespaceProcess -New Pid sh @AsUser -RedirectStandardOutput $file -ArgumentList '-c', "trap 'exit 42' $Signal; echo ready; while :; do sleep 0.05; done"
        try {
            Wait-Until -Seconds 60 -For 'the handler' { [System.IO.File]::ReadAllText($file) -eq "ready`n" }
            /bin/kill -s $Signal $process.Id
            $process | Wait-NamespaceProcess -Timeout 60
            $process.ExitCode | Should -Be 42
        }
        finally {
            $process | Stop-NamespaceProcess -Force
        }
    }
}

Describe 'A uts namespace' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'utsname: a name that is set inside is seen by all in it, and by nobody else' {
        $own = [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname')
        $one, $other = (New-TestSet Uts -With @{ HostName = 'one' }), (New-TestSet Uts -With @{ HostName = 'other' })
        Enter-Namespace $one hostname isotest-new
        Enter-Namespace $one uname '-n' | Should -Be 'isotest-new'
        Enter-Namespace $other uname '-n' | Should -Be 'other'
        [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname') | Should -Be $own
    }

    It 'utsname: who has no right over it cannot set the name' {
        # Root of a new user namespace, in the host's uts namespace.
        $own = [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname')
        $said = Enter-Namespace -New User sh -MapRootUser -ArgumentList '-c', 'id -u; hostname isotest-new 2>&1; echo $?'
        $said[0] | Should -Be '0'
        $said[-1] | Should -Be '1'
        [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname') | Should -Be $own
    }
}

Describe 'Every kind but User' {
    It 'takes privilege: <Type> is refused to an ordinary user without User' -Tag User -ForEach @(
        'Time', 'Mount', 'Cgroup', 'Uts', 'Ipc', 'Pid', 'Net' | ForEach-Object { @{ Type = $_ } }
    ) {
        foreach ($refusal in (Get-Refusal { New-Namespace (New-TestName) -Type $Type }), (Get-Refusal { Enter-Namespace -New $Type true })) {
            $refusal.CategoryInfo.Category | Should -Be PermissionDenied
            $refusal.Exception.Message | Should -Match "CAP_SYS_ADMIN"
        }
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'A time namespace' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'timens: its offsets stay what they are once a process is in it' {
        $set = New-TestSet Time -With @{ BootTimeOffset = [timespan]'1.00:00:00' }
        $said = Enter-Namespace $set sh -ArgumentList '-c', 'echo "7 99 0" 2>/dev/null > /proc/self/timens_offsets || echo refused; tr -s " " < /proc/self/timens_offsets'
        $said | Should -Be 'refused', 'monotonic 0 0', 'boottime 86400 0'
    }

    It 'timens: the caller''s clocks and those of another set are not touched' {
        $before = [System.IO.File]::ReadAllText('/proc/self/timens_offsets')
        $set = New-TestSet Time -With @{ MonotonicOffset = [timespan]'10.00:00:00' }
        $other = New-TestSet Time
        # By each one's own clock: seconds of CLOCK_MONOTONIC.
        $read = '-MTime::HiRes=clock_gettime,CLOCK_MONOTONIC', '-e', 'printf "%d\n", clock_gettime(CLOCK_MONOTONIC)'
        $first = [long](perl @read)
        $ahead = [long](Enter-Namespace $set perl -ArgumentList $read)
        $level = [long](Enter-Namespace $other perl -ArgumentList $read)
        $last = [long](perl @read)
        $ahead | Should -BeGreaterOrEqual ($first + 864000)
        $ahead | Should -BeLessOrEqual ($last + 864000)
        $level | Should -BeGreaterOrEqual $first
        $level | Should -BeLessOrEqual $last
        [System.IO.File]::ReadAllText('/proc/self/timens_offsets') | Should -Be $before
    }

    It 'timens: a program that is run inside another program''s namespace has its clocks' {
        $process = Start-NamespaceProcess -New Time sleep 657.5 @AsUser -MonotonicOffset 0:0:50
        try {
            (Enter-Namespace $process cat /proc/self/timens_offsets)[0] -replace '\s+', ' ' | Should -Be 'monotonic 50 0'
        }
        finally {
            $process | Stop-NamespaceProcess -Force
        }
    }
}

Describe 'The threads of PowerShell' {
    It 'are in the namespaces they were in after sets were made, entered and removed: the thread pool <State>' -ForEach @(@{ State = 'cold' }, @{ State = 'warm' }) {
        $answer = Invoke-ChildHost "
            $ThreadFunctions
            `$before = Get-ThreadNamespace
            if ('$State' -eq 'warm') { Write-Line (Invoke-Pool) } else { Write-Line started }
            foreach (`$i in 1..5) {
                `$set = New-Namespace isotest-pool-`$PID-`$i -Type Mount, Net, Ipc, Pid, Uts, Cgroup, Time $MapText
                `$null = Enter-Namespace `$set true
                `$null = Start-NamespaceProcess `$set sleep 300
                `$null = Enter-Namespace -New Net, Pid, Uts true $MapText
                Remove-Namespace `$set
            }
            Write-Line (Invoke-Pool)
            Write-Line ((Get-ThreadNamespace) -eq `$before) (`$before.Split(',').Count)"
        # Ten links: the eight kinds, and those of pid and time for children.
        $answer | Should -Be 'started', 'started', 'True 10'
    }

    It 'are in the namespaces they were in after eight runspaces at once worked with sets' {
        $rounds = $env:ISOLATION_SOAK -eq '1' ? 125 : 3
        $answer = Invoke-ChildHost -Seconds 900 "
            $ThreadFunctions
            `$before = Get-ThreadNamespace
            `$pool = [runspacefactory]::CreateRunspacePool(1, 8)
            `$pool.ThreadOptions = 'ReuseThread'
            `$pool.Open()
            `$shells = foreach (`$number in 1..8) {
                `$shell = [powershell]::Create().AddScript({
                    param(`$Module, `$Name, `$Rounds, `$Options)
                    Import-Module `$Module
                    foreach (`$i in 1..`$Rounds) {
                        `$set = New-Namespace `$Name-`$i -Type Net, Uts, Pid, Mount -HostName `$Name @Options -ErrorAction Stop
                        Enter-Namespace `$set uname '-n'
                        Remove-Namespace `$set -ErrorAction Stop
                    }
                }).AddArgument('$ModuleManifest').AddArgument(""isotest-pool-`$PID-`$number"").AddArgument($rounds).AddArgument($(if ($IsRoot) { '@{}' } else { '@{ MapRootUser = $true }' }))
                `$shell.RunspacePool = `$pool
                @{ Shell = `$shell; Result = `$shell.BeginInvoke(); Name = ""isotest-pool-`$PID-`$number"" }
            }
            `$right = 0
            foreach (`$one in `$shells) {
                `$right += @(`$one.Shell.EndInvoke(`$one.Result) -eq `$one.Name).Count
                foreach (`$problem in `$one.Shell.Streams.Error) { Write-Line `$problem }
            }
            Write-Line `$right
            Write-Line (Invoke-Pool)
            Write-Line ((Get-ThreadNamespace) -eq `$before)
            Write-Line (@(Get-Namespace ""isotest-pool-`$PID-*"").Count)"
        $answer | Should -Be "$(8 * $rounds)", 'started', 'True', '0'
    }
}
