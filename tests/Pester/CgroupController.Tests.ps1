# Enable-CgroupController and Disable-CgroupController.

BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
    $mounts = [System.IO.File]::ReadAllLines('/proc/self/mountinfo')
    $second = @($mounts -match ' - cgroup2 ' | Where-Object {
        [System.IO.File]::ReadAllText("$(($_ -split ' ')[4])/cgroup.controllers") -match 'memory|hugetlb|io' }).Count -ne 0
    $first = @($mounts -match ' - cgroup ' -match 'memory').Count -ne 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    . $PSScriptRoot/CgroupTreeHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Enable = 'Isolation.Commands.EnableCgroupControllerCommand'
    $script:Disable = 'Isolation.Commands.DisableCgroupControllerCommand'

    function Get-On {
        # What the kernel says is on for the cgroups inside.
        param([string] $Path)
        [System.IO.File]::ReadAllText("$Root$Path/cgroup.subtree_control").Trim()
    }
}

Describe 'Controllers of version 2' -Tag Root -Skip:(-not $isRoot -or -not $second) {
    BeforeEach {
        $script:Name = New-TestName
        $script:Root = Get-CgroupRoot -Version 2
        $script:Controller = Get-DomainController
        [void][System.IO.Directory]::CreateDirectory("$Root/$Name/inner")
    }

    AfterEach {
        Stop-Started
        Remove-TestGroup
    }

    It 'turns one on, from the root down' {
        Enable-CgroupController "/$Name/inner" $Controller | Should -BeNullOrEmpty
        Get-On "/$Name" | Should -BeExactly $Controller
        Get-On "/$Name/inner" | Should -BeExactly $Controller
        (Get-Cgroup "$Root/$Name/inner").EnabledController | Should -Be $Controller
    }

    It 'takes cgroups from the pipeline' {
        Get-Cgroup "$Root/$Name" | Enable-CgroupController -Controller $Controller
        Get-On "/$Name" | Should -BeExactly $Controller
        [pscustomobject]@{ Cgroup = "/$Name"; Other = 1 } | Disable-CgroupController -Controller $Controller
        Get-On "/$Name" | Should -BeExactly ''
    }

    It 'turns it off, first inside with -Recurse' {
        Enable-CgroupController "/$Name/inner" $Controller
        $refusal = Get-Refusal { Disable-CgroupController "/$Name" $Controller }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupBusy,$Disable"
        "$refusal" | Should -Match 'inside inner'
        Get-On "/$Name" | Should -BeExactly $Controller
        Disable-CgroupController "/$Name" $Controller -Recurse
        Get-On "/$Name" | Should -BeExactly ''
        Get-On "/$Name/inner" | Should -BeExactly ''
    }

    It 'explains that processes stand against it' {
        $sleeper = Start-Sleeper "$Root/$Name/inner"
        $refusal = Get-Refusal { Enable-CgroupController "/$Name/inner" $Controller }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupBusy,$Enable"
        $refusal.CategoryInfo.Category | Should -Be 'ResourceBusy'
        "$refusal" | Should -Match "$($sleeper.Id) sleep.*no internal processes.*-MoveProcessTo /$Name/inner/main"
        # What was turned on above for it is off again.
        Get-On "/$Name" | Should -BeExactly ''
    }

    It 'moves them first with -MoveProcessTo' {
        $sleeper = Start-Sleeper "$Root/$Name/inner"
        $null = New-Cgroup "$Root/$Name/inner/main"
        Enable-CgroupController "/$Name/inner" $Controller -MoveProcessTo "/$Name/inner/main"
        Get-On "/$Name/inner" | Should -BeExactly $Controller
        Get-GroupOf $sleeper.Id $Root | Should -BeExactly "/$Name/inner/main"
    }

    It 'moves them back when it is refused nevertheless' {
        $above = Start-Sleeper "$Root/$Name"
        $sleeper = Start-Sleeper "$Root/$Name/inner"
        $null = New-Cgroup "$Root/$Name/inner/main"
        (Get-Refusal { Enable-CgroupController "/$Name/inner" $Controller -MoveProcessTo "/$Name/inner/main" }).FullyQualifiedErrorId |
            Should -BeExactly "CgroupBusy,$Enable"
        Get-GroupOf $sleeper.Id $Root | Should -BeExactly "/$Name/inner"
        Get-GroupOf $above.Id $Root | Should -BeExactly "/$Name"
    }

    It 'refuses to move them to where they are' {
        (Get-Refusal { Enable-CgroupController "/$Name" $Controller -MoveProcessTo "/$Name" }).FullyQualifiedErrorId | Should -BeExactly "CgroupReferenceInvalid,$Enable"
    }

    It 'refuses a controller of whole processes for threads' {
        [System.IO.File]::WriteAllText("$Root/$Name/inner/cgroup.type", 'threaded')
        $refusal = Get-Refusal { Enable-CgroupController "/$Name/inner" $Controller }
        $refusal.FullyQualifiedErrorId | Should -BeIn "CgroupTypeRefused,$Enable", "CgroupControllerNotEnabled,$Enable"
        "$refusal" | Should -Match 'threaded'
    }

    It 'changes nothing with -WhatIf' {
        Enable-CgroupController "/$Name" $Controller -WhatIf
        Get-On "/$Name" | Should -BeExactly ''
        Enable-CgroupController "/$Name" $Controller
        Disable-CgroupController "/$Name" $Controller -WhatIf
        Get-On "/$Name" | Should -BeExactly $Controller
    }
}

Describe 'Controllers of version 1' -Tag Root, FirstVersion -Skip:(-not $isRoot -or -not $first) {
    AfterEach { Remove-TestGroup }

    It 'refuses them with the reason' {
        $name = New-TestName
        $null = New-Cgroup "/$name" -Controller memory
        foreach ($command in 'Enable', 'Disable') {
            $refusal = Get-Refusal { & "$command-CgroupController" "/$name" memory }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupVersionUnsupported,Isolation.Commands.${command}CgroupControllerCommand"
            $refusal.CategoryInfo.Category | Should -Be 'NotImplemented'
            "$refusal" | Should -Match 'one of version 1'
        }
    }
}

Describe 'Controllers: as anybody' {
    It 'refuses one that the host has not' {
        (Get-Refusal { Enable-CgroupController / nosuch }).FullyQualifiedErrorId | Should -BeExactly "CgroupControllerMissing,$Enable"
        (Get-Refusal { Disable-CgroupController / nosuch }).FullyQualifiedErrorId | Should -BeExactly "CgroupControllerMissing,$Disable"
    }

    It 'refuses a cgroup that is not there' {
        (Get-Refusal { Enable-CgroupController /isotest-nosuch pids }).FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Enable"
    }
}
