# How Enter-Namespace enters: the order, whose rights count, root, directories, environment, capabilities, control groups.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.EnterNamespaceCommand'
    $script:AsUser = if ($IsRoot) { @{} } else { @{ MapRootUser = $true } }
    $script:AllCapabilities = ([ulong]::MaxValue -shr (63 - [int][System.IO.File]::ReadAllText('/proc/sys/kernel/cap_last_cap'))).ToString('x16')

    function Get-Plan {
        # The system calls of a call, in their order.
        param([scriptblock] $Action)
        @("$(& $Action)" -split "`n" -match '^\s*\d+  ' -replace '^\s*\d+  ')
    }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Enter-Namespace: the order in which namespaces are joined' {
    It 'joins the user namespace first where that gives the rights over the others' -Tag User {
        $set = New-TestSet Uts, Net -With @{ HostName = 'privileged' }
        $calls = Get-Plan { Enter-Namespace $set true -Debug 5>&1 }
        ($calls -match '^setns')[0] | Should -Be 'setns($user, CLONE_NEWUSER)'
        # It has the rights inside that the caller has not.
        Enter-Namespace $set sh -ArgumentList '-c', 'hostname changed && uname -n' | Should -Be 'changed'
    }

    It 'joins the user namespace last where that takes the rights over the others' -Tag Root {
        $host1 = New-TestSet Uts, Net -With @{ HostName = 'outer' }
        $user = New-TestSet User -With @{ MapRootUser = $true }
        $calls = Get-Plan { Enter-Namespace $host1 true -Join $user -Debug 5>&1 }
        @($calls -match '^setns') | Should -Be 'setns($uts, CLONE_NEWUTS)', 'setns($net, CLONE_NEWNET)', 'setns($user, CLONE_NEWUSER)'
        $lines = Enter-Namespace $host1 sh -Join $user -ArgumentList '-c', 'uname -n; readlink /proc/self/ns/user /proc/self/ns/net; hostname changed'  -ErrorVariable said -ErrorAction SilentlyContinue
        $lines | Should -Be 'outer', "user:[$($user.GetId('User'))]", "net:[$($host1.GetId('Net'))]"
        # Root inside has no rights over what the user namespace does not own.
        "$said" | Should -Match 'hostname'
        Enter-Namespace $host1 uname -ArgumentList '-n' | Should -Be 'outer'
    }

    It 'joins each kind on its own side where the namespaces have several owners' -Tag Root {
        $outer = New-TestSet Uts -With @{ HostName = 'outer' }
        $inner = New-TestSet User, Net -With @{ MapRootUser = $true }
        $calls = Get-Plan { Enter-Namespace $outer true -Join $inner -Debug 5>&1 }
        @($calls -match '^setns') | Should -Be 'setns($uts, CLONE_NEWUTS)', 'setns($user, CLONE_NEWUSER)', 'setns($net, CLONE_NEWNET)'
        Enter-Namespace $outer sh -Join $inner -ArgumentList '-c', 'uname -n; readlink /proc/self/ns/net' | Should -Be 'outer', "net:[$($inner.GetId('Net'))]"
    }

    It 'enters a process whose namespaces have several owners, as nsenter does' -Tag Root {
        $process = Start-NamespaceProcess -New Uts unshare '--user' '--net' sleep 661.5 -HostName several
        try {
            Wait-Until -For 'the second program' { [System.IO.File]::ReadAllText("/proc/$($process.Id)/cmdline") -match '^sleep' }
            $ours = Enter-Namespace $process.Id sh -ArgumentList '-c', 'uname -n; readlink /proc/self/ns/user /proc/self/ns/net'
            $ours | Should -Be 'several', "user:[$(Get-NamespaceId user $process.Id)]", "net:[$(Get-NamespaceId net $process.Id)]"
            nsenter --target $process.Id --uts --user --net --preserve-credentials sh -c 'uname -n; readlink /proc/self/ns/user /proc/self/ns/net' | Should -Be $ours
        }
        finally {
            $process | Stop-NamespaceProcess -Force
        }
    }
}

