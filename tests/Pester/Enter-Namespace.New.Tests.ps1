# Programs that are run in new namespaces, which end with them: what unshare does.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.EnterNamespaceCommand'

    # An ordinary user makes namespaces within a user namespace only.
    $script:AsUser = if ($IsRoot) { @{} } else { @{ MapRootUser = $true } }
    $script:Kinds = 'mnt', 'net', 'ipc', 'user', 'pid', 'uts', 'cgroup', 'time'

    function Get-Link {
        # The ids of the namespaces that the program of a call sees itself in.
        param([string[]] $Lines)
        $ids = @{}
        foreach ($line in $Lines) { if ($line -match '^(\w+):\[(\d+)\]$') { $ids[$Matches[1]] = [ulong]$Matches[2] } }
        $ids
    }
    $script:Links = 'for n in mnt net ipc user pid uts cgroup time; do readlink /proc/self/ns/$n; done'
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Enter-Namespace -New' {
    Context 'what is made' {
        It 'makes <Type> anew, and nothing else' -ForEach @(
            @{ Type = 'Mount'; Kind = 'mnt' }, @{ Type = 'Net'; Kind = 'net' }, @{ Type = 'Ipc'; Kind = 'ipc' }, @{ Type = 'Pid'; Kind = 'pid' }
            @{ Type = 'Uts'; Kind = 'uts' }, @{ Type = 'Cgroup'; Kind = 'cgroup' }, @{ Type = 'Time'; Kind = 'time' }, @{ Type = 'User'; Kind = 'user' }
        ) {
            $inside = Get-Link (Enter-Namespace -New $Type sh -ArgumentList '-c', $Links @AsUser)
            $inside.Count | Should -Be 8
            foreach ($one in $Kinds) {
                $isNew = $one -eq $Kind -or ($one -eq 'user' -and -not $IsRoot)
                ($inside[$one] -ne (Get-NamespaceId $one)) | Should -Be $isNew -Because "of $one"
            }
        }

        It 'makes all kinds at once, with the program as PID 1 and root, alone in its /proc' {
            $lines = Enter-Namespace -New Mount, Net, Ipc, User, Pid, Uts, Cgroup, Time sh -MapRootUser -ArgumentList '-c', "$Links; echo pid `$`$; id -u; ls /proc | grep -c '^[0-9]'"
            $inside = Get-Link $lines
            foreach ($one in $Kinds) { $inside[$one] | Should -Not -Be (Get-NamespaceId $one) }
            $lines[8] | Should -Be 'pid 1'
            $lines[9] | Should -Be '0'
            [int]$lines[10] | Should -BeLessOrEqual 4
        }

        It 'gives the program what a set of New-Namespace gives: a loopback link that is up, and names' {
            $lines = Enter-Namespace -New Net, Uts sh -HostName isotest-host -DomainName isotest-domain @AsUser -ArgumentList '-c', 'ip -br link show lo; uname -n; cat /proc/sys/kernel/domainname'
            $lines[0] | Should -Match '<.*\bUP\b.*>'
            $lines[1] | Should -Be 'isotest-host'
            $lines[2] | Should -Be 'isotest-domain'
        }

        It 'lets no mount out' {
            $folder = New-Item "$TestDrive/mountpoint" -ItemType Directory
            Enter-Namespace -New Mount sh @AsUser -ArgumentList '-c', "mount -t tmpfs isotest '$folder' && : > '$folder/inside' && ls '$folder'" | Should -Be 'inside'
            [System.IO.Directory]::GetFileSystemEntries($folder) | Should -BeNullOrEmpty
            [System.IO.File]::ReadAllText('/proc/self/mountinfo') | Should -Not -Match ([regex]::Escape("$folder"))
        }

        It 'maps the caller to root with -MapRootUser, and to nobody without a map' {
            Enter-Namespace -New Uts sh -MapRootUser -ArgumentList '-c', 'id -u; id -g; cat /proc/self/setgroups; tr -s " " < /proc/self/uid_map' |
                Should -Be '0', '0', 'deny', " 0 $(id -u) 1"
            Enter-Namespace -New User id -ArgumentList '-u' | Should -Be ([System.IO.File]::ReadAllText('/proc/sys/kernel/overflowuid').Trim())
        }

        It 'leaves nothing behind: the namespaces end with the program' {
            $id = (Get-Link (Enter-Namespace -New Net readlink /proc/self/ns/net @AsUser)).net
            # The kernel takes a network namespace apart in its own time.
            Wait-Until -Seconds 30 -For 'the end of the namespace' { -not (Get-NamespaceInfo -Type Net -Deep -WarningAction SilentlyContinue | Where-Object Id -EQ $id) }
            Get-Namespace | Where-Object Name -Like '*unshare*' | Should -BeNullOrEmpty
        }

        It 'is not in the pid namespace itself with -NoFork: its first child is PID 1' {
            $own, $child = Enter-Namespace -New Pid sh -NoFork @AsUser -ArgumentList '-c', 'echo $$; sh -c "echo \$\$"'
            [int]$own | Should -BeGreaterThan 1
            $child | Should -Be '1'
        }

        It 'does as unshare does: <Why>' -Tag Root -ForEach @(
            @{ Why = 'the host name'; Ours = { Enter-Namespace -New Uts sh -ArgumentList '-c', 'hostname other; uname -n' }; Theirs = { unshare --uts sh -c 'hostname other; uname -n' } }
            @{ Why = 'the capabilities of a mapped root'; Ours = { Enter-Namespace -New User grep -MapRootUser -ArgumentList '^Cap', /proc/self/status }; Theirs = { unshare --user --map-root-user grep '^Cap' /proc/self/status } }
            @{ Why = 'the capabilities without a map'; Ours = { Enter-Namespace -New User grep '^Cap' /proc/self/status }; Theirs = { unshare --user grep '^Cap' /proc/self/status } }
            @{ Why = 'the capabilities without a map that are kept'; Ours = { Enter-Namespace -New User grep -KeepCapability -ArgumentList '^Cap', /proc/self/status }; Theirs = { unshare --user --keep-caps grep '^Cap' /proc/self/status } }
            @{ Why = 'the processes in /proc'; Ours = { Enter-Namespace -New Pid, Mount sh -ArgumentList '-c', 'echo /proc/[0-9]*' }; Theirs = { unshare --pid --fork --mount-proc sh -c 'echo /proc/[0-9]*' } }
            @{ Why = 'a root'; Ours = { Enter-Namespace -New Mount sh -Root /usr -ArgumentList '-c', 'pwd; ls -d /share' -Environment @{ PATH = '/bin' } }; Theirs = { unshare --mount --root=/usr sh -c 'pwd; ls -d /share' } }
        ) {
            $theirs = & $Theirs
            $LASTEXITCODE | Should -Be 0
            $ours = & $Ours
            $ours | Should -Be $theirs
        }
    }

    Context 'ids and clocks' {
        BeforeAll {
            $script:Uid = [int](id -u)
            $script:Gid = [int](id -g)
            # Ids outside that the caller may map: any of them as root.
            function Get-FirstId {
                param([string] $File)
                if ($IsRoot) { return 300000 }
                $line = [System.IO.File]::ReadAllLines($File) | Where-Object { $_ -like "$(id -un):*" } | Select-Object -First 1
                [long]($line -split ':')[1]
            }
            $script:Users = Get-FirstId /etc/subuid
            $script:Groups = Get-FirstId /etc/subgid
            $script:Look = 'id -u; id -g; for f in uid_map gid_map; do tr -s " " < /proc/self/$f; done; cat /proc/self/setgroups; grep ^Cap /proc/self/status'
        }

        It 'does as unshare does, also for an ordinary user: <Why>' -ForEach @(
            @{ Why = '--map-root-user'; Ours = { Enter-Namespace -New User sh -MapRootUser -ArgumentList '-c', $Look }; Theirs = { unshare --map-root-user sh -c $Look } }
            @{ Why = '--map-current-user'; Ours = { Enter-Namespace -New User sh -MapCurrentUser -ArgumentList '-c', $Look }; Theirs = { unshare --map-current-user sh -c $Look } }
            @{ Why = '--setgroups deny'; Ours = { Enter-Namespace -New User cat -SetGroups Deny /proc/self/setgroups }; Theirs = { unshare --user --setgroups deny cat /proc/self/setgroups } }
            @{
                Why = '--monotonic, --boottime'
                Ours = { Enter-Namespace -New Time cat -MapRootUser -MonotonicOffset 0:1:40 -BootTimeOffset 1.00:00:00 /proc/self/timens_offsets }
                Theirs = { unshare --map-root-user --time --fork --monotonic 100 --boottime 86400 cat /proc/self/timens_offsets }
            }
        ) {
            $theirs = & $Theirs
            $LASTEXITCODE | Should -Be 0
            $ours = & $Ours
            $ours | Should -Be $theirs
        }

        It 'does as unshare does, through newuidmap: <Why>' -Tag User -ForEach @(
            @{ Why = '--map-root-user --map-auto'; Ours = { Enter-Namespace -New User sh -MapRootUser -MapAuto -ArgumentList '-c', 'id -u; id -g; grep ^Cap /proc/self/status' }; Theirs = { unshare --map-root-user --map-auto sh -c 'id -u; id -g; grep ^Cap /proc/self/status' } }
            @{ Why = '--map-auto'; Ours = { Enter-Namespace -New User sh -MapAuto -PreserveCredentials -ArgumentList '-c', $Look }; Theirs = { unshare --map-auto sh -c $Look } }
            @{ Why = '--map-users, --map-groups'; Ours = { Enter-Namespace -New User sh -UserMap "0:${Users}:9" -GroupMap "0:${Groups}:8" -PreserveCredentials -ArgumentList '-c', $Look }; Theirs = { unshare "--map-users=$Users,0,9" "--map-groups=$Groups,0,8" sh -c $Look } }
        ) {
            $theirs = & $Theirs
            $LASTEXITCODE | Should -Be 0
            $ours = & $Ours
            $ours | Should -Be $theirs
        }

        It 'runs the program as root inside where the caller has no id there, and nobody of the host''s' {
            $folder = [System.IO.Directory]::CreateTempSubdirectory('isotest-').FullName
            chmod 1777 $folder
            try {
                $map = @{ UserMap = "0:${Users}:100", "120:$($Users + 120):5"; GroupMap = "0:${Groups}:100" }
                $lines = Enter-Namespace -New User sh @map -ArgumentList '-c', "id -u; id -g; tr -s ' ' < /proc/self/uid_map; : > $folder/theirs"
                $lines | Should -Be '0', '0', " 0 $Users 100", " 120 $($Users + 120) 5"
                stat -c '%u %g' "$folder/theirs" | Should -Be "$Users $Groups"
                Enter-Namespace -New User sh @map -User 5 -Group 6 -ArgumentList '-c', "id -u; id -g; grep ^CapEff /proc/self/status" | Should -Be '5', '6', "CapEff:`t$('0' * 16)"
                Enter-Namespace -New User rm @map '-f' "$folder/theirs"
            }
            finally {
                [System.IO.Directory]::Delete($folder, $true)
            }
        }

        It 'runs the program as the caller where the caller has an id there' {
            $map = @{ UserMap = "5:${Uid}:1", "6:$($Users + 1):3"; GroupMap = "7:${Gid}:1", "8:$($Groups + 1):3" }
            Enter-Namespace -New User sh @map -ArgumentList '-c', 'id -u; id -g' | Should -Be '5', '7'
            if (-not $IsRoot) { Enter-Namespace -New User sh -MapCurrentUser -MapAuto -ArgumentList '-c', 'id -u; id -g' | Should -Be "$Uid", "$Gid" }
        }

        It 'makes the user namespace that a map is for, also where -New does not name it' {
            $lines = Enter-Namespace -New Uts sh -MapCurrentUser -ArgumentList '-c', 'id -u; readlink /proc/self/ns/user'
            $lines[0] | Should -Be "$Uid"
            $lines[1] | Should -Match '^user:'
            $lines[1] | Should -Not -Be "user:[$(Get-NamespaceId user)]"
        }

        It 'maps the ids of a user namespace that it joins' {
            $parent = New-Namespace (New-TestName) -Type User, Mount, Pid -UserMap "0:${Users}:200" -GroupMap "0:${Groups}:200"
            $lines = Enter-Namespace -New User sh -Join $parent -UserMap 0:0:1, 1:100:50 -ArgumentList '-c', 'id -u; tr -s " " < /proc/self/uid_map'
            $lines | Should -Be '0', ' 0 0 1', ' 1 100 50'
            $refusal = Get-Refusal { Enter-Namespace -New User true -Join $parent -UserMap 0:70000:5 }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "IdMapNotAllowed,$Command"
            $refusal.Exception.Message | Should -Match "line 1 \(0:70000:5\).*set '$($parent.Name)'"
            Remove-Namespace $parent
        }

        It 'refuses <Why>' -ForEach @(
            @{ Why = 'an offset without Time'; With = @{ New = 'Uts'; MonotonicOffset = [timespan]1 }; Id = 'NamespaceOptionInvalid'; Says = '-MonotonicOffset.*Add Time to -New' }
            @{ Why = 'an offset below zero'; With = @{ New = 'Time'; BootTimeOffset = [timespan]'-36500.00:00:00' }; Id = 'NamespaceOptionInvalid'; Says = '-BootTimeOffset.*below zero' }
            @{ Why = '-SetGroups without User'; With = @{ New = 'Uts'; SetGroups = 'Deny' }; Id = 'NamespaceOptionInvalid'; Says = '-SetGroups.*Add User to -New' }
            @{ Why = 'a switch beside a map'; With = @{ New = 'User'; MapAuto = $true; UserMap = '0:0:1' }; Id = 'NamespaceOptionInvalid'; Says = 'the one or the other' }
            @{ Why = 'lines that overlap'; With = @{ New = 'User'; UserMap = '0:0:5', '3:9:1' }; Id = 'IdMapInvalid'; Says = 'line 2' }
        ) {
            $refusal = Get-Refusal { Enter-Namespace -FilePath true @With }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "$Id,$Command"
            $refusal.Exception.Message | Should -Match $Says
            (Get-Refusal { Start-NamespaceProcess -FilePath true @With }).FullyQualifiedErrorId | Should -BeExactly "$Id,Isolation.Commands.StartNamespaceProcessCommand"
        }

        It 'runs nothing where the ids are refused: <Why>' -Tag User -ForEach @(
            @{ Why = 'others than the caller''s'; Prefix = @(); Map = '-UserMap 0:0:1'; Says = '^IdMapNotAllowed,\S+ PermissionDenied -UserMap line 1' }
            @{ Why = 'newuidmap gains nothing'; Prefix = @('setpriv', '--no-new-privs'); Map = '-MapAuto'; Says = '^IdMapRefused,\S+ PermissionDenied .*new user namespace for touch: new[ug]idmap: ' }
        ) {
            $file = "$TestDrive/touched"
            $answer = Invoke-ChildHost "Write-Refusal { Enter-Namespace -New User touch $Map -ArgumentList '$file' }" -Prefix $Prefix
            $answer | Should -Match $Says
            [System.IO.File]::Exists($file) | Should -BeFalse
        }
    }

    Context 'how it is called' {
        It 'takes the program as the first argument, and its arguments after it' {
            Enter-Namespace -New Uts printf '%s|' a 'b c' @AsUser | Should -Be 'a|b c|'
            Enter-Namespace printf -New Uts '%s|' a 'b c' @AsUser | Should -Be 'a|b c|'
        }

        It 'gives pipeline input to the program' {
            'one', 'two' | Enter-Namespace -New Net cat @AsUser | Should -Be 'one', 'two'
            $bytes = , [byte[]](0, 255) | Enter-Namespace -New Net cat -AsByteStream @AsUser
            $bytes | Should -Be 0, 255
        }

        It 'sets $LASTEXITCODE to <Code> after: <Script>' -ForEach @(
            @{ Script = 'exit 3'; Code = 3 }
            @{ Script = 'kill -TERM $$'; Code = 143 }
            @{ Script = 'kill -KILL $$'; Code = 137 }
        ) {
            Enter-Namespace -New Uts, Ipc sh @AsUser -ArgumentList '-c', $Script
            $global:LASTEXITCODE | Should -Be $Code
        }

        It 'prints the plan with -Debug' {
            "$(Enter-Namespace -New Uts, Net true @AsUser -Debug 5>&1)" | Should -Match 'unshare\(CLONE_NEWUTS\|CLONE_NEWNET\)'
        }

        It 'completes the kinds' {
            (TabExpansion2 'Enter-Namespace -New U' 22).CompletionMatches.CompletionText | Should -Be 'User', 'Uts'
        }

        It 'refuses to run without anything to enter: neither -Namespace nor -New' {
            $child = Invoke-ChildHost 'Write-Refusal { Enter-Namespace -FilePath true }'
            $child | Should -Match '^MissingMandatoryParameter,.* InvalidArgument .*Namespace'
            (Get-Refusal { Enter-Namespace -New @() true }).FullyQualifiedErrorId | Should -BeExactly "ParameterArgumentValidationError,$Command"
            (Get-Refusal { Enter-Namespace -New None true }).FullyQualifiedErrorId | Should -BeExactly "ParameterArgumentValidationError,$Command"
        }

        It 'refuses <Why>' -ForEach @(
            @{ Why = '-HostName without Uts'; With = @{ New = 'Net'; HostName = 'x' }; Says = 'Add Uts to -New' }
            @{ Why = '-Type, for there is nothing to choose from'; With = @{ New = 'Net'; Type = 'Net' }; Says = '-Type.*Leave it out' }
            @{ Why = '-SocketDescriptor without a process'; With = @{ New = 'Uts'; SocketDescriptor = 3 }; Says = '-SocketDescriptor.*Leave it out' }
            @{ Why = '-JoinCgroup without a process'; With = @{ New = 'Uts'; JoinCgroup = $true }; Says = 'process.*-Join' }
            @{ Why = '-TargetEnvironment without a process'; With = @{ New = 'Uts'; TargetEnvironment = $true }; Says = 'process.*-Join' }
            @{ Why = '-NoFork without a pid namespace'; With = @{ New = 'Uts'; NoFork = $true }; Says = '-NoFork.*Leave it out' }
            @{ Why = '-JoinOwner where nothing is owned'; With = @{ New = 'Uts'; JoinOwner = $true }; Says = '-JoinOwner.*Leave it out' }
            @{ Why = 'two working directories'; With = @{ New = 'Uts'; WorkingDirectory = '/'; OuterWorkingDirectory = '/' }; Says = 'Leave one out' }
        ) {
            $refusal = Get-Refusal { Enter-Namespace -FilePath true @With }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
            $refusal.Exception.Message | Should -Match $Says
        }

        It 'refuses an ordinary user namespaces without a user namespace, and says what to add' -Tag User {
            $refusal = Get-Refusal { Enter-Namespace -New Net true }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceEnterFailed,$Command"
            $refusal.CategoryInfo.Category | Should -Be PermissionDenied
            $refusal.Exception.Message | Should -Match 'CAP_SYS_ADMIN.*-MapRootUser'
        }

        It 'refuses a program that there is not, and a shell where there is no terminal' {
            (Get-Refusal { Enter-Namespace -New Uts /no/such/program @AsUser }).CategoryInfo.Category | Should -Be ObjectNotFound
            Invoke-ChildHost "Write-Refusal { Enter-Namespace -New Uts }" | Should -Match '^ProgramMissing,'
        }
    }

    Context 'together with existing ones: -Join' {
        BeforeAll {
            $script:Set = New-TestSet Uts, Net, Pid -With @{ HostName = 'joined' }
        }

        It 'enters those and makes the others' {
            $inside = Get-Link (Enter-Namespace -New Mount, Ipc sh -Join $Set -ArgumentList '-c', $Links)
            $inside.uts | Should -Be $Set.GetId('Uts')
            $inside.net | Should -Be $Set.GetId('Net')
            $inside.mnt | Should -Not -Be (Get-NamespaceId mnt)
            $inside.ipc | Should -Not -Be (Get-NamespaceId ipc)
        }

        It 'shows the joined pid namespace in the /proc of a new mount namespace' {
            $titles = Enter-Namespace -New Mount sh -Join $Set -ArgumentList '-c', 'tr "\0" " " < /proc/1/cmdline; readlink /proc/self/ns/pid'
            "$titles" | Should -Match "isolation-init $($Set.Name)"
            "$titles" | Should -Match "pid:\[$($Set.GetId('Pid'))\]"
        }

        It 'makes a pid namespace within the joined one, and a host name out of the joined one' {
            $lines = Enter-Namespace -New Pid, Uts sh -Join $Set -ArgumentList '-c', 'echo $$; uname -n; readlink /proc/self/ns/uts; grep ^NSpid /proc/self/status'
            $lines[0] | Should -Be '1'
            $lines[1] | Should -Be 'joined'
            $lines[2] | Should -Not -Be "uts:[$($Set.GetId('Uts'))]"
            # The host's, the set's, its own: two more than this PowerShell has.
            $own = @((Get-Content /proc/self/status) -match '^NSpid')[0]
            ($lines[3] -split '\s+').Count | Should -Be (($own -split '\s+').Count + 2)
        }

        It 'makes a user namespace within the joined one, whose root it maps' -Tag User {
            $lines = Enter-Namespace -New User sh -MapRootUser -Join $Set -ArgumentList '-c', 'id -u; readlink /proc/self/ns/user; tr -s " " < /proc/self/uid_map; uname -n'
            $lines[0] | Should -Be '0'
            $lines[1] | Should -Not -Be "user:[$($Set.GetId('User'))]"
            $lines[3] | Should -Be 'joined'
        }

        It 'takes of two that have the same kind the later, also without -New' {
            $other = New-TestSet Uts -With @{ HostName = 'later' }
            Enter-Namespace $Set sh -Join $other -ArgumentList '-c', 'uname -n; readlink /proc/self/ns/net' | Should -Be 'later', "net:[$($Set.GetId('Net'))]"
        } -Tag Root

        It 'refuses what is not there' {
            (Get-Refusal { Enter-Namespace -New Uts true -Join isotest-none }).FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
        }
    }
}

