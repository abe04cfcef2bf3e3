# What is killed, closed, taken away or put in the way from outside, and what programs do that are no good guests: the next call finds what there is,
# and nothing is left. SIGKILL at random moments is in tests/Unit/Faults.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Soak = $env:ISOLATION_SOAK -eq '1'
    $script:Map = if ($IsRoot) { '' } else { '-MapRootUser' }

    function New-Marker {
        # Seconds for sleep that no other sleep has: its arguments tell whose it is.
        '1000.' + [Random]::Shared.NextInt64(100000000000, 999999999999)
    }

    function Get-Marked {
        # The processes that have a text in their arguments, zombies not.
        param([string] $Text)
        foreach ($folder in [System.IO.Directory]::GetDirectories('/proc')) {
            if ($folder -match '/(\d+)$') {
                $id = [int]$Matches[1]
                try { $line = [System.IO.File]::ReadAllText("$folder/cmdline").Replace([char]0, ' ') } catch { continue }
                if ($line.Contains($Text) -and (Test-ProcessAlive $id)) { $id }
            }
        }
    }

    # In a child: its own agent.
    $script:AgentFunctions = '
        function Get-AgentId {
            foreach ($task in [System.IO.Directory]::GetDirectories("/proc/$PID/task")) {
                foreach ($id in [System.IO.File]::ReadAllText("$task/children").Split(" ", [StringSplitOptions]::RemoveEmptyEntries)) {
                    if ([System.IO.File]::ReadAllText("/proc/$id/comm").Trim() -eq "isolation-agent") { return [int]$id }
                }
            }
        }
        function Stop-Agent {
            $id = Get-AgentId
            kill -9 $id
            # Its first thread can be a zombie before the others are gone: proc_pid_stat(5), fields 3 and 20.
            do {
                [System.Threading.Thread]::Sleep(5)
                try { $stat = [System.IO.File]::ReadAllText("/proc/$id/stat") } catch { return }
                $fields = $stat.Substring($stat.LastIndexOf(")") + 2).Split(" ")
            } until ($fields[0] -eq "Z" -and [int]$fields[17] -le 1)
        }'
}

AfterAll {
    Remove-TestLeftover
}

