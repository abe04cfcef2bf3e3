# Relations of namespaces, and namespaces that nothing is in, compared with lsns(8), ip-netns(8) and what ioctl_ns(2) says to perl.

BeforeAll {
    . $PSScriptRoot/Common.ps1

    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.GetNamespaceInfoCommand'
    $script:RemoveCommand = 'Isolation.Commands.RemoveNamespaceCommand'
    $script:Unshare = $IsRoot ? @('unshare') : @('unshare', '--user', '--map-root-user')
    $script:KindOf = @{ Mount = 'mnt'; Net = 'net'; Ipc = 'ipc'; User = 'user'; Pid = 'pid'; Uts = 'uts'; Cgroup = 'cgroup'; Time = 'time' }

    # Starts a command that ends in `sleep 300` and waits until it sleeps. The pid of the command stays that of the sleep.
    function Start-Sleeper {
        param([string[]]$Arguments)
        $start = [System.Diagnostics.ProcessStartInfo]::new($Arguments[0])
        foreach ($argument in $Arguments | Select-Object -Skip 1) { $start.ArgumentList.Add($argument) }
        $process = [System.Diagnostics.Process]::Start($start)
        $script:Started.Add($process)
        Wait-Until { [IO.File]::ReadAllText("/proc/$($process.Id)/comm").TrimEnd("`n") -eq 'sleep' } -For "$Arguments to sleep" -Seconds 30
        $process.Id
    }

    function Stop-Started {
        foreach ($process in $script:Started) {
            if (-not $process.HasExited) { $process.Kill($true) }
            $process.WaitForExit()
        }
        $script:Started.Clear()
    }

    # The number of the namespace that an ioctl of ioctl_ns(2) gives for a file of /proc; nothing where the kernel refuses.
    function Read-Relative {
        param([string]$Path, [int]$Request)
        $text = perl -e "open(my `$f, '<', '$Path') or exit 1; my `$n = ioctl(`$f, $Request, 0); exit 1 unless defined `$n; print readlink('/proc/self/fd/' . (`$n + 0))"
        if ($text) { [ulong]($text -replace '\D') }
    }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Get-NamespaceInfo, what relates namespaces' {
    AfterEach {
        Stop-Started
    }

    It 'ioctl_ns: owners are those of NS_GET_USERNS, and parents those of NS_GET_PARENT' {
        $sleeper = Start-Sleeper unshare, --user, --map-root-user, unshare, --user, --map-root-user, --net, --uts, --ipc, sleep, 300
        $checked = 0
        foreach ($info in Get-NamespaceInfo -Id $sleeper) {
            $path = "/proc/$sleeper/ns/$($KindOf["$($info.Type)"])"
            $info.OwnerId | Should -Be (Read-Relative $path 0xb701) -Because "this owns $info"
            $info.ParentId | Should -Be (Read-Relative $path 0xb702) -Because "this is the parent of $info"
            $checked += [int][bool]$info.OwnerId + [int][bool]$info.ParentId
        }
        # The three kinds and the user namespace have owners, and that has a parent.
        $checked | Should -BeGreaterOrEqual 5
    }

    It 'netnsid equals ip netns list-id, and is null for what has none' -Tag Root {
        $first, $second = (New-TestName), (New-TestName)
        ip netns add $first
        ip netns add $second
        try {
            ip netns set $first 7301
            $listed = ip netns list-id | Where-Object { $_ -match "nsid (\d+) .*name: $first\b" } | ForEach-Object { [int]$Matches[1] }
            $listed | Should -Be 7301
            (Get-NamespaceInfo -Name $first).NetNsId | Should -Be $listed
            (Get-NamespaceInfo -Name $second).NetNsId | Should -BeNullOrEmpty
        } finally {
            ip netns delete $first
            ip netns delete $second
        }
    }

    It 'has the names of ip netns, each with the number of its file' -Tag Root {
        $first, $second = (New-TestName), (New-TestName)
        ip netns add $first
        ip netns add $second
        try {
            $names = (ip -j netns list | ConvertFrom-Json).name
            $names | Should -Contain $first
            foreach ($name in $first, $second) { (Get-NamespaceInfo -Type Net | Where-Object Name -EQ $name).Id | Should -Be (stat -L -c %i "/run/netns/$name") }
            # Others come and go on this host, those of the test stay.
            $found = (Get-NamespaceInfo -Type Net).Name
            foreach ($name in $names -match '^isotest-' | Where-Object { $_ -in $TestNames }) { $found | Should -Contain $name }
        } finally {
            ip netns delete $first
            ip netns delete $second
        }
    }

    It 'has the path under which lsns finds a namespace' {
        $sleeper = Start-Sleeper ($Unshare + '--uts', 'sleep', '300')
        $info = Get-NamespaceInfo -Id $sleeper -Type Uts
        $theirs = Get-LsnsRow -l -o 'NS,PATH' | Where-Object ns -EQ $info.Id
        $info.Path | Should -BeExactly $theirs.path
        Get-NamespaceInfo -Path $info.Path | Should -Be $info
    }

    It 'finds a namespace by its number, as lsns does' {
        $sleeper = Start-Sleeper ($Unshare + '--uts', 'sleep', '300')
        $id = Get-NamespaceId uts $sleeper
        $found = Get-NamespaceInfo -NamespaceId $id
        $found.Type | Should -Be Uts
        ($found | Get-NamespaceProcess).Id | Should -Be ((Get-LsnsRow $id).pid)
        (Get-NamespaceInfo -NamespaceId $id, (Get-NamespaceId net) -Type Net -ErrorVariable refused -ErrorAction SilentlyContinue).Id | Should -Be (Get-NamespaceId net)
        "$refused" | Should -BeLike "There is no namespace $id of kind Net *"
    }

    It 'refuses a number that nothing has' {
        Get-NamespaceInfo -NamespaceId 1 -ErrorVariable failures -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failures[0].FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
        $failures[0].CategoryInfo.Category | Should -Be ObjectNotFound
        $failures[0].TargetObject | Should -Be 1
    }
}

