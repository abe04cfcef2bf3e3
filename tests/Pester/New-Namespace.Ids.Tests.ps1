# The ids of user namespaces: their maps, who may write them, and what follows for files and capabilities. Read back with id(1), /proc and stat(1).

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.NewNamespaceCommand'
    $script:UserName = id -un
    $script:Uid = [int](id -u)
    $script:Gid = [int](id -g)

    function Get-SubordinateRange {
        # First id and number of ids of the first line for this user.
        param([string] $File)
        $line = [System.IO.File]::ReadAllLines($File) | Where-Object { $_ -like "${UserName}:*" } | Select-Object -First 1
        if (-not $line) { throw "$File has no line for $UserName, which this test needs: useradd gives one where uidmap is installed." }
        [long[]]($line -split ':')[1, 2]
    }

    function Get-FreeRange {
        # Ids outside that this user may map, as text START:COUNT is put together by the caller: the second thousand of them where asked for.
        param([int] $Number = 0)
        if ($IsRoot) { 300000 + (1000 * $Number) } else { (Get-SubordinateRange /etc/subuid)[0] + (1000 * $Number) }
    }

    function Get-FreeGroupRange {
        param([int] $Number = 0)
        if ($IsRoot) { 300000 + (1000 * $Number) } else { (Get-SubordinateRange /etc/subgid)[0] + (1000 * $Number) }
    }

    function New-MappedSet {
        # A set whose ids 0 to 999 are others outside than the caller's.
        param([int] $Number = 0, [string[]] $Type = 'User', [hashtable] $With = @{})
        New-Namespace (New-TestName) -Type $Type -UserMap "0:$(Get-FreeRange $Number):1000" -GroupMap "0:$(Get-FreeGroupRange $Number):1000" @With -ErrorAction Stop
    }

    function Read-Map {
        # The lines of a map, as INSIDE:OUTSIDE:COUNT.
        param([string[]] $Line)
        $Line | ForEach-Object { ($_.Trim() -split '\s+') -join ':' }
    }
}

AfterAll {
    Remove-TestLeftover
}

Describe 'New-IdMap' {
    It 'makes lines, also of the properties of what comes down the pipeline' {
        $map = New-IdMap 0 100000 65536
        $map | Should -BeOfType Isolation.IdMap
        $map.Inside, $map.Outside, $map.Count | Should -Be 0, 100000, 65536
        "$map" | Should -BeExactly '0:100000:65536'
        (New-IdMap -Inside 5 -Outside 6).Count | Should -Be 1
        $lines = "Inside,Outside,Count`n0,1000,1`n1,100000,10" | ConvertFrom-Csv | New-IdMap
        "$lines" | Should -BeExactly '0:1000:1 1:100000:10'
        [Isolation.IdMap]'0:100000:65536' | Should -Be $map
        ($map | Out-String) -replace '\s+', ' ' | Should -Match 'Inside Outside Count .* 0 100000 65536'
    }

    It 'refuses <Inside>, <Outside>, <Count>' -ForEach @(
        @{ Inside = 0; Outside = 0; Count = 0 }
        @{ Inside = -1; Outside = 0; Count = 1 }
        @{ Inside = 0; Outside = 4294967295; Count = 1 }
        @{ Inside = 4294967290; Outside = 0; Count = 6 }
    ) {
        $refusal = Get-Refusal { New-IdMap $Inside $Outside $Count }
        $refusal.FullyQualifiedErrorId | Should -BeExactly 'IdMapInvalid,Isolation.Commands.NewIdMapCommand'
        $refusal.CategoryInfo.Category | Should -Be InvalidArgument
        $refusal.TargetObject | Should -Be "${Inside}:${Outside}:$Count"
    }
}