Describe 'Enter-Namespace: a namespace whose owner is not ours' {
    It 'names the owner and the capability: a namespace of the host''s' -Tag User {
        $refusal = Get-Refusal { Enter-Namespace /proc/self/ns/uts true }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceEnterFailed,$Command"
        $refusal.CategoryInfo.Category | Should -Be PermissionDenied
        $refusal.Exception.Message | Should -Match "uts namespace.*EPERM.*owned by user namespace $(Get-NamespaceId user), made by user root.*CAP_SYS_ADMIN.*as root"
    }

    It 'names the owner and the capability: a user namespace and a namespace that another one owns' -Tag User {
        $one = New-TestSet Net, Pid
        $other = New-TestSet User
        $refusal = Get-Refusal { Enter-Namespace $other true -Join "/proc/$($one.InitId)/ns/net" }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceEnterFailed,$Command"
        $refusal.CategoryInfo.Category | Should -Be PermissionDenied
        $refusal.Exception.Message | Should -Match "net namespace.*owned by user namespace $($one.GetId('User')), made by user $(id -un).*CAP_SYS_ADMIN.*$($other.GetId('User')), is another"
    }

    It 'says what its maker can do, and does it: -JoinOwner' -Tag User {
        $set = New-TestSet Net
        $refusal = Get-Refusal { Enter-Namespace $set true -Type Net }
        $refusal.CategoryInfo.Category | Should -Be PermissionDenied
        $refusal.Exception.Message | Should -Match '-JoinOwner'
        Enter-Namespace $set readlink -ArgumentList '/proc/self/ns/net', '/proc/self/ns/user' -Type Net -JoinOwner |
            Should -Be "net:[$($set.GetId('Net'))]", "user:[$($set.GetId('User'))]"
    }

    It 'names the user of a process that may not be looked at' -Tag User {
        $refusal = Get-Refusal { Enter-Namespace 1 true }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceAccessDenied,$Command"
        $refusal.Exception.Message | Should -Match 'process 1 .*belongs to user root.*CAP_SYS_PTRACE'
    }

    It 'says of a pid namespace whose init died that no process can enter it' -Tag Root {
        $set = New-TestSet Pid
        $path = "$($set.Folder)/ns/pid"
        kill -KILL $set.InitId
        Wait-Until -For 'the end of the init' { -not (Test-ProcessAlive $set.InitId) }
        $refusal = Get-Refusal { Enter-Namespace $path true }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceEnterFailed,$Command"
        $refusal.CategoryInfo.Category | Should -Be ResourceUnavailable
        $refusal.Exception.Message | Should -Match 'pid namespace has no init any more: its PID 1 has ended'
        (Get-Refusal { Enter-Namespace $set true }).FullyQualifiedErrorId | Should -BeExactly "NamespaceSetBroken,$Command"
    }
}

