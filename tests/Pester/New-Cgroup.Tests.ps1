BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
    $second = @([System.IO.File]::ReadAllLines('/proc/self/mountinfo') -match ' - cgroup2 ').Count -ne 0
    $first = @([System.IO.File]::ReadAllLines('/proc/self/mountinfo') -match ' - cgroup ' -match 'memory').Count -ne 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    . $PSScriptRoot/CgroupTreeHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.NewCgroupCommand'
}

Describe 'New-Cgroup' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach { $script:Name = New-TestName }

    AfterEach {
        Stop-Started
        Remove-TestGroup
        Remove-TestLeftover
    }

    It 'makes a path with what is missing above it, in every hierarchy' {
        $cgroup = New-Cgroup "/$Name/inner"
        $cgroup | Should -BeOfType 'Isolation.CgroupInfo'
        $cgroup.Cgroup | Should -BeExactly "/$Name/inner"
        $cgroup.Path | Should -Be (Get-CgroupRoot | ForEach-Object { "$_/$Name/inner" })
        foreach ($folder in $cgroup.Path) { [System.IO.Directory]::Exists($folder) | Should -BeTrue -Because $folder }
    }

    It 'gives it every controller that can be had' {
        $null = New-Cgroup "/$Name/inner"
        foreach ($root in Get-CgroupRoot -Version 2) {
            $all = [System.IO.File]::ReadAllText("$root/cgroup.controllers").Trim()
            [System.IO.File]::ReadAllText("$root/$Name/inner/cgroup.controllers").Trim() | Should -BeExactly $all
        }
    }

    It 'makes one that processes can be put into at once' {
        $cgroup = New-Cgroup "/$Name/inner"
        $sleeper = Start-Sleeper $cgroup.Path
        foreach ($root in Get-CgroupRoot) { Get-GroupOf $sleeper.Id $root | Should -BeExactly "/$Name/inner" }
    }

    It 'makes it where the controllers are that are named, and nowhere else' {
        $cgroup = New-Cgroup "/$Name" -Controller memory, pids
        $folders = foreach ($folder in $cgroup.Path) { [System.IO.Directory]::GetFiles($folder) | ForEach-Object { [System.IO.Path]::GetFileName($_) } }
        $folders | Should -Contain 'pids.max'
        @($folders -match '^memory\.(max|limit_in_bytes)$').Count | Should -Be 1
        $cgroup.Controller | Should -Contain 'memory'
        @(Get-CgroupRoot | Where-Object { [System.IO.Directory]::Exists("$_/$Name") }).Count | Should -Be $cgroup.Path.Count
    }

    It 'makes one of this module by a name alone' {
        (New-Cgroup $Name).Cgroup | Should -BeExactly "$Ours/$Name"
        (Get-Cgroup $Name).Cgroup | Should -BeExactly "$Ours/$Name"
    }

    It 'makes one inside another, by -Parent <Form>' -ForEach @(@{ Form = 'object' }, @{ Form = 'path' }) {
        $outer = New-Cgroup "/$Name"
        $parent = if ($Form -eq 'object') { $outer } else { "/$Name" }
        (New-Cgroup a, b -Parent $parent).Cgroup | Should -Be "/$Name/a", "/$Name/b"
    }

    It 'makes it in one hierarchy by the path of a folder' {
        $root = @(Get-CgroupRoot)[-1]
        (New-Cgroup "$root/$Name").Path | Should -Be "$root/$Name"
        (New-Cgroup inner -Parent "$root/$Name").Path | Should -Be "$root/$Name/inner"
    }

    It 'takes paths from the pipeline, and from a property' {
        ("/$Name", "/$Name/a" | New-Cgroup).Cgroup | Should -Be "/$Name", "/$Name/a"
        ([pscustomobject]@{ Cgroup = "/$Name/b"; Other = 1 } | New-Cgroup).Cgroup | Should -BeExactly "/$Name/b"
    }

    It 'refuses one that is there, and takes it with -Force' {
        $null = New-Cgroup "/$Name" -Controller pids
        $refusal = Get-Refusal { New-Cgroup "/$Name" }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupExists,$Command"
        $refusal.CategoryInfo.Category | Should -Be 'ResourceExists'
        "$refusal" | Should -Match 'Force'
        (New-Cgroup "/$Name" -Force).Path | Should -Be (Get-CgroupRoot | ForEach-Object { "$_/$Name" })
    }

    It 'refuses the root' {
        (Get-Refusal { New-Cgroup / }).FullyQualifiedErrorId | Should -BeExactly "CgroupExists,$Command"
    }

    It 'refuses a name that is <Case>' -ForEach @(
        @{ Case = "a kernel's file"; Value = '/isotest/memory.max' }
        @{ Case = "like the core's files"; Value = '/isotest/cgroup.x' }
        @{ Case = 'a file of version 1'; Value = '/isotest/tasks' }
        @{ Case = "a kernel's file on the way"; Value = '/isotest/hugetlb.2MB.max/x' }
        @{ Case = 'the one above'; Value = '/isotest/..' }
        @{ Case = 'two lines'; Value = "/isotest/a`nb" }
        @{ Case = 'with a NUL'; Value = "/isotest/a`0b" }
    ) {
        $refusal = Get-Refusal { New-Cgroup $Value }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupNameInvalid,$Command"
        $refusal.CategoryInfo.Category | Should -Be 'InvalidArgument'
        Get-CgroupRoot | Where-Object { [System.IO.Directory]::Exists("$_/isotest") } | Should -BeNullOrEmpty
    }

    It 'leaves nothing when the kernel refuses' {
        # A path longer than the kernel takes.
        $long = 'x' * 4100
        (Get-Refusal { New-Cgroup "/$Name/$long" }).FullyQualifiedErrorId | Should -BeExactly "CgroupLimitFailed,$Command"
        Get-CgroupRoot | Where-Object { [System.IO.Directory]::Exists("$_/$Name") } | Should -BeNullOrEmpty
    }

    It 'refuses a controller that the host has not' {
        $refusal = Get-Refusal { New-Cgroup "/$Name" -Controller nosuch }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupControllerMissing,$Command"
        Get-CgroupRoot | Where-Object { [System.IO.Directory]::Exists("$_/$Name") } | Should -BeNullOrEmpty
    }

    It 'makes nothing with -WhatIf' {
        New-Cgroup "/$Name" -WhatIf
        Get-CgroupRoot | Where-Object { [System.IO.Directory]::Exists("$_/$Name") } | Should -BeNullOrEmpty
    }

    It 'refuses the place of the cgroup of a set' {
        $set = New-LimitedSet
        (Get-Refusal { New-Cgroup $set }).FullyQualifiedErrorId | Should -BeExactly "CgroupOfSet,$Command"
    }

    It 'goes on after one that is refused' {
        $made = New-Cgroup "/$Name/memory.x", "/$Name" -ErrorAction SilentlyContinue
        $made.Cgroup | Should -BeExactly "/$Name"
    }

    It 'completes controllers' {
        (Complete 'New-Cgroup x -Controller pi').CompletionText | Should -Contain 'pids'
    }
}

