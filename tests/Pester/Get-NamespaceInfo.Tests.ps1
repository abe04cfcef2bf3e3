# Compared with lsns(8), ip-netns(8) and /proc on namespaces that unshare(1) makes here.

BeforeAll {
    . $PSScriptRoot/Common.ps1

    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.GetNamespaceInfoCommand'
    # An ordinary user makes namespaces in a user namespace of his own.
    $script:Unshare = $IsRoot ? @('unshare') : @('unshare', '--user', '--map-root-user')

    function Start-Command {
        param([string[]]$Arguments)
        $start = [System.Diagnostics.ProcessStartInfo]::new($Arguments[0])
        foreach ($argument in $Arguments | Select-Object -Skip 1) { $start.ArgumentList.Add($argument) }
        $process = [System.Diagnostics.Process]::Start($start)
        $script:Started.Add($process)
        $process.Id
    }

    # Starts a command that ends in `sleep 300` and waits until it sleeps. The pid of the command stays that of the sleep.
    function Start-Sleeper {
        param([string[]]$Arguments)
        $id = Start-Command $Arguments
        Wait-Until { (Read-Comm $id) -eq 'sleep' } -For "$Arguments to sleep"
        $id
    }

    function Read-Comm {
        param([int]$Id)
        [IO.File]::ReadAllText("/proc/$Id/comm").TrimEnd("`n")
    }

    function Stop-Started {
        foreach ($process in $script:Started) {
            if (-not $process.HasExited) { $process.Kill($true) }
            $process.WaitForExit()
        }
        $script:Started.Clear()
    }

    $script:KindOf = @{ Mount = 'mnt'; Net = 'net'; Ipc = 'ipc'; User = 'user'; Pid = 'pid'; Uts = 'uts'; Cgroup = 'cgroup'; Time = 'time' }
}

