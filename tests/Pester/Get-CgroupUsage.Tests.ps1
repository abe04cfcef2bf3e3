# What is used is compared with what processes in a cgroup did, and with the kernel's own files.

BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.GetCgroupUsageCommand'

    function New-CountedSet {
        # A set whose cgroup counts memory, processor time and tasks, and the folders of it.
        $name = New-LimitedSet
        [pscustomobject]@{ Name = $name; Path = (Set-CgroupLimit $name -MemoryMax 64MB -PidsMax 30 -CpuMax max -PassThru).Path }
    }
}

AfterAll {
    Stop-Started
    Remove-TestLeftover
    if ($IsRoot) { Remove-TestCgroup }
}

Describe 'Get-CgroupUsage' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach {
        $script:Set = New-CountedSet
        $script:Name = $Set.Name
    }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'counts the processor time of a burner, in user mode and in the kernel' {
        $process = Start-Inside $Set.Path 'while :; do :; done'
        Wait-Until -For 'half a second of processor time' { (Get-CpuSeconds $process.Id) -ge 0.5 }
        $usage = Get-CgroupUsage $Name
        $usage | Should -BeOfType 'Isolation.CgroupUsage'
        $usage.Namespace | Should -BeExactly $Name
        $usage.Cgroup | Should -BeExactly "/isolation/$Name"
        $usage.CpuTime | Should -BeGreaterOrEqual ([timespan]'00:00:00.4')
        $usage.CpuTime.TotalSeconds | Should -BeLessOrEqual ((Get-CpuSeconds $process.Id) + 5)
        $usage.CpuUserTime | Should -BeGreaterThan ([timespan]::Zero)
        ($usage.CpuUserTime + $usage.CpuSystemTime).TotalSeconds | Should -BeGreaterThan 0.3
        Wait-Until -For 'more processor time' { (Get-CgroupUsage $Name).CpuTime -gt $usage.CpuTime }
    }

    It 'counts the periods in which a limit stopped it' {
        $null = Set-CgroupLimit $Name -CpuMax 0.1
        $process = Start-Inside $Set.Path 'while :; do :; done'
        Wait-Until -For 'the first throttled period' { (Read-Counter $Set.Path 'cpu.stat' 'nr_throttled') -gt 0 }
        Wait-Until -For 'throttled time' { (Get-CgroupUsage $Name).CpuThrottledTime -gt [timespan]'00:00:00.05' }
        $process.Kill($true)
        $usage = Get-CgroupUsage $Name
        $usage.CpuThrottledPeriods | Should -BeGreaterThan 0
        $usage.CpuPeriods | Should -BeGreaterOrEqual $usage.CpuThrottledPeriods
    }

    It 'counts memory, its peak, and every line of memory.stat' {
        $process = Start-Inside $Set.Path 'x=$(head -c 8M /dev/zero | tr "\0" x); sleep 60; :'
        $usage = $null
        Wait-Until -For '8 MB' { ($script:usage = Get-CgroupUsage $Name).MemoryStat['anon'] -ge 8MB }
        $usage = $script:usage
        $usage.MemoryCurrent | Should -BeGreaterOrEqual 8MB
        $usage.MemoryPeak | Should -BeGreaterOrEqual $usage.MemoryCurrent
        $usage.EffectiveMemoryMax | Should -Be 64MB
        foreach ($key in 'anon', 'file', 'file_mapped', 'file_dirty', 'file_writeback', 'shmem', 'pgfault', 'pgmajfault', 'inactive_anon', 'active_file', 'unevictable') {
            $usage.MemoryStat.ContainsKey($key) | Should -BeTrue -Because "$key is in both versions"
        }
        @($usage.MemoryStat.Keys) -match '^total_' | Should -BeNullOrEmpty
        $process.Kill($true)
        Wait-Until -For 'memory that is given back' { (Get-CgroupUsage $Name).MemoryStat['anon'] -lt 8MB }
        (Get-CgroupUsage $Name).MemoryPeak | Should -BeGreaterOrEqual 8MB
    }

    It 'counts a process that was killed for want of memory, and the limit that was hit' {
        (Get-CgroupUsage $Name).MemoryEvents.OomKill | Should -Be 0
        $process = Start-Inside $Set.Path 'x=$(head -c 300M /dev/zero | tr "\0" x); echo alive'
        Wait-Exit $process | Should -Be 137
        $events = (Get-CgroupUsage $Name).MemoryEvents
        $events.OomKill | Should -Be (Read-Counter $Set.Path 'memory.events', 'memory.oom_control' 'oom_kill')
        $events.OomKill | Should -BeGreaterThan 0
        $events.Max | Should -BeGreaterThan 0
    }

    It 'counts tasks and those that were refused' {
        $null = Set-CgroupLimit $Name -PidsMax 3
        $process = Start-Inside $Set.Path 'sleep 60 & sleep 60 & (sleep 60); wait'
        Wait-Until -For 'a refused fork' { (Get-CgroupUsage $Name).PidsRefused -gt 0 }
        $usage = Get-CgroupUsage $Name
        $usage.PidsRefused | Should -Be (Read-Counter $Set.Path 'pids.events' 'max')
        # The shell ends with the refusal, and leaves its children.
        Wait-Until -For 'the tasks that the kernel counts' { (Get-CgroupUsage $Name).PidsCurrent -eq (Read-File $Set.Path 'pids.current') }
        $usage.EffectivePidsMax | Should -Be 3
        if (@($Set.Path | Where-Object { Test-Path "$_/pids.peak" })) { $usage.PidsPeak | Should -Be 3 }
        foreach ($id in [System.IO.File]::ReadAllLines((Find-File $Set.Path 'cgroup.procs'))) { /bin/kill -9 $id }
    }

    It 'counts what is read from and written to a disk' {
        # A loop device over a file in memory: a disk of the test's own. Version 1 counts only for disks on which there is a rate.
        $file = "/dev/shm/$Name"
        [System.IO.File]::WriteAllBytes($file, [byte[]]::new(16MB))
        $device = losetup --find --show $file
        try {
            $folders = (Set-CgroupLimit $Name -IoWriteBytesMax @{ $device = '1GB' } -PassThru).Path
            $process = Start-Inside $folders "dd if=/dev/zero of=$device bs=64k count=32 oflag=direct 2>/dev/null && dd if=$device of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null"
            Wait-Exit $process | Should -Be 0
            $disk = @((Get-CgroupUsage $Name).Io) | Where-Object Name -EQ (Split-Path $device -Leaf)
            $disk | Should -Not -BeNullOrEmpty -Because "the cgroup wrote to $device"
            $disk.WriteBytes | Should -Be 2MB
            $disk.WriteOperations | Should -BeGreaterOrEqual 1
            $disk.ReadBytes | Should -BeGreaterOrEqual 1MB
            $disk.Device | Should -Match '^7:\d+$'
            (Get-CgroupUsage $Name).IoWriteBytes | Should -BeGreaterOrEqual 2MB
        }
        finally {
            losetup --detach $device
            [System.IO.File]::Delete($file)
        }
    }

    It 'counts the cgroups below too' {
        $folder = Split-Path (Find-File $Set.Path 'memory.limit_in_bytes', 'memory.max')
        /bin/mkdir "$folder/inner"
        try {
            $process = Start-Inside "$folder/inner" 'x=$(head -c 8M /dev/zero | tr "\0" x); sleep 60; :'
            Wait-Until -For '8 MB' { (Get-CgroupUsage $folder).MemoryStat['anon'] -ge 8MB }
            (Get-CgroupUsage $folder).MemoryCurrent | Should -BeGreaterOrEqual 8MB
            $process.Kill($true)
            $process.WaitForExit()
        }
        finally { Wait-Until -For 'the removal' { /bin/rmdir "$folder/inner" 2>$null; -not (Test-Path "$folder/inner") } }
    }

    It 'gives every cgroup of the module without an argument, and no other' {
        $other = New-LimitedSet
        Set-CgroupLimit $other -PidsMax 5
        $all = @(Get-CgroupUsage)
        $all.Namespace | Should -Contain $Name
        $all.Namespace | Should -Contain $other
        $all.Cgroup | Where-Object { $_ -notlike '/isolation/*' } | Should -BeNullOrEmpty
    }

    It 'gives a set without a cgroup without numbers' {
        $bare = New-LimitedSet
        $usage = Get-CgroupUsage $bare
        $usage.Namespace | Should -BeExactly $bare
        $usage.Path | Should -BeNullOrEmpty
        $usage.MemoryCurrent | Should -BeNullOrEmpty
        $usage.CpuTime | Should -BeNullOrEmpty
    }

    It 'takes a cgroup - <Form>' -ForEach @(
        @{ Form = 'name' }
        @{ Form = 'set, piped' }
        @{ Form = 'property Namespace' }
        @{ Form = 'path' }
        @{ Form = 'process' }
        @{ Form = 'limit' }
        @{ Form = 'usage' }
        @{ Form = 'usage of another session' }
    ) {
        $found = switch ($Form) {
            'name' { Get-CgroupUsage $Name }
            'set, piped' { Get-Namespace $Name | Get-CgroupUsage }
            'property Namespace' { [pscustomobject]@{ Namespace = $Name } | Get-CgroupUsage }
            'path' { Get-CgroupUsage "/isolation/$Name" }
            'process' {
                $process = Start-Inside $Set.Path 'exec sleep 60'
                Wait-Until -For 'sleep' { [System.IO.File]::ReadAllText("/proc/$($process.Id)/comm") -match 'sleep' }
                Get-CgroupUsage $process
            }
            'limit' { Get-CgroupLimit $Name | Get-CgroupUsage }
            'usage' { Get-CgroupUsage $Name | Get-CgroupUsage }
            'usage of another session' {
                [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Get-CgroupUsage $Name))) | Get-CgroupUsage
            }
        }
        $found.Cgroup | Should -BeExactly "/isolation/$Name"
        $found.PidsCurrent | Should -Not -BeNullOrEmpty
        (Get-CgroupUsage $Name | Set-CgroupLimit -PidsMax 9 -PassThru).PidsMax | Should -Be 9
    }

    It 'goes on after one that is not there' {
        $usages = $Name, '/isotest-nosuch/x', $Name | Get-CgroupUsage -ErrorVariable failures -ErrorAction SilentlyContinue
        $usages | Should -HaveCount 2
        $failures[0].FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        $failures[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'shows sizes for people in the table, and the totals' {
        $text = Get-CgroupUsage $Name | Out-String -Width 200
        $text | Should -Match 'Namespace\s+CpuTime\s+Memory\s+MemoryMax\s+Pids\s+Read\s+Write\s+Cgroup'
        $text | Should -Match "$($Name.Substring(0, 10)).*\b64M\b.*/isolation/$Name"
    }

    It 'completes names of sets' {
        $text = "Get-CgroupUsage $($Name.Substring(0, 12))"
        [System.Management.Automation.CommandCompletion]::CompleteInput($text, $text.Length, $null).CompletionMatches.CompletionText | Should -Contain $Name
    }
}

Describe 'Get-CgroupUsage -Continuous' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach {
        $script:Set = New-CountedSet
        $script:Name = $Set.Name
    }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'gives rates: a burner uses the processor that it is allowed' {
        $null = Set-CgroupLimit $Name -CpuMax 0.3
        $process = Start-Inside $Set.Path 'while :; do :; done'
        Wait-Until -For 'the first throttled period' { (Read-Counter $Set.Path 'cpu.stat' 'nr_throttled') -gt 0 }
        $usages = @(Get-CgroupUsage $Name -Continuous -Interval 1 -Count 3)
        $usages | Should -HaveCount 3
        foreach ($usage in $usages) {
            $usage.Interval.TotalSeconds | Should -BeGreaterThan 0.5
            $usage.CpuPercent | Should -BeGreaterThan 0
            $usage.CpuPercent | Should -BeLessThan 60
            if ($null -ne $usage.Io) { $usage.IoReadBytesPerSecond | Should -Be 0 }
        }
        $usages[2].Time | Should -BeGreaterThan $usages[0].Time
        $usages[2].CpuTime | Should -BeGreaterThan $usages[0].CpuTime
    }

    It 'takes an interval as <_>' -ForEach '100ms', 0.1, ([timespan]::FromMilliseconds(100)), '00:00:00.1' {
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $usages = @(Get-CgroupUsage $Name -Continuous -Interval $_ -Count 3)
        $usages | Should -HaveCount 3
        $watch.Elapsed.TotalSeconds | Should -BeGreaterThan 0.29
    }

    It 'shows rates in the table, a line at a time under one heading' {
        $text = Get-CgroupUsage $Name -Continuous -Interval 50ms -Count 3 | Format-Table | Out-String -Width 200
        $text | Should -Match 'Namespace\s+Cpu%\s+Memory\s+MemoryMax\s+Pids\s+Read/s\s+Write/s\s+Cgroup'
        @([regex]::Matches($text, 'Cpu%')).Count | Should -Be 1
        @([regex]::Matches($text, "/isolation/$Name")).Count | Should -Be 3
    }

    It 'tells of a cgroup that was removed once, leaves it out, and ends with the last' {
        $other = New-CountedSet
        $round = 0
        $usages = @(Get-CgroupUsage $Name, $other.Name -Continuous -Interval 100ms -WarningVariable warnings -WarningAction SilentlyContinue | ForEach-Object {
            $round++
            if ($round -eq 2) { Remove-Namespace $other.Name }
            if ($round -eq 8) { Remove-Namespace $Name }
            $_
        })
        @($usages | Where-Object Namespace -EQ $other.Name).Count | Should -BeLessOrEqual 2
        @($usages | Where-Object Namespace -EQ $Name).Count | Should -BeGreaterThan 4
        $warnings | Should -HaveCount 2
        "$($warnings[0])" | Should -Match "/isolation/$($other.Name) was removed"
        "$($warnings[1])" | Should -Match "/isolation/$Name was removed"
    }

    It 'takes up cgroups that are made later, where none is named' {
        $script:later = $null
        $found = Get-CgroupUsage -Continuous -Interval 100ms -Count 300 | ForEach-Object {
            if (-not $script:later) { $script:later = (New-CountedSet).Name }
            $_
        } | Where-Object { $_.Namespace -eq $script:later -and $null -ne $_.Interval } | Select-Object -First 1
        $found.Namespace | Should -BeExactly $script:later
    }

    It 'ends at once when it is stopped in the middle of a long interval' {
        $shell = New-TestShell "Get-CgroupUsage $Name -Continuous -Interval 1h"
        try {
            $run = $shell.BeginInvoke()
            [System.Threading.Thread]::Sleep(300)
            $run.IsCompleted | Should -BeFalse
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 20
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        }
        finally { $shell.Dispose() }
    }

    It 'uses next to no processor time while it waits' {
        # Once before: what is compiled for the first call is no waiting, and takes a second where the processor is emulated.
        $null = Get-CgroupUsage $Name -Continuous -Interval 100ms -Count 2
        $process = [System.Diagnostics.Process]::GetCurrentProcess()
        $before = $process.TotalProcessorTime
        $null = Get-CgroupUsage $Name -Continuous -Interval 4 -Count 1
        $process.Refresh()
        ($process.TotalProcessorTime - $before).TotalSeconds | Should -BeLessThan 2 -Because 'whoever asks again and again instead uses all four seconds'
    }
}

