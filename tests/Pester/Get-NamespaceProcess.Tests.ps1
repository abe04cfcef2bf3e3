# The processes that Get-NamespaceProcess finds, compared with /proc and ip netns pids.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.GetNamespaceProcessCommand'
    $script:Set = New-TestSet Pid, Mount, Net
    $script:Other = New-TestSet Uts
    $script:Sleep = Start-NamespaceProcess $Set sleep -ArgumentList 300
    $script:OtherSleep = Start-NamespaceProcess $Other sleep -ArgumentList 300
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Get-NamespaceProcess' {
    It 'finds every process of a set, in the order of their pids, and none of another' {
        $found = Get-NamespaceProcess $Set
        $found.Id | Should -Be (@($Set.InitId, $Sleep.Id) | Sort-Object)
        $found.Namespace | Should -Be $Set.Name, $Set.Name
        $found | Should -BeOfType Isolation.NamespaceProcess
    }

    It 'finds a set by <How>' -ForEach @(@{ How = 'name' }, @{ How = 'pipeline' }, @{ How = 'process' }, @{ How = 'pid' }) {
        $found = switch ($How) {
            'name' { Get-NamespaceProcess $Set.Name }
            'pipeline' { $Set | Get-NamespaceProcess }
            'process' { Get-NamespaceProcess $Sleep }
            'pid' { Get-NamespaceProcess $Sleep.Id }
        }
        $found.Id | Should -Contain $Sleep.Id
        $found.Id | Should -Not -Contain $OtherSleep.Id
        $found.Id | Should -Not -Contain $PID
    }

    It 'finds the processes of one namespace of Get-NamespaceInfo, and of a path' {
        Get-NamespaceInfo -Type Net | Where-Object Id -EQ $Set.GetId('Net') | Get-NamespaceProcess | ForEach-Object Id | Should -Contain $Sleep.Id
        (Get-NamespaceProcess "/proc/$($Sleep.Id)/ns/net").Id | Should -Contain $Sleep.Id
    }

    It 'finds what ip netns pids finds' -Tag Root {
        $expected = [int[]](ip netns pids $Set.Name) | Sort-Object
        (Get-NamespaceProcess $Set).Id | Should -Be $expected
    }

    It 'finds the processes of all sets without an argument' {
        $found = Get-NamespaceProcess
        $found.Id | Should -Contain $Sleep.Id
        $found.Id | Should -Contain $OtherSleep.Id
        ($found | Where-Object Id -EQ $OtherSleep.Id).Namespace | Should -Be $Other.Name
    }

    It 'shows each pid of the chain of pid namespaces, as /proc does' {
        foreach ($process in Get-NamespaceProcess $Set) {
            $line = [System.IO.File]::ReadAllLines("/proc/$($process.Id)/status") -match '^NSpid:'
            $chain = [int[]]($line -replace '^NSpid:' -split '\s+' | Where-Object { $_ })
            $process.NamespaceIds | Should -Be $chain
            $process.NamespaceId | Should -Be $chain[-1]
            $chain.Count | Should -BeGreaterThan 1
        }
        (Get-NamespaceProcess $Set | Where-Object Id -EQ $Set.InitId).NamespaceId | Should -Be 1
    }

    It 'shows a chain of three where a set is in a set' -Tag Root {
        $inner = Start-NamespaceProcess $Set unshare -ArgumentList '--pid', '--fork', 'sleep', '301'
        try {
            Wait-Until -For 'the sleep' { Get-NamespaceProcess $Set | Where-Object CommandLine -EQ 'sleep 301' }
            $found = Get-NamespaceProcess $Set | Where-Object CommandLine -EQ 'sleep 301'
            $found.NamespaceIds.Count | Should -Be 3
            $found.NamespaceId | Should -Be 1
        }
        finally {
            Get-NamespaceProcess $Set | Where-Object CommandLine -EQ 'sleep 301' | Stop-NamespaceProcess -Force
        }
    }

    It 'shows what the process is' {
        $process = Get-NamespaceProcess $Set | Where-Object Id -EQ $Sleep.Id
        $process.Name | Should -Be 'sleep'
        $process.CommandLine | Should -Be 'sleep 300'
        $process.User | Should -Be ([Environment]::UserName)
        $process.UserId | Should -Be (id -u)
        $process.ThreadCount | Should -Be 1
        $process.State | Should -BeIn 'S', 'R', 'D'
        ([DateTime]::Now - $process.StartTime).TotalMinutes | Should -BeLessThan 10
        "$process" | Should -Be "sleep ($($Sleep.Id))"
    }

    It 'knows of a program that this PowerShell started what Start-NamespaceProcess knows' {
        $process = Start-NamespaceProcess $Set sh -ArgumentList '-c', 'sleep 0.3; exit 9' -RedirectStandardOutput "$TestDrive/known"
        $found = Get-NamespaceProcess $Set | Where-Object Id -EQ $process.Id
        $found.StandardOutput | Should -Be "$TestDrive/known"
        Wait-NamespaceProcess $process -Timeout 20
        $found.HasExited | Should -BeTrue
        $found.ExitCode | Should -Be 9
    }

    It 'shows a table with these columns' {
        $lines = (Get-NamespaceProcess $Set | Out-String -Width 200) -split "`n" | Where-Object { $_.Trim() }
        $lines[0] -split '\s+' | Where-Object { $_ } | Should -Be 'Id', 'NsId', 'User', 'StartTime', 'Namespace', 'Command'
        $lines -match "^\s*$($Sleep.Id)\s+$($Sleep.NamespaceId)\s.*sleep 300" | Should -Not -BeNullOrEmpty
    }

    It 'refuses a name that nothing has, and a process that there is not' {
        $refusal = Get-Refusal { Get-NamespaceProcess isotest-none }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
        $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
        (Get-Refusal { Get-NamespaceProcess 4194304 }).FullyQualifiedErrorId | Should -BeExactly "ProcessNotFound,$Command"
    }

    It 'goes on with the next after one that is refused' {
        $found = Get-NamespaceProcess isotest-none, $Set -ErrorVariable refused -ErrorAction SilentlyContinue
        $found.Id | Should -Contain $Sleep.Id
        $refused.Count | Should -Be 1
    }
}