Describe 'The ids of a user namespace' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    Context 'maps' {
        It 'has the overflow ids where nothing is mapped' {
            $set = New-Namespace (New-TestName) -Type User
            Enter-Namespace $set sh -ArgumentList '-c', 'id -u; id -g; cat /proc/self/uid_map' |
                Should -Be ([System.IO.File]::ReadAllText('/proc/sys/kernel/overflowuid').Trim()), ([System.IO.File]::ReadAllText('/proc/sys/kernel/overflowgid').Trim())
        }

        It 'maps several ranges of users and of groups, as both sides show them' {
            $free, $groups = (Get-FreeRange), (Get-FreeGroupRange)
            $users = (New-IdMap 0 $free 10), (New-IdMap 10 $Uid 1), (New-IdMap 1000 ($free + 500) 100)
            $set = New-Namespace (New-TestName) -Type User, Pid, Mount -UserMap $users -GroupMap "0:${groups}:7", "100:$($groups + 50):3"
            $expected = "$users" -split ' '
            Read-Map (Enter-Namespace $set cat /proc/self/uid_map) | Should -Be $expected
            Read-Map (Get-Content "/proc/$($set.InitId)/uid_map") | Should -Be $expected
            Read-Map (Enter-Namespace $set cat /proc/self/gid_map) | Should -Be "0:${groups}:7", "100:$($groups + 50):3"
            # As a process of another user namespace sees it: relative to its own.
            Enter-Namespace $set sh -ArgumentList '-c', 'id -u; id -g' | Should -Be '0', '0'
            Enter-Namespace $set id -ArgumentList '-u' -User 1005 -Group 100 | Should -Be '1005'
        }

        It 'lets its init be nobody of the host: its ids are those of root inside' {
            $set = New-MappedSet -Type User, Pid, Mount
            $status = Get-Content "/proc/$($set.InitId)/status"
            ($status -match '^Uid:') -split '\s+' | Select-Object -Skip 1 -Unique | Should -Be (Get-FreeRange)
            ($status -match '^Gid:') -split '\s+' | Select-Object -Skip 1 -Unique | Should -Be (Get-FreeGroupRange)
            "$($status -match '^Groups:')".Trim() | Should -BeExactly 'Groups:'
        }

        It 'keeps the caller''s ids with -MapCurrentUser' {
            $set = New-Namespace (New-TestName) -Type User -MapCurrentUser
            Enter-Namespace $set sh -ArgumentList '-c', 'id -u; id -g' | Should -Be "$Uid", "$Gid"
            Read-Map (Enter-Namespace $set cat /proc/self/uid_map) | Should -Be "${Uid}:${Uid}:1"
        }

        It 'maps the subordinate ids with -MapAuto, through newuidmap: <Name>' -Tag User -ForEach @(
            @{ Name = 'alone'; Own = $null }
            @{ Name = 'beside root'; Own = 'MapRootUser' }
            @{ Name = 'around the own ids'; Own = 'MapCurrentUser' }
        ) {
            $start, $count = Get-SubordinateRange /etc/subuid
            $switches = if ($Own) { @{ $Own = $true } } else { @{} }
            $set = New-Namespace (New-TestName) -Type User, Mount, Pid -MapAuto @switches
            $expected = switch ($Own) {
                'MapRootUser' { "0:${Uid}:1", "1:${start}:$count" }
                'MapCurrentUser' { "0:${start}:$Uid", "${Uid}:${Uid}:1", "$($Uid + 1):$($start + $Uid):$($count - $Uid)" }
                default { "0:${start}:$count" }
            }
            Read-Map (Enter-Namespace $set cat /proc/self/uid_map) | Should -Be $expected
            Enter-Namespace $set sh -ArgumentList '-c', 'id -u' -User 7 | Should -Be '7'
            Enter-Namespace $set hostname | Should -Be (hostname)
        }

        It 'maps everything one to one, which root may' -Tag Root {
            $set = New-Namespace (New-TestName) -Type User -UserMap 0:0:4294967295
            Read-Map (Enter-Namespace $set cat /proc/self/uid_map /proc/self/gid_map) | Should -Be '0:0:4294967295', '0:0:4294967295'
            Enter-Namespace $set id -ArgumentList '-u' -User 65534 | Should -Be '65534'
        }

        It 'lets the groups have the lines of the users where there is no -GroupMap' -Tag Root {
            $set = New-Namespace (New-TestName) -Type User -UserMap 0:300000:10
            Read-Map (Enter-Namespace $set cat /proc/self/gid_map) | Should -Be '0:300000:10'
        }

        It 'makes the user namespace that a map is for, also where -Type does not name it' -Tag User {
            (New-Namespace (New-TestName) -Type Uts -MapAuto).Type | Should -Be ([Isolation.NamespaceType]'User, Uts')
        }
    }

    Context 'setgroups' {
        It 'is denied for ever with -SetGroups Deny, and where a group alone is mapped without privilege' {
            foreach ($set in (New-MappedSet -With @{ SetGroups = 'Deny' }), (New-Namespace (New-TestName) -Type User -MapRootUser)) {
                Enter-Namespace $set cat /proc/self/setgroups | Should -Be 'deny'
                Enter-Namespace $set perl -ArgumentList '-e', '$) = "0 0"; print $! ? "refused\n" : "done\n"' | Should -Be 'refused'
            }
        }

        It 'is allowed otherwise' {
            foreach ($set in (New-MappedSet), (New-MappedSet -With @{ SetGroups = 'Allow' })) {
                Enter-Namespace $set cat /proc/self/setgroups | Should -Be 'allow'
                Enter-Namespace $set perl -ArgumentList '-e', '$) = "0 5 6"; print "$)\n"' | Should -Be '0 5 6'
            }
        }
    }

    Context 'behaviour' {
        It 'is inherited by the children of a program inside' {
            $set = New-MappedSet
            Enter-Namespace $set sh -ArgumentList '-c', 'sh -c "readlink /proc/self/ns/user; id -u"' | Should -Be "user:[$($set.GetId('User'))]", '0'
        }

        It 'gives every capability to root inside, and none to others, once a program is run' {
            $every = [System.IO.File]::ReadAllText('/proc/sys/kernel/cap_last_cap').Trim()
            $all = '{0:x16}' -f ([math]::Pow(2, [int]$every + 1) - 1 -as [ulong])
            $read = '-c', 'grep -E "^Cap(Eff|Prm)" /proc/self/status'
            $set = New-MappedSet
            Enter-Namespace $set sh -ArgumentList $read | Should -Be "CapPrm:`t$all", "CapEff:`t$all"
            Enter-Namespace $set sh -ArgumentList $read -User 5 | Should -Be "CapPrm:`t$('0' * 16)", "CapEff:`t$('0' * 16)"
        }

        It 'keeps the files of a user from the same user inside another set' {
            $folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'isotest-' + [guid]::NewGuid().ToString('n'))
            $null = [System.IO.Directory]::CreateDirectory($folder)
            chmod 1777 $folder
            try {
                $one, $other = (New-MappedSet 0), (New-MappedSet 1)
                foreach ($user in 0, 33) {
                    $file = "$folder/secret-$user"
                    Enter-Namespace $one sh -ArgumentList '-c', "umask 077; id -u > $file" -User $user
                    stat -c %u $file | Should -Be "$((Get-FreeRange 0) + $user)"
                    Enter-Namespace $one cat $file -User $user | Should -Be "$user"
                    Enter-Namespace $other sh -ArgumentList '-c', "id -u; cat $file 2>/dev/null || echo refused; rm -f $file 2>/dev/null || echo kept" -User $user |
                        Should -Be "$user", 'refused', 'kept'
                }
            }
            finally {
                # Theirs, not the caller's.
                Enter-Namespace $one sh -ArgumentList '-c', "rm -f $folder/secret-*"
                [System.IO.Directory]::Delete($folder, $true)
            }
        }
    }

    Context 'what it refuses' {
        It 'overlapping lines, by line' {
            $name = New-TestName
            $refusal = Get-Refusal { New-Namespace $name -Type User -UserMap 0:300000:10, 9:400000:1 }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "IdMapInvalid,$Command"
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
            $refusal.Exception.Message | Should -Match 'line 2 \(9:400000:1\) and line 1 \(0:300000:10\)'
            (Get-Namespace).Name | Should -Not -Contain $name
        }

        It 'more than 340 lines' {
            $lines = 0..340 | ForEach-Object { New-IdMap ($_ * 2) ($_ * 2) }
            (Get-Refusal { New-Namespace (New-TestName) -Type User -UserMap $lines }).Exception.Message | Should -Match 'line 341 '
        }

        It 'a text that is no map, when its parameters are bound' {
            $refusal = Get-Refusal { New-Namespace (New-TestName) -Type User -UserMap 0:1:5000000000 }
            $refusal.FullyQualifiedErrorId | Should -BeLike "*,$Command"
            $refusal.Exception.Message | Should -Match '4294967294'
        }

        It 'ids that an ordinary user may not map, and names the line' -Tag User {
            $name = New-TestName
            $refusal = Get-Refusal { New-Namespace $name -Type User -UserMap "0:${Uid}:1", 1:0:5 }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "IdMapNotAllowed,$Command"
            $refusal.CategoryInfo.Category | Should -Be PermissionDenied
            $refusal.Exception.Message | Should -Match 'line 2 \(1:0:5\) .* /etc/subuid'
            (Get-Namespace).Name | Should -Not -Contain $name
        }

        It 'ids that its own user namespace does not have, and names the line' {
            $folder = [System.IO.Directory]::CreateTempSubdirectory('isotest-').FullName
            try {
                $answer = Invoke-ChildHost 'Write-Refusal { New-Namespace -Type User -UserMap 0:0:1, 1:7:3 }' -Prefix unshare, '-r', 'env', "XDG_RUNTIME_DIR=$folder"
                $answer | Should -Match '^IdMapNotAllowed,\S+ PermissionDenied -UserMap line 2 \(1:7:3\)'
            }
            finally {
                [System.IO.Directory]::Delete($folder, $true)
            }
        }

        It 'a switch beside a map, and two for the same id' {
            foreach ($switches in @{ MapAuto = $true; UserMap = '0:0:1' }, @{ MapRootUser = $true; MapCurrentUser = $true }) {
                (Get-Refusal { New-Namespace (New-TestName) -Type User @switches }).FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
            }
        }

        It '-SetGroups Allow where the kernel denies it' -Tag User {
            $refusal = Get-Refusal { New-Namespace (New-TestName) -Type User -MapRootUser -SetGroups Allow }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "IdMapNotAllowed,$Command"
            $refusal.Exception.Message | Should -Match '-MapAuto'
        }

        It '-SetGroups without a user namespace' {
            (Get-Refusal { New-Namespace (New-TestName) -Type Uts -SetGroups Deny }).Exception.Message | Should -Match 'Add User'
        }
    }

    Context 'a host that lacks what it takes' -Tag User {
        BeforeAll {
            # The files of this host with one covered, and then the user's own ids again, without privilege.
            $script:Cover = { param($File) 'unshare', '-rm', 'sh', '-c', "mount --bind /dev/null $File && exec unshare -U --map-user=$Uid --map-group=$Gid `"`$0`" `"`$@`"" }
        }

        It 'is told of as a missing newuidmap, and nothing is left' {
            $answer = Invoke-ChildHost "Write-Refusal { New-Namespace -Type User -MapAuto }; Write-Line @(Get-Namespace ""unnamed-`$PID-*"").Count" -Prefix (& $Cover /usr/bin/newuidmap)
            $answer[0] | Should -Match '^IdMapProgramMissing,\S+ ResourceUnavailable .*newuidmap is not installed.*apt-get install uidmap'
            $answer[1] | Should -Be '0'
        }

        It 'is told of as a missing line of /etc/subuid' {
            $answer = Invoke-ChildHost "Write-Refusal { New-Namespace -Type User -MapAuto }" -Prefix (& $Cover /etc/subuid)
            $answer | Should -Match "^SubordinateIdsMissing,\S+ PermissionDenied /etc/subuid has no line for $UserName.*usermod --add-subuids"
        }

        It 'is told of in newuidmap''s own words where that refuses' {
            # Under no_new_privs a setuid program gains nothing.
            $answer = Invoke-ChildHost "Write-Refusal { New-Namespace -Type User -MapAuto }" -Prefix setpriv, '--no-new-privs'
            $answer | Should -Match '^IdMapRefused,\S+ PermissionDenied .*new[ug]idmap: .*Test-IsolationHost'
        }
    }

    It 'names the id that is not mapped and the parameter that maps it' -Tag Root {
        $set = New-MappedSet
        (Get-Refusal { Enter-Namespace $set true -User 5000 -Group 0 }).Exception.Message | Should -Match 'The user id 5000 is not mapped .*-UserMap'
        (Get-Refusal { Enter-Namespace $set true -User 0 -Group 5000 }).Exception.Message | Should -Match 'The group id 5000 is not mapped .*-GroupMap'
        $small = New-Namespace (New-TestName) -Type User -UserMap "0:$(Get-FreeRange 1):70000" -GroupMap "0:$(Get-FreeGroupRange 1):1" -ErrorAction Stop
        (Get-Refusal { Enter-Namespace $small true -User daemon }).Exception.Message | Should -Match 'group ids are mapped .*\[1\].*-GroupMap'
    }
}

