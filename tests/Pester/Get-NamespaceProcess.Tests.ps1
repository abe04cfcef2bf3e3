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

Describe 'Get-NamespaceProcess, who a process is' {
    It 'pidns01: shows session, process group and ids, outside and inside, as /proc does' {
        $set = New-TestSet User, Pid, Mount -With @{ MapRootUser = $true }
        $process = Start-NamespaceProcess $set sleep -ArgumentList 300
        try {
            $found = Get-NamespaceProcess $set | Where-Object Id -EQ $process.Id
            $status = [System.IO.File]::ReadAllLines("/proc/$($process.Id)/status")
            $line = { param($name) ($status -match "^${name}:") -replace "^${name}:" -split '\s+' | Where-Object { $_ } }
            $found.SessionId | Should -Be (& $line NSsid)[0]
            $found.NamespaceSessionId | Should -Be (& $line NSsid)[-1]
            $found.ProcessGroupId | Should -Be (& $line NSpgid)[0]
            $found.UserId | Should -Be (id -u)
            $found.GroupId | Should -Be (id -g)
            $found.NamespaceUserId | Should -Be (Enter-Namespace $set id -ArgumentList '-u')
            $found.NamespaceGroupId | Should -Be (Enter-Namespace $set id -ArgumentList '-g')
            $found.NamespaceUserId | Should -Be 0
            # It leads a session of its own, inside as outside.
            $found.NamespaceSessionId | Should -Be $found.NamespaceId
            $found.NamespaceSessionId | Should -Not -Be $found.SessionId
        } finally {
            Remove-Namespace $set
        }
    }

    It 'translates through every line of the map' -Tag Root {
        $set = New-TestSet User -With @{ UserMap = '0:100000:1000', '5000:200000:1000'; GroupMap = '0:300000:10' }
        try {
            $process = Start-NamespaceProcess $set sleep -ArgumentList 300 -User 5007 -Group 3
            $found = Get-NamespaceProcess $set | Where-Object Id -EQ $process.Id
            $found.UserId | Should -Be 200007
            $found.NamespaceUserId | Should -Be 5007
            $found.GroupId | Should -Be 300003
            $found.NamespaceGroupId | Should -Be 3
        } finally {
            Remove-Namespace $set
        }
    }

    It 'gives the ids of a process in the caller''s own user namespace as they are' {
        $found = Get-NamespaceProcess (Get-NamespaceInfo -Id $PID -Type Uts) | Where-Object Id -EQ $PID
        $found.NamespaceUserId | Should -Be (id -u)
        $found.NamespaceGroupId | Should -Be (id -g)
        $found.SessionId | Should -Be ([System.IO.File]::ReadAllText("/proc/$PID/stat") -replace '^.*\) ' -split ' ')[3]
    }

    It 'has null for a user whom the map does not have' -Tag Root {
        $set = New-TestSet User, Uts -With @{ UserMap = '0:100000:10' }
        # Made before it enters, so it stays a user of the host, whom the map does not have.
        $id = [int](sh -c "nsenter --user=$($set.Folder)/ns/user --preserve-credentials sleep 300 >/dev/null 2>&1 & echo `$!")
        try {
            Wait-Until { (Get-NamespaceProcess $set).Id -contains $id } -For 'the process in the set' -Seconds 30
            $found = Get-NamespaceProcess $set | Where-Object Id -EQ $id
            $found.UserId | Should -Be 0
            $found.NamespaceUserId | Should -BeNullOrEmpty
        } finally {
            Remove-Namespace $set
        }
    }
}