Describe 'a lost agent' {
    It 'is told of once, with what ended with it; what was attached is ended with its children, and the rest goes on' {
        $name = New-TestName
        $marker = New-Marker
        $lines = Invoke-ChildHost "
            $AgentFunctions
            `$named = New-Namespace $name -Type Uts $Map -HostName lost
            `$unnamed = New-Namespace -Type Uts $Map
            `$attached = Start-NamespaceProcess `$named sh -ArgumentList '-mc', 'sleep $marker & wait'
            `$detached = Start-NamespaceProcess `$named sleep -ArgumentList 1000 -Detach
            while (-not (pgrep -fx 'sleep $marker')) { [System.Threading.Thread]::Sleep(5) }
            Stop-Agent
            `$said = Get-Namespace $name -WarningVariable warnings -WarningAction SilentlyContinue
            Write-Line `$warnings.Count
            Write-Line `$warnings[0].Message
            Write-Line `$attached.Id `$detached.Id
            Write-Line (Get-AgentId)
            Write-Line (Enter-Namespace `$named hostname -WarningVariable again -WarningAction SilentlyContinue) `$again.Count
            Write-Line `$attached.HasExited `$detached.HasExited `$said.State (Get-Namespace `$unnamed.Name).State
            Remove-Namespace `$named
            Wait-NamespaceProcess `$detached -Timeout 30
            Write-Line `$detached.HasExited"
        $lines[0] | Should -Be '1'
        $attached, $detached = $lines[2] -split ' '
        $lines[1] | Should -Match "^The agent, process \d+, .* was lost: .*With it ended .*process $attached \(run sh in set '$name'\)"
        $lines[1] | Should -Match "Named sets and programs started with -Detach go on.*Another was started, process $($lines[3])\.$"
        $lines[1] | Should -Not -Match "process $detached"
        $lines[4] | Should -Be 'lost 0'
        $lines[5] | Should -Be 'True False Ready Broken'
        $lines[6] | Should -Be 'True'
        Get-Marked $marker | Should -BeNullOrEmpty
    }

    It 'is an error of the cmdlet that it meets, and told of once' {
        $name = New-TestName
        $lines = Invoke-ChildHost "
            $AgentFunctions
            `$set = New-Namespace $name -Type Uts $Map
            `$agent = Get-AgentId
            `$errors = @()
            Enter-Namespace `$set sh -ArgumentList '-c', `"kill -9 `$agent; sleep 1000`" -ErrorVariable errors -ErrorAction SilentlyContinue -WarningVariable warnings -WarningAction SilentlyContinue
            Write-Line `$errors[0].FullyQualifiedErrorId
            Remove-Namespace `$set -WarningVariable +warnings -WarningAction SilentlyContinue
            Write-Line `$warnings.Count"
        $lines[0] | Should -BeLike 'AgentLost,*'
        $lines[1] | Should -Be '1'
    }

    It 'takes with it all of a program that it runs, when its PowerShell is killed' {
        $name = New-TestName
        $marker = New-Marker
        $child = Start-ChildHost "
            `$set = New-Namespace $name -Type Uts $Map
            `$null = Start-NamespaceProcess `$set sh -ArgumentList '-mc', 'sleep $marker & wait'
            Write-Line started
            Wait-Go"
        Read-ChildLine $child | Should -Be 'started'
        Wait-Until -For 'the program' -Seconds 30 { Get-Marked $marker }
        Stop-ChildHost $child -Kill
        Wait-Until -For 'the end of the program and of its child' -Seconds 30 { -not (Get-Marked $marker) }
        (Get-Namespace $name).State | Should -Be Ready
        Remove-Namespace $name
    }
}

Describe 'a program that <Does>' -ForEach @(
    @{ Does = 'closes its output and goes on'; Script = 'exec >&- 2>&-; exec sleep {0}' }
    @{ Does = 'ignores SIGTERM, SIGINT and SIGHUP'; Script = 'trap "" TERM INT HUP; sleep {0} & while :; do sleep {0}; done' }
    @{ Does = 'forks twice into a session of its own'; Script = '(setsid sh -c "sleep {0}" &) ; exit 0' }
    @{ Does = 'goes on as a child of its own, again and again'; Script = 'set -- {0}; f() {{ ( f & ) }}; f'; Marked = 'set -- {0}' }
    @{ Does = 'is stopped'; Script = 'sleep {0} & kill -STOP $!; kill -STOP $$' }
    # Only root has other users.
    if ([int](id -u) -eq 0) { @{ Does = 'becomes another user'; Script = 'exec setpriv --reuid 1 --clear-groups sleep {0}' } }
) {
    It 'ends with its set' {
        $marker = New-Marker
        $set = New-TestSet Uts
        $null = Start-NamespaceProcess $set sh -ArgumentList '-c', ($Script -f $marker)
        Wait-Until -For 'the program' -Seconds 30 { Get-Marked ($Marked ? ($Marked -f $marker) : "sleep $marker") }
        Remove-Namespace $set -ErrorAction Stop
        Get-Marked $marker | Should -BeNullOrEmpty
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'a program' {
    It 'that writes without end is ended with the first line that was wanted' {
        $marker = New-Marker
        $set = New-TestSet Uts
        Enter-Namespace $set sh -ArgumentList '-c', "yes isolation-$marker | head -c 1000000000; sleep $marker" | Select-Object -First 1 | Should -Be "isolation-$marker"
        Wait-Until -For 'its end' -Seconds 30 { -not (Get-Marked $marker) }
        Remove-Namespace $set
    }

    It 'that another''s freezer holds keeps its set until it is thawed' -Tag Root {
        if (-not (Test-Path /sys/fs/cgroup/freezer/cgroup.procs)) { Set-ItResult -Skipped -Because 'there is no freezer of version 1 here'; return }
        $set = New-TestSet Uts
        $group = "/sys/fs/cgroup/freezer/$($set.Name)"
        $null = [System.IO.Directory]::CreateDirectory($group)
        try {
            $program = Start-NamespaceProcess $set sleep -ArgumentList 1000
            [System.IO.File]::WriteAllText("$group/cgroup.procs", "$($program.Id)")
            [System.IO.File]::WriteAllText("$group/freezer.state", 'FROZEN')
            $refusal = Get-Refusal { Remove-Namespace $set }
            $refusal.FullyQualifiedErrorId | Should -BeLike 'NamespaceBusy,*'
            $refusal.CategoryInfo.Category | Should -Be OperationTimeout
            $refusal.Exception.Message | Should -BeLike "*$($program.Id)*"
            (Get-Namespace $set.Name).State | Should -Be Broken
        }
        finally {
            [System.IO.File]::WriteAllText("$group/freezer.state", 'THAWED')
        }
        Remove-Namespace $set -ErrorAction Stop
        Wait-Until -For 'the end of the program' -Seconds 30 { -not (Test-ProcessAlive $program.Id) }
        Wait-Until -For 'the empty control group' -Seconds 30 { try { [System.IO.Directory]::Delete($group); $true } catch { $false } }
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'a number that the kernel gives out again' {
    It 'brings nobody else to an end: the namespaces of a set that lost its keeper' {
        # A namespace's number is the lowest that is free, so the next one takes it over.
        $taken = $false
        for ($try = 0; $try -lt 30 -and -not $taken; $try++) {
            $old = New-TestSet Uts
            $id = $old.Namespaces.Where({ $_.Type -eq 'Uts' }).Id
            if ($IsRoot) { umount "$($old.Folder)/ns/uts" }
            else {
                $keeper = (Get-NamespaceProcess $old).Id
                kill -9 $keeper
                Wait-Until -For 'the end of the keeper' { -not (Test-ProcessAlive $keeper) }
            }
            (Get-Namespace $old.Name).State | Should -Be Broken
            $new = New-TestSet Uts
            $taken = $new.Namespaces.Where({ $_.Type -eq 'Uts' }).Id -eq $id
            if ($taken) {
                $program = Start-NamespaceProcess $new sleep -ArgumentList 1000
                Get-NamespaceProcess $old.Name | Should -BeNullOrEmpty
            }
            Remove-Namespace $old -ErrorAction Stop
            if ($taken) {
                Test-ProcessAlive $program.Id | Should -BeTrue
                (Get-Namespace $new.Name).State | Should -Be Ready
            }
            Remove-Namespace $new
        }
        if (-not $taken) { Set-ItResult -Inconclusive -Because 'the kernel never gave the number out again' }
    }

    It 'brings nobody else to an end: the pid of a keeper' {
        $other = Start-Process sleep -ArgumentList 1000 -PassThru
        try {
            # What tells the two apart is when they started, in hundredths of a second.
            [System.Threading.Thread]::Sleep(100)
            $set = New-TestSet Uts, Pid
            $file = "$($set.Folder)/set.json"
            $record = [System.IO.File]::ReadAllText($file)
            $edited = $record -replace """pid"": $($set.InitId),", """pid"": $($other.Id),"
            $edited | Should -Not -Be $record
            [System.IO.File]::WriteAllText($file, $edited)
            (Get-Namespace $set.Name).State | Should -Be Broken
            [System.IO.File]::WriteAllText($file, $record)
            Remove-Namespace $set -ErrorAction Stop
            Test-ProcessAlive $other.Id | Should -BeTrue
        }
        finally {
            $other.Kill()
        }
    }
}

Describe 'hands in the folder of sets' {
    It 'that put a pipe in the place of a record do not hold anybody up' {
        $set = New-TestSet Uts
        $file = "$($set.Folder)/set.json"
        [System.IO.File]::Delete($file)
        mkfifo $file
        (Get-Refusal { Get-Namespace $set.Name }).FullyQualifiedErrorId | Should -BeLike 'NamespaceRecordDamaged,*'
        Remove-Namespace $set.Name -ErrorAction Stop
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'that gave a record another set''s name do that set no harm' {
        $set = New-TestSet Uts
        $other = New-TestSet Uts, Pid
        $file = "$($set.Folder)/set.json"
        [System.IO.File]::WriteAllText($file, [System.IO.File]::ReadAllText($file).Replace($set.Name, $other.Name))
        (Get-Refusal { Get-Namespace $set.Name }).FullyQualifiedErrorId | Should -BeLike 'NamespaceRecordDamaged,*'
        Remove-Namespace $set.Name -ErrorAction Stop
        (Get-Namespace $other.Name).State | Should -Be Ready
        Test-ProcessAlive $other.InitId | Should -BeTrue
        Remove-Namespace $other
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'that unmounted a pin leave a set that is Broken, and removed with what the others still show' -Tag Root {
        $set = New-TestSet Uts, Net
        $program = Start-NamespaceProcess $set sleep -ArgumentList 1000
        umount "$($set.Folder)/ns/uts"
        (Get-Namespace $set.Name).State | Should -Be Broken
        (Get-Refusal { Enter-Namespace $set true }).FullyQualifiedErrorId | Should -BeLike 'NamespaceSetBroken,*'
        Remove-Namespace $set -ErrorAction Stop
        Test-ProcessAlive $program.Id | Should -BeFalse
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'that deleted a network namespace with ip leave a set that works and goes' -Tag Root {
        $set = New-TestSet Net
        ip netns delete $set.Name
        Enter-Namespace $set ip -ArgumentList '-o', 'link' | Should -HaveCount 1
        Remove-Namespace $set -ErrorAction Stop
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'that deleted all that could be deleted leave a set that Remove-Namespace removes' {
        $set = New-TestSet Uts, Pid
        rm -rf $set.Folder 2>$null
        if ($IsRoot) { Remove-Namespace $set.Name -ErrorAction Stop }
        else {
            # Its keeper is all that is left: without the folder there is no set, and its name is free.
            Get-Namespace | Where-Object Name -EQ $set.Name | Should -BeNullOrEmpty
            kill -9 $set.InitId
            Wait-Until -For 'the end of the init' { -not (Test-ProcessAlive $set.InitId) }
        }
        Get-TestLeftover | Should -BeNullOrEmpty
        New-TestSet Uts $set.Name | Remove-Namespace
    }

    It 'that removed a control group leave a set that works and goes' -Tag Root {
        $set = New-TestSet Uts
        Set-CgroupLimit $set -PidsMax 50
        foreach ($group in [System.IO.Directory]::GetDirectories('/sys/fs/cgroup')) {
            if ([System.IO.Directory]::Exists("$group/isolation/$($set.Name)")) { rmdir "$group/isolation/$($set.Name)" }
        }
        if ([System.IO.Directory]::Exists("/sys/fs/cgroup/isolation/$($set.Name)")) { rmdir "/sys/fs/cgroup/isolation/$($set.Name)" }
        Enter-Namespace $set echo -ArgumentList in | Should -Be 'in'
        Remove-Namespace $set -ErrorAction Stop
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'the folder of an ordinary user' -Tag User {
    It 'is refused where another thing has its name: <What>' -ForEach @(
        @{ What = 'a link'; Make = { param($path) ln -s /tmp $path } }
        @{ What = 'a pipe'; Make = { param($path) mkfifo $path } }
        @{ What = 'a folder that all may write to'; Make = { param($path) mkdir $path; chmod 777 $path } }
        @{ What = 'a folder with a link for the sets'; Make = { param($path) mkdir -m 700 $path; ln -s /tmp "$path/namespaces" } }
        @{ What = 'a folder with a link for the locks'; Make = { param($path) mkdir -m 700 "$path"; mkdir -m 700 "$path/namespaces"; ln -s /tmp "$path/locks" } }
    ) {
        $runtime = [System.IO.Directory]::CreateTempSubdirectory('isotest-run-').FullName
        try {
            & $Make "$runtime/isolation"
            $lines = Invoke-ChildHost "Write-Refusal { New-Namespace $(New-TestName) -Type Uts -MapRootUser }" -Prefix 'env', "XDG_RUNTIME_DIR=$runtime"
            $lines | Should -BeLike 'StateFolderUnsafe,* PermissionDenied *'
        }
        finally {
            rm -rf $runtime
        }
    }
}

Describe 'very many' {
    It 'sets are made and removed down one pipeline' {
        $names = 1..200 | ForEach-Object { New-TestName }
        $sets = @($names | New-Namespace -Type $(if ($IsRoot) { 'Uts' } else { 'User', 'Uts' }) -ErrorAction Stop)
        $sets | Should -HaveCount 200
        @(Get-Namespace).Name | Where-Object { $_ -in $names } | Should -HaveCount 200
        $sets | Remove-Namespace -ErrorAction Stop
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'processes that come and go disturb no look at the host' {
        $storms = 1..3 | ForEach-Object { Start-Process sh -ArgumentList '-c', '"while :; do /bin/true; (/bin/true &) ; done"' -PassThru }
        try {
            foreach ($round in 1..20) {
                @(Get-NamespaceInfo -Deep:($round % 2 -eq 0) -ErrorAction Stop).Count | Should -BeGreaterThan 6
            }
        }
        finally {
            $storms.ForEach({ $_.Kill($true) })
        }
    }

    It 'cycles of New, Enter and Remove leave the process as it was' {
        $count = if ($Soak) { 1000 } else { 100 }
        $lines = Invoke-ChildHost -Seconds 900 "
            $AgentFunctions
            `$type = $(if ($IsRoot) { '''Net'', ''Uts'', ''Pid''' } else { '''User'', ''Net'', ''Uts'', ''Pid''' })
            function Get-Threads {
                foreach (`$task in [System.IO.Directory]::GetDirectories('/proc/self/task')) {
                    # A thread may end meanwhile.
                    try { foreach (`$link in [System.IO.Directory]::GetFiles(`"`$task/ns`")) { [System.IO.File]::ResolveLinkTarget(`$link, `$false).Name } } catch { }
                }
            }
            function Invoke-Cycle {
                param([int] `$Count)
                for (`$i = 0; `$i -lt `$Count; `$i++) {
                    `$set = New-Namespace isotest-leak-`$PID-`$i -Type `$type $Map
                    `$null = Enter-Namespace `$set true
                    Remove-Namespace `$set
                }
            }
            function Get-State {
                [GC]::Collect(); [GC]::WaitForPendingFinalizers(); [GC]::Collect()
                `$agent = Get-AgentId
                `$status = [System.IO.File]::ReadAllText(`"/proc/`$agent/status`")
                `$null = `$status -match 'VmRSS:\s+(\d+)'
                [pscustomobject]@{
                    Threads     = (Get-Threads | Sort-Object -Unique) -join ' '
                    Descriptors = [System.IO.Directory]::GetFileSystemEntries('/proc/self/fd').Length
                    OfAgent     = [System.IO.Directory]::GetFileSystemEntries(`"/proc/`$agent/fd`").Length
                    Children    = [System.IO.File]::ReadAllText(`"/proc/`$agent/task/`$agent/children`").Trim()
                    Mounts      = @([System.IO.File]::ReadAllLines('/proc/self/mountinfo') -match `"isotest-leak-`$PID-`").Count
                    # Not GetTotalMemory, which counts what is between pinned objects twice as free, down to less than nothing.
                    Heap        = [GC]::GetGCMemoryInfo([GCKind]::FullBlocking).HeapSizeBytes
                    Resident    = [int]`$Matches[1]
                }
            }
            # As many before: the agent's heap grows to what its collector lets it, some MB, before it is collected for the first time.
            # And thrice: what PowerShell compiles and keeps in caches comes once, some time; what a cycle leaks comes each time.
            `$states = foreach (`$round in 1..3) { Invoke-Cycle $count; Get-State }
            `$before = `$states[-1]
            `$watch = [System.Diagnostics.Stopwatch]::StartNew()
            Invoke-Cycle $count
            `$seconds = `$watch.Elapsed.TotalSeconds
            # The agent reaps at its own time.
            for (`$i = 0; `$i -lt 300; `$i++) {
                `$after = Get-State
                if (`$after.Children -eq `$before.Children -and `$after.OfAgent -eq `$before.OfAgent -and `$after.Descriptors -le `$before.Descriptors) { break }
                [System.Threading.Thread]::Sleep(100)
            }
            `$states += `$after
            function Get-LeastGrowth([string] `$Of) { (1..3 | ForEach-Object { `$states[`$_].`$Of - `$states[`$_ - 1].`$Of } | Measure-Object -Minimum).Minimum }
            Write-Line (`$before.Threads -eq `$after.Threads) `$after.Threads
            Write-Line `$before.Descriptors `$after.Descriptors `$before.OfAgent `$after.OfAgent
            Write-Line `"[`$(`$after.Children)]`" `$after.Mounts
            Write-Line (Get-LeastGrowth Heap) (Get-LeastGrowth Resident) `$after.Heap `$after.Resident `$seconds"
        "$count cycles: $($lines -join ' | ')" | Out-Host
        $lines[0] | Should -BeLike 'True *'
        $before, $after, $ofAgentBefore, $ofAgentAfter = [int[]]($lines[1] -split ' ')
        # .NET opens some for threads that it starts; one a cycle would be a leak.
        $after | Should -BeLessOrEqual ($before + 10)
        $ofAgentAfter | Should -Be $ofAgentBefore
        $lines[2] | Should -Be '[] 0'
        $heapGrowth, $residentGrowth = [double[]](($lines[3] -split ' ')[0..1])
        # What a cycle would keep: 1 kB of the heap of PowerShell, 1 kB of the agent, beside what caches take.
        $heapGrowth | Should -BeLessThan (256kB + 1kB * $count)
        $residentGrowth | Should -BeLessThan (1024 + $count)
        @([System.IO.Directory]::GetDirectories('/sys/fs/cgroup') | ForEach-Object { if ([System.IO.Directory]::Exists("$_/isolation")) { [System.IO.Directory]::GetDirectories("$_/isolation") } }) -match 'isotest-leak' | Should -BeNullOrEmpty
    }
}
