# Suspend-, Resume- and Stop-Cgroup. Whether a process stands still is read from its own processor time, and the state from the kernel's files.

BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()

    function Get-FreezerRoot {
        # The mount points of the hierarchies that can freeze: that of version 2, and that of the freezer of version 1.
        foreach ($line in [System.IO.File]::ReadAllLines('/proc/self/mountinfo')) {
            $fields = $line -split ' '
            $kind = $fields[[Array]::IndexOf($fields, '-') + 1]
            if ($kind -eq 'cgroup2' -or ($kind -eq 'cgroup' -and $fields[-1] -split ',' -contains 'freezer')) { $fields[4] }
        }
    }

    function Start-Burner {
        param([string[]] $Folder)
        # It says that it is inside: a shell alone may take some time of a slow processor on its way there.
        $process = Start-Inside $Folder 'echo inside; while :; do :; done'
        $process.StandardOutput.ReadLine() | Should -BeExactly inside
        Wait-Until -For 'the burner to burn' { (Get-CpuSeconds $process.Id) -gt 0 }
        $process
    }

    function Test-Standstill {
        # Whether a process gets no processor time for a while.
        param([int] $Id)
        $before = Get-CpuSeconds $Id
        [System.Threading.Thread]::Sleep(300)
        (Get-CpuSeconds $Id) -eq $before
    }

    function Get-State {
        # FROZEN or THAWED by the kernel's file.
        param([string] $Folder)
        if ([System.IO.File]::Exists("$Folder/freezer.state")) { return [System.IO.File]::ReadAllText("$Folder/freezer.state").Trim() }
        if ((Read-Counter $Folder 'cgroup.events' 'frozen') -eq 1) { 'FROZEN' } else { 'THAWED' }
    }

    function New-ForeignCgroup {
        # A cgroup that the module knows nothing of, in one hierarchy.
        param([string] $Root, [string] $Name = (New-TestName))
        /bin/mkdir "$Root/$Name"
        $script:Foreign.Add("$Root/$Name")
        "$Root/$Name"
    }

    function Remove-ForeignCgroup {
        foreach ($folder in $script:Foreign) {
            $inner = @([System.IO.Directory]::GetDirectories($folder))
            foreach ($one in @($folder) + $inner) {
                if ([System.IO.File]::Exists("$one/freezer.state")) { [System.IO.File]::WriteAllText("$one/freezer.state", 'THAWED') }
                elseif ([System.IO.File]::Exists("$one/cgroup.freeze")) { [System.IO.File]::WriteAllText("$one/cgroup.freeze", '0') }
            }
        }
        Stop-Started
        foreach ($folder in $script:Foreign) {
            Wait-Until -For "an empty $folder" {
                foreach ($one in @([System.IO.Directory]::GetDirectories($folder)) + @($folder)) { /bin/rmdir $one 2>$null }
                -not [System.IO.Directory]::Exists($folder)
            }
        }
        $script:Foreign.Clear()
    }

    $script:Foreign = [System.Collections.Generic.List[string]]::new()
}

AfterAll {
    Remove-ForeignCgroup
    Remove-TestLeftover
    if ($IsRoot) { Remove-TestCgroup }
}