Describe 'Names of control groups' -Tag Root -Skip:(-not $isRoot) {
    AfterEach { Remove-TestGroup }

    It 'refuses <Why>' -ForEach @(
        @{ Why = 'a line end'; End = "/a`nb" }, @{ Why = 'an escape sequence'; End = "/`e[31mred" }, @{ Why = 'a bell'; End = "/a`a" }
        @{ Why = 'a name of blanks'; End = '/ ' }, @{ Why = 'a blank at the end'; End = '/a ' }
    ) {
        $failure = Get-Refusal { New-Cgroup "/$(New-TestName)$End" }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'CgroupNameInvalid,Isolation.Commands.NewCgroupCommand'
        "$failure" | Should -Not -Match '[\x00-\x09\x0b-\x1f]'
    }

    It 'shows none of others that would rewrite the terminal, and finds it all the same' {
        $group = New-TestGroup
        Add-GroupFolder "$group/`e[31mred"
        $found = Get-Cgroup $group -Recurse | Where-Object Cgroup -Like '*red'
        $found.Cgroup | Should -BeExactly "$group/`e[31mred"
        $plain = [regex]::Escape("$group/?[31mred")
        foreach ($shown in ($found | Format-Table | Out-String -Width 200), ($found | Format-List | Out-String -Width 200), ($found | Get-CgroupLimit | Format-Table | Out-String -Width 200)) {
            $shown | Should -Match $plain
            $shown | Should -Not -Match '\e\[31m'
        }
        "$(Get-Refusal { Remove-Cgroup $group -Force })" | Should -Match $plain
        Remove-Cgroup $found -Force
        Get-Cgroup "$group/*" | Should -BeNullOrEmpty
    }
}

