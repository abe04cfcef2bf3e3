# The effects are read from the kernel's own files and counters, never from the module: a process that is killed, a fork that is refused, a burner that
# is held back.

BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
    $processors = [Environment]::ProcessorCount
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.SetCgroupLimitCommand'
}

AfterAll {
    Stop-Started
    Remove-TestLeftover
    if ($IsRoot) { Remove-TestCgroup }
}

Describe 'Set-CgroupLimit: what it does to processes' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach { $script:Name = New-LimitedSet }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'has a process killed that uses more memory than MemoryMax' {
        $limit = Set-CgroupLimit $Name -MemoryMax 32MB -PassThru
        # The shell keeps in memory what it puts into a variable.
        $process = Start-Inside $limit.Path 'x=$(head -c 200M /dev/zero | tr "\0" x); echo alive'
        Wait-Exit $process | Should -Be 137
        Read-Counter $limit.Path 'memory.events', 'memory.oom_control' 'oom_kill' | Should -BeGreaterThan 0
    }

    It 'lets a process live that uses less' {
        $limit = Set-CgroupLimit $Name -MemoryMax 64MB -PassThru
        $process = Start-Inside $limit.Path 'head -c 8M /dev/zero | tail -c 8M | wc -c'
        Wait-Exit $process | Should -Be 0
        $process.StandardOutput.ReadToEnd().Trim() | Should -Be '8388608'
        Read-Counter $limit.Path 'memory.events', 'memory.oom_control' 'oom_kill' | Should -Be 0
    }

    It 'has a fork refused beyond PidsMax' {
        $limit = Set-CgroupLimit $Name -PidsMax 5 -PassThru
        $process = Start-Inside $limit.Path 'for i in 1 2 3 4 5 6 7 8; do sleep 60 > /dev/null 2>&1 & done; wait'
        Wait-Exit $process | Should -Not -Be 0
        $process.StandardError.ReadToEnd() | Should -Match 'fork'
        Read-Counter $limit.Path 'pids.events' 'max' | Should -BeGreaterThan 0
        [int](Read-File $limit.Path 'pids.current') | Should -BeLessOrEqual 5
        # The shell's children have gone to process 1; they end with the cgroup's other processes.
        foreach ($id in [System.IO.File]::ReadAllLines((Find-File $limit.Path 'cgroup.procs'))) { /bin/kill -9 $id }
    }

    It 'holds a process that never pauses to the processor time of CpuMax' {
        $limit = Set-CgroupLimit $Name -CpuMax 0.5 -PassThru
        $process = Start-Inside $limit.Path 'while :; do :; done'
        Wait-Until -For 'the first throttled period' { (Read-Counter $limit.Path 'cpu.stat' 'nr_throttled') -gt 0 }
        $before = Get-CpuSeconds $process.Id
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        [System.Threading.Thread]::Sleep(3000)
        $share = ((Get-CpuSeconds $process.Id) - $before) / $watch.Elapsed.TotalSeconds
        $share | Should -BeLessThan 0.6
        $share | Should -BeGreaterThan 0.2
    }

    It 'lets it go as fast as it can after max' {
        Set-CgroupLimit $Name -CpuMax 0.1
        $limit = Set-CgroupLimit $Name -CpuMax max -PassThru
        $process = Start-Inside $limit.Path 'while :; do :; done'
        Wait-Until -For 'more processor time than the limit gave' { (Get-CpuSeconds $process.Id) -gt 0.2 }
        Read-Counter $limit.Path 'cpu.stat' 'nr_throttled' | Should -Be 0
    }

    It 'binds processes to the processors of CpuSet' {
        $limit = Set-CgroupLimit $Name -CpuSet 0 -PassThru
        $process = Start-Inside $limit.Path 'grep Cpus_allowed_list /proc/self/status'
        Wait-Exit $process | Should -Be 0
        $process.StandardOutput.ReadToEnd().Trim() | Should -Match '\s0$'
    }

    It 'takes the binding away with max' -Skip:($processors -lt 2) {
        Set-CgroupLimit $Name -CpuSet 0
        $limit = Set-CgroupLimit $Name -CpuSet max -PassThru
        $process = Start-Inside $limit.Path 'grep Cpus_allowed_list /proc/self/status'
        Wait-Exit $process | Should -Be 0
        $process.StandardOutput.ReadToEnd().Trim() | Should -Not -Match '\s0$'
    }

    It 'gives processor time by CpuWeight where it is short' {
        $other = New-LimitedSet
        $heavy = Set-CgroupLimit $Name -CpuWeight 1000 -CpuSet 0 -PassThru
        $light = Set-CgroupLimit $other -CpuWeight 100 -CpuSet 0 -PassThru
        $one = Start-Inside $heavy.Path 'while :; do :; done'
        $two = Start-Inside $light.Path 'while :; do :; done'
        Wait-Until -For 'both to run' { (Get-CpuSeconds $one.Id) -gt 0.1 -and (Get-CpuSeconds $two.Id) -gt 0 }
        $beforeOne, $beforeTwo = (Get-CpuSeconds $one.Id), (Get-CpuSeconds $two.Id)
        [System.Threading.Thread]::Sleep(3000)
        $ratio = ((Get-CpuSeconds $one.Id) - $beforeOne) / [Math]::Max(0.01, (Get-CpuSeconds $two.Id) - $beforeTwo)
        # 10 for cgroups that are alone on the processor; others disturb it.
        $ratio | Should -BeGreaterThan 4
    }

    It 'acts on processes that run already' {
        $limit = Set-CgroupLimit $Name -PidsMax 100 -PassThru
        $process = Start-Inside $limit.Path 'while :; do [ -e /proc/self/x ]; done'
        Wait-Until -For 'the process' { (Get-CpuSeconds $process.Id) -gt 0 }
        Set-CgroupLimit $Name -CpuMax 0.2 -CpuSet 0
        $limit = Get-CgroupLimit $Name
        foreach ($folder in $limit.Path) { [System.IO.File]::WriteAllText("$folder/cgroup.procs", "$($process.Id)") }
        Wait-Until -For 'the first throttled period' { (Read-Counter $limit.Path 'cpu.stat' 'nr_throttled') -gt 0 }
    }
}

