# Every kind of limit by its effect: processes that are slowed down, killed or held off, read from the kernel's counters. What the version in which a
# controller lives does not have must be refused by name; so each test says something on every host.

BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
    $processors = [Environment]::ProcessorCount
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.SetCgroupLimitCommand'
    $script:Burn = 'while :; do :; done'

    function Get-Share {
        # The first one's part of the processor time that two burners get within 3 s.
        param($One, $Two)
        $before = (Get-CpuSeconds $One.Id), (Get-CpuSeconds $Two.Id)
        [System.Threading.Thread]::Sleep(3000)
        $first = (Get-CpuSeconds $One.Id) - $before[0]
        $second = (Get-CpuSeconds $Two.Id) - $before[1]
        $first / ($first + $second)
    }

    function Get-TestDisk {
        # A folder on a disk: the tests' own, or the empty disk of the guest.
        if (-not $script:Disk) {
            $script:Disk = "$TestDrive"
            if ((findmnt -n -o SOURCE -T $Disk) -notlike '/dev/*') {
                if (-not $env:ISOLATION_TEST_DISK) { throw 'The tests need a folder on a disk, or an empty disk by the name in ISOLATION_TEST_DISK.' }
                $script:Disk = "$TestDrive/disk"
                $null = New-Item -ItemType Directory $Disk
                mkfs.ext4 -q -F $env:ISOLATION_TEST_DISK
                mount $env:ISOLATION_TEST_DISK $Disk
                $script:DiskMounted = $true
            }
        }
        $Disk
    }

    function Measure-Copy {
        # The rate of a dd in a cgroup, bytes a second by its own account; it goes around the kernel's cache.
        param([string[]] $Folder, [string] $Arguments)
        $process = Start-Inside $Folder "exec env LC_ALL=C dd $Arguments"
        Wait-Exit $process 120 | Should -Be 0
        $process.StandardError.ReadToEnd() -match '(?m)^(\d+) bytes.* copied, ([\d.e-]+) s' | Should -BeTrue
        [double]$Matches[1] / [double]$Matches[2]
    }

    function Assert-Refused {
        # A limit that the version does not have, by its name and with what there is instead.
        param([hashtable] $Limit)
        $refusal = Get-Refusal { Set-CgroupLimit $Name @Limit }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupLimitUnsupported,$Command"
        $refusal.CategoryInfo.Category | Should -Be NotImplemented
        $refusal.Exception.Message | Should -Match "Cannot set $($Limit.Keys)"
    }
}

AfterAll {
    Stop-Started
    Remove-TestLeftover
    if ($IsRoot) { Remove-TestCgroup }
}

