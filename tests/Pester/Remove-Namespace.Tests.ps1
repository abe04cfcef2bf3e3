# What Remove-Namespace ends and takes away, and what it leaves alone.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.RemoveNamespaceCommand'

    function Start-Host {
        # A program of the host's, by its own means, such as nsenter(1); its process is what Process.Start gives.
        param([string] $Path, [string[]] $Arguments)
        $start = [System.Diagnostics.ProcessStartInfo]::new($Path)
        foreach ($argument in $Arguments) { $start.ArgumentList.Add($argument) }
        [System.Diagnostics.Process]::Start($start)
    }

    function Write-Record {
        param($Set, [string] $Text)
        [System.IO.File]::WriteAllText("$($Set.Folder)/set.json", $Text)
    }
}

AfterAll {
    Remove-TestLeftover
}

Describe 'Remove-Namespace' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    Context 'what it takes' {
        It 'a name' {
            $set = New-TestSet User
            Remove-Namespace $set.Name | Should -BeNullOrEmpty
            (Get-Namespace).Name | Should -Not -Contain $set.Name
        }

        It 'names and sets from the pipeline' {
            $sets = 1..3 | ForEach-Object { New-TestSet User }
            $sets[0].Name | Remove-Namespace
            $sets[1, 2] | Remove-Namespace
            (Get-Namespace).Name | Where-Object { $_ -in $sets.Name } | Should -BeNullOrEmpty
        }

        It 'a set as the argument' {
            $set = New-TestSet User
            Remove-Namespace $set
            (Get-Namespace).Name | Should -Not -Contain $set.Name
        }

        It 'a wildcard, and leaves sets that it does not match' {
            $stem = New-TestName
            $sets = foreach ($end in 'x1', 'x2', 'y') { $TestNames.Add("$stem-$end"); New-TestSet User -Name "$stem-$end" }
            Remove-Namespace "$stem-x*"
            (Get-Namespace "$stem-*").Name | Should -Be "$stem-y"
        }

        It 'a wildcard that nothing matches, without a word' {
            Remove-Namespace "$(New-TestName)*" -ErrorAction Stop
        }

        It 'the same set twice' {
            $set = New-TestSet User
            $set, $set.Name | Remove-Namespace -ErrorAction Stop
        }
    }

    Context 'what it ends' {
        It 'the init and every process of a set with a pid namespace' {
            $set = New-TestSet Pid, Mount, Net
            $inside = Start-NamespaceProcess $set sh -ArgumentList '-c', 'trap "" TERM INT HUP; sleep 300 & sleep 301'
            $detached = Start-NamespaceProcess $set sleep -ArgumentList 302 -Detach
            Wait-Until -For 'the two sleeps' { @(Get-NamespaceProcess $set | Where-Object Name -EQ sleep).Count -eq 3 }
            $all = @(Get-NamespaceProcess $set)
            $all.Count | Should -Be 5
            Remove-Namespace $set
            foreach ($process in $all) { Test-ProcessAlive $process.Id | Should -BeFalse -Because $process }
        }

        It 'every process of a set without a pid namespace' {
            $set = New-TestSet Uts
            $inside = Start-NamespaceProcess $set sh -ArgumentList '-c', 'trap "" TERM INT HUP; sleep 300 & sleep 301'
            Wait-Until -For 'the two sleeps' { @(Get-NamespaceProcess $set | Where-Object Name -EQ sleep).Count -eq 2 }
            $all = @(Get-NamespaceProcess $set)
            Remove-Namespace $set
            foreach ($process in $all) { Test-ProcessAlive $process.Id | Should -BeFalse -Because $process }
        }

        It 'a process that nsenter put into it' -Tag Root {
            $set = New-Namespace -Name (New-TestName) -Type Uts, Net
            $process = Start-Host nsenter "--net=$($set.Folder)/ns/net", sleep, '300'
            try {
                Wait-Until -For 'the sleep' { (Get-NamespaceProcess $set).Name -contains 'sleep' }
                Remove-Namespace $set
                $process.WaitForExit(10000) | Should -BeTrue
                $process.ExitCode | Should -Be 137
            }
            finally {
                if (-not $process.HasExited) { $process.Kill() }
            }
        }

        It 'no process of another set or of the host' {
            $set = New-TestSet Uts
            $other = New-TestSet Uts
            $kept = Start-NamespaceProcess $other sleep -ArgumentList 300
            $own = Start-Host sleep '300'
            try {
                Remove-Namespace $set
                Test-ProcessAlive $kept.Id | Should -BeTrue
                Test-ProcessAlive $own.Id | Should -BeTrue
                Enter-Namespace $other true
                $LASTEXITCODE | Should -Be 0
            }
            finally {
                $own.Kill()
                $own.WaitForExit()
            }
        }
    }

    Context 'what it takes away' {
        It 'leaves the host as it was before the set' {
            # Others may hold sets of their own on this host: compared is what bears this set's name, and the number of links.
            $links = (ip -j link | ConvertFrom-Json).Count
            $name = New-TestName
            $set = New-TestSet Pid, Mount, Net, Uts, Ipc, User, Cgroup, Time -Name $name
            $null = Start-NamespaceProcess $set sleep -ArgumentList 300
            Get-TestLeftover | Should -Not -BeNullOrEmpty
            Remove-Namespace $set
            Get-TestLeftover | Should -BeNullOrEmpty
            (ip -j link | ConvertFrom-Json).Count | Should -Be $links
            foreach ($key in $set.Namespaces) {
                Get-NamespaceInfo -Type $key.Type | Where-Object Id -EQ $key.Id | Should -BeNullOrEmpty -Because $key
            }
        }

        It 'takes pins, the set''s folder and the name of ip netns' -Tag Root {
            $set = New-Namespace -Name (New-TestName) -Type Net, Uts, Mount, Pid
            [System.IO.File]::Exists("/run/netns/$($set.Name)") | Should -BeTrue
            [System.IO.Directory]::Exists($set.Folder) | Should -BeTrue
            Remove-Namespace $set
            [System.IO.File]::Exists("/run/netns/$($set.Name)") | Should -BeFalse
            [System.IO.Directory]::Exists($set.Folder) | Should -BeFalse
            [System.IO.File]::ReadAllText('/proc/self/mountinfo').Contains($set.Name) | Should -BeFalse
        }

        It 'takes the folder of all sets with the last of them' {
            $set = New-TestSet User
            [System.IO.Directory]::Exists($StateFolder) | Should -BeTrue
            Remove-Namespace $set
            $others = @(Get-Namespace)
            [System.IO.Directory]::Exists($StateFolder) | Should -Be ($others.Count -ne 0)
        }

        It 'leaves a network of ip netns that took the name since' -Tag Root {
            $set = New-Namespace -Name (New-TestName) -Type Net
            ip netns delete $set.Name
            ip netns add $set.Name
            try {
                Remove-Namespace $set
                (ip -j netns list | ConvertFrom-Json).name | Should -Contain $set.Name
            }
            finally {
                ip netns delete $set.Name
            }
        }
    }

    Context '-WhatIf' {
        It 'removes nothing' {
            $set = New-TestSet User
            Remove-Namespace $set -WhatIf | Should -BeNullOrEmpty
            (Get-Namespace $set.Name).State | Should -Be Ready
        }
    }

    Context 'sets that are broken' {
        It 'shows a set whose init was killed as broken, refuses to enter it, and removes it' {
            $set = New-TestSet Pid, Uts
            /bin/kill -KILL $set.InitId
            Wait-Until -For 'the end of the init' { -not (Test-ProcessAlive $set.InitId) }
            (Get-Namespace $set.Name).State | Should -Be Broken
            $refusal = Get-Refusal { Enter-Namespace $set true }
            $refusal.FullyQualifiedErrorId | Should -BeExactly 'NamespaceSetBroken,Isolation.Commands.EnterNamespaceCommand'
            $refusal.CategoryInfo.Category | Should -Be ResourceUnavailable
            $refusal.Exception.Message | Should -Match "Remove-Namespace $($set.Name)"
            Remove-Namespace $set -ErrorAction Stop
        }

        It 'shows an ordinary user''s set whose holder was killed as broken' -Tag User {
            $set = New-TestSet Uts
            $holder = (Get-Content "$($set.Folder)/set.json" -Raw | ConvertFrom-Json).keeper.pid
            /bin/kill -KILL $holder
            Wait-Until -For 'the end of the holder' { -not (Test-ProcessAlive $holder) }
            (Get-Namespace $set.Name).State | Should -Be Broken
            (Get-Refusal { Enter-Namespace $set true }).FullyQualifiedErrorId | Should -BeExactly 'NamespaceSetBroken,Isolation.Commands.EnterNamespaceCommand'
        }

        It 'refuses to read a record that <Why>, and removes the set with all that is in it' -ForEach @(
            @{ Why = 'is cut off'; Text = '{ "schema": 1, "name": "isot' }
            @{ Why = 'is empty'; Text = '' }
            @{ Why = 'is something else'; Text = '[1, 2]' }
            @{ Why = 'has no name'; Text = '{ "schema": 1, "types": "Uts" }' }
        ) {
            $set = New-TestSet Uts, Net
            $keeper = (Get-Content "$($set.Folder)/set.json" -Raw | ConvertFrom-Json).keeper.pid
            $inside = Start-NamespaceProcess $set sleep -ArgumentList 300
            Write-Record $set $Text
            $refusal = Get-Refusal { Get-Namespace $set.Name }
            $refusal.FullyQualifiedErrorId | Should -BeExactly 'NamespaceRecordDamaged,Isolation.Commands.GetNamespaceCommand'
            $refusal.CategoryInfo.Category | Should -Be InvalidData
            $refusal.Exception.Message | Should -Match 'Remove-Namespace'
            (Get-Refusal { Enter-Namespace $set.Name true }).FullyQualifiedErrorId | Should -BeExactly 'NamespaceRecordDamaged,Isolation.Commands.EnterNamespaceCommand'
            (Get-Refusal { New-Namespace -Name $set.Name -Type User }).CategoryInfo.Category | Should -BeIn 'InvalidData', 'ResourceExists'
            Remove-Namespace $set.Name -ErrorAction Stop
            [System.IO.Directory]::Exists($set.Folder) | Should -BeFalse
            Wait-Until -For 'the end of the process inside' { -not (Test-ProcessAlive $inside.Id) } -Seconds 5
            if ($keeper) { Wait-Until -For 'the end of the set''s keeper' { -not (Test-ProcessAlive $keeper) } -Seconds 5 }
        }

        It 'lists the other sets beside one whose record is damaged' {
            $good = New-TestSet User
            $bad = New-TestSet User
            Write-Record $bad ''
            $found = Get-Namespace 'isotest-*' -ErrorAction SilentlyContinue -ErrorVariable refused
            $found.Name | Should -Contain $good.Name
            $refused.TargetObject | Should -Contain $bad.Name
        }

        It 'refuses to touch a set of a newer version' {
            $set = New-TestSet User
            $record = Get-Content "$($set.Folder)/set.json" -Raw
            Write-Record $set ($record -replace '"name":', '"schema": 99, "name":' -replace '"schema": 1,\s*')
            try {
                foreach ($refusal in (Get-Refusal { Get-Namespace $set.Name }), (Get-Refusal { Remove-Namespace $set.Name })) {
                    $refusal.FullyQualifiedErrorId | Should -Match '^NamespaceRecordTooNew,'
                    $refusal.CategoryInfo.Category | Should -Be InvalidData
                }
            }
            finally {
                Write-Record $set $record
            }
        }

        It 'finishes the removal of a set that a killed PowerShell had half made' {
            $set = New-TestSet User
            $record = Get-Content "$($set.Folder)/set.json" -Raw
            Write-Record $set ($record -replace '"phase": "Ready",', '"phase": "Creating", "owner": { "pid": 999999, "startTicks": 5 },')
            (Get-Namespace).Name | Should -Not -Contain $set.Name
            Get-TestLeftover | Should -BeNullOrEmpty
        }
    }

    Context 'what it refuses' {
        It 'a name that no set has, and goes on with the next' {
            $set = New-TestSet User
            'isotest-none', $set.Name | Remove-Namespace -ErrorVariable refused -ErrorAction SilentlyContinue
            $refused.Count | Should -Be 1
            $refused[0].FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
            $refused[0].CategoryInfo.Category | Should -Be ObjectNotFound
            $refused[0].TargetObject | Should -Be 'isotest-none'
            (Get-Namespace).Name | Should -Not -Contain $set.Name
        }

        It 'a name that leads out of the folder: <Name>' -ForEach @(@{ Name = '..' }, @{ Name = '../../etc' }, @{ Name = '/tmp' }) {
            (Get-Refusal { Remove-Namespace $Name -WhatIf }).FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
        }

        It 'an empty name, when its parameters are bound' {
            (Get-Refusal { Remove-Namespace '' }).FullyQualifiedErrorId | Should -BeExactly "CannotConvertArgumentNoMessage,$Command"
        }

        It 'a process that has the name of a set, when its parameters are bound' {
            $name = New-TestName
            $set = New-TestSet Uts -Name $name
            $process = Start-NamespaceProcess $set -FilePath sleep -ArgumentList 60
            (Get-Refusal { $process | Select-Object *, @{ n = 'x'; e = { 1 } } | Remove-Namespace }).CategoryInfo.Category | Should -Be InvalidArgument
            (Get-Refusal { $process | Remove-Namespace }).CategoryInfo.Category | Should -Be InvalidArgument
            (Get-Namespace $name).State | Should -Be Ready
            $process.HasExited | Should -BeFalse
        }
    }
}