Describe 'Set-CgroupLimit: the processes of a set' -Tag Root -Skip:(-not $isRoot) {
    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'takes those that run already into the cgroup' {
        $set = New-Namespace -Name (New-TestName) -Type Uts, Pid
        $limit = $set | Set-CgroupLimit -MemoryMax 256MB -PidsMax 50 -PassThru
        foreach ($folder in $limit.Path) {
            [System.IO.File]::ReadAllLines("$folder/cgroup.procs") | Should -Contain "$($set.InitId)"
        }
        # A further controller makes a further folder, on hosts where it has a hierarchy of its own.
        $limit = $set | Set-CgroupLimit -CpuMax 0.5 -CpuSet 0 -PassThru
        foreach ($folder in $limit.Path) {
            [System.IO.File]::ReadAllLines("$folder/cgroup.procs") | Should -Contain "$($set.InitId)"
        }
    }
}

Describe 'Set-CgroupLimit: priorities of processes' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach {
        $script:Name = New-LimitedSet
        $script:Folder = (Set-CgroupLimit $Name -PidsMax 50 -PassThru).Path
    }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'gives them to every thread, and what they start inherits them' {
        $child = Start-Inside $Folder 'echo up; read line; sleep 600.5 & echo $!; wait'
        $null = $child.StandardOutput.ReadLine()
        Set-CgroupLimit $Name -Nice 7 -IoPriority BestEffort:6
        foreach ($process in Get-CgroupProcess $Name) {
            $process.Nice, $process.IoPriority | Should -Be 7, 'BestEffort:6'
            "$(ps -L -o ni= -p $process.Id)" | Should -Match '^( *7)+$'
            ionice -p $process.Id | Should -BeExactly 'best-effort: prio 6'
        }
    }

    It 'takes <Text> as ionice shows it' -ForEach @(
        @{ Text = 'Idle'; Shown = 'idle' }, @{ Text = 'realtime:0'; Shown = 'realtime: prio 0' }, @{ Text = 'best-effort'; Shown = 'best-effort: prio 4' }
    ) {
        $sleeper = Start-Inside $Folder 'echo up; exec sleep 600.6'
        $null = $sleeper.StandardOutput.ReadLine()
        Set-CgroupLimit $Name -IoPriority $Text
        ionice -p $sleeper.Id | Should -BeExactly $Shown
        Set-CgroupLimit $Name -IoPriority None
        (Get-CgroupProcess $Name | Where-Object Id -EQ $sleeper.Id).IoPriority | Should -BeExactly None
    }

    It 'gives them to one process alone where that is meant' {
        $one = Start-Inside $Folder 'echo up; exec sleep 600.9'
        $two = Start-Inside $Folder 'echo up; exec sleep 600.9'
        $null = $one.StandardOutput.ReadLine(), $two.StandardOutput.ReadLine()
        $before = (Get-CgroupProcess $Name | Where-Object Id -EQ $two.Id).Nice
        Set-CgroupLimit $one.Id -Nice 17
        (Get-CgroupProcess $Name | Where-Object Id -EQ $one.Id).Nice | Should -Be 17
        (Get-CgroupProcess $Name | Where-Object Id -EQ $two.Id).Nice | Should -Be $before
    }

    It 'needs no cgroup for the processes of a set, and makes none' {
        $bare = New-LimitedSet
        $sleeper = Start-NamespaceProcess $bare sleep 600.8
        Set-CgroupLimit $bare -Nice 3
        (Get-NamespaceProcess $bare | Where-Object Id -EQ $sleeper.Id).Nice | Should -Be 3
        Get-Cgroup $bare -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'leaves them as they were where a limit of the same call is refused' {
        $sleeper = Start-Inside $Folder 'echo up; exec sleep 600.7'
        $null = $sleeper.StandardOutput.ReadLine()
        $before = (Get-CgroupProcess $Name | Where-Object Id -EQ $sleeper.Id).Nice
        Get-Refusal { Set-CgroupLimit $Name -Nice 18 -Unified @{ 'pids.nosuch' = '1' } } | Should -Not -BeNullOrEmpty
        (Get-CgroupProcess $Name | Where-Object Id -EQ $sleeper.Id).Nice | Should -Be $before
    }

    It 'takes the limits of the same call back where it may not change them' {
        $sleeper = Start-Inside $Folder 'echo up; exec sleep 600.7'
        $null = $sleeper.StandardOutput.ReadLine()
        $before = (Get-CgroupProcess $Name | Where-Object Id -EQ $sleeper.Id).Nice
        # Root without the right to it.
        $said = Invoke-ChildHost -Prefix setpriv, '--bounding-set', '-sys_nice', '--inh-caps', '-sys_nice' "Write-Refusal { Set-CgroupLimit $Name -PidsMax 33 -IoPriority Idle -Nice $($before - 1) }"
        $said | Should -Match '^CgroupLimitFailed,\S+ PermissionDenied .*CAP_SYS_NICE'
        (Get-CgroupLimit $Name).PidsMax | Should -Be 50
        $now = Get-CgroupProcess $Name | Where-Object Id -EQ $sleeper.Id
        $now.Nice, $now.IoPriority | Should -Be $before, 'None'
    }

    It 'refuses <Limit> <Value>' -ForEach @(
        @{ Limit = 'Nice'; Value = 20 }, @{ Limit = 'Nice'; Value = -21 }, @{ Limit = 'Nice'; Value = 'high' }, @{ Limit = 'Nice'; Value = 1.5 }
        @{ Limit = 'IoPriority'; Value = 'First' }, @{ Limit = 'IoPriority'; Value = 'Idle:3' }, @{ Limit = 'IoPriority'; Value = 'BestEffort:8' }, @{ Limit = 'IoPriority'; Value = 'RealTime:-1' }
    ) {
        $given = @{ $Limit = $Value }
        (Get-Refusal { Set-CgroupLimit / @given }).FullyQualifiedErrorId | Should -BeExactly 'CgroupLimitInvalid,Isolation.Commands.SetCgroupLimitCommand'
    }

    It 'completes the priorities' {
        (TabExpansion2 'Set-CgroupLimit web -IoPriority B' 33).CompletionMatches.CompletionText | Should -Be 'BestEffort:0', 'BestEffort:4', 'BestEffort:7'
    }
}