Describe 'Get-CgroupUsage -Top' -Tag Root -Skip:(-not $isRoot) {
    It 'fills the terminal sorted by what uses most, and gives the screen back at Ctrl+C' {
        $busy, $idle = (New-CountedSet), (New-CountedSet)
        $null = Start-Inside $busy.Path 'while :; do :; done'
        $folder = [System.IO.Directory]::CreateTempSubdirectory('isotest-tmux-').FullName
        $path = [Environment]::ProcessPath
        $program = if ([System.IO.Path]::GetFileName($path) -eq 'dotnet') { "$path $([Environment]::GetCommandLineArgs()[0])" } else { $path }
        [System.IO.File]::WriteAllText("$folder/start.ps1", "Import-Module '$ModuleManifest'; function prompt { 'outer> ' }")
        function Read-Screen { (@(tmux -u -S "$folder/socket" -f /dev/null capture-pane -p -t top) -join "`n").TrimEnd() }
        function Send { tmux -u -S "$folder/socket" -f /dev/null send-keys -t top @args }
        try {
            tmux -u -S "$folder/socket" -f /dev/null new-session -d -s top -x 110 -y 20 "env POWERSHELL_TELEMETRY_OPTOUT=1 $program -NoLogo -NoProfile -NoExit -Command '. $folder/start.ps1'"
            Wait-Until -For 'the prompt' -Seconds 60 { (Read-Screen) -match 'outer> *$' }
            Send -l "'a mark'; Get-CgroupUsage $($idle.Name), $($busy.Name) -Top -Interval 200ms"
            Send Enter
            Wait-Until -For 'the busy one first, with a rate' -Seconds 60 {
                (Read-Screen) -match "Ctrl\+C ends\s*\n\s*Cgroup +Cpu% .*\n$($busy.Name) +\d+\.\d .*\n$($idle.Name) +0\.0 "
            }
            Read-Screen | Should -Not -Match 'outer>'
            Send C-c
            Wait-Until -For 'the former screen' -Seconds 60 { (Read-Screen) -match "a mark[\s\S]*outer> *$" }
            Read-Screen | Should -Not -Match 'Ctrl\+C ends'
            tmux -u -S "$folder/socket" -f /dev/null display-message -p -t top '#{cursor_flag}#{alternate_on}' | Should -Be '10'
        }
        finally {
            tmux -u -S "$folder/socket" -f /dev/null kill-server 2>$null
            Stop-Started
            Remove-TestLeftover
            Remove-TestCgroup
            [System.IO.Directory]::Delete($folder, $true)
        }
    }
}