Describe 'Suspend-Cgroup and Resume-Cgroup' -Tag Root -Skip:(-not $isRoot) {
    AfterEach {
        Remove-ForeignCgroup
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'a suspended process makes no progress, and goes on after' {
        $name = New-LimitedSet
        $limit = Set-CgroupLimit $name -PidsMax 50 -PassThru
        $process = Start-Burner $limit.Path
        Suspend-Cgroup $name | Should -BeNullOrEmpty
        Test-Standstill $process.Id | Should -BeTrue
        Resume-Cgroup $name | Should -BeNullOrEmpty
        Wait-Until -For 'the burner to go on' { -not (Test-Standstill $process.Id) }
    }

    It 'takes a set that has no cgroup yet, with what runs in it' {
        $set = New-Namespace (New-TestName) -Type Uts, Pid
        $job = Start-NamespaceProcess $set sh '-c', 'while :; do :; done'
        Wait-Until -For 'the burner to burn' { (Get-CpuSeconds $job.Id) -gt 0 }
        $set | Suspend-Cgroup
        Test-Standstill $job.Id | Should -BeTrue
        $set | Resume-Cgroup
        Wait-Until -For 'the burner to go on' { -not (Test-Standstill $job.Id) }
        $set | Suspend-Cgroup
        Remove-Namespace $set
        Wait-Until -For 'the end of the burner' { -not [System.IO.Directory]::Exists("/proc/$($job.Id)") }
    }

    It 'does so in each hierarchy that can freeze, by its folder' {
        foreach ($root in Get-FreezerRoot) {
            $folder = New-ForeignCgroup $root
            $process = Start-Burner $folder
            Suspend-Cgroup $folder
            Get-State $folder | Should -BeExactly FROZEN -Because $folder
            Test-Standstill $process.Id | Should -BeTrue -Because $folder
            # Once more changes nothing.
            Suspend-Cgroup $folder
            Resume-Cgroup $folder
            Get-State $folder | Should -BeExactly THAWED -Because $folder
            Resume-Cgroup $folder
            Remove-ForeignCgroup
        }
    }

    It 'leaves what was suspended by itself below, but for -Recurse' {
        foreach ($root in Get-FreezerRoot) {
            $folder = New-ForeignCgroup $root
            /bin/mkdir "$folder/inner"
            $process = Start-Burner "$folder/inner"
            Suspend-Cgroup "$folder/inner"
            Suspend-Cgroup $folder
            Resume-Cgroup $folder
            Test-Standstill $process.Id | Should -BeTrue -Because $folder
            Resume-Cgroup $folder -Recurse
            Wait-Until -For 'the burner to go on' { -not (Test-Standstill $process.Id) }
            Remove-ForeignCgroup
        }
    }

    It 'gives the cgroup as it is afterwards with -PassThru' {
        $name = New-LimitedSet
        $null = Set-CgroupLimit $name -PidsMax 50
        Suspend-Cgroup $name | Should -BeNullOrEmpty
        $found = Suspend-Cgroup $name -PassThru
        $found | Should -BeOfType 'Isolation.CgroupInfo'
        $found.Cgroup, $found.IsFrozen | Should -Be "/isolation/$name", $true
        (Resume-Cgroup $name -PassThru).IsFrozen | Should -BeFalse
    }

    It 'says which cgroup above is suspended' {
        foreach ($root in Get-FreezerRoot) {
            $folder = New-ForeignCgroup $root
            /bin/mkdir "$folder/inner"
            $null = Start-Burner "$folder/inner"
            Suspend-Cgroup $folder
            $refusal = Get-Refusal { Resume-Cgroup "$folder/inner" }
            $refusal.FullyQualifiedErrorId | Should -BeExactly 'CgroupFrozenAbove,Isolation.Commands.ResumeCgroupCommand'
            $refusal.Exception.Message | Should -Match ([regex]::Escape("Resume-Cgroup /$(Split-Path $folder -Leaf)"))
            Remove-ForeignCgroup
        }
    }

    It 'goes on after a stop of the whole, whoever forks meanwhile' {
        foreach ($root in Get-FreezerRoot) {
            $folder = New-ForeignCgroup $root
            $forks = Start-Inside $folder 'echo inside; while :; do /bin/true; done'
            $forks.StandardOutput.ReadLine() | Should -BeExactly inside
            foreach ($round in 1..$(if ($env:ISOLATION_SOAK) { 500 } else { 20 })) {
                Suspend-Cgroup $folder
                Get-State $folder | Should -BeExactly FROZEN
                Resume-Cgroup $folder
            }
            Remove-ForeignCgroup
        }
    }

    It 'refuses to stop the PowerShell that asks for it' {
        $root = @(Get-FreezerRoot)[0]
        $folder = New-ForeignCgroup $root
        $answer = Invoke-ChildHost "[IO.File]::WriteAllText('$folder/cgroup.procs', ""`$PID""); Write-Refusal { Suspend-Cgroup '$folder' }; Write-Refusal { Stop-Cgroup '$folder' -Force }; [IO.File]::WriteAllText('$root/cgroup.procs', ""`$PID"")"
        $answer[0] | Should -Match '^CgroupBusy,Isolation.Commands.SuspendCgroupCommand ResourceBusy .*this PowerShell is in it'
        $answer[1] | Should -Match '^CgroupBusy,Isolation.Commands.StopCgroupCommand ResourceBusy .*PowerShell itself'
    }

    It 'refuses the root, a process and a folder that cannot freeze' {
        foreach ($pair in @(
                @('/', 'CgroupFreezeUnsupported', 'whole host'),
                @($PID, 'CgroupReferenceInvalid', 'perhaps of others'),
                @('/isotest-nosuch', 'CgroupNotFound', 'isotest-nosuch')
            )) {
            $refusal = Get-Refusal { Suspend-Cgroup $pair[0] }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "$($pair[1]),Isolation.Commands.SuspendCgroupCommand"
            $refusal.Exception.Message | Should -Match $pair[2]
        }
        if ([System.IO.File]::Exists('/sys/fs/cgroup/memory/memory.stat')) {
            $folder = New-ForeignCgroup /sys/fs/cgroup/memory
            $refusal = Get-Refusal { Suspend-Cgroup $folder }
            $refusal.FullyQualifiedErrorId | Should -BeExactly 'CgroupFreezeUnsupported,Isolation.Commands.SuspendCgroupCommand'
            $refusal.Exception.Message | Should -Match 'without a mount point'
        }
    }

    It 'does nothing with -WhatIf, and makes no cgroup' {
        $name = New-LimitedSet
        Suspend-Cgroup $name -WhatIf
        Resume-Cgroup $name -WhatIf
        @(Get-CgroupFolder) -match $name | Should -BeNullOrEmpty
    }

    It 'goes on with the next after an error, and takes paths from the pipeline' {
        $folder = New-ForeignCgroup @(Get-FreezerRoot)[0]
        '/isotest-nosuch', $folder | Suspend-Cgroup -ErrorAction SilentlyContinue -ErrorVariable failures
        $failures.Count | Should -Be 1
        Get-State $folder | Should -BeExactly FROZEN
        Get-Item $folder | Resume-Cgroup
        Get-State $folder | Should -BeExactly THAWED
    }
}

Describe 'Stop-Cgroup' -Tag Root -Skip:(-not $isRoot) {
    AfterEach {
        Remove-ForeignCgroup
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'ends all processes, also those that fork and those that are suspended' {
        $name = New-LimitedSet
        $limit = Set-CgroupLimit $name -PidsMax 200 -PassThru
        $shell = Start-Inside $limit.Path 'trap "" TERM; for i in $(seq 40); do sleep 600 & done; while :; do /bin/true; done'
        Wait-Until -For 'the children' { @([System.IO.File]::ReadAllLines((Find-File $limit.Path 'cgroup.procs'))).Count -gt 40 }
        Suspend-Cgroup $name
        Stop-Cgroup $name | Should -BeNullOrEmpty
        Wait-Exit $shell | Should -Be 137
        foreach ($folder in $limit.Path) { [System.IO.File]::ReadAllText("$folder/cgroup.procs") | Should -BeNullOrEmpty }
    }

    It 'ends those of a frozen folder too' {
        foreach ($root in Get-FreezerRoot) {
            $folder = New-ForeignCgroup $root
            $process = Start-Burner $folder
            Suspend-Cgroup $folder
            Stop-Cgroup $folder -Force
            Wait-Exit $process | Should -Be 137
            Remove-ForeignCgroup
        }
    }

    It 'lets them end by themselves within -Grace' {
        $name = New-LimitedSet
        $limit = Set-CgroupLimit $name -PidsMax 50 -PassThru
        $shell = Start-Inside $limit.Path 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done'
        $shell.StandardOutput.ReadLine() | Should -BeExactly ready
        Stop-Cgroup $name -Grace 30
        Wait-Exit $shell | Should -Be 7
    }

    It 'kills what does not end within -Grace' {
        $name = New-LimitedSet
        $limit = Set-CgroupLimit $name -PidsMax 50 -PassThru
        $shell = Start-Inside $limit.Path 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
        $shell.StandardOutput.ReadLine() | Should -BeExactly ready
        Stop-Cgroup $name -Grace 0.3
        Wait-Exit $shell | Should -Be 137
    }

    It 'leaves the processes of others alone, but for -Force' {
        $folder = New-ForeignCgroup @(Get-FreezerRoot)[0]
        $process = Start-Burner $folder
        $refusal = Get-Refusal { Stop-Cgroup $folder }
        $refusal.FullyQualifiedErrorId | Should -BeExactly 'CgroupNotOurs,Isolation.Commands.StopCgroupCommand'
        $refusal.CategoryInfo.Category | Should -Be PermissionDenied
        $process.HasExited | Should -BeFalse
        Stop-Cgroup $folder -Force -WhatIf
        $process.HasExited | Should -BeFalse
        Stop-Cgroup $folder -Force
        Wait-Exit $process | Should -Be 137
    }

    It 'refuses the root, also with -Force, and a set without a cgroup' {
        (Get-Refusal { Stop-Cgroup / -Force }).FullyQualifiedErrorId | Should -BeExactly 'CgroupRootRefused,Isolation.Commands.StopCgroupCommand'
        $name = New-LimitedSet
        $refusal = Get-Refusal { Stop-Cgroup $name }
        $refusal.FullyQualifiedErrorId | Should -BeExactly 'CgroupNotFound,Isolation.Commands.StopCgroupCommand'
        $refusal.Exception.Message | Should -Match "Remove-Namespace $name"
    }
}

Describe 'Suspend-Cgroup: an ordinary user' -Tag User -Skip:$isRoot {
    It 'is told what is missing where no cgroup was delegated' {
        $name = New-LimitedSet
        try {
            $refusal = Get-Refusal { Suspend-Cgroup $name }
            $refusal.FullyQualifiedErrorId | Should -BeExactly 'CgroupNotDelegated,Isolation.Commands.SuspendCgroupCommand'
            $refusal.CategoryInfo.Category | Should -Be PermissionDenied
        }
        finally { Remove-TestLeftover }
    }
}