Describe 'Set-CgroupLimit: what it writes' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach { $script:Name = New-LimitedSet }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'writes <Value> as <Bytes> bytes' -ForEach @(
        @{ Value = 67108864; Bytes = '67108864' }
        @{ Value = 64MB; Bytes = '67108864' }
        @{ Value = 0.5GB; Bytes = '536870912' }
        @{ Value = '64M'; Bytes = '67108864' }
        @{ Value = '64MiB'; Bytes = '67108864' }
        @{ Value = '65536k'; Bytes = '67108864' }
    ) {
        $limit = Set-CgroupLimit $Name -MemoryMax $Value -PassThru
        Read-File $limit.Path 'memory.max', 'memory.limit_in_bytes' | Should -BeExactly $Bytes
        $limit.MemoryMax | Should -Be ([long]$Bytes)
    }

    It 'takes a share of the memory of the host' {
        $limit = Set-CgroupLimit $Name -MemoryMax 50% -PassThru
        $total = [long](([System.IO.File]::ReadAllLines('/proc/meminfo')[0] -split ' +')[1]) * 1024
        # The kernel rounds down to pages.
        $limit.MemoryMax | Should -BeGreaterThan ($total / 2 - 65536)
        $limit.MemoryMax | Should -BeLessOrEqual ($total / 2)
    }

    It 'writes a CpuMax of <Value> as <Cores> processors' -ForEach @(
        @{ Value = 1; Cores = 1 }
        @{ Value = 0.5; Cores = 0.5 }
        @{ Value = '50%'; Cores = 0.5 }
        @{ Value = 0.01; Cores = 0.01 }
    ) {
        $limit = Set-CgroupLimit $Name -CpuMax $Value -PassThru
        $quota, $period = (Read-File $limit.Path 'cpu.max', 'cpu.cfs_quota_us') -split ' '
        if (-not $period) { $period = Read-File $limit.Path 'cpu.cfs_period_us' }
        [long]$quota / [long]$period | Should -Be $Cores
        $limit.CpuMax | Should -Be $Cores
    }

    It 'keeps a CpuWeight of <_>, also where it is written as shares' -ForEach 1, 2, 50, 100, 123, 1000, 10000 {
        (Set-CgroupLimit $Name -CpuWeight $_ -PassThru).CpuWeight | Should -Be $_
    }

    It 'writes a weight of 100 as the default of each version' {
        $limit = Set-CgroupLimit $Name -CpuWeight 100 -PassThru
        Read-File $limit.Path 'cpu.weight', 'cpu.shares' | Should -BeIn '100', '1024'
    }

    It 'writes PidsMax and takes it away' {
        $limit = Set-CgroupLimit $Name -PidsMax 64 -PassThru
        Read-File $limit.Path 'pids.max' | Should -BeExactly '64'
        $limit = Set-CgroupLimit $Name -PidsMax max -PassThru
        Read-File $limit.Path 'pids.max' | Should -BeExactly 'max'
        $limit.PidsMax | Should -BeNullOrEmpty
    }

    It 'takes a list of processors as text and as numbers' {
        (Set-CgroupLimit $Name -CpuSet '0' -PassThru).CpuSet | Should -BeExactly '0'
        (Set-CgroupLimit $Name -CpuSet 0 -PassThru).CpuSet | Should -BeExactly '0'
    }

    It 'takes an array of processors' -Skip:($processors -lt 2) {
        (Set-CgroupLimit $Name -CpuSet 0, 1 -PassThru).CpuSet | Should -BeExactly '0-1'
    }

    It 'leaves the limits alone that are not given' {
        Set-CgroupLimit $Name -MemoryMax 64MB -PidsMax 10
        $limit = Set-CgroupLimit $Name -PidsMax 20 -PassThru
        $limit.MemoryMax | Should -Be 64MB
        $limit.PidsMax | Should -Be 20
    }

    It 'gives nothing without -PassThru' {
        Set-CgroupLimit $Name -PidsMax 10 | Should -BeNullOrEmpty
    }

    It 'changes nothing with -WhatIf, and makes no cgroup' {
        Set-CgroupLimit $Name -PidsMax 10 -WhatIf
        @(Get-CgroupFolder) -match $Name | Should -BeNullOrEmpty
        Set-CgroupLimit $Name -PidsMax 10
        Set-CgroupLimit $Name -PidsMax 20 -MemoryMax 64MB -WhatIf
        $limit = Get-CgroupLimit $Name
        $limit.PidsMax | Should -Be 10
        $limit.MemoryMax | Should -BeNullOrEmpty
    }

    It 'restores every limit when the kernel refuses one' {
        Set-CgroupLimit $Name -MemoryMax 256MB -PidsMax 10 -CpuWeight 50
        $folders = (Get-CgroupLimit $Name).Path
        # A cgroup inside that is not a set's: in version 1 its parent cannot be given less than it, in version 2 pids.max is taken away from it.
        $inner = (Split-Path (Find-File $folders 'cpu.cfs_quota_us', 'cpu.max')) + '/inner'
        if (Test-Path "$(Split-Path $inner)/cpu.cfs_quota_us") {
            /bin/mkdir $inner
            [System.IO.File]::WriteAllText("$inner/cpu.cfs_quota_us", '90000')
            { Set-CgroupLimit $Name -MemoryMax 128MB -PidsMax 20 -CpuMax 0.5 -ErrorAction Stop } |
                Should -Throw -ErrorId "CgroupLimitFailed,$Command"
            $limit = Get-CgroupLimit $Name
            $limit.MemoryMax | Should -Be 256MB
            $limit.PidsMax | Should -Be 10
            $limit.CpuMax | Should -BeNullOrEmpty
            $limit.CpuWeight | Should -Be 50
            /bin/rmdir $inner
        }
        else {
            # Version 2 takes every value that passes the checks made before, but for one that is given as it is.
            { Set-CgroupLimit $Name -MemoryMax 128MB -PidsMax 20 -CpuMax 0.5 -Unified @{ 'memory.high' = 'junk' } -ErrorAction Stop } |
                Should -Throw -ErrorId "CgroupLimitInvalid,$Command"
            $limit = Get-CgroupLimit $Name
            ($limit.MemoryMax, $limit.PidsMax, $limit.CpuMax, $limit.CpuWeight) | Should -Be 256MB, 10, $null, 50
        }
    }

    It 'says how much is used when version 1 refuses a limit below it, which version 2 takes' {
        $limit = Set-CgroupLimit $Name -MemoryMax 64MB -PassThru
        if (-not (Test-Path "$($limit.Path -match '/memory/')/memory.limit_in_bytes")) {
            # Version 2 takes the limit, takes memory back, and kills where there is not enough.
            $eater = Start-Inside $limit.Path 'x=$(head -c 24M /dev/zero | tr "\0" x); echo ready; while :; do sleep 1; done'
            $eater.StandardOutput.ReadLine() | Should -BeExactly ready
            Set-CgroupLimit $Name -MemoryMax 8MB
            (Get-CgroupLimit $Name).MemoryMax | Should -Be 8MB
            Wait-Exit $eater | Should -Be 137
            return
        }
        # Shared memory cannot be dropped, and without swap it cannot be moved.
        $file = "/dev/shm/$Name"
        try {
            Wait-Exit (Start-Inside $limit.Path "head -c 16M /dev/zero > $file") | Should -Be 0
            $failure = { Set-CgroupLimit $Name -MemoryMax 8MB -ErrorAction Stop } | Should -Throw -ErrorId "CgroupBusy,$Command" -PassThru
            $failure.CategoryInfo.Category | Should -Be 'ResourceBusy'
            "$failure" | Should -Match 'use \d{8} bytes'
            (Get-CgroupLimit $Name).MemoryMax | Should -Be 64MB
        }
        finally { [System.IO.File]::Delete($file) }
    }
}

