BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
    $second = @([System.IO.File]::ReadAllLines('/proc/self/mountinfo') -match ' - cgroup2 ').Count -ne 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    . $PSScriptRoot/CgroupTreeHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.AddCgroupProcessCommand'
}

Describe 'Add-CgroupProcess' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach {
        $script:Name = New-TestName
        $script:Group = New-Cgroup "/$Name"
    }

    AfterEach {
        Stop-Started
        Remove-TestGroup
        Remove-TestLeftover
    }

    It 'moves a process in every hierarchy' {
        $sleeper = Start-Sleeper
        Add-CgroupProcess "/$Name" $sleeper.Id | Should -BeNullOrEmpty
        foreach ($root in Get-CgroupRoot) { Get-GroupOf $sleeper.Id $root | Should -BeExactly "/$Name" }
    }

    It 'takes processes <Form>' -ForEach @(@{ Form = 'as objects' }, @{ Form = 'as numbers' }, @{ Form = 'by a property' }, @{ Form = 'as a parameter' }) {
        $one, $two = (Start-Sleeper), (Start-Sleeper)
        switch ($Form) {
            'as objects' { Get-Process -Id $one.Id, $two.Id | Add-CgroupProcess $Group }
            'as numbers' { $one.Id, $two.Id | Add-CgroupProcess $Group }
            'by a property' { $one.Id, $two.Id | ForEach-Object { [pscustomobject]@{ ProcessId = $_; Other = 1 } } | Add-CgroupProcess $Group }
            'as a parameter' { Add-CgroupProcess $Group -Id $one.Id, $two.Id }
        }
        [System.IO.File]::ReadAllLines("$($Group.Path[0])/cgroup.procs") | Sort-Object | Should -Be ("$($one.Id)", "$($two.Id)" | Sort-Object)
    }

    It 'takes what Get-CgroupProcess gave' {
        $sleeper = Start-Sleeper $Group.Path
        $other = New-Cgroup "/$(New-TestName)"
        Get-CgroupProcess $Group | Add-CgroupProcess $other
        foreach ($root in Get-CgroupRoot) { Get-GroupOf $sleeper.Id $root | Should -BeExactly $other.Cgroup }
    }

    It 'moves it to a cgroup above, and to the root' {
        # Without controllers on for it: the one above then holds processes too, in version 2.
        $inner = "$(@(Get-CgroupRoot)[-1])/$Name/inner"
        [void][System.IO.Directory]::CreateDirectory($inner)
        $sleeper = Start-Sleeper $inner
        Add-CgroupProcess "$(@(Get-CgroupRoot)[-1])/$Name" $sleeper.Id
        Get-GroupOf $sleeper.Id @(Get-CgroupRoot)[-1] | Should -BeExactly "/$Name"
        Add-CgroupProcess / $sleeper.Id
        Get-GroupOf $sleeper.Id @(Get-CgroupRoot)[-1] | Should -BeExactly '/'
    }

    It 'goes on after one that has ended' {
        $sleeper, $gone = (Start-Sleeper), (Start-Sleeper)
        $gone.Kill()
        $gone.WaitForExit()
        Add-CgroupProcess "/$Name" $gone.Id, $sleeper.Id -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -BeExactly "CgroupProcessNotFound,$Command"
        $failure[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        "$($failure[0])" | Should -Match "$($gone.Id)"
        Get-GroupOf $sleeper.Id @(Get-CgroupRoot)[0] | Should -BeExactly "/$Name"
    }

    It 'leaves it where it was in every hierarchy when one refuses' {
        $sleeper = Start-Sleeper
        $before = [System.IO.File]::ReadAllText("/proc/$($sleeper.Id)/cgroup")
        # A thread of the kernel cannot leave its cpuset; an empty cpuset of version 1, and controllers inside in version 2, take no process.
        $folder = $Group.Path | Where-Object { [System.IO.File]::Exists("$_/cpuset.sched_load_balance") }
        if ($folder) {
            [void][System.IO.Directory]::CreateDirectory("$folder/inner")
            foreach ($other in $Group.Path) { [void][System.IO.Directory]::CreateDirectory("$other/inner") }
            $refusal = Get-Refusal { Add-CgroupProcess "/$Name/inner" $sleeper.Id }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupLimitFailed,$Command"
            "$refusal" | Should -Match 'cpuset.cpus or cpuset.mems is empty'
        }
        else {
            $null = New-Cgroup "/$Name/inner"
            $refusal = Get-Refusal { Add-CgroupProcess "/$Name" $sleeper.Id }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupBusy,$Command"
            "$refusal" | Should -Match 'no internal processes'
        }
        [System.IO.File]::ReadAllText("/proc/$($sleeper.Id)/cgroup") | Should -BeExactly $before
    }

    It 'moves nothing with -WhatIf' {
        $sleeper = Start-Sleeper
        Add-CgroupProcess "/$Name" $sleeper.Id -WhatIf
        (Get-Cgroup "/$Name").ProcessCount | Should -Be 0
    }

    It 'refuses a cgroup that is not there' {
        (Get-Refusal { Add-CgroupProcess /isotest-nosuch $PID }).FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
    }

    It 'refuses wildcards that mean several' {
        $null = New-Cgroup "/$Name/a", "/$Name/b"
        (Get-Refusal { Add-CgroupProcess "/$Name/*" $PID }).FullyQualifiedErrorId | Should -BeExactly "CgroupReferenceInvalid,$Command"
    }

    It 'refuses the pid <_>' -ForEach 0, -1 {
        (Get-Refusal { Add-CgroupProcess / -Id $_ }).FullyQualifiedErrorId | Should -BeExactly "ParameterArgumentValidationError,$Command"
    }

    It 'moves a single thread' {
        # The thread of a second hierarchy's own: a process with two threads, of which one moves.
        $second = @(Get-CgroupRoot -Version 2)[0]
        $root = if ($second) { $second } else { @(Get-CgroupRoot)[-1] }
        $folder = "$root/$Name"
        if ($second) {
            Remove-Cgroup $Group
            $null = New-Cgroup $folder -Controller pids -ErrorAction Ignore
            if (-not [System.IO.Directory]::Exists($folder)) { [void][System.IO.Directory]::CreateDirectory($folder) }
        }

        $child = Start-ChildHost 'Wait-Go'
        try {
            Add-CgroupProcess $folder $child.Id
            Wait-Until -For 'a second thread' { [System.IO.Directory]::GetDirectories("/proc/$($child.Id)/task").Count -gt 1 }
            $inner = if ($second) { New-Cgroup "$folder/threads" -Threaded } else { New-Cgroup "$folder/threads" }
            $threads = [System.IO.Directory]::GetDirectories("/proc/$($child.Id)/task") | ForEach-Object { [int][System.IO.Path]::GetFileName($_) }
            $one = @($threads -ne $child.Id)[0]
            Add-CgroupProcess $inner $one -Thread
            $file = if ($second) { 'cgroup.threads' } else { 'tasks' }
            [System.IO.File]::ReadAllLines("$folder/threads/$file") | Should -Be "$one"
            Get-GroupOf $child.Id $root | Should -BeExactly "/$Name"
        }
        finally { Stop-ChildHost $child -Kill }
    }
}

