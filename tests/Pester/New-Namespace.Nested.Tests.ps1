# Sets within sets, sets that join what is there, and what is theirs: read back with id(1), hostname(1), /proc and lsns(8).

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.NewNamespaceCommand'

    function Get-InsideId {
        # The id of a namespace that a program in a set is in.
        param($Set, [string] $Kind)
        [ulong]((Enter-Namespace $Set readlink "/proc/self/ns/$Kind") -replace '\D')
    }

    function New-InnerSet {
        param($Parent, [string[]] $Type, [string] $Name = (New-TestName), [hashtable] $With = @{})
        New-Namespace $Name -Type $Type -Parent $Parent @With -ErrorAction Stop
    }
}

AfterAll {
    Remove-TestLeftover
}

Describe 'A set in a set' {
    AfterEach {
        # The inner ones with the outer ones.
        foreach ($name in $TestNames) {
            if ([System.IO.Directory]::Exists("$StateFolder/namespaces/$name")) { Remove-Namespace $name -Recurse -ErrorAction Continue }
        }
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'has the namespaces of its parent, and its own in their place' {
        $parent = New-TestSet User, Uts, Net, Mount -With @{ HostName = 'outer'; MapRootUser = $true }
        $set = New-InnerSet $parent Uts -With @{ HostName = 'inner' }
        $set.Parent | Should -BeExactly $parent.Name
        $set.Type | Should -Be Uts
        $set.Namespaces.Type | Should -Be Uts
        @($set.Joined.Type) | Should -Be Mount, Net, User
        Enter-Namespace $set hostname | Should -Be 'inner'
        Enter-Namespace $parent hostname | Should -Be 'outer'
        foreach ($kind in 'net', 'user', 'mnt') { Get-InsideId $set $kind | Should -Be (Get-InsideId $parent $kind) -Because $kind }
        (Get-Namespace $set.Name).Joined | Should -Be $set.Joined
        $only = New-InnerSet $parent Mount
        $refusal = Get-Refusal { Set-Namespace $only -HostName other }
        $refusal.FullyQualifiedErrorId | Should -BeExactly 'NamespaceTypeNotInSet,Isolation.Commands.SetNamespaceCommand'
        $refusal.Exception.Message | Should -Match "'$($parent.Name)'"
        Enter-Namespace $parent hostname | Should -Be 'outer'
    }

    It 'copies what its parent has: host name, mounts, clocks' {
        $parent = New-TestSet Uts, Mount, Time -With @{ HostName = 'copied'; BootTimeOffset = [timespan]'100.00:00:00' }
        $folder = (Enter-Namespace $parent sh -ArgumentList '-c', 'd=$(mktemp -d); mount -t tmpfs isotest $d && echo $d')
        try {
            $set = New-InnerSet $parent Uts, Mount, Time
            Enter-Namespace $set hostname | Should -Be 'copied'
            Enter-Namespace $set stat -ArgumentList '-f', '-c', '%T', $folder | Should -Be 'tmpfs'
            (Enter-Namespace $set cat /proc/self/timens_offsets)[1] -replace '\s+', ' ' | Should -Be 'boottime 8640000 0'
        }
        finally {
            [System.IO.Directory]::Delete($folder)
        }
    }

    It 'has its pid namespace in that of its parent, which sees its processes' {
        $parent = New-TestSet Pid, Mount
        $set = New-InnerSet $parent Pid, Mount
        Enter-Namespace $set sh -ArgumentList '-c', 'cat /proc/1/cmdline' | Should -Match "^isolation-init $($set.Name)"
        $inner = Get-NamespaceInfo -Type Pid | Where-Object Id -EQ $set.GetId('Pid')
        $inner.ParentId | Should -Be $parent.GetId('Pid')
        (Enter-Namespace $parent ps ax) -join "`n" | Should -Match "isolation-init $($set.Name)"
        (Enter-Namespace $set ps ax) -join "`n" | Should -Not -Match "isolation-init $($parent.Name)"
    }

    It 'has its user namespace in that of its parent, whose ids its maps name' {
        $parent = New-TestSet User, Uts -With @{ MapRootUser = $true }
        $set = New-InnerSet $parent User, Uts, Net -With @{ UserMap = '5:0:1'; GroupMap = '6:0:1' }
        Enter-Namespace $set sh -ArgumentList '-c', 'id -u; id -g' | Should -Be '5', '6'
        (Get-NamespaceInfo -Type User | Where-Object Id -EQ $set.GetId('User')).ParentId | Should -Be $parent.GetId('User')
        # Joined, and owned by the parent's: entered before the rights over it are given up.
        $third = New-InnerSet $set User -With @{ UserMap = '0:5:1'; GroupMap = '0:6:1' }
        @($third.Joined.Type) | Should -Be Net, Uts
        Enter-Namespace $third id -ArgumentList '-u' | Should -Be '0'
        Get-InsideId $third net | Should -Be $set.GetId('Net')
        Get-InsideId $third user | Should -Be $third.GetId('User')
    }

    It 'divides the ids of its parent' {
        $with = if ($IsRoot) { @{ UserMap = '0:300000:1000' } } else { @{ MapAuto = $true } }
        $parent = New-Namespace (New-TestName) -Type User, Uts @with
        $half = New-InnerSet $parent User -With @{ UserMap = '0:0:1', '1:100:50' }
        $map = Enter-Namespace $half cat /proc/self/uid_map | ForEach-Object { ($_.Trim() -split '\s+') -join ':' }
        $map | Should -Be '0:0:1', '1:100:50'
        Enter-Namespace $half id -ArgumentList '-u' -User 7 -Group 7 | Should -Be '7'
        $all = New-InnerSet $parent User -With @{ MapAuto = $true }
        @(Enter-Namespace $all cat /proc/self/uid_map).Count | Should -BeGreaterThan 0
        $refusal = Get-Refusal { New-InnerSet $parent User -With @{ UserMap = '0:70000:5' } }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "IdMapNotAllowed,$Command"
        $refusal.Exception.Message | Should -Match "line 1 \(0:70000:5\).*set '$($parent.Name)'"
    }

    It 'nests user namespaces as deep as the kernel does, and says so beyond' {
        $name = New-TestName
        $null = New-Namespace $name -Type User -MapRootUser -ErrorAction Stop
        $depth = 1
        $refusal = $null
        while (-not $refusal -and $depth -lt 40) {
            $inner = New-TestName
            try { $null = New-Namespace $inner -Type User -MapRootUser -Parent $name -ErrorAction Stop; $depth++; $name = $inner }
            catch { $refusal = $_ }
        }
        # 33 below the host's first one, user_namespaces(7); this one may itself be further inside.
        $depth | Should -BeLessOrEqual 33
        if ((Get-NamespaceId user) -eq 4026531837) { $depth | Should -Be 33 }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceNestingLimit,$Command"
        $refusal.CategoryInfo.Category | Should -Be LimitsExceeded
        $refusal.Exception.Message | Should -Match 'User 32 deep'
        (Get-Namespace).Name | Should -Not -Contain $inner
        Enter-Namespace $name id -ArgumentList '-u' | Should -Be '0'
    }

    It 'nests pid namespaces as deep as the kernel does, and says so beyond' {
        $map = @{}
        if (-not $IsRoot) { $map.MapRootUser = $true }
        $name = New-TestName
        $null = New-Namespace $name -Type Pid @map -ErrorAction Stop
        $depth = 1
        $refusal = $null
        while (-not $refusal -and $depth -lt 40) {
            $inner = New-TestName
            try { $null = New-Namespace $inner -Type Pid -Parent $name -ErrorAction Stop; $depth++; $name = $inner }
            catch { $refusal = $_ }
        }
        if ((Get-NamespaceId pid) -eq 4026531836) { $depth | Should -Be 32 }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceNestingLimit,$Command"
        $refusal.Exception.Message | Should -Match 'Pid 32 deep'
        (Enter-Namespace $name sh -ArgumentList '-c', 'grep NSpid /proc/self/status || true' | Out-String) | Should -Not -BeNullOrEmpty
    }

    It 'keeps its parent from being removed, unless it goes too' {
        $parent = New-TestSet Uts
        $set = New-InnerSet $parent Uts
        $inner = New-InnerSet $set Uts
        $refusal = Get-Refusal { Remove-Namespace $parent }
        $refusal.FullyQualifiedErrorId | Should -BeExactly 'NamespaceHasChildren,Isolation.Commands.RemoveNamespaceCommand'
        $refusal.CategoryInfo.Category | Should -Be ResourceBusy
        $refusal.Exception.Message | Should -Match "$($set.Name).*-Recurse"
        Remove-Namespace $inner
        (Get-Namespace $parent.Name).State | Should -Be Ready
        $null = New-InnerSet $set Uts -Name $inner.Name
        Remove-Namespace $parent -Recurse -WhatIf
        (Get-Namespace $set.Name).State | Should -Be Ready
        Remove-Namespace $parent -Recurse
        foreach ($name in $parent.Name, $set.Name, $inner.Name) { (Get-Namespace).Name | Should -Not -Contain $name }
    }

    It 'is removed together with its parent where both are named, in any order' {
        $parent = New-TestSet Uts, Pid
        $set = New-InnerSet $parent Pid
        $parent, $set | Remove-Namespace -ErrorAction Stop
        (Get-Namespace).Name | Should -Not -Contain $parent.Name
        (Get-Namespace).Name | Should -Not -Contain $set.Name
    }

    It 'leaves the processes of its parent alone when it is removed' {
        $parent = New-TestSet Pid, Uts
        $process = Start-NamespaceProcess $parent sleep -ArgumentList 300
        $set = New-InnerSet $parent Uts
        $own = Start-NamespaceProcess $set sleep -ArgumentList 300
        Remove-Namespace $set
        Test-ProcessAlive $process.Id | Should -BeTrue
        Test-ProcessAlive $own.Id | Should -BeFalse
    }

    It 'does its parent no harm when it is undone half made, or when its record is damaged: <Text>' -ForEach @(@{ Text = 'half made' }, @{ Text = '{ "schema": 1, "name": "isot' }) {
        $parent = New-TestSet Uts, Net -With @{ MapRootUser = $true }
        $process = Start-NamespaceProcess $parent sleep -ArgumentList 300
        $set = New-InnerSet $parent Uts
        $file = "$($set.Folder)/set.json"
        if ($Text -eq 'half made') {
            $record = ([System.IO.File]::ReadAllText($file) | ConvertFrom-Json -AsHashtable) + @{ owner = @{ pid = 999999; startTicks = 5 } }
            $record.phase = 'Creating'
            $record.Remove('keeper')
            $record.ids = @{}
            [System.IO.File]::WriteAllText($file, ($record | ConvertTo-Json))
            (Get-Namespace).Name | Should -Not -Contain $set.Name
        }
        else {
            [System.IO.File]::WriteAllText($file, $Text)
            Remove-Namespace $set.Name -ErrorAction Stop
        }

        Test-ProcessAlive $process.Id | Should -BeTrue
        (Get-Namespace $parent.Name).State | Should -Be Ready
        Get-TestProcess | Should -Not -Contain "isolation-hold $($set.Name)"
        Remove-Namespace $parent -ErrorAction Stop
    }

    It 'is removed with its parent also where records were changed to go round in a circle' {
        $parent = New-TestSet Uts
        $set = New-InnerSet $parent Uts
        $null = [System.IO.Directory]::CreateDirectory("$($set.Folder)/children/$($parent.Name)")
        $record = [System.IO.File]::ReadAllText("$($parent.Folder)/set.json") | ConvertFrom-Json -AsHashtable
        [System.IO.File]::WriteAllText("$($parent.Folder)/set.json", ($record + @{ parent = $set.Name } | ConvertTo-Json))
        Remove-Namespace $set -Recurse -ErrorAction Stop
        foreach ($name in $parent.Name, $set.Name) { (Get-Namespace).Name | Should -Not -Contain $name }
    }

    It 'is made, or refused, and never left over, while its parent is removed' {
        $parent = New-TestSet Uts
        $names = 1..12 | ForEach-Object { New-TestName }
        $shell = New-TestShell "
            foreach (`$name in '$($names -join "','")') {
                try { (New-Namespace `$name -Type Uts -Parent $($parent.Name) -ErrorAction Stop).Name } catch { `$_.FullyQualifiedErrorId }
            }"
        try {
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $made = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
            Wait-Until -Seconds 60 -For 'the first set' { $output.Count -gt 0 }
            Wait-Until -Seconds 60 -For 'a removal between two sets' {
                Remove-Namespace $parent.Name -Recurse -ErrorVariable refused -ErrorAction SilentlyContinue
                foreach ($one in $refused) { $one.FullyQualifiedErrorId | Should -Match '^NamespaceHasChildren,' }
                -not [System.IO.Directory]::Exists($parent.Folder)
            }
            if (-not $made.AsyncWaitHandle.WaitOne(60000)) { throw 'The sets were not made within a minute.' }
            Get-ShellError $shell | Should -BeNullOrEmpty
            $output.Count | Should -Be 12
            foreach ($line in $output) { $line -in $names -or $line -eq "NamespaceNotFound,$Command" | Should -BeTrue -Because $line }
            Get-TestLeftover | Should -BeNullOrEmpty
        }
        finally {
            $shell.Dispose()
        }
    }

    It 'is completed: the names of sets for -Parent and -Join' {
        $set = New-TestSet Uts
        foreach ($parameter in 'Parent', 'Join') {
            $line = "New-Namespace x -Type Uts -$parameter $($set.Name.Substring(0, 15))"
            [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Contain $set.Name
        }
    }

    It 'refuses a parent that does not exist, and one that ends before it' {
        $refusal = Get-Refusal { New-Namespace (New-TestName) -Type User -Parent (New-TestName) }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
        $unnamed = New-Namespace -Type User -MapRootUser
        try {
            (Get-Refusal { New-InnerSet $unnamed User }).FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
            $inner = New-Namespace -Type User -Parent $unnamed
            $inner.Parent | Should -Be $unnamed.Name
        }
        finally {
            Remove-Namespace $unnamed -Recurse
        }
    }
}

Describe 'A set that joins others' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'has namespaces of a set, of a process and of a path beside its own' -Tag Root {
        $net = New-TestSet Net
        $process = Start-NamespaceProcess (New-TestSet Ipc) sleep -ArgumentList 300
        $uts = New-TestSet Uts -With @{ HostName = 'joined' }
        $set = New-Namespace (New-TestName) -Type Mount, Pid -Join $net, $process, "$($uts.Folder)/ns/uts"
        $set.Type | Should -Be ([Isolation.NamespaceType]'Mount, Pid')
        @($set.Joined.Type) | Should -Be Net, Ipc, Uts
        Get-InsideId $set net | Should -Be $net.GetId('Net')
        Get-InsideId $set ipc | Should -Be (Get-NamespaceId ipc $process.Id)
        Enter-Namespace $set hostname | Should -Be 'joined'
        Remove-Namespace $set
        Test-ProcessAlive $process.Id | Should -BeTrue
        (Get-Namespace $net.Name).State | Should -Be Ready
    }

    It 'has those of an own set, for an ordinary user' -Tag User {
        $other = New-TestSet Net, Uts -With @{ HostName = 'joined' }
        $set = New-Namespace (New-TestName) -Type Ipc -Join $other
        @($set.Joined.Type) | Should -Be Net, User, Uts
        Enter-Namespace $set sh -ArgumentList '-c', 'hostname; id -u' | Should -Be 'joined', '0'
        Get-InsideId $set net | Should -Be $other.GetId('Net')
        Get-InsideId $set ipc | Should -Be $set.GetId('Ipc')
        Remove-Namespace $set
        (Get-Namespace $other.Name).State | Should -Be Ready
    }

    It 'keeps them when the set that had them is removed' -Tag Root {
        $net = New-TestSet Net
        $set = New-Namespace (New-TestName) -Type Uts -Join $net
        Remove-Namespace $net
        (Get-Namespace $set.Name).State | Should -Be Ready
        Get-InsideId $set net | Should -Be $net.GetId('Net')

        # No process is in it, and yet it is no leak.
        $info = Get-NamespaceInfo -Type Net -Deep -WarningAction SilentlyContinue | Where-Object Id -EQ $net.GetId('Net')
        $info.Name | Should -Be $set.Name
        (Get-Refusal { $info | Remove-Namespace }).FullyQualifiedErrorId | Should -BeLike 'NamespaceInUse,*'
        Get-InsideId $set net | Should -Be $net.GetId('Net')
    }

    It 'is broken, and removed with nobody else, when an ordinary user''s set that had them is removed' -Tag User {
        $other = New-TestSet Net
        $set = New-Namespace (New-TestName) -Type Ipc -Join $other
        Remove-Namespace $other
        (Get-Namespace $set.Name).State | Should -Be Broken
        (Get-Refusal { Enter-Namespace $set true }).FullyQualifiedErrorId | Should -BeExactly 'NamespaceSetBroken,Isolation.Commands.EnterNamespaceCommand'
    }

    It 'refuses two of one kind' -Tag Root {
        $refusal = Get-Refusal { New-Namespace (New-TestName) -Type Uts -Join (New-TestSet Net), (New-TestSet Net) }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
        $refusal.Exception.Message | Should -Match 'kind Net'
    }
}

Describe 'A set''s owner, end and control group' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'says who owns its user namespace' {
        $set = New-TestSet User
        $set.OwnerUserId | Should -Be ([int](id -u))
        $set.OwnerGroupId | Should -Be ([int](id -g))
        (Get-NamespaceInfo -Type User | Where-Object Id -EQ $set.GetId('User')).OwnerUser | Should -Be (id -un)
        (Get-Namespace $set.Name).OwnerUserId | Should -Be $set.OwnerUserId
    }

    It 'gives its user namespace to another with -Owner' -Tag Root {
        $set = New-Namespace (New-TestName) -Type User, Uts -Owner nobody:12 -UserMap 0:300000:10
        $set.OwnerUserId | Should -Be 65534
        $set.OwnerGroupId | Should -Be 12
        (Get-NamespaceInfo -Type User | Where-Object Id -EQ $set.GetId('User')).OwnerUser | Should -Be 'nobody'
        Enter-Namespace $set id -ArgumentList '-u' | Should -Be '0'
        (Get-Refusal { New-Namespace (New-TestName) -Type User -Owner no-such-user }).FullyQualifiedErrorId | Should -BeExactly "UserNotFound,$Command"
        (Get-Refusal { New-Namespace (New-TestName) -Type Uts -Owner 5 }).FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
    }

    It 'ends with its creator with -KillChild, also where that is killed: <Killed>' -ForEach @(@{ Killed = $true }, @{ Killed = $false }) {
        $name = New-TestName
        $map = if ($IsRoot) { '' } else { '-MapAuto' }
        $child = Start-ChildHost "
            `$s = New-Namespace $name -Type Mount, Pid, Net $map -KillChild
            `$p = Start-NamespaceProcess `$s sleep -ArgumentList 300 -Detach
            Write-Line `$s.InitId `$p.Id `$s.IsPersistent
            Wait-Go"
        $init, $process, $persistent = (Read-ChildLine $child) -split ' '
        $persistent | Should -Be 'False'
        (Get-Namespace $name).State | Should -Be Ready
        Stop-ChildHost $child -Kill:$Killed
        Wait-Until -Seconds 30 -For 'the end of the set''s processes' { -not ((Test-ProcessAlive $init) -or (Test-ProcessAlive $process)) }
        # Another session may be at sweeping it up just now.
        Wait-Until -Seconds 30 -For 'the end of the set' { (Get-Namespace).Name -notcontains $name }
    }

    It 'leaves a set alone at its creator''s end that has the name of one that was to end with it' {
        $name = New-TestName
        $map = if ($IsRoot) { '' } else { '-MapRootUser' }
        $child = Start-ChildHost "
            New-Namespace $name -Type Uts $map -KillChild | Remove-Namespace
            `$null = New-Namespace $name -Type Uts $map
            Write-Line made
            Wait-Go"
        Read-ChildLine $child | Should -Be 'made'
        Stop-ChildHost $child
        (Get-Namespace $name).State | Should -Be Ready
    }

    It 'is the root of what its cgroup namespace shows' -Tag Root {
        $set = New-Namespace (New-TestName) -Type Cgroup
        $inside = Enter-Namespace $set cat /proc/self/cgroup
        $hierarchies = $inside | Where-Object { $_ -notmatch ':name=' }
        $hierarchies | Should -Not -BeNullOrEmpty
        foreach ($line in $hierarchies) { ($line -split ':', 3)[2] | Should -Be '/' -Because $line }
        $process = Start-NamespaceProcess $set sleep -ArgumentList 300
        (Get-Content "/proc/$($process.Id)/cgroup") -match "/isolation/$($set.Name)$" | Should -Not -BeNullOrEmpty
        $set | Set-CgroupLimit -PidsMax 50
        (Get-CgroupLimit $set).PidsMax | Should -Be 50
    }
}

Describe 'A cgroup namespace where control groups are mounted read-only' {
    It 'has PowerShell''s own as its root, as with unshare' -Tag Root {
        $name = New-TestName
        $readOnly = 'grep -E " - cgroup2? " /proc/self/mountinfo | cut -d " " -f 5 | while read m; do mount -o remount,bind,ro "$m" || exit 1; done && exec "$0" "$@"'
        $answer = Invoke-ChildHost "
            `$set = New-Namespace $name -Type Cgroup, Uts
            Write-Line `$set.State ((Enter-Namespace `$set readlink /proc/self/ns/cgroup) -eq ""cgroup:[`$(`$set.GetId('Cgroup'))]"")
            foreach (`$line in Enter-Namespace `$set cat /proc/self/cgroup) { Write-Line (`$line -split ':', 3)[2] }
            Remove-Namespace `$set" -Prefix unshare, '--mount', '--propagation', 'private', 'sh', '-c', $readOnly
        $answer[0] | Should -Be 'Ready True'
        $answer.Count | Should -BeGreaterThan 1
        $answer[1..99] | Select-Object -Unique | Should -Be '/'
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'A host that forbids user namespaces' {
    It 'is told of by its setting: max_user_namespaces' {
        $folder = [System.IO.Directory]::CreateTempSubdirectory('isotest-').FullName
        try {
            $limit = 'echo 0 > /proc/sys/user/max_user_namespaces && XDG_RUNTIME_DIR=$0 exec "$@"'
            $answer = Invoke-ChildHost 'Write-Refusal { New-Namespace -Type User }' -Prefix unshare, '-r', 'sh', '-c', $limit, $folder
            $answer | Should -Match '^NamespaceCreateFailed,\S+ LimitsExceeded .*user\.max_user_namespaces is 0.*sysctl -w'
        }
        finally {
            [System.IO.Directory]::Delete($folder, $true)
        }
    }
}