Describe 'New-Cgroup: version 2' -Tag Root -Skip:(-not $isRoot -or -not $second) {
    BeforeEach {
        $script:Name = New-TestName
        $script:Root = Get-CgroupRoot -Version 2
    }

    AfterEach {
        Stop-Started
        Remove-TestGroup
    }

    It 'gives folder and files to a user, and no more than those' {
        $cgroup = New-Cgroup "/$Name/inner" -DelegateTo nobody
        $cgroup.Path | Should -Be "$Root/$Name/inner"
        foreach ($file in '', '/cgroup.procs', '/cgroup.threads', '/cgroup.subtree_control') { & stat -c %U "$Root/$Name/inner$file" | Should -BeExactly 'nobody' }
        foreach ($file in '/cgroup.freeze', '/cgroup.max.depth', '/../cgroup.procs', '/..') { & stat -c %U "$Root/$Name/inner$file" | Should -BeExactly 'root' }
        $cgroup.OwnerUserId | Should -Be (id -u nobody)
    }

    It 'lets that user make cgroups below, and none elsewhere' {
        $folder = (New-Cgroup "/$Name" -DelegateTo nobody).Path[0]
        $script = "
            Write-Line (New-Cgroup mine).Cgroup
            Write-Line (New-Cgroup /$Name/other).Cgroup
            Write-Refusal { New-Cgroup /isotest-elsewhere }
            Remove-Cgroup mine, /$Name/other
            Write-Line (Get-Cgroup /$Name).DescendantCount
        "
        $lines = Invoke-ChildHost $script -Prefix 'sh', '-c', "echo 0 > $folder/cgroup.procs && exec runuser -u nobody -- `"`$0`" `"`$@`""
        $lines[0] | Should -BeExactly "/$Name/isolation/mine"
        $lines[1] | Should -BeExactly "/$Name/other"
        $lines[2] | Should -Match "^CgroupNotDelegated,\S+ PermissionDenied .*outside of /$Name"
        $lines[3] | Should -BeExactly '0'
    }

    It 'refuses a user that there is not, and makes nothing' {
        (Get-Refusal { New-Cgroup "/$Name" -DelegateTo isotest-nosuch }).FullyQualifiedErrorId | Should -BeExactly "UserNotFound,$Command"
        [System.IO.Directory]::Exists("$Root/$Name") | Should -BeFalse
    }

    It 'makes a threaded one' {
        $cgroup = New-Cgroup "/$Name" -Threaded
        $cgroup.Type | Should -Be 'Threaded'
        [System.IO.File]::ReadAllText("$Root/$Name/cgroup.type").Trim() | Should -BeExactly 'threaded'
    }

    It 'refuses a threaded one where a controller of whole processes is on, and leaves nothing' {
        $controller = Get-DomainController
        if (-not $controller) { Set-ItResult -Skipped -Because 'version 2 has no such controller here'; return }
        $null = New-Cgroup "/$Name/inner" -Controller $controller
        $refusal = Get-Refusal { New-Cgroup "/$Name/threads" -Threaded }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupTypeRefused,$Command"
        "$refusal" | Should -Match "the $controller controller is on"
        Get-CgroupRoot | Where-Object { [System.IO.Directory]::Exists("$_/$Name/threads") } | Should -BeNullOrEmpty
        (Get-Refusal { New-Cgroup "/$Name/threads" -Threaded -Controller $controller }).FullyQualifiedErrorId | Should -BeExactly "CgroupTypeRefused,$Command"
    }

    It 'refuses whole processes below threads' {
        $null = New-Cgroup "$Root/$Name" -Threaded
        (Get-Refusal { New-Cgroup "$Root/$Name/inner" }).FullyQualifiedErrorId | Should -BeExactly "CgroupTypeRefused,$Command"
        (New-Cgroup "$Root/$Name/inner" -Threaded).Type | Should -Be 'Threaded'
    }

    It 'leaves controllers out where processes stand against them, and says so where they are named' {
        $controller = Get-DomainController
        if (-not $controller) { Set-ItResult -Skipped -Because 'version 2 has no such controller here'; return }
        $null = New-Cgroup "/$Name" -Controller $controller
        $null = Start-Sleeper "$Root/$Name"
        (New-Cgroup "$Root/$Name/without").Controller | Should -BeNullOrEmpty
        $refusal = Get-Refusal { New-Cgroup "$Root/$Name/with" -Controller $controller }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupBusy,$Command"
        $refusal.CategoryInfo.Category | Should -Be 'ResourceBusy'
        "$refusal" | Should -Match 'no internal processes'
        [System.IO.Directory]::Exists("$Root/$Name/with") | Should -BeFalse
        [System.IO.File]::ReadAllText("$Root/$Name/cgroup.subtree_control").Trim() | Should -BeExactly ''
    }
}

Describe 'New-Cgroup: version 1' -Tag Root, FirstVersion -Skip:(-not $isRoot -or -not $first) {
    AfterEach { Remove-TestGroup }

    It 'refuses to give a controller of version 1 to a user' {
        $name = New-TestName
        (Get-Refusal { New-Cgroup "/$name" -DelegateTo nobody -Controller memory }).FullyQualifiedErrorId | Should -BeExactly "CgroupVersionUnsupported,$Command"
        (Get-Refusal { New-Cgroup "/$name" -Threaded -Controller memory }).FullyQualifiedErrorId | Should -BeExactly "CgroupVersionUnsupported,$Command"
        Get-CgroupRoot | Where-Object { [System.IO.Directory]::Exists("$_/$name") } | Should -BeNullOrEmpty
    }
}

Describe 'New-Cgroup: as an ordinary user' -Tag User -Skip:$isRoot {
    It 'refuses where nothing is delegated, and says what would help' {
        $refusal = Get-Refusal { New-Cgroup /isotest-user }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupNotDelegated,$Command"
        $refusal.CategoryInfo.Category | Should -Be 'PermissionDenied'
        "$refusal" | Should -Match 'DelegateTo|Delegate=yes|systemd'
    }
}
