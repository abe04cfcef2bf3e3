# What is listed is compared with what find(1) and the kernel's files say.

BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    . $PSScriptRoot/CgroupTreeHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.GetCgroupCommand'
}

Describe 'Get-Cgroup' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach { $script:Group = New-TestGroup }

    AfterEach {
        Stop-Started
        Remove-TestGroup
        Remove-TestLeftover
    }

    It 'gives one object for the folders of the same path in all hierarchies' {
        $cgroup = Get-Cgroup $Group
        $cgroup | Should -BeOfType 'Isolation.CgroupInfo'
        $cgroup.Cgroup | Should -BeExactly $Group
        $cgroup.Name | Should -BeExactly $Group.Substring(1)
        $cgroup.Path | Should -Be (Get-CgroupRoot | ForEach-Object { "$_$Group" })
        $cgroup.Namespace | Should -BeNullOrEmpty
        $cgroup.OwnerUserId | Should -Be 0
        $cgroup.IsPopulated | Should -BeFalse
        $cgroup.ProcessCount | Should -Be 0
        $cgroup.DescendantCount | Should -Be 0
        $cgroup.MaxDepth | Should -BeNullOrEmpty
        "$cgroup" | Should -BeExactly $Group
    }

    It 'lists those directly below the roots without an argument' {
        $folders = Get-CgroupRoot | ForEach-Object { [System.IO.Directory]::GetDirectories($_) } | ForEach-Object { '/' + [System.IO.Path]::GetFileName($_) }
        (Get-Cgroup).Cgroup | Should -Be ([string[]][System.Collections.Generic.SortedSet[string]]::new([string[]]$folders, [System.StringComparer]::Ordinal))
    }

    It 'lists what is inside with -Recurse, each before what is inside it' {
        $root = @(Get-CgroupRoot)[-1]
        foreach ($inner in 'b/c', 'a', 'b/d') { [void][System.IO.Directory]::CreateDirectory("$root$Group/$inner") }
        (Get-Cgroup $Group -Recurse).Cgroup | Should -Be ('', '/a', '/b', '/b/c', '/b/d' | ForEach-Object { "$Group$_" })
        (Get-Cgroup $Group -Depth 1).Cgroup | Should -Be ('', '/a', '/b' | ForEach-Object { "$Group$_" })
        (Get-Cgroup $Group -Depth 0).Cgroup | Should -Be $Group
        (Get-Cgroup "$Group/b").Path | Should -Be "$root$Group/b"
        (Get-Cgroup $Group).DescendantCount | Should -Be 4
    }

    It 'finds every cgroup that find(1) finds' {
        $found = [System.Collections.Generic.SortedSet[string]]::new([System.StringComparer]::Ordinal)
        foreach ($root in Get-CgroupRoot) { & find $root -mindepth 1 -type d -printf "/%P`n" -name 'isotest-*' | ForEach-Object { [void]$found.Add($_) } }
        $listed = [System.Collections.Generic.SortedSet[string]]::new([string[]](Get-Cgroup -Recurse).Cgroup, [System.StringComparer]::Ordinal)
        # Others come and go meanwhile; those of this test stay.
        $found.Where{ $_ -match $Group } | Should -Be $listed.Where{ $_ -match $Group }
        $listed.Count | Should -BeGreaterThan 0
    }

    It 'takes wildcards, part of the path by part' {
        foreach ($inner in 'one', 'two/three') { Add-GroupFolder "$Group/$inner" }
        (Get-Cgroup "$Group/*").Cgroup | Should -Be "$Group/one", "$Group/two"
        (Get-Cgroup "$Group/t*/th?ee").Cgroup | Should -Be "$Group/two/three"
        (Get-Cgroup "$($Group.Substring(0, 12))*/o[mn]e").Cgroup | Should -Contain "$Group/one"
        Get-Cgroup "$Group/x*" | Should -BeNullOrEmpty
        $root = @(Get-CgroupRoot)[0]
        (Get-Cgroup "$root$Group/o*").Path | Should -Be "$root$Group/one"
    }

    It 'takes one hierarchy by its folder' {
        $root = @(Get-CgroupRoot)[-1]
        (Get-Cgroup "$root$Group").Path | Should -Be "$root$Group"
        (Get-Item "$root$Group" | Get-Cgroup).Path | Should -Be "$root$Group"
    }

    It 'takes a process' {
        $sleeper = Start-Sleeper (Get-CgroupRoot | ForEach-Object { "$_$Group" })
        (Get-Cgroup $sleeper.Id).Cgroup | Should -BeExactly $Group
        ($sleeper | Get-Cgroup).Cgroup | Should -BeExactly $Group
        ([pscustomobject]@{ ProcessId = $sleeper.Id; Other = 1 } | Get-Cgroup).Cgroup | Should -BeExactly $Group
    }

    It 'takes what it gave, also from another session' {
        $cgroup = Get-Cgroup $Group
        ($cgroup | Get-Cgroup).Cgroup | Should -BeExactly $Group
        $root = @(Get-CgroupRoot)[-1]
        $copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Get-Cgroup "$root$Group")))
        ($copy | Get-Cgroup).Path | Should -Be "$root$Group"
        ([pscustomobject]@{ Cgroup = $Group; Other = 1 } | Get-Cgroup).Path | Should -Be $cgroup.Path
    }

    It 'reads the properties anew' {
        $cgroup = Get-Cgroup $Group
        $cgroup.IsPopulated | Should -BeFalse
        $null = Start-Sleeper (Get-CgroupRoot | ForEach-Object { "$_$Group" })
        $cgroup.ProcessCount | Should -Be 1
        $cgroup.IsPopulated | Should -BeTrue
        Stop-Started
        Wait-Until -For 'nobody inside' { -not $cgroup.IsPopulated }
        Remove-TestGroup
        $cgroup.ProcessCount | Should -BeNullOrEmpty
        $cgroup.DescendantCount | Should -BeNullOrEmpty
        $cgroup.IsPopulated | Should -BeNullOrEmpty
        $cgroup.Controller | Should -BeNullOrEmpty
        $cgroup.Type | Should -BeNullOrEmpty
    }

    It 'sees a process in a cgroup below as populating it' {
        Add-GroupFolder "$Group/inner"
        $null = Start-Sleeper (Get-CgroupRoot | ForEach-Object { "$_$Group/inner" })
        $cgroup = Get-Cgroup $Group
        $cgroup.IsPopulated | Should -BeTrue
        $cgroup.ProcessCount | Should -Be 0
    }

    It 'has the controllers that the kernel has there' {
        $cgroup = Get-Cgroup $Group
        foreach ($root in Get-CgroupRoot -Version 2) {
            $here = [System.IO.File]::ReadAllText("$root$Group/cgroup.controllers").Trim() -split ' ' -ne ''
            foreach ($controller in $here) { $cgroup.Controller | Should -Contain $controller }
            $cgroup.Type | Should -Be 'Domain'
            (Get-Cgroup "$root$Group").Controller | Should -Be $here
            (Get-Cgroup "$root$Group").EnabledController | Should -BeNullOrEmpty
        }
        foreach ($root in Get-CgroupRoot -Version 1) {
            if ([System.IO.File]::Exists("$root/memory.limit_in_bytes")) {
                $cgroup.Controller | Should -Contain 'memory'
                $cgroup.EnabledController | Should -Contain 'memory'
                (Get-Cgroup "$root$Group").Type | Should -BeNullOrEmpty
                (Get-Cgroup "$root$Group").Version | Should -Be 'V1'
            }
            if ([System.IO.File]::Exists("$root/blkio.throttle.io_serviced")) { $cgroup.Controller | Should -Contain 'io' }
        }
    }

    It 'tells a frozen one' {
        $folders = (Get-Cgroup $Group).Path
        $null = Start-Sleeper $folders
        $file = Find-File $folders 'freezer.state', 'cgroup.freeze'
        (Get-Cgroup $Group).IsFrozen | Should -BeFalse
        [System.IO.File]::WriteAllText($file, $(if ($file -match 'state$') { 'FROZEN' } else { '1' }))
        Wait-Until -For 'the freeze' { (Get-Cgroup $Group).IsFrozen }
        [System.IO.File]::WriteAllText($file, $(if ($file -match 'state$') { 'THAWED' } else { '0' }))
        Wait-Until -For 'the thaw' { -not (Get-Cgroup $Group).IsFrozen }
    }

    It 'tells a threaded one, with the processes of its threads, and its limits of depth' {
        if (-not (Get-CgroupRoot -Version 2)) { Set-ItResult -Skipped -Because 'no hierarchy of version 2 is mounted'; return }
        $folder = "$(Get-CgroupRoot -Version 2)$Group"
        [void][System.IO.Directory]::CreateDirectory("$folder/inner")
        [System.IO.File]::WriteAllText("$folder/cgroup.max.depth", '7')
        [System.IO.File]::WriteAllText("$folder/cgroup.max.descendants", '9')
        [System.IO.File]::WriteAllText("$folder/inner/cgroup.type", 'threaded')
        $sleeper = Start-Sleeper $folder
        [System.IO.File]::WriteAllText("$folder/inner/cgroup.threads", "$($sleeper.Id)")
        $outer, $inner = Get-Cgroup $Group, "$Group/inner"
        $outer.Type | Should -Be 'DomainThreaded'
        $outer.MaxDepth | Should -Be 7
        $outer.MaxDescendants | Should -Be 9
        $inner.Type | Should -Be 'Threaded'
        $inner.ProcessCount | Should -Be 1
        [void][System.IO.Directory]::CreateDirectory("$folder/other")
        (Get-Cgroup "$Group/other").Type | Should -Be 'DomainInvalid'
    }

    It 'names the set of a cgroup' {
        $name = New-LimitedSet
        $null = Set-CgroupLimit $name -PidsMax 10
        (Get-Cgroup $name).Namespace | Should -BeExactly $name
        (Get-Namespace $name | Get-Cgroup).Cgroup | Should -BeExactly "$Ours/$name"
        (Get-Cgroup "$($name.Substring(0, 15))*").Cgroup | Should -Contain "$Ours/$name"
    }

    It 'says that a set has no cgroup yet' {
        $name = New-LimitedSet
        $refusal = Get-Refusal { Get-Cgroup $name }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        "$refusal" | Should -Match 'no cgroup yet'
    }
}