Describe 'Set-CgroupLimit: processors' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach { $script:Name = New-LimitedSet }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'shares a processor by weight, within a tenth' {
        $other = New-LimitedSet
        $heavy = Start-Inside (Set-CgroupLimit $Name -CpuWeight 300 -CpuSet 0 -PassThru).Path $Burn
        $light = Start-Inside (Set-CgroupLimit $other -CpuWeight 100 -CpuSet 0 -PassThru).Path $Burn
        Wait-Until -For 'both to run' { (Get-CpuSeconds $heavy.Id) -gt 0 -and (Get-CpuSeconds $light.Id) -gt 0 }
        Invoke-Attempt {
            $share = Get-Share $heavy $light
            $share | Should -BeGreaterThan 0.675
            $share | Should -BeLessThan 0.825
        }
    }

    It 'holds to half a processor, within a tenth' {
        $process = Start-Inside (Set-CgroupLimit $Name -CpuMax 0.5 -PassThru).Path $Burn
        Wait-Until -For 'the burner' { (Get-CpuSeconds $process.Id) -gt 0 }
        Invoke-Attempt {
            $before = Get-CpuSeconds $process.Id
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            [System.Threading.Thread]::Sleep(3000)
            $share = ((Get-CpuSeconds $process.Id) - $before) / $watch.Elapsed.TotalSeconds
            $share | Should -BeGreaterThan 0.45
            $share | Should -BeLessThan 0.55
        }
    }

    It 'gives an idle one next to nothing' {
        # Since Linux 5.15; in a kernel for real-time groups not at all.
        $file = Find-File (Set-CgroupLimit $Name -CpuWeight 100 -PassThru).Path 'cpu.idle', 'cpu.weight', 'cpu.shares'
        if ($file -notlike '*/cpu.idle') {
            Assert-Refused @{ CpuIdle = $true }
            return
        }
        $other = New-LimitedSet
        $idle = Start-Inside (Set-CgroupLimit $Name -CpuIdle $true -CpuSet 0 -PassThru).Path $Burn
        $busy = Start-Inside (Set-CgroupLimit $other -CpuWeight 100 -CpuSet 0 -PassThru).Path $Burn
        Wait-Until -For 'the busy one to run' { (Get-CpuSeconds $busy.Id) -gt 0 }
        Invoke-Attempt { Get-Share $idle $busy | Should -BeLessThan 0.1 }
        # Back to the default, in the same call as a weight.
        (Set-CgroupLimit $Name -CpuIdle $false -CpuWeight 200 -PassThru).CpuWeight | Should -Be 200
    }

    It 'lets nice processes wait for those beside them in the cgroup, within a tenth' {
        $folders = (Set-CgroupLimit $Name -CpuWeight 100 -CpuSet 0 -PassThru).Path
        $light = Start-Inside $folders "echo inside; $Burn"
        $light.StandardOutput.ReadLine() | Should -BeExactly inside
        # The suite may be nice itself.
        $own = (Get-CgroupProcess $Name | Where-Object Id -EQ $light.Id).Nice
        Set-CgroupLimit $Name -Nice ($own + 5)
        $heavy = Start-Inside $folders $Burn
        Wait-Until -For 'the second to run' { (Get-CpuSeconds $heavy.Id) -gt 0 }
        # sched(7): each step of nice is worth about 1.25: 1.25^5 is 3.05.
        Invoke-Attempt {
            $share = Get-Share $heavy $light
            $share | Should -BeGreaterThan 0.675
            $share | Should -BeLessThan 0.825
        }
    }

    It 'writes a period, a burst and shares' {
        $limit = Set-CgroupLimit $Name -CpuMax 0.5 -CpuPeriod 20ms -CpuBurst ([timespan]'00:00:00.005') -CpuShares 512 -PassThru
        $quota, $period = (Read-File $limit.Path 'cpu.max', 'cpu.cfs_quota_us') -split ' '
        if (-not $period) { $period = Read-File $limit.Path 'cpu.cfs_period_us' }
        "$quota $period" | Should -BeExactly '10000 20000'
        Read-File $limit.Path 'cpu.max.burst', 'cpu.cfs_burst_us' | Should -BeExactly '5000'
        Read-File $limit.Path 'cpu.weight', 'cpu.shares' | Should -BeIn '59', '512'
        ($limit.CpuMax, $limit.CpuPeriod.TotalMilliseconds, $limit.CpuBurst.TotalMilliseconds, $limit.CpuWeight) | Should -Be 0.5, 20, 5, 59
    }

    It 'gives some processors to one service and the rest to another' -Skip:($processors -lt 2) {
        $other = New-LimitedSet
        $last = [Environment]::ProcessorCount - 1
        $rest = if ($last -eq 1) { '1' } else { "1-$last" }
        $script = 'sed -n "s/^Cpus_allowed_list:\t//p" /proc/self/status'
        foreach ($pair in @($Name, '0'), @($other, $rest)) {
            $process = Start-Inside (Set-CgroupLimit $pair[0] -CpuSet $pair[1] -MemoryNode 0 -PassThru).Path "$script; sed -n 's/^Mems_allowed_list:\t//p' /proc/self/status"
            Wait-Exit $process | Should -Be 0
            $process.StandardOutput.ReadToEnd().Trim() -split "`n" | Should -Be $pair[1], '0'
        }
    }

    It 'says why a partition cannot be' -Skip:($processors -lt 2) {
        if ((Get-ControllerVersion cpuset) -eq 1) {
            Assert-Refused @{ CpuSetPartition = 'Root' }
            return
        }
        # The cgroup above is none, as the kernel says in the file itself; nothing of the call stays.
        $refusal = Get-Refusal { Set-CgroupLimit $Name -CpuSet 1 -CpuSetPartition Root -PidsMax 7 }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupLimitFailed,$Command"
        $refusal.Exception.Message | Should -Match 'partition'
        (Get-CgroupLimit $Name).PidsMax | Should -BeNullOrEmpty
    }

    It 'limits the power of processors and real-time where the kernel can' {
        foreach ($limit in @{ CpuUtilizationMax = 50 }, @{ CpuRealtimeRuntime = 10000 }) {
            $failure = $null
            $after = Set-CgroupLimit $Name @limit -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
            # In version 1 the cgroup above has no real-time to share out, and the error says so.
            if ($failure) { "$($failure[0].FullyQualifiedErrorId) $($failure[0])" | Should -Match '^(CgroupLimitUnsupported,|CgroupLimitFailed,.*the cgroup above has 0 )' }
            else { Read-File $after.Path 'cpu.uclamp.max', 'cpu.rt_runtime_us' | Should -BeIn '50.00', '10000' }
        }
    }
}