Describe 'Set-CgroupLimit: which cgroup is meant' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach { $script:Name = New-LimitedSet }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'takes a set as an object - piped' {
        (Get-Namespace $Name | Set-CgroupLimit -PidsMax 7 -PassThru).Namespace | Should -BeExactly $Name
    }

    It 'takes a set as an object - parameter' {
        (Set-CgroupLimit -Cgroup (Get-Namespace $Name) -PidsMax 7 -PassThru).Namespace | Should -BeExactly $Name
    }

    It 'takes a set by name - piped' {
        ($Name | Set-CgroupLimit -PidsMax 7 -PassThru).PidsMax | Should -Be 7
    }

    It 'takes a set by name - the parameter Namespace' {
        (Set-CgroupLimit -Namespace $Name -PidsMax 7 -PassThru).PidsMax | Should -Be 7
    }

    It 'takes a property Namespace from the pipeline' {
        ([pscustomobject]@{ Namespace = $Name; Other = 1 } | Set-CgroupLimit -PidsMax 7 -PassThru).PidsMax | Should -Be 7
    }

    It 'takes a path, in every hierarchy' {
        Set-CgroupLimit $Name -PidsMax 7
        $limit = Set-CgroupLimit "$Ours/$Name" -MemoryMax 64MB -PidsMax 8 -PassThru
        $limit.PidsMax | Should -Be 8
        $limit.MemoryMax | Should -Be 64MB
        $limit.Namespace | Should -BeExactly $Name
    }

    It 'takes a folder' {
        $folder = Split-Path (Find-File (Set-CgroupLimit $Name -PidsMax 7 -PassThru).Path 'pids.max')
        (Set-CgroupLimit $folder -PidsMax 9 -PassThru).PidsMax | Should -Be 9
        (Get-Item $folder | Set-CgroupLimit -PidsMax 10 -PassThru).PidsMax | Should -Be 10
    }

    It 'takes what Get-CgroupLimit gave' {
        Set-CgroupLimit $Name -PidsMax 7
        (Get-CgroupLimit $Name | Set-CgroupLimit -MemoryMax 64MB -PassThru).MemoryMax | Should -Be 64MB
    }

    It 'takes what Get-CgroupLimit gave in another session' {
        Set-CgroupLimit $Name -PidsMax 7
        $text = [System.Management.Automation.PSSerializer]::Serialize((Get-CgroupLimit $Name))
        $copy = [System.Management.Automation.PSSerializer]::Deserialize($text)
        ($copy | Set-CgroupLimit -PidsMax 8 -PassThru).PidsMax | Should -Be 8
    }

    It 'takes a process - <Form>' -ForEach @(
        @{ Form = 'object' }
        @{ Form = 'number' }
        @{ Form = 'text' }
    ) {
        $limit = Set-CgroupLimit $Name -PidsMax 7 -PassThru
        $process = Start-Inside $limit.Path 'exec sleep 60'
        Wait-Until -For 'sleep' { [System.IO.File]::ReadAllText("/proc/$($process.Id)/comm") -match 'sleep' }
        $reference = switch ($Form) { object { $process } number { $process.Id } text { "$($process.Id)" } }
        Set-CgroupLimit $reference -PidsMax 12 -MemoryMax 64MB
        (Get-CgroupLimit $Name).PidsMax | Should -Be 12
        (Get-CgroupLimit $Name).MemoryMax | Should -Be 64MB
    }

    It 'sets the same limits of several, and goes on after one that is not there' {
        $other = New-LimitedSet
        $limits = $Name, '/isotest-nosuch/x', $other | Set-CgroupLimit -PidsMax 7 -PassThru -ErrorVariable failures -ErrorAction SilentlyContinue
        $limits.Namespace | Should -Be @($Name, $other)
        $failures.Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        "$($failures[0].TargetObject)" | Should -BeExactly '/isotest-nosuch/x'
    }

    It 'refuses the root of a hierarchy' {
        { Set-CgroupLimit / -PidsMax 5 -ErrorAction Stop } | Should -Throw -ErrorId "CgroupLimitFailed,$Command"
    }

    It 'refuses <Reference> with <ErrorId>' -ForEach @(
        @{ Reference = '/isotest-nosuch/x'; ErrorId = 'CgroupNotFound'; Category = 'ObjectNotFound' }
        @{ Reference = 'isotest-nosuch'; ErrorId = 'CgroupNotFound'; Category = 'ObjectNotFound' }
        @{ Reference = '/../isotest'; ErrorId = 'CgroupNotFound'; Category = 'ObjectNotFound' }
        @{ Reference = 4194305; ErrorId = 'CgroupProcessNotFound'; Category = 'ObjectNotFound' }
        @{ Reference = '-1'; ErrorId = 'CgroupProcessNotFound'; Category = 'ObjectNotFound' }
        @{ Reference = '..'; ErrorId = 'CgroupNameInvalid'; Category = 'InvalidArgument' }
    ) {
        $failure = { Set-CgroupLimit $Reference -PidsMax 5 -ErrorAction Stop } | Should -Throw -ErrorId "$ErrorId,$Command" -PassThru
        $failure.CategoryInfo.Category | Should -Be $Category
    }
}