Describe 'Get-Cgroup: as anybody' {
    It 'gives the root' {
        $root = Get-Cgroup /
        $root.Cgroup | Should -BeExactly '/'
        $root.Name | Should -BeExactly '/'
        $root.Path | Should -Be @(Get-CgroupRoot)
        $root.ProcessCount | Should -BeGreaterThan 0
        $root.IsPopulated | Should -BeTrue
    }

    It 'gives the cgroup of this process, as /proc has it' {
        $own = Get-Cgroup $PID
        foreach ($root in Get-CgroupRoot) {
            $path = Get-GroupOf $PID $root
            if ($path -ne '/' -and $path -notmatch '^/\.\.') { $own.Path | Should -Contain "$root$path" }
        }
        ($own.Path.Count) | Should -BeGreaterThan 0
    }

    It 'goes on after one that is not there' {
        $found = Get-Cgroup '/isotest-nosuch', / -ErrorAction SilentlyContinue -ErrorVariable failure
        $found.Cgroup | Should -Be '/'
        $failure[0].FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        $failure[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'refuses <Value>' -ForEach @(
        @{ Value = 'nosuch'; Id = 'CgroupNotFound' }
        @{ Value = '/../etc'; Id = 'CgroupNotFound' }
        @{ Value = '99999999'; Id = 'CgroupProcessNotFound' }
    ) {
        (Get-Refusal { Get-Cgroup $Value }).FullyQualifiedErrorId | Should -BeExactly "$Id,$Command"
    }

    It 'refuses a negative depth' {
        (Get-Refusal { Get-Cgroup / -Depth -1 }).FullyQualifiedErrorId | Should -BeExactly "ParameterArgumentValidationError,$Command"
    }

    It 'completes paths' {
        $first = @(Get-CgroupRoot)[0]
        (Complete "Get-Cgroup $($first.Substring(0, $first.Length - 1))").CompletionText | Should -Contain $first
    }
}