Describe 'Set-CgroupLimit: memory' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach { $script:Name = New-LimitedSet }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'slows down what uses more than MemoryHigh, and kills nothing' {
        if ((Get-ControllerVersion memory) -eq 1) {
            Assert-Refused @{ MemoryHigh = 16MB }
            return
        }
        $limit = Set-CgroupLimit $Name -MemoryHigh 16MB -PassThru
        $limit.MemoryHigh | Should -Be 16MB
        $null = Start-Inside $limit.Path 'x=$(head -c 64M /dev/zero | tr "\0" x); echo alive'
        Wait-Until -Seconds 120 -For 'the first slow-down' { (Read-Counter $limit.Path 'memory.events' 'high') -gt 0 }
        Read-Counter $limit.Path 'memory.events' 'oom_kill' | Should -Be 0
    }

    It 'kills all with one by MemoryOomGroup' {
        if ((Get-ControllerVersion memory) -eq 1) {
            Assert-Refused @{ MemoryOomGroup = $true }
            return
        }
        $limit = Set-CgroupLimit $Name -MemoryMax 32MB -MemoryOomGroup $true -PassThru
        $sleeper = Start-Inside $limit.Path 'exec sleep 600'
        $eater = Start-Inside $limit.Path 'x=$(head -c 200M /dev/zero | tr "\0" x); echo alive'
        Wait-Exit $eater 120 | Should -Be 137
        Wait-Exit $sleeper | Should -Be 137
    }

    It 'lets processes wait for memory without MemoryOomKill' {
        if ((Get-ControllerVersion memory) -eq 2) {
            Assert-Refused @{ MemoryOomKill = $false }
            return
        }
        $limit = Set-CgroupLimit $Name -MemoryMax 32MB -MemoryOomKill $false -PassThru
        $limit.MemoryOomKill | Should -BeFalse
        $eater = Start-Inside $limit.Path 'x=$(head -c 48M /dev/zero | tr "\0" x); echo alive'
        Wait-Until -For 'the end of memory' { (Read-Counter $limit.Path 'memory.oom_control' 'under_oom') -eq 1 }
        $eater.HasExited | Should -BeFalse
        Set-CgroupLimit $Name -MemoryMax 256MB
        Wait-Exit $eater | Should -Be 0
        $eater.StandardOutput.ReadToEnd().Trim() | Should -BeExactly alive
    }

    It 'protects memory' {
        $limit = Set-CgroupLimit $Name -MemoryLow 16MB -PassThru
        Read-File $limit.Path 'memory.low', 'memory.soft_limit_in_bytes' | Should -BeExactly "$(16MB)"
        $limit.MemoryLow | Should -Be 16MB
        if ((Get-ControllerVersion memory) -eq 1) { Assert-Refused @{ MemoryMin = 16MB } }
        else { Read-File (Set-CgroupLimit $Name -MemoryMin 8MB -PassThru).Path 'memory.min' | Should -BeExactly "$(8MB)" }
    }

    It 'limits swap beside memory, or says that the kernel has no such file' {
        $failure = $null
        $limit = Set-CgroupLimit $Name -MemoryMax 64MB -MemorySwapMax 32MB -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
        if ($failure) {
            $failure[0].FullyQualifiedErrorId | Should -BeExactly "CgroupLimitUnsupported,$Command"
            # None of the call stays.
            (Get-CgroupLimit $Name).MemoryMax | Should -BeNullOrEmpty
            return
        }
        $sum = Read-File $limit.Path 'memory.swap.max', 'memory.memsw.limit_in_bytes'
        $sum | Should -BeIn "$(32MB)", "$(96MB)"
        $limit.MemorySwapMax | Should -Be 32MB
        # Down and up again, whichever has to go first.
        (Set-CgroupLimit $Name -MemoryMax 16MB -MemorySwapMax 0 -PassThru).MemorySwapMax | Should -Be 0
        (Set-CgroupLimit $Name -MemoryMax 128MB -MemorySwapMax 128MB -PassThru).MemoryMax | Should -Be 128MB
    }

    It 'says how soon memory is swapped out, in version 1' {
        if ((Get-ControllerVersion memory) -eq 2) { Assert-Refused @{ MemorySwappiness = 10 } }
        else { Read-File (Set-CgroupLimit $Name -MemorySwappiness 10 -PassThru).Path 'memory.swappiness' | Should -BeExactly '10' }
    }
}