Describe 'The process that keeps a set' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'has no environment of PowerShell''s' {
        # The agent starts with the process: what is in its environment then would be in that of each of its copies.
        $before = "ISOTEST_SECRET=$([guid]::NewGuid())"
        $name = New-TestName
        $options = if ($IsRoot) { '-Type Pid, Mount' } else { '-Type User, Pid, Mount -MapRootUser' }
        $said = Invoke-ChildHost "
            Write-Line `$env:ISOTEST_SECRET
            `$null = New-Namespace $name $options
            Write-Line read (Enter-Namespace $name sh -ArgumentList '-c', 'tr ""\0"" ""\n"" < /proc/1/environ 2>&1 | grep -c ISOTEST_SECRET')
        " -Prefix 'env', $before
        $said | Should -Be ($before -split '=')[1], 'read 0'
    }

    It 'is closed to root of its user namespace, for its memory began as a copy of root''s agent' -Tag Root {
        $set = New-MappedSet -Type User, Pid, Mount
        $said = Enter-Namespace $set sh -ArgumentList '-c', 'id -u; cat /proc/1/comm; for file in mem maps environ exe; do dd if=/proc/1/$file bs=1 count=0 2> /dev/null && echo open $file; done; echo end'
        $said | Should -Be '0', 'isolation-init', 'end'
    }
}