Describe 'Get-NamespaceInfo -Tree' {
    AfterEach {
        Stop-Started
    }

    It 'by parent has user namespaces below those they were made in, however deep' {
        $sleeper = Start-Sleeper unshare, --user, --map-root-user, unshare, --user, --map-root-user, unshare, --user, --map-root-user, sleep, 300
        $tree = Get-NamespaceInfo -Type User -Tree Parent
        $innermost = $tree | Where-Object ProcessIds -Contains $sleeper
        $innermost | Should -BeOfType Isolation.NamespaceTreeNode
        $above = $tree | Where-Object { $_.Children -contains $innermost }
        $above.Id | Should -Be $innermost.ParentId
        $above.ProcessCount | Should -Be 0
        $innermost.Depth | Should -Be ($above.Depth + 1)
        $innermost.Depth | Should -BeGreaterOrEqual 3
        $top = $tree | Where-Object IsOwn
        $top.Depth | Should -Be ($innermost.Depth - 3)
        # Each is right below its own parent.
        $index = [array]::IndexOf(@($tree), $innermost)
        $tree[$index - 1] | Should -Be $above
    }

    It 'by owner has every namespace below its user namespace, also with a kind that is wanted alone' {
        $sleeper = Start-Sleeper unshare, --user, --map-root-user, --net, --uts, sleep, 300
        $tree = Get-NamespaceInfo -Type Net -Tree Owner
        $net = $tree | Where-Object ProcessIds -Contains $sleeper | Where-Object Type -EQ Net
        $owner = $tree | Where-Object { $_.Children -contains $net }
        $owner.Type | Should -Be User
        $owner.Id | Should -Be (Get-NamespaceId user $sleeper)
        $tree.Type | Should -Not -Contain Uts
        # User namespaces are there only where a network hangs from them.
        foreach ($node in $tree | Where-Object Type -EQ User) { $node.Children | Should -Not -BeNullOrEmpty }
        ($tree | Where-Object Type -EQ Net).Count | Should -Be @(Get-NamespaceInfo -Type Net).Count
    }

    It 'by process has a namespace below that of the process it comes from' {
        $sleeper = Start-Sleeper ($Unshare + '--uts', 'sleep', '300')
        $tree = Get-NamespaceInfo -Type Uts -Tree Process
        $node = $tree | Where-Object ProcessIds -Contains $sleeper
        ($tree | Where-Object { $_.Children -contains $node }).IsOwn | Should -BeTrue
    }

    It 'arranges what other parameters choose' {
        $sleeper = Start-Sleeper unshare, --user, --map-root-user, --net, sleep, 300
        $tree = Get-NamespaceInfo -Id $sleeper -Type User, Net -Tree Owner
        $tree.Type | Should -Be User, Net
        $tree.Depth | Should -Be 0, 1
        $tree.Branch | Should -Be '', '└─'
    }

    It 'has a table that draws the tree' {
        $sleeper = Start-Sleeper unshare, --user, --map-root-user, --net, sleep, 300
        $table = Get-NamespaceInfo -Id $sleeper -Type User, Net -Tree Owner | Out-String -Width 200
        $table | Should -Match 'Namespace\s+Processes\s+PID\s+User\s+Name\s+Command'
        $table | Should -Match "(?m)^User $(Get-NamespaceId user $sleeper)\s"
        $table | Should -Match "(?m)^└─Net $(Get-NamespaceId net $sleeper)\s"
    }

    It 'gives objects that other cmdlets take' {
        $sleeper = Start-Sleeper ($Unshare + '--uts', 'sleep', '300')
        (Get-NamespaceInfo -Id $sleeper -Type Uts -Tree Parent | Get-NamespaceProcess).Id | Should -Be $sleeper
    }

    It 'completes what the tree is by, and refuses anything else' {
        $line = 'Get-NamespaceInfo -Tree '
        [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Be Owner, Parent, Process
        { Get-NamespaceInfo -Tree Sideways } | Should -Throw -ErrorId "ParameterArgumentValidationError,$Command"
    }
}

Describe 'Get-NamespaceInfo -Persistent and -Leaked' {
    AfterEach {
        Stop-Started
    }

    It 'lsns: a namespace that a mount keeps is shown with no process' -Tag Root {
        $name = New-TestName
        ip netns add $name
        try {
            $info = Get-NamespaceInfo -Persistent | Where-Object Name -EQ $name
            $info.ProcessCount | Should -Be 0
            $info.Paths | Should -Be "/run/netns/$name"
            $info.Path | Should -Be "/run/netns/$name"
            (Get-NamespaceInfo -Persistent).ProcessCount | Sort-Object -Unique | Should -Be 0
            (Get-NamespaceInfo -Leaked).Id | Should -Contain $info.Id
        } finally {
            ip netns delete $name
        }
    }

    It 'finds one that only an open descriptor keeps, and says which' {
        $script = 'unshare --uts sleep 300 & while [ "$(readlink /proc/$!/ns/uts)" = "$(readlink /proc/self/ns/uts)" ]; do :; done; exec 9</proc/$!/ns/uts; kill $!; wait; exec sleep 300'
        $sleeper = Start-Sleeper ($Unshare + 'sh', '-c', $script)
        $id = [ulong]([IO.FileInfo]::new("/proc/$sleeper/fd/9").LinkTarget -replace '\D')
        (Get-NamespaceInfo -Type Uts).Id | Should -Not -Contain $id
        $leaked = Get-NamespaceInfo -Leaked -Type Uts | Where-Object Id -EQ $id
        $leaked.Holds | Should -Be ([Isolation.NamespaceHold]::new($sleeper, 'Descriptor', 9))
        $leaked.HolderIds | Should -Be $sleeper
        $leaked.ProcessCount | Should -Be 0
    }

    It 'finds one whose pin is gone while a descriptor that was opened there is not' -Tag Root {
        $name = New-TestName
        ip netns add $name
        $id = (Get-NamespaceInfo -Name $name).Id
        $sleeper = Start-Sleeper sh, -c, "exec 9</run/netns/$name; exec sleep 300"
        ip netns delete $name
        $leaked = Get-NamespaceInfo -Leaked | Where-Object Id -EQ $id
        $leaked.Type | Should -Be Net
        $leaked.Holds | Should -Be ([Isolation.NamespaceHold]::new($sleeper, 'Descriptor', 9))
        $leaked.Paths | Should -BeNullOrEmpty
        # The root of a file system that is there looks alike.
        $other = Start-Sleeper sh, -c, 'exec 9</; exec sleep 300'
        (Get-NamespaceInfo -Deep).HolderIds | Should -Not -Contain $other
    }

    It 'says what an ordinary user cannot know' -Tag User {
        $null = Get-NamespaceInfo -Leaked -Type Uts -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*processes of other users*CAP_SYS_PTRACE*'
    }

    It 'leaves out the namespaces of sets, which wait to be used' {
        $set = New-TestSet Uts, Ipc
        try {
            $found = Get-NamespaceInfo $set -Deep
            $found.Type | Should -Contain Ipc
            $found.IsLeaked | Should -Not -Contain $true
            (Get-NamespaceInfo -Leaked).Id | Should -Not -Contain $set.GetId('Ipc')
        } finally {
            Remove-Namespace $set
        }
    }

    It 'leaves it out once the process with the descriptor has ended' -Tag Root {
        $sleeper = Start-Sleeper unshare, --uts, sh, -c, "exec 9</proc/self/ns/uts; exec nsenter --target $PID --uts sleep 300"
        $id = [ulong]([IO.FileInfo]::new("/proc/$sleeper/fd/9").LinkTarget -replace '\D')
        $leaked = Get-NamespaceInfo -Leaked -Type Uts | Where-Object Id -EQ $id
        $leaked.Holds.Count | Should -Be 1
        "$($leaked.Holds[0])" | Should -BeExactly "process $sleeper, descriptor 9"
        $leaked.Path | Should -Be "/proc/$sleeper/fd/9"
        $leaked.IsLeaked | Should -BeTrue
        Stop-Started
        (Get-NamespaceInfo -Leaked -Type Uts).Id | Should -Not -Contain $id
    }

    It 'leaves out a namespace that a thread or children to come are for' -Tag Root {
        $sleeper = Start-Sleeper unshare, --time, sh, -c, 'exec sleep 300'
        $id = [ulong]([IO.FileInfo]::new("/proc/$sleeper/ns/time_for_children").LinkTarget -replace '\D')
        $leaked = (Get-NamespaceInfo -Leaked -Type Time).Id
        $leaked | Should -Not -Contain $id
    }
}

Describe 'Remove-Namespace, of what Get-NamespaceInfo -Leaked finds' {
    AfterEach {
        Stop-Started
    }

    It 'removes a network namespace of ip netns with its file' -Tag Root {
        $name = New-TestName
        ip netns add $name
        $id = (Get-NamespaceInfo -Name $name).Id
        Get-NamespaceInfo -Leaked | Where-Object Name -EQ $name | Remove-Namespace | Should -BeNullOrEmpty
        [IO.File]::Exists("/run/netns/$name") | Should -BeFalse
        ip netns list | Should -Not -Contain $name
        (Get-NamespaceInfo -Type Net -Deep).Id | Should -Not -Contain $id
    }

    It 'unmounts a pin of unshare and leaves the file' -Tag Root {
        $pin = "$TestDrive/pin-$(New-TestName)"
        [IO.File]::WriteAllText($pin, '')
        # A mount that is shared cannot be pinned to; the folder is made one of its own.
        unshare "--uts=$pin" true
        try {
            Get-NamespaceInfo -Leaked -Type Uts | Where-Object Paths -Contains $pin | Remove-Namespace
            [IO.File]::ReadAllText('/proc/self/mountinfo') | Should -Not -Match ([regex]::Escape($pin))
            [IO.File]::Exists($pin) | Should -BeTrue
        } finally {
            umount $pin 2>$null
        }
    }

    It 'refuses one of a set, and names the set' {
        $set = New-TestSet Uts, Ipc, Pid
        try {
            $refusal = Get-Refusal { Get-NamespaceInfo $set -Type Ipc | Remove-Namespace }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceInUse,$RemoveCommand"
            "$refusal" | Should -BeLike "*set '$($set.Name)'*Remove-Namespace $($set.Name)"
            Enter-Namespace $set sh -ArgumentList '-c', 'echo in' | Should -Be in
        } finally {
            Remove-Namespace $set
        }
    }

    It 'leaves alone another namespace that has got the number of one that is gone' -Tag Root {
        $name = New-TestName
        ip netns add $name
        $seen = Get-NamespaceInfo -Name $name
        # The number stays; what kept it then does not: so it looks when the kernel gives the number out again.
        $other = "$TestDrive/pin-$(New-TestName)"
        [IO.File]::WriteAllText($other, '')
        mount --bind "/run/netns/$name" $other
        ip netns delete $name
        try {
            $refusal = Get-Refusal { $seen | Remove-Namespace }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$RemoveCommand"
            (Get-NamespaceInfo -LiteralPath $other).Id | Should -Be $seen.Id
        } finally {
            umount $other
        }
    }

    It 'takes away no pin that came after it was found, and says where it is' -Tag Root {
        $name = New-TestName
        ip netns add $name
        $seen = Get-NamespaceInfo -Name $name
        $other = "$TestDrive/pin-$(New-TestName)"
        [IO.File]::WriteAllText($other, '')
        mount --bind "/run/netns/$name" $other
        try {
            $refusal = Get-Refusal { $seen | Remove-Namespace }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceHeld,$RemoveCommand"
            "$refusal" | Should -BeLike "*mounted at $other*"
            [IO.File]::Exists("/run/netns/$name") | Should -BeFalse
            (Get-NamespaceInfo -LiteralPath $other).Id | Should -Be $seen.Id
        } finally {
            umount $other
        }
    }

    It 'says who else keeps it where a namespace inside does' -Tag Root {
        $pin = "$TestDrive/pin-$(New-TestName)"
        [IO.File]::WriteAllText($pin, '')
        $maker = Start-Sleeper unshare, --user, --map-root-user, sleep, 300
        mount --bind "/proc/$maker/ns/user" $pin
        $sleeper = Start-Sleeper nsenter, "--user=$pin", unshare, --user, --map-root-user, sleep, 300
        try {
            [System.Diagnostics.Process]::GetProcessById($maker).Kill()
            Wait-Until { (Get-NamespaceInfo -LiteralPath $pin).ProcessCount -eq 0 } -For 'the end of the process in it' -Seconds 30
            $outer = Get-NamespaceInfo -LiteralPath $pin
            $refusal = Get-Refusal { $outer | Remove-Namespace }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceHeld,$RemoveCommand"
            "$refusal" | Should -BeLike '*another namespace*'
            Test-ProcessAlive $sleeper | Should -BeTrue
        } finally {
            umount $pin 2>$null
        }
    }

    It 'shows no control character of who holds a namespace' -Tag Root {
        $name = New-TestName
        ip netns add $name
        $start = [System.Diagnostics.ProcessStartInfo]::new('perl')
        foreach ($argument in '-e', "open my `$n, '<', '/run/netns/$name' or die; open my `$c, '>', '/proc/self/comm'; print `$c qq(\e[31mred); close `$c; print qq(ready\n); `$| = 1; print ''; <STDIN>") { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $holder = [System.Diagnostics.Process]::Start($start)
        try {
            $holder.StandardOutput.ReadLineAsync().Wait(30000) | Should -BeTrue
            $refusal = Get-Refusal { Get-NamespaceInfo -Name $name | Remove-Namespace }
            "$refusal" | Should -BeLike "*process $($holder.Id) (?``[31mred)*"
            "$refusal" | Should -Not -Match '\e'
            (Get-NamespaceProcess (Get-NamespaceInfo -Id $holder.Id -Type Uts) | Where-Object Id -EQ $holder.Id).Name | Should -BeExactly '?[31mred'
        } finally {
            $holder.Kill()
            $holder.WaitForExit()
            if ([IO.File]::Exists("/run/netns/$name")) { ip netns delete $name }
        }
    }

    It 'removes nothing with -WhatIf' -Tag Root {
        $name = New-TestName
        ip netns add $name
        try {
            Get-NamespaceInfo -Name $name | Remove-Namespace -WhatIf
            (Get-NamespaceInfo -Name $name).Paths | Should -Be "/run/netns/$name"
        } finally {
            ip netns delete $name
        }
    }

    It 'refuses one that a process is in, and names it' -Tag Root {
        $sleeper = Start-Sleeper unshare, --uts, sleep, 300
        $refusal = Get-Refusal { Get-NamespaceInfo -Id $sleeper -Type Uts | Remove-Namespace }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceInUse,$RemoveCommand"
        $refusal.CategoryInfo.Category | Should -Be ResourceBusy
        "$refusal" | Should -BeLike "*process $sleeper (sleep 300)*"
        Test-ProcessAlive $sleeper | Should -BeTrue
        (Get-Refusal { Get-NamespaceInfo -Id $PID -Type Net | Remove-Namespace }).FullyQualifiedErrorId | Should -BeExactly "NamespaceInUse,$RemoveCommand"
    }

    It 'says which process keeps it by which descriptor, and what would release it' -Tag Root {
        $sleeper = Start-Sleeper unshare, --uts, sh, -c, "exec 9</proc/self/ns/uts; exec nsenter --target $PID --uts sleep 300"
        $refusal = Get-Refusal { Get-NamespaceInfo -Leaked -Type Uts | Where-Object HolderIds -Contains $sleeper | Remove-Namespace }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceHeld,$RemoveCommand"
        $refusal.CategoryInfo.Category | Should -Be ResourceBusy
        "$refusal" | Should -BeLike "*process $sleeper (sleep)*descriptor 9*Stop-NamespaceProcess -Id $sleeper*"
        Test-ProcessAlive $sleeper | Should -BeTrue
    }

    It 'takes a pin away and still says who else keeps the namespace' -Tag Root {
        $name = New-TestName
        ip netns add $name
        $sleeper = Start-Sleeper sh, -c, "exec 9</run/netns/$name; exec sleep 300"
        try {
            $refusal = Get-Refusal { Get-NamespaceInfo -Name $name | Remove-Namespace }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceHeld,$RemoveCommand"
            "$refusal" | Should -BeLike "*process $sleeper (sleep)*"
            [IO.File]::Exists("/run/netns/$name") | Should -BeFalse
        } finally {
            if ([IO.File]::Exists("/run/netns/$name")) { ip netns delete $name }
        }
    }

    It 'says of one that is gone that it is, and goes on' -Tag Root {
        $first, $second = (New-TestName), (New-TestName)
        ip netns add $first
        ip netns add $second
        $both = Get-NamespaceInfo -Name $first, $second
        # Held open, so that no other namespace gets the number meanwhile: then it is held.
        ip netns delete $first
        $both | Remove-Namespace -ErrorVariable refused -ErrorAction SilentlyContinue
        $refused.Count | Should -Be 1
        $refused[0].FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$RemoveCommand"
        [IO.File]::Exists("/run/netns/$second") | Should -BeFalse
    }

    It 'is told that unmounting takes privilege' -Tag Root {
        $name = New-TestName
        ip netns add $name
        try {
            $said = runuser -u nobody -- ([Environment]::ProcessPath) -NoProfile -Command "Import-Module '$((Get-Module Isolation).Path)'; try { Get-NamespaceInfo -Path /run/netns/$name | Remove-Namespace -ErrorAction Stop } catch { `$_.FullyQualifiedErrorId; `$_.CategoryInfo.Category; `$_.Exception.Message }"
            $said[0] | Should -Be "NamespaceAccessDenied,$RemoveCommand"
            $said[1] | Should -Be PermissionDenied
            "$said" | Should -BeLike '*CAP_SYS_ADMIN*'
            (Get-NamespaceInfo -Name $name).Paths | Should -Be "/run/netns/$name"
        } finally {
            ip netns delete $name
        }
    }
}

Describe 'Looking at a host that does not hold still' {
    It 'leaves out processes that end while they are read' {
        # Processes that come and go as quickly as they can, each in a namespace of its own where that is allowed.
        $churn = [System.Diagnostics.ProcessStartInfo]::new('perl')
        foreach ($argument in '-e', 'my $parent = getppid(); while (getppid() == $parent) { for (1..20) { fork or exit 0 } 1 while wait() > 0 }') { $churn.ArgumentList.Add($argument) }
        $process = [System.Diagnostics.Process]::Start($churn)
        try {
            $rounds = $env:ISOLATION_SOAK -eq '1' ? 500 : 20
            foreach ($round in 1..$rounds) {
                $found = Get-NamespaceInfo -Deep -ErrorAction Stop
                ($found | Where-Object IsOwn).Count | Should -Be 8
                foreach ($info in $found | Where-Object ProcessCount) { $info.Command | Should -Not -BeNullOrEmpty }
                $null = Get-NamespaceProcess (Get-NamespaceInfo -Id $PID -Type Uts) -ErrorAction Stop
            }
            $process.HasExited | Should -BeFalse
        } finally {
            $process.Kill()
            $process.WaitForExit()
        }
    }

    It 'counts every one of many processes' -Tag Root {
        # 10,000 with ISOLATION_SOAK=1: each is a copy of perl that waits, and they end with their parent's input.
        $count = $env:ISOLATION_SOAK -eq '1' ? 10000 : 500
        $start = [System.Diagnostics.ProcessStartInfo]::new('unshare')
        foreach ($argument in '--uts', '--ipc', 'perl', '-e', "pipe(my `$r, my `$w); for (1..$count) { my `$p = fork; defined `$p or die; if (!`$p) { close `$w; sysread(`$r, my `$b, 1); exit 0 } } print qq(ready\n); `$| = 1; print ''; <STDIN>") { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $process = [System.Diagnostics.Process]::Start($start)
        try {
            $line = $process.StandardOutput.ReadLineAsync()
            if (-not $line.Wait(120000)) { throw 'The processes were not made within two minutes.' }
            $found = Get-NamespaceInfo -Id $process.Id -Type Uts, Ipc
            $found.ProcessCount | Should -Be ($count + 1), ($count + 1)
            (Get-NamespaceInfo -Id $process.Id -Type Uts -Deep).ProcessCount | Should -Be ($count + 1)
            $processes = Get-NamespaceProcess ($found | Where-Object Type -EQ Uts)
            $processes.Count | Should -Be ($count + 1)
            ($processes | Where-Object ParentId -EQ $process.Id).Count | Should -Be $count
        } finally {
            $process.StandardInput.Close()
            if (-not $process.WaitForExit(120000)) { $process.Kill($true) }
        }
    }

    It 'shows an ordinary user his own processes where /proc hides those of others (hidepid)' -Tag Root {
        # Another instance of proc, which the host's own is not changed by (Linux 5.8).
        $script = "
            `$found = Get-NamespaceInfo -Deep -ErrorAction Stop
            `$own = `$found | Where-Object IsOwn
            Write-Line `"own `$(`$own.Count)`"
            Write-Line `"first `$([System.IO.Directory]::Exists('/proc/1'))`"
            Write-Line `"users `$((`$found.User | Where-Object { `$_ } | Sort-Object -Unique) -join ',')`"
            Write-Line `"contains `$(`$own[0].ProcessIds -contains `$PID)`"
            Write-Line `"processes `$(@(Get-NamespaceProcess `$own[0]).User | Sort-Object -Unique)`"
            try { Get-NamespaceInfo -Id 1 -ErrorAction Stop } catch { Write-Line `"refused `$(`$_.FullyQualifiedErrorId)`" }"
        $lines = Invoke-ChildHost $script -Prefix 'unshare', '--mount', 'sh', '-c', 'mount -t proc -o hidepid=2 proc /proc && exec runuser -u nobody -- "$0" "$@"'
        $lines | Should -Be 'own 8', 'first False', 'users nobody', 'contains True', 'processes nobody', "refused ProcessNotFound,$Command"
    }
}