Describe 'Enter-Namespace: by process' {
    It 'does not take another process for the one that an object means' {
        $process = Start-NamespaceProcess -New Uts sleep 662.5 @AsUser
        $process | Stop-NamespaceProcess -Force
        (Get-Refusal { Enter-Namespace $process true }).FullyQualifiedErrorId | Should -BeExactly "ProcessNotFound,$Command"
    }

    It 'gives a pid that was given out again no entry' -Tag Root {
        $process = Start-NamespaceProcess -New Uts sleep 663.5
        $process | Stop-NamespaceProcess -Force
        # Processes are told apart by the hundredth of a second in which they started.
        [System.Threading.Thread]::Sleep(50)
        # The next process gets the number after the last one; others start processes too, so it is tried until it is ours.
        $again = $null
        foreach ($try in 1..500) {
            [System.IO.File]::WriteAllText('/proc/sys/kernel/ns_last_pid', "$($process.Id - 1)")
            $again = Start-NamespaceProcess -New Uts sleep 663.5
            if ($again.Id -eq $process.Id) { break }
            $again | Stop-NamespaceProcess -Force
        }
        try {
            $again.Id | Should -Be $process.Id
            (Get-Refusal { Enter-Namespace $process true }).FullyQualifiedErrorId | Should -BeExactly "ProcessNotFound,$Command"
            Enter-Namespace $again readlink /proc/self/ns/uts | Should -Be "uts:[$(Get-NamespaceId uts $again.Id)]"
        }
        finally {
            $again | Stop-NamespaceProcess -Force
        }
    }

    It 'enters the network namespace of a socket of a process that is in another one' {
        # The socket is made in the first network namespace, and its process goes on in a second one.
        $process = Start-NamespaceProcess -New Net bash @AsUser -RedirectStandardOutput "$TestDrive/first" -ArgumentList '-c',
            'exec 9<>/dev/udp/127.0.0.1/9; readlink /proc/self/ns/net; exec unshare --net sleep 664.5'
        try {
            Wait-Until -For 'the second program' { [System.IO.File]::ReadAllText("/proc/$($process.Id)/cmdline") -match '^sleep' }
            $first = [System.IO.File]::ReadAllText("$TestDrive/first").Trim()
            $first | Should -Not -Be "net:[$(Get-NamespaceId net $process.Id)]"
            Enter-Namespace $process readlink -ArgumentList '/proc/self/ns/net', '/proc/self/ns/uts' -SocketDescriptor 9 -JoinOwner |
                Should -Be $first, "uts:[$(Get-NamespaceId uts)]"
            $missing = Get-Refusal { Enter-Namespace $process true -SocketDescriptor 99 }
            $missing.FullyQualifiedErrorId | Should -BeExactly "SocketNotFound,$Command"
            $missing.CategoryInfo.Category | Should -Be ObjectNotFound
            $wrong = Get-Refusal { Enter-Namespace $process true -SocketDescriptor 0 }
            $wrong.FullyQualifiedErrorId | Should -BeExactly "SocketInvalid,$Command"
            $wrong.CategoryInfo.Category | Should -Be InvalidArgument
            (Get-Refusal { Enter-Namespace /proc/self/ns/net true -SocketDescriptor 0 }).FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
        }
        finally {
            $process | Stop-NamespaceProcess -Force
        }
    }

    It 'refuses the socket of a process of another user' -Tag User {
        (Get-Refusal { Enter-Namespace 1 true -SocketDescriptor 0 }).FullyQualifiedErrorId | Should -BeExactly "NamespaceAccessDenied,$Command"
    }
}

Describe 'Enter-Namespace: ids and capabilities' {
    It 'becomes root of a user namespace that maps one, and stays who it is with -PreserveCredentials' -Tag Root {
        $process = Start-NamespaceProcess -New User sleep 665.5
        try {
            # The caller is 5 inside, and another id is root there.
            foreach ($map in 'uid_map', 'gid_map') { [System.IO.File]::WriteAllText("/proc/$($process.Id)/$map", "5 0 1`n0 1 1`n") }
            Enter-Namespace $process sh -ArgumentList '-c', 'id -u; id -g' | Should -Be '0', '0'
            Enter-Namespace $process sh -PreserveCredentials -ArgumentList '-c', 'id -u; id -g' | Should -Be '5', '5'
            nsenter --target $process.Id --user --preserve-credentials id -u | Should -Be '5'
        }
        finally {
            $process | Stop-NamespaceProcess -Force
        }
    }

    It 'has no capabilities where no root is mapped, and all of the user namespace with -KeepCapability' {
        $set = New-Namespace -Name (New-TestName) -Type User
        Enter-Namespace $set grep -ArgumentList '^CapEff', /proc/self/status | Should -Match '\t0{16}$'
        $lines = Enter-Namespace $set grep -KeepCapability -ArgumentList '^Cap', /proc/self/status
        $lines | Should -Be "CapInh:`t$AllCapabilities", "CapPrm:`t$AllCapabilities", "CapEff:`t$AllCapabilities", "CapBnd:`t$AllCapabilities", "CapAmb:`t$AllCapabilities"
    }

    It 'keeps what root has for another user with -KeepCapability, and keeps nothing without' -Tag Root {
        $own = ((Get-Content /proc/self/status) -match '^CapPrm')[0] -replace 'CapPrm', 'CapEff'
        Enter-Namespace -New Uts sh -User 12345 -KeepCapability -ArgumentList '-c', 'id -u; grep ^CapEff /proc/self/status; hostname kept && uname -n' | Should -Be '12345', $own, 'kept'
        Enter-Namespace -New Uts grep -User 12345 -ArgumentList '^CapEff', /proc/self/status | Should -Match '\t0{16}$'
    }

    It 'runs as a number where the root has no /etc/passwd' -Tag Root {
        Enter-Namespace -New Mount sh -Root /usr -User 12345 -Environment @{ PATH = '/bin' } -ArgumentList '-c', 'echo $(id -u) $(id -G)' | Should -Be '12345 12345'
        (Get-Refusal { Enter-Namespace -New Mount sh -Root /usr -User daemon -Environment @{ PATH = '/bin' } }).FullyQualifiedErrorId | Should -BeExactly "UserNotFound,$Command"
    }

    It 'looks up no name in a pipe or a device that a stranger put in the place of a file' -Tag Root {
        $own = New-Namespace (New-TestName) -Type Mount
        $pipe = "$TestDrive/pipe"
        /usr/bin/mkfifo $pipe
        foreach ($one in $pipe, '/dev/zero') {
            Enter-Namespace $own mount -ArgumentList '--bind', $one, '/etc/group'
            $refusal = Get-Refusal { Enter-Namespace $own id -Group daemon }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "UserDatabaseInvalid,$Command"
            $refusal.Exception.Message | Should -Match '^/etc/group of .* as numbers\.$'
            Enter-Namespace $own id -Group 12345 -ArgumentList '-g' | Should -Be '12345'
            Enter-Namespace $own umount -ArgumentList '/etc/group'
        }
        Remove-Namespace $own
    }
}