Describe 'The clocks of a time namespace' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'are ahead by the offsets, for each program that is run in it' {
        $set = New-TestSet Time, Pid -With @{ MonotonicOffset = [timespan]'7.00:00:00'; BootTimeOffset = [timespan]'30.00:00:00.5' }
        foreach ($round in 1..2) {
            $said = Enter-Namespace $set sh -ArgumentList '-c', 'readlink /proc/self/ns/time; cat /proc/self/timens_offsets /proc/uptime'
            $said[0] | Should -Be "time:[$($set.GetId('Time'))]"
            $said[1] -replace '\s+', ' ' | Should -Be 'monotonic 604800 0'
            $said[2] -replace '\s+', ' ' | Should -Be 'boottime 2592000 500000000'
            $own = [double]([System.IO.File]::ReadAllText('/proc/uptime') -split ' ')[0]
            [double]($said[3] -split ' ')[0] - $own | Should -BeGreaterThan (2592000 - 60)
            [double]($said[3] -split ' ')[0] - $own | Should -BeLessThan (2592000 + 60)
        }
    }

    It 'are the host''s without an offset' {
        $set = New-TestSet Time
        Enter-Namespace $set cat /proc/self/timens_offsets | ForEach-Object { $_ -replace '\s+', ' ' } | Should -Be 'monotonic 0 0', 'boottime 0 0'
    }

    It 'go back too, down to zero, in parts of a second' {
        $set = New-TestSet Time -With @{ MonotonicOffset = [timespan]::FromMilliseconds(-1250) }
        (Enter-Namespace $set cat /proc/self/timens_offsets)[0] -replace '\s+', ' ' | Should -Be 'monotonic -2 750000000'
    }

    It 'refuses <Parameter> below zero' -ForEach @(@{ Parameter = 'MonotonicOffset' }, @{ Parameter = 'BootTimeOffset' }) {
        $name = New-TestName
        $options = @{ $Parameter = [timespan]'-36500.00:00:00' }
        $refusal = Get-Refusal { New-TestSet Time -Name $name -With $options }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
        $refusal.Exception.Message | Should -Match "-$Parameter .*below zero"
        (Get-Namespace).Name | Should -Not -Contain $name
    }

    It 'refuses an offset beyond what the kernel takes' {
        (Get-Refusal { New-TestSet Time -With @{ BootTimeOffset = [timespan]'90000.00:00:00' } }).Exception.Message | Should -Match '146 years'
    }

    It 'refuses an offset without a new time namespace' {
        $refusal = Get-Refusal { New-TestSet Uts -With @{ MonotonicOffset = [timespan]::FromHours(1) } }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
        $refusal.Exception.Message | Should -Match 'Add Time'
    }
}