Describe 'Start-NamespaceProcess -New' {
    It 'starts a program in new namespaces, which live as long as it' {
        $process = Start-NamespaceProcess -New Uts, Pid sleep 652.5 -HostName started @AsUser
        try {
            $process.NamespaceIds[-1] | Should -Be 1
            Enter-Namespace $process uname -ArgumentList '-n' | Should -Be 'started'
            $process.Namespace | Should -BeNullOrEmpty
        }
        finally {
            $process | Stop-NamespaceProcess -Force -PassThru | ForEach-Object HasExited | Should -BeTrue
        }
    }

    It 'gives the program ids and clocks of its own' {
        $process = Start-NamespaceProcess -New User, Time sleep 654.5 -MapCurrentUser -MonotonicOffset 0:0:3
        try {
            (Get-Content "/proc/$($process.Id)/uid_map") -replace '\s+', ' ' | Should -Be " $(id -u) $(id -u) 1"
            (Get-Content "/proc/$($process.Id)/timens_offsets")[0] -replace '\s+', ' ' | Should -Be 'monotonic 3 0'
        }
        finally {
            $process | Stop-NamespaceProcess -Force
        }
    }

    It 'starts nothing with -WhatIf' {
        Start-NamespaceProcess -New Uts sleep 653.5 @AsUser -WhatIf | Should -BeNullOrEmpty
    }
}