Describe 'Enter-Namespace: root and working directory' {
    BeforeAll {
        # /usr has programs and their libraries, and makes do as a root.
        $script:Process = Start-NamespaceProcess -New Mount, Uts sleep 666.5 -Root /usr -Environment @{ PATH = '/bin' } @AsUser
        $script:Path = @{ Environment = @{ PATH = '/bin:/usr/bin' } }
    }

    AfterAll {
        $Process | Stop-NamespaceProcess -Force
    }

    It 'has the root of the mount namespace, and with -Root / that of the process' {
        Enter-Namespace $Process sh @Path -ArgumentList '-c', 'ls -d /usr/share' | Should -Be '/usr/share'
        Enter-Namespace $Process sh @Path -Root / -ArgumentList '-c', 'ls -d /share; ls -d /usr/share 2>/dev/null || echo no more' | Should -Be '/share', 'no more'
        (Get-Item "/proc/$($Process.Id)/root").LinkTarget | Should -Be '/usr'
    }

    It 'takes -Root as a path of the process, from which no way leads up: <Root>' -ForEach @(@{ Root = '/..' }, @{ Root = '/share/../../..' }, @{ Root = '..' }) {
        Enter-Namespace $Process sh @Path -Root $Root -ArgumentList '-c', 'ls -d /share; cd ..; pwd' | Should -Be '/share', '/'
    }

    It 'refuses a root that is not there' {
        $refusal = Get-Refusal { Enter-Namespace -New Mount true -Root /no/such/root @AsUser }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceEnterFailed,$Command"
        $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
        $refusal.Exception.Message | Should -Match '/no/such/root'
    }

    It 'starts in a directory outside with -OuterWorkingDirectory, that there is not inside' {
        [System.IO.File]::WriteAllText("$TestDrive/outside", 'x')
        $set = New-TestSet Mount
        Enter-Namespace $set mount -ArgumentList '-t', 'tmpfs', 'none', "$TestDrive"
        (Get-Refusal { Enter-Namespace $set cat outside -WorkingDirectory "$TestDrive" -ErrorAction Stop }).Exception.Message | Should -Match 'outside'
        Enter-Namespace $set ls -OuterWorkingDirectory "$TestDrive" | Should -Contain 'outside'
        Push-Location $TestDrive
        try { Enter-Namespace $set ls -OuterWorkingDirectory . | Should -Contain 'outside' } finally { Pop-Location }
        Enter-Namespace $set ls -OuterWorkingDirectory "/proc/$PID/root$TestDrive" | Should -Contain 'outside'
    }

    It 'refuses a directory outside that is not there' {
        $refusal = Get-Refusal { Enter-Namespace -New Uts true -OuterWorkingDirectory /no/such/folder @AsUser }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceEnterFailed,$Command"
        $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
        $refusal.Exception.Message | Should -Match '/no/such/folder.*outside'
    }
}