Describe 'Set-CgroupLimit: what it refuses before anything is done' {
    It 'refuses <Parameter> <Value>' -ForEach @(
        @{ Parameter = 'MemoryMax'; Value = 0 }
        @{ Parameter = 'MemoryMax'; Value = -1 }
        @{ Parameter = 'MemoryMax'; Value = 100 }
        @{ Parameter = 'MemoryMax'; Value = '120%' }
        @{ Parameter = 'MemoryMax'; Value = 'much' }
        @{ Parameter = 'MemoryMax'; Value = '12X' }
        @{ Parameter = 'MemoryMax'; Value = 1e30 }
        @{ Parameter = 'MemoryMax'; Value = '' }
        @{ Parameter = 'MemoryMax'; Value = $null }
        @{ Parameter = 'CpuMax'; Value = 0 }
        @{ Parameter = 'CpuMax'; Value = -0.5 }
        @{ Parameter = 'CpuMax'; Value = 0.001 }
        @{ Parameter = 'CpuMax'; Value = 100000 }
        @{ Parameter = 'CpuMax'; Value = 'fast' }
        @{ Parameter = 'CpuWeight'; Value = 0 }
        @{ Parameter = 'CpuWeight'; Value = 10001 }
        @{ Parameter = 'CpuWeight'; Value = 1.5 }
        @{ Parameter = 'CpuWeight'; Value = 'max' }
        @{ Parameter = 'PidsMax'; Value = -1 }
        @{ Parameter = 'PidsMax'; Value = 4194305 }
        @{ Parameter = 'PidsMax'; Value = 1.5 }
        @{ Parameter = 'CpuSet'; Value = '3-1' }
        @{ Parameter = 'CpuSet'; Value = 'x' }
        @{ Parameter = 'CpuSet'; Value = '-1' }
        @{ Parameter = 'CpuSet'; Value = '60000' }
    ) {
        $values = @{ $Parameter = $Value }
        $failure = { Set-CgroupLimit isotest-nosuch @values } | Should -Throw -ErrorId "CgroupLimitInvalid,$Command" -PassThru
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        "$failure" | Should -Match $Parameter
    }

    It 'refuses a call without a limit' {
        { Set-CgroupLimit isotest-nosuch } | Should -Throw -ErrorId "CgroupLimitInvalid,$Command"
    }

    It 'refuses an empty reference' {
        { Set-CgroupLimit '' -PidsMax 5 } | Should -Throw
        { Set-CgroupLimit $null -PidsMax 5 } | Should -Throw
    }

    It 'lets an ordinary user be nice, and says what the way back takes' -Tag User -Skip:$isRoot {
        $set = New-Namespace -Name (New-TestName) -Type User, Uts -MapRootUser
        $null = Set-CgroupLimit $set -Nice 14
        Get-NamespaceProcess $set | ForEach-Object Nice | Should -Be 14
        $failure = Get-Refusal { Set-CgroupLimit $set -Nice -20 }
        $failure.FullyQualifiedErrorId | Should -BeExactly "CgroupLimitFailed,$Command"
        $failure.CategoryInfo.Category | Should -Be PermissionDenied
        "$failure" | Should -Match 'CAP_SYS_NICE'
        Get-NamespaceProcess $set | ForEach-Object Nice | Should -Be 14
        # One that would have to go down is refused, and the others, which could not come back, are as they were.
        $other = Start-NamespaceProcess $set nice -ArgumentList '-n', 19, 'sleep', 600.9
        Wait-Until -For 'it to be nice' { (Get-NamespaceProcess $set | Where-Object Id -EQ $other.Id).Nice -eq 19 }
        (Get-Refusal { Set-CgroupLimit $set -Nice 17 }).FullyQualifiedErrorId | Should -BeExactly "CgroupLimitFailed,$Command"
        Get-NamespaceProcess $set | Sort-Object Nice | ForEach-Object Nice | Should -Be 14, 19
    }

    It 'refuses an ordinary user who was given no cgroup, and says what would help' -Tag User -Skip:$isRoot {
        $name = New-LimitedSet
        try {
            $failure = { Set-CgroupLimit $name -MemoryMax 64MB -ErrorAction Stop } | Should -Throw -ErrorId "CgroupNotDelegated,$Command" -PassThru
            $failure.CategoryInfo.Category | Should -Be 'PermissionDenied'
            "$failure" | Should -Match 'DelegateTo|Delegate=yes|systemd'
        }
        finally { Remove-TestLeftover }
    }
}