Describe 'Set-CgroupLimit: disks' -Tag Root -Skip:(-not $isRoot) {
    BeforeAll {
        $script:Folder = Get-TestDisk
        $script:File = "$Folder/isotest-data"
        dd if=/dev/zero of=$File bs=1M count=4 conv=fsync 2>$null
    }

    AfterAll {
        Stop-Started
        if ($DiskMounted) { umount $Disk }
    }

    BeforeEach { $script:Name = New-LimitedSet }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'writes no more bytes a second than allowed, and nearly as many' {
        $limit = Set-CgroupLimit $Name -IoWriteBytesMax @{ $Folder = 1MB } -PassThru
        $limit.Io.WriteBytesMax | Should -Be 1MB
        Invoke-Attempt {
            $rate = Measure-Copy $limit.Path "if=/dev/zero of=$File bs=64k count=48 oflag=direct conv=notrunc"
            $rate | Should -BeGreaterThan (1MB * 0.85)
            $rate | Should -BeLessThan (1MB * 1.15)
        }
    }

    It 'reads no more bytes a second than allowed, and nearly as many' {
        $limit = Set-CgroupLimit $Name -IoReadBytesMax @{ $Folder = '1M' } -PassThru
        Invoke-Attempt {
            $rate = Measure-Copy $limit.Path "if=$File of=/dev/null bs=64k count=48 iflag=direct"
            $rate | Should -BeGreaterThan (1MB * 0.85)
            $rate | Should -BeLessThan (1MB * 1.15)
        }
    }

    It 'does no more operations a second than allowed, and nearly as many' {
        $limit = Set-CgroupLimit $Name -IoReadOperationsMax @{ $Folder = 50 } -IoWriteOperationsMax @{ $Folder = 100 } -PassThru
        Invoke-Attempt {
            $rate = (Measure-Copy $limit.Path "if=$File of=/dev/null bs=4k count=150 iflag=direct") / 4096
            $rate | Should -BeGreaterThan 42
            $rate | Should -BeLessThan 58
        }
        # Both stand beside one another, and go one by one.
        ($limit.Io.ReadOperationsMax, $limit.Io.WriteOperationsMax) | Should -Be 50, 100
        $limit = Set-CgroupLimit $Name -IoReadOperationsMax @{ $Folder = 'max' } -PassThru
        ($limit.Io.ReadOperationsMax, $limit.Io.WriteOperationsMax) | Should -Be $null, 100
        (Set-CgroupLimit $Name -IoWriteOperationsMax @{ $limit.Io.Device = 'max' } -PassThru).Io | Should -BeNullOrEmpty
    }

    It 'takes the device, its number and a mount point for the same disk' {
        $source = findmnt -n -o SOURCE -T $Folder
        $one = (Set-CgroupLimit $Name -IoReadBytesMax @{ $source = 1MB } -PassThru).Io
        $mountPoint = findmnt -n -o TARGET -T $Folder
        $two = (Set-CgroupLimit $Name -IoReadBytesMax @{ $mountPoint = 2MB } -PassThru).Io
        $three = (Set-CgroupLimit $Name -IoReadBytesMax @{ $one.Device = 3MB } -PassThru).Io
        @($three).Count | Should -Be 1
        ($one.Device, $two.Device, $three.Device | Select-Object -Unique) | Should -BeExactly $one.Device
        $three.ReadBytesMax | Should -Be 3MB
        Split-Path (Get-Item "/sys/dev/block/$($one.Device)").LinkTarget -Leaf | Should -BeExactly $three.Name
    }

    It 'weighs, or says that the kernel has no weights' {
        $failure = $null
        $limit = Set-CgroupLimit $Name -IoWeight 100 -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
        if ($failure) { $failure[0].FullyQualifiedErrorId | Should -BeExactly "CgroupLimitUnsupported,$Command" }
        else {
            Read-File $limit.Path 'io.weight', 'io.bfq.weight', 'blkio.bfq.weight', 'blkio.weight' | Should -BeIn 'default 100', '100', '500'
            (Set-CgroupLimit $Name -BlkioWeight 500 -PassThru).IoWeight | Should -BeIn 4950, 4500, 5000
        }
    }

    It 'refuses <Value> for <Key> with <ErrorId>' -ForEach @(
        @{ Key = '/dev/isotest-nosuch'; Value = 1MB; ErrorId = 'BlockDeviceNotFound'; Says = 'isotest-nosuch' }
        @{ Key = '4095:1048575'; Value = 1MB; ErrorId = 'BlockDeviceNotFound'; Says = '4095:1048575' }
        @{ Key = '/dev/shm'; Value = 1MB; ErrorId = 'BlockDeviceInvalid'; Says = 'lies on no disk' }
        @{ Key = '/dev/null'; Value = 1MB; ErrorId = 'BlockDeviceInvalid'; Says = 'is no disk' }
        @{ Key = '/proc/self/status'; Value = 1MB; ErrorId = 'BlockDeviceInvalid'; Says = 'is no disk' }
        @{ Key = '/'; Value = 0; ErrorId = '(CgroupLimitInvalid|BlockDeviceInvalid)'; Says = 'IoReadBytesMax' }
    ) {
        $refusal = Get-Refusal { Set-CgroupLimit $Name -IoReadBytesMax @{ $Key = $Value } }
        $refusal.FullyQualifiedErrorId | Should -Match "^$ErrorId,$Command$"
        $refusal.Exception.Message | Should -Match $Says
    }

    It 'refuses a file on the disk, and names the disk' {
        $refusal = Get-Refusal { Set-CgroupLimit $Name -IoReadBytesMax @{ $File = 1MB } }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "BlockDeviceInvalid,$Command"
        $refusal.Exception.Message | Should -Match '\d+:\d+'
    }
}

