# What New-Namespace makes, read back with lsns(8), ip(8), nsenter(1) and /proc.

BeforeDiscovery {
    $kinds = @(
        @{ Type = 'Mount'; File = 'mnt' }
        @{ Type = 'Uts'; File = 'uts' }
        @{ Type = 'Ipc'; File = 'ipc' }
        @{ Type = 'Pid'; File = 'pid' }
        @{ Type = 'Net'; File = 'net' }
        @{ Type = 'User'; File = 'user' }
        @{ Type = 'Cgroup'; File = 'cgroup' }
        @{ Type = 'Time'; File = 'time' }
    )
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.NewNamespaceCommand'
    $script:Files = 'mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time'
    $script:AllTypes = 'Mount', 'Uts', 'Ipc', 'Pid', 'Net', 'User', 'Cgroup', 'Time'

    function Read-Inside {
        # The namespaces that a program inside is in, by the names of /proc/PID/ns.
        param($Set)
        $found = @{}
        $links = Enter-Namespace $Set readlink ($Files | ForEach-Object { "/proc/self/ns/$_" })
        foreach ($link in $links) {
            if ($link -match '^(\w+):\[(\d+)\]$') { $found[$Matches[1]] = [ulong]$Matches[2] }
        }
        $found
    }
}

AfterAll {
    Remove-TestLeftover
}