Describe 'Add-CgroupProcess: version 2' -Tag Root -Skip:(-not $isRoot -or -not $second) {
    AfterEach {
        Stop-Started
        Remove-TestGroup
    }

    It 'explains why a thread cannot leave the cgroup of its process' {
        $root = Get-CgroupRoot -Version 2
        $name = New-TestName
        foreach ($one in 'a', 'b') { [void][System.IO.Directory]::CreateDirectory("$root/$name/$one") }
        $sleeper = Start-Sleeper "$root/$name/a"
        $refusal = Get-Refusal { Add-CgroupProcess "$root/$name/b" $sleeper.Id -Thread }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupLimitFailed,$Command"
        "$refusal" | Should -Match 'a thread can be in the cgroup of its process'
        Get-GroupOf $sleeper.Id $root | Should -BeExactly "/$name/a"
    }
}

Describe 'Add-CgroupProcess: as an ordinary user' -Tag User -Skip:$isRoot {
    It 'refuses what is not theirs' {
        $other = Get-Cgroup | Where-Object { $_.Path[0] -ne (Get-Cgroup $PID).Path[0] } | Select-Object -First 1
        if (-not $other) { Set-ItResult -Skipped -Because 'there is no other cgroup'; return }
        (Get-Refusal { Add-CgroupProcess $other $PID }).FullyQualifiedErrorId | Should -BeExactly "CgroupNotDelegated,$Command"
    }
}