Describe 'Enter-Namespace: environment' {
    BeforeAll {
        $env:ISOTEST_ONE = '1'
        $env:ISOTEST_TWO = '2'
    }

    AfterAll {
        $env:ISOTEST_ONE = $env:ISOTEST_TWO = $null
    }

    It 'is empty with -ClearEnvironment' {
        Enter-Namespace -New Uts env -ClearEnvironment @AsUser | Should -BeNullOrEmpty
    }

    It 'keeps what -KeepEnvironment names, and has what -Environment adds' {
        Enter-Namespace -New Uts env -ClearEnvironment -KeepEnvironment ISOTEST_ONE -Environment @{ ISOTEST_NEW = 'n' } @AsUser | Should -Be 'ISOTEST_NEW=n', 'ISOTEST_ONE=1'
        Enter-Namespace -New Uts env -KeepEnvironment ISOTEST_*, isotest_none @AsUser | Should -Be 'ISOTEST_ONE=1', 'ISOTEST_TWO=2'
    }

    It 'has what -User says of the user' -Tag Root {
        Enter-Namespace -New Uts env -ClearEnvironment -User daemon | Should -Contain 'LOGNAME=daemon'
    }

    It 'is that of the process with -TargetEnvironment' {
        $process = Start-NamespaceProcess -New Uts sleep 667.5 @AsUser -ClearEnvironment -Environment @{ ISOTEST_OF = "of the`ntarget" }
        try {
            (Enter-Namespace $process env -TargetEnvironment) -join "`n" | Should -Be "ISOTEST_OF=of the`ntarget"
        }
        finally {
            $process | Stop-NamespaceProcess -Force
        }
    }

    It 'completes the variables' {
        (TabExpansion2 'Enter-Namespace web -KeepEnvironment ISOTEST_' 45).CompletionMatches.CompletionText | Should -Be 'ISOTEST_ONE', 'ISOTEST_TWO'
    }
}