Describe 'New-Namespace' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    Context 'the kinds' {
        It 'makes a new <Type> namespace and leaves the other kinds the host''s' -ForEach $kinds -Tag Root {
            $set = New-Namespace -Name (New-TestName) -Type $Type
            $set | Should -BeOfType Isolation.NamespaceSet
            $set.Type | Should -Be $Type
            $set.State | Should -Be Ready
            $set.GetId($Type) | Should -Not -Be (Get-NamespaceId $File)
            $inside = Read-Inside $set
            $inside.Count | Should -Be 8
            foreach ($kind in $Files) {
                $inside[$kind] | Should -Be $(if ($kind -eq $File) { $set.GetId($Type) } else { Get-NamespaceId $kind }) -Because $kind
            }
        }

        It 'makes a new <Type> namespace for an ordinary user, with the user namespace that owns it' -ForEach $kinds -Tag User {
            $set = New-Namespace -Name (New-TestName) -Type $Type -MapRootUser
            $inside = Read-Inside $set
            foreach ($kind in $Files) {
                $expected = if ($kind -eq $File) { $set.GetId($Type) } elseif ($kind -eq 'user') { $set.GetId('User') } else { Get-NamespaceId $kind }
                $inside[$kind] | Should -Be $expected -Because $kind
            }
            $inside[$File] | Should -Not -Be (Get-NamespaceId $File)
        }

        It 'makes all eight kinds at once, and lsns shows them' {
            $set = New-Namespace -Name (New-TestName) -Type $AllTypes -MapRootUser
            $set.Namespaces.Count | Should -Be 8
            $inside = Read-Inside $set
            foreach ($kind in $Files) { $inside[$kind] | Should -Not -Be (Get-NamespaceId $kind) -Because $kind }
            $process = Start-NamespaceProcess $set sleep -ArgumentList 300
            $seen = Get-LsnsRow -p $process.Id -o 'NS,TYPE'
            foreach ($key in $set.Namespaces) {
                $kind = [Isolation.NamespaceTypes]::ProcName($key.Type)
                [ulong]($seen | Where-Object type -EQ $kind).ns | Should -Be $key.Id -Because $kind
            }
        }

        It 'is entered by nsenter through the pins' -Tag Root {
            $set = New-Namespace -Name (New-TestName) -Type Net, Uts, Ipc -HostName pinned
            nsenter "--net=$($set.Folder)/ns/net" "--uts=$($set.Folder)/ns/uts" "--ipc=$($set.Folder)/ns/ipc" readlink /proc/self/ns/net /proc/self/ns/ipc |
                Should -Be "net:[$($set.GetId('Net'))]", "ipc:[$($set.GetId('Ipc'))]"
            nsenter "--uts=$($set.Folder)/ns/uts" uname -n | Should -Be 'pinned'
        }

        It 'lets nobody but its user see into the set''s folder' {
            $set = New-TestSet Uts
            [int][System.IO.File]::GetUnixFileMode($set.Folder) | Should -Be ([Convert]::ToInt32('700', 8))
            stat -c %U $set.Folder | Should -Be ([Environment]::UserName)
        }
    }

    Context 'names of the host' {
        It 'gives the set a host name and a domain name, and the host keeps its own' {
            $hostName = [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname')
            $domain = [System.IO.File]::ReadAllText('/proc/sys/kernel/domainname')
            $set = New-TestSet Uts -With @{ HostName = 'inside-1'; DomainName = 'inside.example' }
            $set.HostName | Should -BeExactly 'inside-1'
            $set.DomainName | Should -BeExactly 'inside.example'
            Enter-Namespace $set cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname | Should -Be 'inside-1', 'inside.example'
            [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname') | Should -BeExactly $hostName
            [System.IO.File]::ReadAllText('/proc/sys/kernel/domainname') | Should -BeExactly $domain
        }

        It 'copies the host''s name where none is given' {
            $set = New-TestSet Uts
            $set.HostName | Should -BeNullOrEmpty
            Enter-Namespace $set uname -ArgumentList '-n' | Should -Be (uname -n)
        }

        It 'takes a host name of 64 bytes' {
            $name = 'h' * 64
            Enter-Namespace (New-TestSet Uts -With @{ HostName = $name }) uname -ArgumentList '-n' | Should -BeExactly $name
        }
    }

    Context 'network' {
        It 'has its loopback link up, and no other link' {
            $set = New-TestSet Net
            $links = @(Enter-Namespace $set ip -ArgumentList '-j', 'address' | ConvertFrom-Json)
            $links.Count | Should -Be 1
            $links[0].ifname | Should -Be 'lo'
            $links[0].flags | Should -Contain 'UP'
            $links[0].addr_info.local | Should -Contain '127.0.0.1'
        }

        It 'answers on the loopback address: a connection is refused by a port, not lost for want of a route' {
            $set = New-TestSet Net
            $said = Enter-Namespace $set bash -ArgumentList '-c', 'exec 3<>/dev/tcp/127.0.0.1/9' 2>&1
            "$said" | Should -Match 'Connection refused'
        }

        It 'is known to ip netns' -Tag Root {
            $set = New-Namespace -Name (New-TestName) -Type Net
            (ip -j netns list | ConvertFrom-Json).name | Should -Contain $set.Name
            ip netns exec $set.Name readlink /proc/self/ns/net | Should -Be "net:[$($set.GetId('Net'))]"
        }
    }

    Context 'mounts and processes' {
        It 'hides a mount made inside from the host, and shows it to the next program inside' {
            $set = New-TestSet Mount
            Enter-Namespace $set sh -ArgumentList '-c', 'mount -t tmpfs isotest /mnt && echo here > /mnt/file'
            $LASTEXITCODE | Should -Be 0
            Enter-Namespace $set cat /mnt/file | Should -Be 'here'
            [System.IO.File]::Exists('/mnt/file') | Should -BeFalse
            [System.IO.File]::ReadAllText('/proc/self/mountinfo') | Should -Not -Match ' /mnt .*isotest'
        }

        It 'shows only the set''s own processes in /proc where Pid and Mount are both new' {
            $set = New-TestSet Pid, Mount
            $pids = Enter-Namespace $set sh -ArgumentList '-c', 'echo $$; for p in /proc/[0-9]*; do echo ${p#/proc/}; done'
            $pids[1..9] | Should -Be '1', $pids[0]
            Enter-Namespace $set cat /proc/1/comm | Should -Be 'isolation-init'
        }

        It 'leaves /proc the host''s where only Pid is new' {
            $set = New-TestSet Pid
            Enter-Namespace $set test -ArgumentList '-e', "/proc/$PID"
            $LASTEXITCODE | Should -Be 0
        }

        It 'has an init that reaps orphans' {
            $set = New-TestSet Pid, Mount
            $null = Enter-Namespace $set sh -ArgumentList '-c', '(sleep 0.05 &) ; exit 0'
            Wait-Until -For 'the orphan''s end' { @(Get-NamespaceProcess $set).Count -eq 1 }
            @(Get-NamespaceProcess $set).Name | Should -Be 'isolation-init'
        }

        It 'has an init that a process inside cannot end' {
            $set = New-TestSet Pid, Mount
            $null = Enter-Namespace $set sh -ArgumentList '-c', 'kill -TERM 1; kill -KILL 1; kill -INT 1; sleep 0.1'
            (Get-Namespace $set.Name).State | Should -Be Ready
            Test-ProcessAlive $set.InitId | Should -BeTrue
        }
    }

    Context '-MapRootUser' {
        It 'makes the caller root inside, and nobody else' {
            $set = New-Namespace -Name (New-TestName) -Type User -MapRootUser
            Enter-Namespace $set id -ArgumentList '-u' | Should -Be '0'
            Enter-Namespace $set id -ArgumentList '-g' | Should -Be '0'
            (Enter-Namespace $set cat /proc/self/uid_map) -split '\s+' | Where-Object { $_ } | Should -Be '0', (id -u), '1'
            (Enter-Namespace $set cat /proc/self/gid_map) -split '\s+' | Where-Object { $_ } | Should -Be '0', (id -g), '1'
            Enter-Namespace $set cat /proc/self/setgroups | Should -Be 'deny'
        }

        It 'adds the user namespace where -Type leaves it out' {
            (New-Namespace -Name (New-TestName) -Type Uts -MapRootUser).Type | Should -Be 'Uts, User'
        }

        It 'makes no map without it' {
            $set = New-Namespace -Name (New-TestName) -Type User
            Enter-Namespace $set cat /proc/self/uid_map | Should -BeNullOrEmpty
            Enter-Namespace $set id -ArgumentList '-u' | Should -Be '65534'
        }
    }

    Context '-AsPid1' {
        It 'makes the first program PID 1, and after its end the next one' {
            $set = New-TestSet Pid, Mount -With @{ AsPid1 = $true }
            $set.InitId | Should -BeNullOrEmpty
            foreach ($round in 1..2) {
                $said = Enter-Namespace $set sh -ArgumentList '-c', 'echo $$; for p in /proc/[0-9]*; do echo ${p#/proc/}; done'
                $said | Should -Be '1', '1'
            }
        }

        It 'puts a second program beside the first while that runs' {
            $set = New-TestSet Pid, Mount -With @{ AsPid1 = $true }
            $first = Start-NamespaceProcess $set sleep -ArgumentList 300
            $first.NamespaceId | Should -Be 1
            [int](Enter-Namespace $set sh -ArgumentList '-c', 'echo $$') | Should -BeGreaterThan 1
            (Get-Namespace $set.Name).GetId('Pid') | Should -Be (Get-NamespaceId pid $first.Id)
        }

        It 'ends the others with the first program' {
            $set = New-TestSet Pid, Mount -With @{ AsPid1 = $true }
            $first = Start-NamespaceProcess $set sleep -ArgumentList 300
            $second = Start-NamespaceProcess $set sleep -ArgumentList 300
            Stop-NamespaceProcess $first -Force
            Wait-NamespaceProcess $second -Timeout 20
            $second.ExitCode | Should -Be 137
            Enter-Namespace $set sh -ArgumentList '-c', 'echo $$' | Should -Be '1'
        }
    }

    Context 'names' {
        It 'makes one set for each name that comes down the pipeline' {
            $names = 1..4 | ForEach-Object { New-TestName }
            $type = if ($IsRoot) { 'Uts' } else { 'User' }
            $sets = $names | New-Namespace -Type $type
            $sets.Name | Should -Be $names
            @($sets | ForEach-Object { $_.Namespaces[0].Id } | Sort-Object -Unique).Count | Should -Be 4
        }

        It 'takes its parameters from the properties of what comes down the pipeline' {
            $wanted = 'one', 'two' | ForEach-Object { [pscustomobject]@{ Name = New-TestName; Type = 'User', 'Uts'; HostName = "$_.host"; DomainName = "$_.domain" } }
            $sets = $wanted | New-Namespace
            $sets.Name | Should -Be $wanted.Name
            $sets | ForEach-Object { Enter-Namespace $_ uname -ArgumentList '-n' } | Should -Be 'one.host', 'two.host'
            $sets.DomainName | Should -Be 'one.domain', 'two.domain'
        }

        It 'goes on with the next name after one that is refused' {
            $good = New-TestName
            $set = 'no/name', $good | New-Namespace -Type User -ErrorVariable refused -ErrorAction SilentlyContinue
            $set.Name | Should -Be $good
            $refused.Count | Should -Be 1
            $refused[0].TargetObject | Should -Be 'no/name'
        }

        It 'keeps a named set after the PowerShell that made it, for another to enter' {
            $name = New-TestName
            $type = if ($IsRoot) { 'Uts, Net' } else { 'Uts, Net -MapRootUser' }
            $child = Start-ChildHost "`$s = New-Namespace -Name $name -Type $type -HostName kept; Write-Line `$s.GetId('Net'); Wait-Go"
            $id = Read-ChildLine $child
            Stop-ChildHost $child
            $set = Get-Namespace $name
            $set.IsPersistent | Should -BeTrue
            $set.State | Should -Be Ready
            $set.GetId('Net') | Should -Be $id
            Enter-Namespace $name uname -ArgumentList '-n' | Should -Be 'kept'
        }

        It 'keeps a named set, with its init, when the PowerShell that made it is killed' {
            $name = New-TestName
            $type = if ($IsRoot) { 'Pid, Mount' } else { 'Pid, Mount -MapRootUser' }
            $child = Start-ChildHost "`$s = New-Namespace -Name $name -Type $type; Write-Line `$s.InitId; Wait-Go"
            $init = Read-ChildLine $child
            Stop-ChildHost $child -Kill
            (Get-Namespace $name).InitId | Should -Be $init
            [int](Enter-Namespace $name sh -ArgumentList '-c', 'echo $$') | Should -BeGreaterThan 1
        }
    }

    Context 'in a mount namespace of the caller''s own' {
        It 'makes and enters a set with a mount namespace, on whatever processor the kernel numbers it' -Tag Root {
            $name = New-TestName
            $script = "
                Import-Module '$ModuleManifest'
                foreach (`$round in 1..8) {
                    `$null = New-Namespace $name -Type Mount, Uts, Net -HostName inner -ErrorAction Stop
                    Enter-Namespace $name hostname
                    Remove-Namespace $name
                }
            "
            $answers = unshare -m ([Environment]::ProcessPath) -NoProfile -Command $script
            $answers | Should -HaveCount 8
            $answers | Sort-Object -Unique | Should -Be 'inner'
        }
    }

    Context 'an unnamed set' {
        BeforeAll {
            $script:Map = if ($IsRoot) { '' } else { '-MapRootUser' }
            $script:Unnamed = "
                `$s = New-Namespace -Type Mount, Pid, Net, Uts $Map
                `$p = Start-NamespaceProcess `$s sleep -ArgumentList 300
                `$d = Start-NamespaceProcess `$s sleep -ArgumentList 300 -Detach
                Write-Line `$s.Name `$s.InitId `$p.Id `$d.Id `$s.Folder `$s.IsPersistent
                Wait-Go"
        }

        It 'is a set like any other while its PowerShell runs' {
            $set = New-Namespace -Type User, Uts -MapRootUser -HostName unnamed
            try {
                $set.Name | Should -Match '^unnamed-\d+-\d+$'
                $set.IsPersistent | Should -BeFalse
                Enter-Namespace $set uname -ArgumentList '-n' | Should -Be 'unnamed'
                (Get-Namespace $set.Name).Equals($set) | Should -BeTrue
            }
            finally {
                Remove-Namespace $set
            }
        }

        It 'ends with its PowerShell: nothing is left' {
            $child = Start-ChildHost $Unnamed
            $name, $init, $process, $detached, $folder, $persistent = (Read-ChildLine $child) -split ' '
            $persistent | Should -Be 'False'
            Test-ProcessAlive $init | Should -BeTrue
            (Get-Namespace $name).State | Should -Be Ready
            Stop-ChildHost $child
            foreach ($id in $init, $process, $detached) { Test-ProcessAlive $id | Should -BeFalse }
            [System.IO.Directory]::Exists($folder) | Should -BeFalse
            [System.IO.File]::ReadAllText('/proc/self/mountinfo').Contains($name) | Should -BeFalse
        }

        It 'ends with a PowerShell that is killed: nothing is left after the next call' {
            $child = Start-ChildHost $Unnamed
            $name, $init, $process, $detached, $folder = (Read-ChildLine $child) -split ' '
            Stop-ChildHost $child -Kill
            Wait-Until -For 'the end of the set''s processes' { -not ((Test-ProcessAlive $init) -or (Test-ProcessAlive $process) -or (Test-ProcessAlive $detached)) }
            (Get-Namespace).Name | Should -Not -Contain $name
            [System.IO.Directory]::Exists($folder) | Should -BeFalse
            [System.IO.File]::ReadAllText('/proc/self/mountinfo').Contains($name) | Should -BeFalse
        }
    }

    Context '-WhatIf and -Debug' {
        It 'makes nothing with -WhatIf' {
            $name = New-TestName
            New-Namespace -Name $name -Type User -WhatIf | Should -BeNullOrEmpty
            (Get-Namespace).Name | Should -Not -Contain $name
            Get-TestLeftover | Should -BeNullOrEmpty
        }

        It 'prints its plan with -Debug, and carries it out' {
            $name = New-TestName
            $all = New-Namespace -Name $name -Type User, Uts -MapRootUser -HostName planned -Debug 5>&1
            $plan = "$($all | Where-Object { $_ -is [System.Management.Automation.DebugRecord] })"
            $plan | Should -Match "make namespace set '$name'"
            $plan | Should -Match 'unshare\(CLONE_NEWUSER\)'
            $plan | Should -Match 'sethostname\("planned", 7\)'
            ($all | Where-Object { $_ -is [Isolation.NamespaceSet] }).Name | Should -Be $name
        }
    }

    Context 'what it refuses' {
        It 'a name that <Why>' -ForEach @(
            @{ Why = 'has a slash'; Bad = 'a/b' }
            @{ Why = 'is two dots'; Bad = '..' }
            @{ Why = 'is one dot'; Bad = '.' }
            @{ Why = 'has a line end'; Bad = "a`nb" }
            @{ Why = 'has a blank'; Bad = 'a b' }
            @{ Why = 'has a wildcard'; Bad = 'a*' }
            @{ Why = 'begins with a dash'; Bad = '-a' }
            @{ Why = 'has 300 characters'; Bad = 'a' * 300 }
            @{ Why = 'has 64 characters'; Bad = 'a' * 64 }
            @{ Why = 'is digits alone'; Bad = '4711' }
            @{ Why = 'has a letter beyond ASCII'; Bad = 'größe' }
            @{ Why = 'has a NUL'; Bad = "a$([char]0)b" }
        ) {
            $refusal = Get-Refusal { New-Namespace -Name $Bad -Type User }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceNameInvalid,$Command"
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
            $refusal.TargetObject | Should -Be $Bad
            $refusal.Exception.Message | Should -Match 'Choose a name such as web-1'
            $refusal.Exception.Message | Should -Not -Match "`n"
        }

        It 'an empty name, when its parameters are bound' {
            (Get-Refusal { New-Namespace -Name '' -Type User }).FullyQualifiedErrorId | Should -BeExactly "ParameterArgumentValidationError,$Command"
        }

        It 'a name that a set has' {
            $set = New-TestSet User
            $refusal = Get-Refusal { New-Namespace -Name $set.Name -Type User }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceExists,$Command"
            $refusal.CategoryInfo.Category | Should -Be ResourceExists
            $refusal.Exception.Message | Should -Match "Remove-Namespace $($set.Name)"
            (Get-Namespace $set.Name).Namespaces | Should -Be $set.Namespaces
        }

        It 'a name for a network that ip netns has, and leaves that one alone' -Tag Root {
            $name = New-TestName
            ip netns add $name
            try {
                $before = stat -L -c %i "/run/netns/$name"
                $refusal = Get-Refusal { New-Namespace -Name $name -Type Net }
                $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceNameTaken,$Command"
                $refusal.CategoryInfo.Category | Should -Be ResourceExists
                $refusal.Exception.Message | Should -Match "ip netns delete $name"
                (Get-Namespace).Name | Should -Not -Contain $name
                stat -L -c %i "/run/netns/$name" | Should -Be $before

                # Without a network there is nothing to clash.
                New-Namespace -Name $name -Type Uts | Remove-Namespace
                stat -L -c %i "/run/netns/$name" | Should -Be $before
            }
            finally {
                ip netns delete $name
            }
        }

        It 'an unknown kind, when its parameters are bound' {
            $refusal = Get-Refusal { New-Namespace -Name (New-TestName) -Type Disk }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "CannotConvertArgumentNoMessage,$Command"
            $refusal.Exception.Message | Should -Match 'Mount'
        }

        It 'no kind at all' {
            (Get-Refusal { New-Namespace -Name (New-TestName) -Type None }).FullyQualifiedErrorId | Should -BeExactly "ParameterArgumentValidationError,$Command"
        }

        It 'a number that has bits of no kind' {
            (Get-Refusal { New-Namespace -Name (New-TestName) -Type 1 }).FullyQualifiedErrorId | Should -Match ",$Command$"
        }

        It 'a user without privilege and without User: nothing half-made stays' -Tag User {
            $name = New-TestName
            $refusal = Get-Refusal { New-Namespace -Name $name -Type Net }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceCreateFailed,$Command"
            $refusal.CategoryInfo.Category | Should -Be PermissionDenied
            $refusal.Exception.Message | Should -Match 'unshare: Operation not permitted \(EPERM\)'
            $refusal.Exception.Message | Should -Match '-MapRootUser'
            (Get-Namespace).Name | Should -Not -Contain $name
            Get-TestLeftover | Should -BeNullOrEmpty
        }

        It '<Parameter> without Uts' -ForEach @(@{ Parameter = 'HostName' }, @{ Parameter = 'DomainName' }) {
            $options = @{ $Parameter = 'x' }
            $refusal = Get-Refusal { New-Namespace -Name (New-TestName) -Type User @options }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
            $refusal.Exception.Message | Should -Match "-$Parameter"
            $refusal.Exception.Message | Should -Match 'Add Uts'
        }

        It 'a <Parameter> of 65 bytes' -ForEach @(@{ Parameter = 'HostName' }, @{ Parameter = 'DomainName' }) {
            $options = @{ $Parameter = ('x' * 63) + 'ü' }
            $refusal = Get-Refusal { New-Namespace -Name (New-TestName) -Type User, Uts @options }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
            $refusal.Exception.Message | Should -Match '64 bytes'
        }

        It '-AsPid1 without Pid' {
            $refusal = Get-Refusal { New-Namespace -Name (New-TestName) -Type User -AsPid1 }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
            $refusal.Exception.Message | Should -Match 'Add Pid'
        }
    }
}
