BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    . $PSScriptRoot/CgroupTreeHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.GetCgroupProcessCommand'
}

Describe 'Get-CgroupProcess' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach {
        $script:Name = New-TestName
        foreach ($inner in 'a', 'b/c') { $null = New-Cgroup "/$Name/$inner" }
        $script:One = Start-Sleeper (Get-Cgroup "/$Name/a").Path
        $script:Two = Start-Sleeper (Get-Cgroup "/$Name/b/c").Path
    }

    AfterEach {
        Stop-Started
        Remove-TestGroup
    }

    It 'gives a process with what it runs and as whom' {
        $process = Get-CgroupProcess "/$Name/a"
        $process | Should -BeOfType 'Isolation.CgroupProcess'
        $process.Id | Should -Be $One.Id
        $process.Name | Should -BeExactly 'sleep'
        $process.CommandLine | Should -BeExactly 'sleep 600'
        $process.User | Should -BeExactly 'root'
        $process.UserId | Should -Be 0
        $process.Cgroup | Should -BeExactly "/$Name/a"
        [Math]::Abs(($process.StartTime - $One.StartTime).TotalSeconds) | Should -BeLessThan 2
        "$process" | Should -BeExactly "sleep ($($One.Id))"
    }

    It 'gives those in the cgroup itself, and with -Recurse those inside' {
        Get-CgroupProcess "/$Name" | Should -BeNullOrEmpty
        $found = Get-CgroupProcess "/$Name" -Recurse
        $found.Id | Should -Be $One.Id, $Two.Id
        $found.Cgroup | Should -Be "/$Name/a", "/$Name/b/c"
    }

    It 'gives a process once, though it is in many hierarchies' {
        @(Get-CgroupProcess "/$Name/a").Count | Should -Be 1
    }

    It 'takes cgroups, wildcards and processes' {
        (Get-Cgroup "/$Name/a" | Get-CgroupProcess).Id | Should -Be $One.Id
        (Get-CgroupProcess "/$Name/*").Id | Should -Be $One.Id
        (Get-CgroupProcess $Two.Id).Id | Should -Be $Two.Id
    }

    It 'takes a set' {
        $set = New-LimitedSet
        $limit = Set-CgroupLimit $set -PidsMax 10 -PassThru
        $inside = Start-Sleeper $limit.Path
        (Get-CgroupProcess $set).Id | Should -Contain $inside.Id
        Remove-Namespace $set
    }
}

Describe 'Get-CgroupProcess: as anybody' {
    It 'finds this process' {
        (Get-CgroupProcess $PID).Id | Should -Contain $PID
    }

    It 'refuses a cgroup that is not there' {
        $refusal = Get-Refusal { Get-CgroupProcess /isotest-nosuch }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        $refusal.CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }
}