Describe 'Set-CgroupLimit: the rest' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach { $script:Name = New-LimitedSet }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'limits huge pages' {
        $version = Get-ControllerVersion hugetlb
        if ($version -eq 0) {
            (Get-Refusal { Set-CgroupLimit $Name -HugePageMax @{ '2MB' = '4M' } }).FullyQualifiedErrorId | Should -BeExactly "CgroupControllerMissing,$Command"
            return
        }
        $limit = Set-CgroupLimit $Name -HugePageMax @{ 2MB = '4M' } -PassThru
        Read-File $limit.Path 'hugetlb.2MB.max', 'hugetlb.2MB.limit_in_bytes' | Should -BeExactly "$(4MB)"
        ($limit.HugePage.Size, $limit.HugePage.Max) | Should -Be '2MB', 4MB
        (Get-Refusal { Set-CgroupLimit $Name -HugePageMax @{ '3MB' = 1 } }).FullyQualifiedErrorId | Should -BeExactly "CgroupLimitUnsupported,$Command"
        (Get-Refusal { Set-CgroupLimit $Name -HugePageMax @{ huge = 1 } }).FullyQualifiedErrorId | Should -BeExactly "CgroupLimitInvalid,$Command"
    }

    It 'writes files of version 2 by name, and no file that does something else' {
        $version = Get-ControllerVersion hugetlb
        if ($version -eq 2) {
            Read-File (Set-CgroupLimit $Name -Unified @{ 'hugetlb.2MB.max' = 8388608 } -PassThru).Path 'hugetlb.2MB.max' | Should -BeExactly '8388608'
            # One that is refused takes all of the call with it, whichever version the others are of.
            Set-CgroupLimit $Name -PidsMax 10
            $refusal = Get-Refusal { Set-CgroupLimit $Name -PidsMax 20 -Unified @{ 'hugetlb.2MB.max' = 'junk' } }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupLimitInvalid,$Command"
            (Get-CgroupLimit $Name).PidsMax | Should -Be 10
        }
        if ((Get-ControllerVersion memory) -eq 1) {
            $refusal = Get-Refusal { Set-CgroupLimit $Name -Unified @{ 'memory.high' = '1M' } }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupLimitUnsupported,$Command"
            $refusal.Exception.Message | Should -Match 'version 1'
        }
        foreach ($file in 'cgroup.procs', 'cgroup.kill', 'cgroup.freeze', 'nodot', '../x.y', '.x') {
            (Get-Refusal { Set-CgroupLimit $Name -Unified @{ $file = 1 } }).FullyQualifiedErrorId | Should -BeExactly "CgroupLimitInvalid,$Command" -Because $file
        }
    }

    It 'lets processes use the devices of a list alone' {
        $script = 'echo x > /dev/null && echo null; head -c 1 /dev/zero > /dev/null && echo zero; echo x > /dev/full 2>&1; mknod "$0" c 1 3 && echo made && rm "$0"; true' -replace '\$0', "$TestDrive/node"
        $try = {
            param($Limit)
            $process = Start-Inside $Limit.Path $script
            Wait-Exit $process | Should -Be 0
            ($process.StandardOutput.ReadToEnd().Trim() -split '\s+') -ne '' | Sort-Object
        }
        & $try (Set-CgroupLimit $Name -DeviceAllow '/dev/null rw', 'c 1:5 w' -PassThru) | Should -Be 'null'
        # The next list takes the place of this one, and does not come on top of it.
        & $try (Set-CgroupLimit $Name -DeviceAllow '/dev/null w', '/dev/zero' -PassThru) | Should -Be 'null', 'zero'
        & $try (Set-CgroupLimit $Name -DeviceAllow 'c *:* rwm' -PassThru) | Should -Be 'made', 'null', 'zero'
        & $try (Set-CgroupLimit $Name -DeviceAllow none -PassThru) | Should -BeNullOrEmpty
        & $try (Set-CgroupLimit $Name -DeviceAllow all -PassThru) | Should -Be 'made', 'null', 'zero'
        "$((Set-CgroupLimit $Name -DeviceAllow 'c 1:3 rw' -PassThru).DeviceAllow)" | Should -BeExactly 'c 1:3 rw'
        # What is refused leaves the list that was.
        $null = Get-Refusal { Set-CgroupLimit $Name -DeviceAllow none -Unified @{ 'pids.nosuch' = '1' } }
        "$((Get-CgroupLimit $Name).DeviceAllow)" | Should -BeExactly 'c 1:3 rw'
        if ((Get-ControllerVersion devices) -eq 1) {
            Read-File (Get-CgroupLimit $Name).Path 'devices.list' | Should -BeExactly 'c 1:3 rw'
        }
    }

    It 'refuses <Rule> as a device with <ErrorId>' -ForEach @(
        @{ Rule = '/dev/isotest-nosuch'; ErrorId = 'DeviceNotFound' }
        @{ Rule = '/etc/passwd r'; ErrorId = 'CgroupLimitInvalid' }
        @{ Rule = 'c 1:3 x'; ErrorId = 'CgroupLimitInvalid' }
        @{ Rule = 'z'; ErrorId = 'CgroupLimitInvalid' }
        @{ Rule = ' '; ErrorId = 'CgroupLimitInvalid' }
    ) {
        (Get-Refusal { Set-CgroupLimit $Name -DeviceAllow $Rule }).FullyQualifiedErrorId | Should -BeExactly "$ErrorId,$Command"
    }

    It 'says which controllers the host does not have' {
        foreach ($pair in @('net_cls', @{ NetworkClass = '10:1' }), @('net_prio', @{ NetworkPriority = @{ lo = 3 } }), @('rdma', @{ RdmaMax = @{ mlx4_0 = 'hca_handle=1' } })) {
            $controller, $limit = $pair
            if ((Get-ControllerVersion $controller) -eq 0) {
                $refusal = Get-Refusal { Set-CgroupLimit $Name @limit }
                $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupControllerMissing,$Command" -Because $controller
                $refusal.Exception.Message | Should -Match $controller
            }
        }
    }

    It 'refuses two scales for one thing, and an empty table' {
        (Get-Refusal { Set-CgroupLimit $Name -CpuWeight 1 -CpuShares 2 }).Exception.Message | Should -Match '^CpuShares .*CpuWeight'
        (Get-Refusal { Set-CgroupLimit $Name -IoWeight 1 -BlkioWeight 10 }).Exception.Message | Should -Match '^BlkioWeight .*IoWeight'
        (Get-Refusal { Set-CgroupLimit $Name -IoReadBytesMax @{} }).FullyQualifiedErrorId | Should -BeExactly "CgroupLimitInvalid,$Command"
    }

    It 'shows as a list what is set, and no more' {
        $text = Set-CgroupLimit $Name -MemoryLow 16MB -CpuMax 0.5 -PassThru | Format-List | Out-String
        $text | Should -Match '(?m)^MemoryLow\s*: 16M\s*$'
        $text | Should -Match '(?m)^CpuPeriod\s*: 00:00:00.1'
        $text | Should -Not -Match 'HugePage|MemoryOomGroup|NetworkClass'
    }
}
