BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    . $PSScriptRoot/CgroupTreeHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.RemoveCgroupCommand'

    function Test-Folder {
        param([string] $Path)
        @(Get-CgroupRoot | Where-Object { [System.IO.Directory]::Exists("$_$Path") }).Count -ne 0
    }
}

Describe 'Remove-Cgroup' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach {
        $script:Name = New-TestName
        $script:Group = New-Cgroup "/$Name"
    }

    AfterEach {
        Stop-Started
        Remove-TestGroup
        Remove-TestLeftover
    }

    It 'removes it from every hierarchy' {
        Remove-Cgroup "/$Name" | Should -BeNullOrEmpty
        Test-Folder "/$Name" | Should -BeFalse
    }

    It 'takes what New-Cgroup gave, names and wildcards' {
        $null = New-Cgroup "/$Name/a", "/$Name/b", "/$Name/c1", "/$Name/c2"
        Get-Cgroup "/$Name/a" | Remove-Cgroup
        [pscustomobject]@{ Cgroup = "/$Name/b"; Other = 1 } | Remove-Cgroup
        Remove-Cgroup "/$Name/c*"
        (Get-Cgroup $Group).DescendantCount | Should -Be 0
    }

    It 'refuses one with others inside, and removes them with -Recurse' {
        $null = New-Cgroup "/$Name/a/b"
        $refusal = Get-Refusal { Remove-Cgroup "/$Name" }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupHasChildren,$Command"
        $refusal.CategoryInfo.Category | Should -Be 'ResourceBusy'
        Test-Folder "/$Name/a/b" | Should -BeTrue
        Remove-Cgroup "/$Name" -Recurse
        Test-Folder "/$Name" | Should -BeFalse
    }

    It 'refuses one with processes, and names them' {
        $sleeper = Start-Sleeper $Group.Path
        $refusal = Get-Refusal { Remove-Cgroup "/$Name" }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupBusy,$Command"
        "$refusal" | Should -Match "$($sleeper.Id) sleep"
        Test-Folder "/$Name" | Should -BeTrue
    }

    It 'moves the processes first with -MoveProcessTo' {
        $other = New-Cgroup "/$(New-TestName)"
        $one, $two = foreach ($inner in 'a', 'b/c') { Start-Sleeper (New-Cgroup $inner -Parent $Group).Path }
        Remove-Cgroup "/$Name" -Recurse -MoveProcessTo $other
        Test-Folder "/$Name" | Should -BeFalse
        foreach ($sleeper in $one, $two) {
            $sleeper.HasExited | Should -BeFalse
            foreach ($root in Get-CgroupRoot) { Get-GroupOf $sleeper.Id $root | Should -BeExactly $other.Cgroup }
        }
    }

    It 'moves them to one above' {
        $inner = New-Cgroup inner -Parent $Group
        $sleeper = Start-Sleeper $inner.Path
        Remove-Cgroup $inner -MoveProcessTo /
        foreach ($root in Get-CgroupRoot) { Get-GroupOf $sleeper.Id $root | Should -BeExactly '/' }
    }

    It 'refuses to move them to one that goes too' {
        $inner = New-Cgroup "/$Name/inner"
        $null = Start-Sleeper (New-Cgroup "/$Name/other").Path
        (Get-Refusal { Remove-Cgroup "/$Name" -Recurse -MoveProcessTo $inner }).FullyQualifiedErrorId | Should -BeExactly "CgroupReferenceInvalid,$Command"
        Test-Folder "/$Name/inner" | Should -BeTrue
    }

    It 'kills them first with -KillProcess' {
        $sleeper = Start-Sleeper $Group.Path
        Remove-Cgroup "/$Name" -KillProcess
        Wait-Exit $sleeper | Should -Be 137
        Test-Folder "/$Name" | Should -BeFalse
    }

    It 'refuses one that was made by others, and removes it with -Force' {
        $other = New-TestGroup
        $refusal = Get-Refusal { Remove-Cgroup $other }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupNotOurs,$Command"
        $refusal.CategoryInfo.Category | Should -Be 'PermissionDenied'
        Test-Folder $other | Should -BeTrue
        Remove-Cgroup $other -Force
        Test-Folder $other | Should -BeFalse
    }

    It 'kills nobody in one that was made by others' {
        $other = New-TestGroup
        $sleeper = Start-Sleeper (Get-Cgroup $other).Path
        (Get-Refusal { Remove-Cgroup $other -KillProcess }).FullyQualifiedErrorId | Should -BeExactly "CgroupNotOurs,$Command"
        $sleeper.HasExited | Should -BeFalse
    }

    It 'takes as ours what lies in one of ours' {
        Add-GroupFolder "/$Name/by-others"
        Remove-Cgroup "/$Name" -Recurse
        Test-Folder "/$Name" | Should -BeFalse
    }

    It 'refuses the root' {
        (Get-Refusal { Remove-Cgroup / -Recurse -Force -WhatIf }).FullyQualifiedErrorId | Should -BeExactly "CgroupRootRefused,$Command"
    }

    It 'refuses a process, which does not say whose cgroup is meant' {
        $sleeper = Start-Sleeper $Group.Path
        (Get-Refusal { Remove-Cgroup $sleeper.Id -WhatIf }).FullyQualifiedErrorId | Should -BeExactly "CgroupReferenceInvalid,$Command"
    }

    It 'refuses that of a set while there is the set' {
        $set = New-LimitedSet
        $null = Set-CgroupLimit $set -PidsMax 10
        $refusal = Get-Refusal { Remove-Cgroup $set }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupOfSet,$Command"
        "$refusal" | Should -Match "Remove-Namespace $set"
        (Get-Refusal { Remove-Cgroup $Ours -Recurse -Force -WhatIf }).FullyQualifiedErrorId | Should -BeExactly "CgroupOfSet,$Command"
    }

    It 'refuses to both move and kill' {
        (Get-Refusal { Remove-Cgroup "/$Name" -KillProcess -MoveProcessTo / }).FullyQualifiedErrorId | Should -BeExactly "CgroupOptionInvalid,$Command"
    }

    It 'removes nothing with -WhatIf' {
        $sleeper = Start-Sleeper $Group.Path
        Remove-Cgroup "/$Name" -KillProcess -WhatIf
        Remove-Cgroup "/$Name" -MoveProcessTo / -WhatIf
        $sleeper.HasExited | Should -BeFalse
        Test-Folder "/$Name" | Should -BeTrue
        (Get-Cgroup "/$Name").ProcessCount | Should -Be 1
    }

    It 'goes on after one that is not there' {
        Remove-Cgroup /isotest-nosuch, "/$Name" -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        Test-Folder "/$Name" | Should -BeFalse
    }

    It 'ends processes that fork without pause' {
        $script = 'f() { while :; do sleep 0.01 & done; }; f & f & wait'
        $null = Set-CgroupLimit "/$Name" -PidsMax 60
        $null = Start-Inside $Group.Path $script
        Wait-Until -For 'some processes' { (Get-Cgroup "/$Name").ProcessCount -gt 5 }
        Remove-Cgroup "/$Name" -KillProcess -Timeout 60
        Test-Folder "/$Name" | Should -BeFalse
    }
}

Describe 'Remove-Cgroup: as an ordinary user' -Tag User -Skip:$isRoot {
    It 'refuses what is not theirs' {
        $other = Get-Cgroup | Where-Object Cgroup -notlike "$Ours*" | Select-Object -First 1
        if (-not $other) { Set-ItResult -Skipped -Because 'there is no cgroup'; return }
        (Get-Refusal { Remove-Cgroup $other -Recurse -WhatIf }).FullyQualifiedErrorId | Should -BeExactly "CgroupNotOurs,$Command"
    }
}