Describe 'Get-NamespaceInfo' {
    AfterEach {
        Stop-Started
    }

    Context 'without an argument' {
        It 'lists the namespaces of this process as its own' {
            $own = Get-NamespaceInfo | Where-Object IsOwn
            $own.Count | Should -Be 8
            foreach ($info in $own) {
                $info.Id | Should -Be (Get-NamespaceId -Process $PID -Type $KindOf["$($info.Type)"])
                $info.ProcessIds | Should -Contain $PID
            }
        }

        It 'orders by kind as lsns lists them, then by number' {
            $found = Get-NamespaceInfo
            $order = 'Mount', 'Net', 'Ipc', 'User', 'Pid', 'Uts', 'Cgroup', 'Time'
            $sorted = $found | Sort-Object -Property { $order.IndexOf("$($_.Type)") }, Id
            ($found | ForEach-Object { "$_" }) -join ' ' | Should -Be (($sorted | ForEach-Object { "$_" }) -join ' ')
        }

        It 'has the ids, kinds, processes, users and commands of lsns' {
            $sleeper = Start-Sleeper ($Unshare + '--net', '--uts', '--ipc', '--mount', '--cgroup', 'sleep', '300')
            # The host does not hold still: other processes may come and go between the two, so there are some tries.
            foreach ($try in 1..30) {
                $theirs = Get-LsnsRow -l -o 'NS,TYPE,NPROCS,PID,PPID,UID,USER,COMMAND' | Where-Object nprocs -gt 0
                $ours = Get-NamespaceInfo | Where-Object ProcessCount -gt 0
                # lsns itself is in the namespaces of this process, and may have the lowest number there.
                $own = ($ours | Where-Object IsOwn).Id
                $difference = Compare-Object @(
                    $theirs | ForEach-Object { "$($_.type):[$($_.ns)] $($_.ns -in $own ? 'own' : "of $($_.nprocs), first $($_.pid), parent $($_.ppid), user $($_.uid) $($_.user)")" }
                ) @(
                    $ours | ForEach-Object { "$_ $($_.IsOwn ? 'own' : "of $($_.ProcessCount), first $($_.ProcessId), parent $($_.ParentProcessId), user $($_.UserId) $($_.User)")" }
                )
                if (-not $difference) { break }
            }
            $difference | Should -BeNullOrEmpty
            $ours.Count | Should -BeGreaterOrEqual 13
            # It is the first of this process' own namespaces too where its number is lower, when the numbers have wrapped.
            $made = $ours | Where-Object { $_.ProcessId -eq $sleeper -and -not $_.IsOwn }
            $made.Count | Should -Be ($IsRoot ? 5 : 6)
            foreach ($info in $made) {
                $info.Command | Should -BeExactly 'sleep 300'
                $info.Command | Should -BeExactly ($theirs | Where-Object ns -eq $info.Id).command
                $info.IsInitial | Should -BeFalse
                $info.IsOwn | Should -BeFalse
            }
        }

        It 'has the owners and parents of lsns' {
            $null = Start-Sleeper unshare, --user, --map-root-user, unshare, --user, --map-root-user, --net, --uts, sleep, 300
            $null = Start-Sleeper ($Unshare + '--pid', 'sh', '-c', "unshare --pid sh -c 'sleep 300 & exec sleep 300' & exec sleep 300")
            Wait-Until { (Get-NamespaceInfo -Type Pid | Where-Object ParentId).Count -ge 2 } -For 'two nested pid namespaces'
            $theirs = Get-LsnsRow -l -o 'NS,TYPE,PNS,ONS'
            $ours = Get-NamespaceInfo
            $checked = 0
            foreach ($row in $theirs) {
                $info = $ours | Where-Object Id -eq $row.ns
                if ($info) {
                    [ulong]($info.OwnerId ?? 0) | Should -Be $row.ons -Because "this owns $info"
                    [ulong]($info.ParentId ?? 0) | Should -Be $row.pns -Because "this is the parent of $info"
                    $checked++
                }
            }
            $checked | Should -BeGreaterThan 10
            # Not only nulls were compared.
            ($ours | Where-Object { $_.Type -eq 'Pid' -and $_.ParentId }).Count | Should -BeGreaterOrEqual 2
            ($ours | Where-Object { $_.Type -eq 'User' -and $_.ParentId }).Count | Should -BeGreaterOrEqual 2
        }

        It 'finds a parent that has no process itself' -Tag Root {
            $sleeper = Start-Sleeper unshare, --user, --map-root-user, unshare, --user, --map-root-user, sleep, 300
            $inner = Get-NamespaceInfo -Id $sleeper -Type User
            $middle = Get-NamespaceInfo -Type User | Where-Object Id -eq $inner.ParentId
            $middle.ProcessCount | Should -Be 0
            $middle.ProcessId | Should -BeNullOrEmpty
            $middle.ParentId | Should -Be (Get-NamespaceId -Process $PID -Type user)
            $middle.OwnerUserId | Should -Be 0
            $middle.OwnerUser | Should -Be 'root'
            $inner.OwnerId | Should -Be $middle.Id
        }

        It 'tells the namespaces that the host booted with' -Tag Root {
            $sleeper = Start-Sleeper unshare, --uts, sleep, 300
            (Get-NamespaceInfo -Type User | Where-Object IsInitial).Id | Should -Be 4026531837
            (Get-NamespaceInfo -Id $sleeper -Type Uts).IsInitial | Should -BeFalse
        }

        It 'lists no kind that was not asked for' {
            (Get-NamespaceInfo -Type Net, Uts).ForEach{ "$($_.Type)" } | Sort-Object -Unique | Should -Be 'Net', 'Uts'
            (Get-NamespaceInfo -Type user).Type | Sort-Object -Unique | Should -Be 'User'
        }

        It 'shows a command line without what would steer the terminal' -Tag Root {
            $sleeper = Start-Sleeper unshare, --uts, bash, -c, 'exec -a $''x\e[31m\n) S 1 300'' sleep 300'
            (Get-NamespaceInfo -Id $sleeper -Type Uts).Command | Should -BeExactly 'x?[31m?) S 1 300 300'
        }

        It 'does not fail while processes come and go, and leaves no descriptor open' {
            $null = Start-Command sh, -c, "while :; do $Unshare --uts true; done"
            $null = Get-NamespaceInfo -Deep
            [GC]::Collect()
            $before = [IO.Directory]::GetFileSystemEntries('/proc/self/fd').Count
            foreach ($round in 1..40) {
                $found = Get-NamespaceInfo -Deep:($round % 2) -ErrorVariable failures -ErrorAction SilentlyContinue
                $failures | Should -BeNullOrEmpty
                # A namespace that went with its process is not shown as one that something else keeps.
                $found | Where-Object { $_.Type -eq 'Uts' -and -not $_.ProcessCount -and -not $_.Paths -and -not $_.HolderIds } | Should -BeNullOrEmpty
            }
            [IO.Directory]::GetFileSystemEntries('/proc/self/fd').Count | Should -BeLessOrEqual ($before + 2)
        }
    }

    Context 'with pinned namespaces' {
        BeforeAll {
            $script:Folder = [IO.Directory]::CreateTempSubdirectory('iso-test-').FullName
        }

        AfterAll {
            [IO.Directory]::Delete($Folder, $true)
        }

        It 'finds what ip netns names, without a process, with the id that ip netns gives' -Tag Root {
            $name = New-TestName
            ip netns add $name
            try {
                $info = Get-NamespaceInfo -Type Net | Where-Object Name -eq $name
                $info.Paths | Should -Be "/run/netns/$name"
                $info.ProcessCount | Should -Be 0
                $info.Command | Should -BeNullOrEmpty
                $info.NetNsId | Should -BeNullOrEmpty
                $info.OwnerId | Should -Be (Get-NamespaceId -Process $PID -Type user)
                ip netns set $name 4711
                (Get-NamespaceInfo -Name $name).NetNsId | Should -Be 4711
            } finally {
                ip netns delete $name
            }
            Get-NamespaceInfo -Name "$name*" | Should -BeNullOrEmpty
        }

        It 'finds what unshare pins, under a path with a blank too' -Tag Root {
            $pin = "$Folder/a pin"
            [IO.File]::WriteAllText($pin, '')
            unshare "--uts=$pin" true
            try {
                $info = Get-NamespaceInfo -Type Uts | Where-Object ProcessCount -eq 0 | Where-Object Paths -contains $pin
                $info | Should -Not -BeNullOrEmpty
                $info | Should -Be (Get-NamespaceInfo -Path $pin)
            } finally {
                umount $pin
            }
        }

        It 'takes a path with a blank at its end and a backslash in it, and does not wait for what is there later' -Tag Root {
            $pin = "$Folder/a\pin "
            [IO.File]::WriteAllText($pin, '')
            unshare "--uts=$pin" true
            try {
                $info = Get-NamespaceInfo $pin
                $info.Paths | Should -Contain $pin
                Get-NamespaceInfo -LiteralPath $pin | Should -Be $info
                # A pipe would be opened when somebody writes to it, which nobody does.
                $said = Invoke-ChildHost "
                    `$info = Get-NamespaceInfo '$pin'
                    umount '$pin'
                    [IO.File]::Delete('$pin')
                    mkfifo '$pin'
                    Write-Refusal { Enter-Namespace `$info -FilePath true }
                " -Seconds 60
                $said | Should -Match '^NamespaceGone,'
            } finally {
                if ([IO.File]::ReadAllText('/proc/self/mountinfo').Contains("$Folder/a\134pin")) { umount $pin }
                [IO.File]::Delete($pin)
            }
        }

        It 'finds a pin that only another mount namespace has' -Tag Root {
            $pin = "$Folder/inside"
            [IO.File]::WriteAllText($pin, '')
            $sleeper = Start-Sleeper unshare, --mount, --uts, sh, -c, "mount --bind /proc/self/ns/uts $pin && exec nsenter --target $PID --uts sleep 300"
            $path = "/proc/$sleeper/root$pin"
            $info = Get-NamespaceInfo -Type Uts | Where-Object Paths -contains $path
            $info.ProcessCount | Should -Be 0
            $info.OwnerId | Should -Be (Get-NamespaceId -Process $PID -Type user)
            Get-NamespaceInfo -Path $path | Should -Be $info
        }
    }

    Context 'with what a container can make up' {
        It 'opens no path through the mounts of a user namespace below its own' -Tag Root {
            $folder = [IO.Directory]::CreateTempSubdirectory('iso-test-').FullName
            try {
                [IO.File]::WriteAllText("$folder/pin", '')
                $inner = "mount --bind /proc/self/ns/uts $folder/pin && exec unshare --uts sleep 300"
                $sleeper = Start-Sleeper unshare, --user, --map-root-user, --mount, --uts, sh, -c, $inner
                $info = Get-NamespaceInfo -Type Uts | Where-Object Paths -contains "/proc/$sleeper/root$folder/pin"
                $info.ProcessCount | Should -Be 0
                $info.OwnerId | Should -BeNullOrEmpty
            } finally {
                Stop-Started
                [IO.Directory]::Delete($folder, $true)
            }
        }
    }

    Context '-Deep' {
        It 'finds who has opened a pin' -Tag Root {
            $name = New-TestName
            ip netns add $name
            try {
                $sleeper = Start-Sleeper sh, -c, "exec 9</run/netns/$name; exec sleep 300"
                (Get-NamespaceInfo -Name $name -Deep).HolderIds | Should -Be $sleeper
            } finally {
                ip netns delete $name
            }
        }

        It 'finds a namespace that only an open descriptor keeps' -Tag Root {
            $sleeper = Start-Sleeper unshare, --uts, sh, -c, "exec 9</proc/self/ns/uts; exec nsenter --target $PID --uts sleep 300"
            $id = [ulong]([IO.FileInfo]::new("/proc/$sleeper/fd/9").LinkTarget -replace '\D')
            (Get-NamespaceInfo -Type Uts).Id | Should -Not -Contain $id
            $info = Get-NamespaceInfo -Type Uts -Deep | Where-Object Id -eq $id
            $info.HolderIds | Should -Be $sleeper
            $info.ProcessCount | Should -Be 0
            $info.OwnerId | Should -Be (Get-NamespaceId -Process $PID -Type user)
        }

        It 'finds a namespace that only a socket keeps' -Tag Root {
            $before = (Get-NamespaceInfo -Type Net -Deep).Id
            $sleeper = Start-Sleeper unshare, --net, bash, -c, "ip link set lo up; exec 9<>/dev/udp/127.0.0.1/9; exec nsenter --target $PID --net sleep 300"
            $info = Get-NamespaceInfo -Type Net -Deep | Where-Object HolderIds -contains $sleeper
            $info.Id | Should -Not -BeIn $before
            $info.ProcessCount | Should -Be 0
            $info.OwnerId | Should -Be (Get-NamespaceId -Process $PID -Type user)
            (Get-NamespaceInfo -Type Net).Id | Should -Not -Contain $info.Id
        }

        It 'tells who has a pid namespace for children to come' -Tag Root {
            $sleeper = Start-Sleeper unshare, --pid, sh, -c, 'sleep 300 & exec sleep 300'
            Wait-Until { [IO.File]::ReadAllText("/proc/$sleeper/task/$sleeper/children") } -For 'the first process of the new pid namespace'
            $child = [int][IO.File]::ReadAllText("/proc/$sleeper/task/$sleeper/children").Trim()
            $info = Get-NamespaceInfo -Id $child -Type Pid -Deep
            $info.HolderIds | Should -Be $sleeper
            $info.ProcessIds | Should -Be $child
            (Get-NamespaceInfo -Id $child -Type Pid).HolderIds | Should -BeNullOrEmpty
        }
    }

    Context '-Id' {
        It 'gives the namespaces of a process' -Tag Root {
            $sleeper = Start-Sleeper unshare, --uts, sleep, 300
            $found = Get-NamespaceInfo -Id $sleeper
            $found.Count | Should -Be 8
            foreach ($info in $found) {
                $info.Id | Should -Be (Get-NamespaceId -Process $sleeper -Type $KindOf["$($info.Type)"])
                $info.ProcessIds | Should -Contain $sleeper
            }
        }

        It 'takes processes from the pipeline, those too that start meanwhile' -Tag Root {
            $found = & {
                [System.Diagnostics.Process]::GetCurrentProcess()
                [System.Diagnostics.Process]::GetProcessById((Start-Sleeper unshare, --uts, sleep, 300))
            } | Get-NamespaceInfo -Type Uts
            $found.Count | Should -Be 2
            $found[0].ProcessIds | Should -Contain $PID
            $found[1].ProcessIds | Should -Be $Started[0].Id
        }

        It 'refuses a process that does not exist, and goes on' {
            $found = Get-NamespaceInfo -Id 2147483647, $PID -Type Net -ErrorVariable failures -ErrorAction SilentlyContinue
            $found.IsOwn | Should -BeTrue
            $failures.Count | Should -Be 1
            $failures[0].FullyQualifiedErrorId | Should -BeExactly "ProcessNotFound,$Command"
            $failures[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failures[0].TargetObject | Should -Be 2147483647
            "$($failures[0])" | Should -BeLike '*2147483647*'
        }
    }

    Context '-Namespace' {
        It 'takes a process, a namespace, a file and a name of ip netns' -Tag Root {
            $name = New-TestName
            ip netns add $name
            try {
                $info = Get-NamespaceInfo -Name $name
                $name | Get-NamespaceInfo | Should -Be $info
                Get-NamespaceInfo $name -Type Net, Uts | Should -Be $info
                Get-NamespaceInfo "/run/netns/$name" | Should -Be $info
                $info | Get-NamespaceInfo | Should -Be $info
                [IO.FileInfo]::new("/run/netns/$name") | ForEach-Object FullName | Get-NamespaceInfo | Should -Be $info
                Get-NamespaceInfo $name -Type Uts | Should -BeNullOrEmpty
            } finally {
                ip netns delete $name
            }
        }

        It 'takes the number of a process, and gives all its namespaces' {
            (Get-NamespaceInfo $PID).Count | Should -Be 8
            "$PID" | Get-NamespaceInfo -Type Uts | Should -Be (Get-NamespaceInfo -Id $PID -Type Uts)
        }

        It 'refuses <Given>' -ForEach @(
            @{ Given = 'isotest-nothing'; Id = 'NamespaceNotFound'; Category = 'ObjectNotFound' }
            @{ Given = '2147483647'; Id = 'ProcessNotFound'; Category = 'ObjectNotFound' }
            @{ Given = '/nonexistent/ns'; Id = 'NamespacePathNotFound'; Category = 'ObjectNotFound' }
        ) {
            Get-NamespaceInfo $Given -ErrorVariable failures -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $failures[0].FullyQualifiedErrorId | Should -BeExactly "$Id,$Command"
            $failures[0].CategoryInfo.Category | Should -Be $Category
            $failures[0].TargetObject | Should -Be $Given
        }
    }

    Context '-Name' {
        It 'takes names and wildcards' -Tag Root {
            $name = New-TestName
            ip netns add "$name-b"
            ip netns add "$name-c"
            try {
                (Get-NamespaceInfo -Name "$name-*").Name | Sort-Object | Should -Be "$name-b", "$name-c"
                (Get-NamespaceInfo -Name "$name-c", "$name-b").Name | Should -Be "$name-c", "$name-b"
                Get-NamespaceInfo -Name "$name-x*" | Should -BeNullOrEmpty
                Get-NamespaceInfo -Name "$name-*" -Type Uts | Should -BeNullOrEmpty
            } finally {
                ip netns delete "$name-b"
                ip netns delete "$name-c"
            }
        }

        It 'refuses a name that does not exist' {
            $name = New-TestName
            $found = Get-NamespaceInfo -Name $name -ErrorVariable failures -ErrorAction SilentlyContinue
            $found | Should -BeNullOrEmpty
            $failures[0].FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
            $failures[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failures[0].TargetObject | Should -Be $name
        }
    }

    Context '-Path' {
        It 'takes an entry of /proc, wildcards, and files from the pipeline' {
            Get-NamespaceInfo -Path "/proc/$PID/ns/net" | Should -Be (Get-NamespaceInfo -Id $PID -Type Net)
            (Get-NamespaceInfo -Path "/proc/$PID/ns/[nu]*t*").ForEach{ "$($_.Type)" } | Sort-Object | Should -Be 'Net', 'Uts'
            ([pscustomobject]@{ PSPath = "/proc/$PID/ns/uts" } | Get-NamespaceInfo).Type | Should -Be 'Uts'
            Get-NamespaceInfo -LiteralPath "/proc/$PID/ns/uts" -Type Net | Should -BeNullOrEmpty
        }

        It 'refuses <Path>' -ForEach @(
            @{ Path = '/nonexistent/ns'; Id = 'NamespacePathNotFound'; Category = 'ObjectNotFound'; Text = '*/nonexistent/ns*No such file*' }
            @{ Path = '/etc/passwd'; Id = 'NamespacePathInvalid'; Category = 'InvalidArgument'; Text = '/etc/passwd is a plain file, not a namespace*' }
            @{ Path = '/proc'; Id = 'NamespacePathInvalid'; Category = 'InvalidArgument'; Text = '/proc is a folder, not a namespace*' }
            @{ Path = 'variable:PID'; Id = 'NamespacePathInvalid'; Category = 'InvalidArgument'; Text = '*not a path of the file system*' }
        ) {
            $found = Get-NamespaceInfo -Path $Path -ErrorVariable failures -ErrorAction SilentlyContinue
            $found | Should -BeNullOrEmpty
            $failures.Count | Should -Be 1
            $failures[0].FullyQualifiedErrorId | Should -BeExactly "$Id,$Command"
            $failures[0].CategoryInfo.Category | Should -Be $Category
            $failures[0].TargetObject | Should -Be $Path
            "$($failures[0])" | Should -BeLike $Text
            "$($failures[0])" | Should -Not -BeLike '*Remove-Item*'
        }

        It 'says of a stale file of ip netns how to be rid of it' -Tag Root {
            $null = [IO.Directory]::CreateDirectory('/run/netns')
            $name = New-TestName
            [IO.File]::WriteAllText("/run/netns/$name", '')
            try {
                Get-NamespaceInfo -Path "/run/netns/$name" -ErrorVariable failures -ErrorAction SilentlyContinue
                $failures[0].FullyQualifiedErrorId | Should -BeExactly "NamespacePathInvalid,$Command"
                "$($failures[0])" | Should -BeLike "*stale*Remove-Item -LiteralPath '/run/netns/$name'*"
            } finally {
                [IO.File]::Delete("/run/netns/$name")
            }
        }
    }

    Context 'its parameters and objects' {
        It 'refuses None as a kind' {
            { Get-NamespaceInfo -Type None } | Should -Throw -ErrorId "ParameterArgumentValidationError,$Command"
        }

        It 'completes the kinds' {
            $line = 'Get-NamespaceInfo -Type '
            [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText |
                Should -Be 'Cgroup', 'Ipc', 'Mount', 'Net', 'Pid', 'Time', 'User', 'Uts'
            $line = 'Get-NamespaceInfo -Type Net, u'
            [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText |
                Should -Be 'User', 'Uts'
        }

        It 'gives objects that are equal when they are the same namespace, and print as the kernel does' {
            $first = Get-NamespaceInfo -Id $PID -Type Uts
            $first -eq (Get-NamespaceInfo -Id $PID -Type Uts) | Should -BeTrue
            $first -eq (Get-NamespaceInfo -Id $PID -Type Net) | Should -BeFalse
            "$first" | Should -BeExactly ([IO.FileInfo]::new("/proc/$PID/ns/uts").LinkTarget)
        }

        It 'has a table like that of lsns and a list of everything' {
            $table = Get-NamespaceInfo -Id $PID -Type Net, Uts | Out-String -Width 200
            $table | Should -Match 'Type\s+Id\s+Processes\s+PID\s+User\s+Name\s+Command'
            $table | Should -Match "Net\s+$(Get-NamespaceId -Process $PID -Type net)\s+\d+\s+\d+"
            $list = Get-NamespaceInfo -Id $PID -Type Net | Format-List | Out-String -Width 200
            foreach ($property in 'OwnerId', 'ParentId', 'NetNsId', 'ProcessIds', 'Paths', 'HolderIds', 'IsInitial', 'IsOwn') {
                $list | Should -Match "(?m)^$property\s+:"
            }
        }
    }

    Context 'as an ordinary user' {
        It 'lists what the kernel lets him see, without an error' -Tag User {
            $sleeper = Start-Sleeper ($Unshare + '--uts', 'sleep', '300')
            $found = Get-NamespaceInfo -Deep -ErrorVariable failures
            $failures | Should -BeNullOrEmpty
            ($found | Where-Object IsOwn).Count | Should -Be 8
            $made = $found | Where-Object ProcessIds -contains $sleeper | Where-Object { -not $_.IsOwn }
            ($made | ForEach-Object { "$($_.Type)" }) -join ' ' | Should -Be 'User Uts'
            $made[0].OwnerUser | Should -Be ([Environment]::UserName)
            $made[0].ParentId | Should -Be (Get-NamespaceId -Process $PID -Type user)
            $made[1].OwnerId | Should -Be $made[0].Id
        }

        It 'is told what it takes to look at a process of root' -Tag User {
            Get-NamespaceInfo -Id 1 -ErrorVariable failures -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $failures[0].FullyQualifiedErrorId | Should -BeExactly "NamespaceAccessDenied,$Command"
            $failures[0].CategoryInfo.Category | Should -Be 'PermissionDenied'
            $failures[0].TargetObject | Should -Be 1
            "$($failures[0])" | Should -BeLike '*process 1:*root*'
        }

        It 'does not list a namespace that only processes of root are in' -Tag Root {
            $sleeper = Start-Sleeper unshare, --uts, sleep, 300
            $id = Get-NamespaceId -Process $sleeper -Type uts
            (Get-NamespaceInfo -Type Uts).Id | Should -Contain $id
            $seen = runuser -u nobody -- ([Environment]::ProcessPath) -NoProfile -Command "Import-Module '$((Get-Module Isolation).Path)'; (Get-NamespaceInfo -Type Uts -Deep).Id"
            $seen | Should -Contain "$(Get-NamespaceId -Process $PID -Type uts)"
            $seen | Should -Not -Contain "$id"
        }
    }
}