Describe 'Enter-Namespace: control groups' {
    It 'joins those of a process with -JoinCgroup, and not without' -Tag Root {
        $set = New-TestSet Uts
        $null = Set-CgroupLimit $set -PidsMax 50
        $process = Start-NamespaceProcess $set sleep 668.5
        $inside = [System.IO.File]::ReadAllLines("/proc/$($process.Id)/cgroup")
        "$inside" | Should -Match $set.Name
        Enter-Namespace $process.Id cat /proc/self/cgroup -JoinCgroup | Should -Be $inside
        Enter-Namespace -New Net cat /proc/self/cgroup -Join $process.Id -JoinCgroup | Should -Be $inside
        Enter-Namespace $process.Id cat /proc/self/cgroup | Should -Be ([System.IO.File]::ReadAllLines('/proc/self/cgroup'))
    }

    It 'puts a program where -Cgroup says, before its first instruction' -Tag Root {
        $group = New-Cgroup "/$(New-TestName)"
        try {
            $set = New-TestSet Uts
            $null = Set-CgroupLimit $set -PidsMax 50
            foreach ($where in @{ Namespace = $set }, @{ Namespace = '/proc/self/ns/uts' }, @{ New = 'Uts', 'Cgroup' }) {
                $lines = [System.IO.File]::ReadAllLines('/proc/self/cgroup').Count
                # Seen from outside: a new cgroup namespace has its root there.
                $process = Start-NamespaceProcess @where sleep -ArgumentList 670.5 -Cgroup $group
                [System.IO.File]::ReadAllLines("/proc/$($process.Id)/cgroup") -match ":$($group.Cgroup)$" | Should -HaveCount $lines
                $process | Stop-NamespaceProcess -Force
            }
            # Where it has no folder of its own, that of the set stays.
            $inside = Enter-Namespace $set cat /proc/self/cgroup
            Enter-Namespace $set cat /proc/self/cgroup -Cgroup $set.Name | Should -Be $inside
            Enter-Namespace -New Uts cat /proc/self/cgroup -Cgroup $PID | Should -Be ([System.IO.File]::ReadAllLines('/proc/self/cgroup'))
        }
        finally {
            Remove-Cgroup $group -Force
        }
    }

    It 'holds the program to the limits of that group from its birth' -Tag Root {
        $group = New-Cgroup "/$(New-TestName)"
        try {
            Set-CgroupLimit $group -PidsMax 1
            Enter-Namespace -New Uts sh -ArgumentList '-c', '/bin/true; echo $?' -Cgroup $group -ErrorVariable failure -ErrorAction SilentlyContinue
            "$failure" | Should -Match 'fork'
            $null = Set-CgroupLimit $group -PidsMax 2
            Enter-Namespace -New Uts sh -ArgumentList '-c', '/bin/true; echo $?' -Cgroup $group | Should -BeExactly 0
        }
        finally {
            Remove-Cgroup $group -Force
        }
    }

    It 'refuses a cgroup that is not there, and two places at once' {
        (Get-Refusal { Enter-Namespace -New Uts true -Cgroup /isotest-nosuch }).FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        (Get-Refusal { Enter-Namespace $PID true -Cgroup $PID -JoinCgroup }).FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
        (Get-Refusal { Start-NamespaceProcess $PID true -Cgroup isotest-nosuch }).FullyQualifiedErrorId | Should -BeExactly 'CgroupNotFound,Isolation.Commands.StartNamespaceProcessCommand'
    }

    It 'needs no right where the process is in the caller''s own' {
        $process = Start-NamespaceProcess -New Uts sleep 669.5 @AsUser
        try {
            Enter-Namespace $process cat /proc/self/cgroup -JoinCgroup | Should -Be ([System.IO.File]::ReadAllLines('/proc/self/cgroup'))
        }
        finally {
            $process | Stop-NamespaceProcess -Force
        }
    }

    It 'refuses what is no process' {
        (Get-Refusal { Enter-Namespace /proc/self/ns/uts true -JoinCgroup }).FullyQualifiedErrorId | Should -BeExactly "NamespaceOptionInvalid,$Command"
    }
}