Describe 'Get-CgroupUsage: input that makes no sense' {
    It 'refuses an interval of <_>' -ForEach 0, -1, '1ms', '2d' {
        $failure = Get-Refusal { Get-CgroupUsage -Continuous -Interval $_ -Count 1 }
        $failure.FullyQualifiedErrorId | Should -BeExactly "IntervalInvalid,$Command"
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
    }

    It 'refuses an interval of <_>, which is none' -ForEach 'x', '1x', '' {
        (Get-Refusal { Get-CgroupUsage -Continuous -Interval $_ -Count 1 }).CategoryInfo.Category | Should -BeIn 'InvalidArgument', 'InvalidData'
    }

    It 'refuses a count of 0' {
        (Get-Refusal { Get-CgroupUsage -Continuous -Count 0 }).FullyQualifiedErrorId | Should -BeExactly "ParameterArgumentValidationError,$Command"
    }

    It 'refuses -Top where the output is no terminal' {
        $lines = @(Invoke-ChildHost 'Write-Refusal { Get-CgroupUsage -Top }')
        $lines[0] | Should -Match "^CgroupUsageNoTerminal,$([regex]::Escape($Command)) ResourceUnavailable .*-Continuous"
    }

    It 'refuses -Top with -Continuous' {
        (Get-Refusal { Get-CgroupUsage -Top -Continuous }).FullyQualifiedErrorId | Should -BeExactly "AmbiguousParameterSet,$Command"
    }

    It 'says that there is no such cgroup - <_>' -ForEach '/isotest-nosuch', 'isotest-nosuch', 2147483647, '/../x' {
        $failure = Get-Refusal { Get-CgroupUsage $_ }
        $failure.FullyQualifiedErrorId | Should -BeIn "CgroupNotFound,$Command", "CgroupProcessNotFound,$Command"
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }
}

Describe 'Get-CgroupUsage of the host' {
    It 'reads the root of the hierarchies, whoever asks' {
        $usage = Get-CgroupUsage /
        $usage.Cgroup | Should -BeExactly '/'
        $usage.CpuTime | Should -BeGreaterThan ([timespan]::FromSeconds(1))
        $usage.Namespace | Should -BeNullOrEmpty
        $again = Get-CgroupUsage / -Continuous -Interval 200ms -Count 1
        $again.CpuPercent | Should -BeGreaterOrEqual 0
        $again.CpuPercent | Should -BeLessOrEqual (100 * ([Environment]::ProcessorCount + 1))
    }

    It 'reads the cgroup of this process' {
        (Get-CgroupUsage $PID).ProcessId | Should -Be $PID
    }
}