Describe 'Enter-Namespace -AsJob' {
    It 'gives a job whose output and errors Receive-Job has, and whose exit code is known' {
        $job = Enter-Namespace -New Uts sh -AsJob @AsUser -ArgumentList '-c', 'echo one; echo wrong >&2; echo two; exit 3'
        try {
            $job | Should -BeOfType ([System.Management.Automation.Job])
            $job.PSJobTypeName | Should -Be 'NamespaceJob'
            (Wait-Job $job -Timeout 30).State | Should -Be Completed
            $job.ExitCode | Should -Be 3
            $job.StatusMessage | Should -Be 'exit code 3'
            $job.HasMoreData | Should -BeTrue
            $all = Receive-Job $job -ErrorVariable said -ErrorAction SilentlyContinue
            $all | Should -Be 'one', 'two'
            "$said" | Should -Be 'wrong'
            $said[0].FullyQualifiedErrorId | Should -Match '^NativeCommandError'
            $job.HasMoreData | Should -BeFalse
        }
        finally {
            Remove-Job $job -Force
        }
    }

    It 'is among the jobs of Get-Job until it is removed' {
        $job = Enter-Namespace -New Uts true -AsJob @AsUser
        (Get-Job -Id $job.Id).InstanceId | Should -Be $job.InstanceId
        $null = Wait-Job $job -Timeout 30
        Remove-Job $job
        Get-Job | Where-Object Id -EQ $job.Id | Should -BeNullOrEmpty
    }

    It 'gives output as it is written, while the program runs' {
        $job = Enter-Namespace -New Uts sh -AsJob @AsUser -ArgumentList '-c', 'echo early; exec sleep 670.5'
        try {
            Wait-Until -For 'the first line' { $job.HasMoreData }
            Receive-Job $job | Should -Be 'early'
            $job.State | Should -Be Running
            $job.ExitCode | Should -BeNullOrEmpty
        }
        finally {
            Remove-Job $job -Force
        }
    }

    It 'ends the program and its children with Stop-Job: <Why>' -ForEach @(
        @{ Why = 'polite'; Script = 'echo ready; sleep 671.5 & wait'; Code = 130 }
        @{ Why = 'deaf to SIGINT'; Script = 'trap "" INT; echo ready; sleep 671.5 & wait'; Code = 137 }
    ) {
        $job = Enter-Namespace -New Uts sh -AsJob @AsUser -ArgumentList '-c', $Script
        $process = $job.ProcessId
        Wait-Until -For 'the first line' { $job.HasMoreData }
        Test-ProcessAlive $process | Should -BeTrue
        Stop-Job $job
        $job.State | Should -Be Stopped
        $job.ExitCode | Should -Be $Code
        Test-ProcessAlive $process | Should -BeFalse
        Remove-Job $job
    }

    It 'ends the program with Remove-Job -Force' {
        $job = Enter-Namespace -New Uts sleep 672.5 -AsJob @AsUser
        Remove-Job $job -Force
        Test-ProcessAlive $job.ProcessId | Should -BeFalse
    }

    It 'gives bytes with -AsByteStream' {
        $job = Enter-Namespace -New Uts printf -AsJob -AsByteStream @AsUser -ArgumentList '\0\377'
        $null = Wait-Job $job -Timeout 30
        $bytes = Receive-Job $job
        $bytes | Should -Be 0, 255
        Remove-Job $job
    }

    It 'gives a job for each set of the pipeline, and runs them at the same time' {
        $sets = 'j1', 'j2' | ForEach-Object { New-TestSet Uts -With @{ HostName = $_ } }
        $jobs = $sets | Enter-Namespace -FilePath sh -AsJob -ArgumentList '-c', 'uname -n; exec sleep 673.5'
        $jobs.Count | Should -Be 2
        Wait-Until -For 'a line of each' { -not ($jobs | Where-Object { -not $_.HasMoreData }) }
        $jobs | Receive-Job | Should -Be 'j1', 'j2'
        $jobs[0].Location | Should -Be "set '$($sets[0].Name)'"
        Remove-Job $jobs -Force
    }

    It 'fails where the launcher is lost' {
        $lines = Invoke-ChildHost "
            `$job = Enter-Namespace -New Uts sleep 674.5 -AsJob $(if (-not $IsRoot) { '-MapRootUser' })
            `$agent = [System.IO.Directory]::GetDirectories('/proc') | Where-Object { `$_ -match '/\d+`$' -and [System.IO.File]::Exists(`"`$_/stat`") } | Where-Object {
                try { `$stat = [System.IO.File]::ReadAllText(`"`$_/stat`"); `$stat -match '^\d+ \(isolation-agent\) . (\d+) ' -and `$Matches[1] -eq `$PID } catch { `$false } }
            kill -KILL (`$agent -replace '/proc/')
            `$null = Wait-Job `$job -Timeout 30
            Write-Line `$job.State
            `$null = Receive-Job `$job -ErrorVariable said -ErrorAction SilentlyContinue
            Write-Line `$said[0].FullyQualifiedErrorId
        "
        $lines | Should -Be 'Failed', 'AgentLost'
    }

    It 'refuses <Why>' -ForEach @(
        @{ Why = 'a shell'; Line = 'Enter-Namespace -New Uts -AsJob'; Id = 'ProgramMissing' }
        @{ Why = '-Interactive'; Line = 'Enter-Namespace -New Uts top -AsJob -Interactive'; Id = 'AmbiguousParameterSet' }
        @{ Why = 'input'; Line = '1 | Enter-Namespace -New Uts cat -AsJob'; Id = 'NamespaceOptionInvalid' }
        @{ Why = 'a program that there is not'; Line = "Enter-Namespace -New Uts /no/such/program -AsJob $(if ([int](id -u)) { '-MapRootUser' })"; Id = 'NamespaceEnterFailed' }
    ) {
        $before = @(Get-Job).Count
        $refusal = Get-Refusal ([scriptblock]::Create($Line))
        $refusal.FullyQualifiedErrorId | Should -BeExactly "$Id,$Command"
        @(Get-Job).Count | Should -Be $before
    }
}
