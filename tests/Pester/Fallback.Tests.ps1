# What the module does on kernels that lack a call which it would rather use: the core of the job, run by another process of this PowerShell under a
# filter (tests/tools/without-syscall.pl) that answers the call as such a kernel does.

BeforeDiscovery {
    $kernels = @(
        @{ Without = 'nothing'; Rules = @('open_tree') }
        @{ Without = 'pidfd_open'; Rules = @('pidfd_open') }
        @{ Without = 'pidfd_open, as a container''s filter refuses it'; Rules = @('pidfd_open:EPERM') }
        @{ Without = 'pidfd_send_signal'; Rules = @('pidfd_send_signal') }
        @{ Without = 'waitid of a pidfd'; Rules = @('waitid[0=3]:EINVAL') }
        @{ Without = 'clone3, and with it CLONE_INTO_CGROUP'; Rules = @('clone3') }
        @{ Without = 'close_range'; Rules = @('close_range') }
        @{ Without = 'CLOSE_RANGE_CLOEXEC'; Rules = @('close_range[2&4]:EINVAL') }
        @{ Without = 'pidfd_getfd'; Rules = @('pidfd_getfd') }
        @{ Without = 'openat2, open_tree, move_mount, mount_setattr, faccessat2, epoll_pwait2'; Rules = @('openat2', 'open_tree', 'move_mount', 'mount_setattr', 'faccessat2', 'epoll_pwait2') }
        @{ Without = 'any call newer than Linux 4.18'; Rules = @('after-4.18') }
    )
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:Tool = Join-Path $PSScriptRoot '../tools/without-syscall.pl'

    function Invoke-Without {
        # A script in another process, on a kernel without some calls.
        param([string[]] $Rules, [string] $Script)
        Invoke-ChildHost $Script -Prefix (@('perl', $Tool) + $Rules + '--')
    }

    # Each fact is a line. What needs root is left out for an ordinary user.
    $script:Job = '
        $as = if ([int](id -u) -eq 0) { @{} } else { @{ MapRootUser = $true } }
        $set = New-Namespace NAME -Type Mount, Uts, Net, Ipc, Pid -HostName inner @as
        if ($as.Count -eq 0) { Set-CgroupLimit NAME -MemoryMax 64MB -PidsMax 50 }
        Write-Line "host name" (Enter-Namespace NAME hostname)
        Write-Line "input" (("a", "b" | Enter-Namespace NAME cat) -join " ")
        Write-Line "pid 1" (Enter-Namespace NAME cat /proc/1/comm)
        Write-Line "descriptors" @(Enter-Namespace NAME ls /proc/self/fd).Count
        if ($as.Count -eq 0) {
            $inside = Enter-Namespace NAME cat /proc/self/cgroup
            Write-Line "cgroups" (@($inside) -match "/isolation/NAME`$").Count
        }

        $program = Start-NamespaceProcess NAME sleep 300
        Stop-NamespaceProcess $program
        Write-Line "stopped" $program.ExitCode
        $program = Start-NamespaceProcess NAME sh -ArgumentList "-c", "sleep 301; :"
        while (-not ($inner = Get-NamespaceProcess NAME | Where-Object CommandLine -eq "sleep 301")) { [System.Threading.Thread]::Sleep(10) }
        Stop-NamespaceProcess -Id $inner.Id
        Wait-NamespaceProcess $inner -Timeout 60
        Wait-NamespaceProcess $program -Timeout 60
        Write-Line "stopped by its number" ($null -eq (Get-Process -Id $inner.Id -ErrorAction Ignore)) $program.ExitCode

        $info = Get-NamespaceInfo -Type Net | Where-Object Id -eq $set.GetId("Net")
        Write-Line "found" $info.Name $info.ProcessCount
        Write-Line "found deep" (Get-NamespaceInfo -Type Net -Deep -WarningAction SilentlyContinue | Where-Object Id -eq $set.GetId("Net")).Name

        $program = Start-NamespaceProcess NAME sh -ArgumentList "-c", "trap : TERM; while :; do sleep 1 & wait; done"
        Remove-Namespace NAME
        Wait-NamespaceProcess $program -Timeout 60
        Write-Line "removed" (@(Get-Namespace).Name -contains "NAME") $program.ExitCode

        $null = New-Namespace NAME -Type Uts, Net @as
        $program = Start-NamespaceProcess NAME sleep 300
        Remove-Namespace NAME
        Wait-NamespaceProcess $program -Timeout 60
        Write-Line "removed without an init" $program.ExitCode

        $null = New-Namespace NAME -Type Pid, Mount -AsPid1 @as
        Write-Line "first program" (Enter-Namespace NAME sh -ArgumentList "-c", "echo `$`$") (Enter-Namespace NAME sh -ArgumentList "-c", "echo `$`$")
        Remove-Namespace NAME
        $unnamed = New-Namespace -Type Uts -HostName unnamed @as
        Write-Line "unnamed" (Enter-Namespace $unnamed hostname)
    '
    $script:Facts = @(
        'host name inner'
        'input a b'
        'pid 1 isolation-init'
        'descriptors 4'
        if ($IsRoot) { 'cgroups CGROUPS' }
        'stopped 143'
        'stopped by its number True 0'
        'found NAME 1'
        'found deep NAME'
        'removed False 137'
        'removed without an init 137'
        'first program 1 1'
        'unnamed unnamed'
    )
}

AfterAll {
    Remove-TestLeftover
}

Describe 'a kernel without' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It '<Without> does the whole job' -ForEach $kernels {
        $name = New-TestName
        # As many control groups as a set has here, where nothing is missing.
        $cgroups = 0
        if ($IsRoot) {
            $null = New-Namespace $name -Type Uts
            Set-CgroupLimit $name -MemoryMax 64MB -PidsMax 50
            $cgroups = @((Get-CgroupLimit $name).Path).Count
            Remove-Namespace $name
            $cgroups | Should -BeGreaterThan 0
        }

        $said = Invoke-Without $Rules $Job.Replace('NAME', $name)
        $said -join "`n" | Should -Be (($Facts -join "`n").Replace('NAME', $name).Replace('CGROUPS', $cgroups))
        Get-TestLeftover | Should -BeNullOrEmpty
        @(Get-CgroupFolder) -match $name | Should -BeNullOrEmpty
    }

    It '<Without> mounts, binds with flags, changes propagation and unmounts; what it cannot do is said' -ForEach @(
        @{ Without = 'openat2'; Rules = @('openat2') }
        @{ Without = 'mount_setattr'; Rules = @('mount_setattr') }
        @{ Without = 'any call newer than Linux 4.18'; Rules = @('after-4.18') }
    ) {
        $name = New-TestName
        $folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), $name)
        foreach ($part in 'a', 'b', 'real') { $null = [System.IO.Directory]::CreateDirectory("$folder/$part") }
        $null = [System.IO.File]::CreateSymbolicLink("$folder/link", "$folder/real")
        $as = if ($IsRoot) { '' } else { '-MapRootUser' }
        $said = Invoke-Without $Rules "
            `$set = New-Namespace $name -Type Pid, Mount $as
            `$before = @(Get-MountInfo -Namespace `$set).Count
            Mount-FileSystem -Type tmpfs $folder/a -Namespace `$set -Flag NoSuid -Option size=1m
            Mount-FileSystem -Bind $folder/a $folder/b -Namespace `$set -ReadOnly
            foreach (`$mount in Get-MountInfo $folder/* -Namespace `$set) { Write-Line `$mount.FileSystemType (`$mount.Options -join ',') }
            Set-MountPropagation $folder/b Shared -Namespace $name
            Write-Line (Get-MountInfo -Path $folder/b -Namespace `$set).Propagation
            Dismount-FileSystem $folder/b, $folder/a -Namespace $name
            Write-Line (@(Get-MountInfo -Namespace `$set).Count - `$before)
            Write-Refusal { Mount-FileSystem -Type tmpfs $folder/link/x -Namespace `$set }
            Write-Refusal { Mount-FileSystem -Bind $folder/a $folder/b -SourceOutside -Namespace `$set -ReadOnly }
        "
        [System.IO.Directory]::Delete($folder, $true)
        $said[0..3] | Should -Be 'tmpfs rw,nosuid,relatime', 'tmpfs ro,nosuid,relatime', 'Shared', '0'
        if ($Without -eq 'mount_setattr') {
            $said[4] | Should -Match '^MountPathNotFound,'
        }
        else {
            # The link is not followed, wherever it leads.
            $said[4] | Should -Match '^MountPathInvalid,.* openat2 \(Linux 5\.6\)'
        }
        if ($IsRoot -or $Without -like 'any*') { $said[5] | Should -Match '^MountUnsupported,.* NotImplemented ' }
    }

    It 'pidfd_getfd finds all but what only a socket keeps, and warns of that' -Tag Root {
        # A process that keeps a network namespace with a socket, and is back in its own.
        $sleeper = [System.Diagnostics.Process]::Start('unshare', [string[]]('--net', 'bash', '-c',
            "ip link set lo up; exec 9<>/dev/udp/127.0.0.1/9; exec nsenter --target $PID --net sleep 300"))
        try {
            $sockets = "@(Get-NamespaceInfo -Type Net -Deep -WarningVariable warned -WarningAction SilentlyContinue | Where-Object HolderIds -contains $($sleeper.Id)).Count"
            Wait-Until -For 'the socket' { @(Get-NamespaceInfo -Type Net -Deep | Where-Object HolderIds -contains $sleeper.Id).Count -eq 1 }
            $found, $warning = Invoke-Without 'pidfd_getfd' "Write-Line ($sockets); Write-Line `$warned[0]"
            $found | Should -Be 0
            $warning | Should -Match 'socket'
            $warning | Should -Match 'pidfd_getfd\(2\), which came with Linux 5\.6'
            $warning | Should -Match ([regex]::Escape((uname -r)))
            Invoke-Without 'open_tree' "Write-Line ($sockets); Write-Line `$warned.Count" | Should -Be '1', '0'
        }
        finally {
            $sleeper.Kill()
            $sleeper.WaitForExit()
        }
    }

    It 'time namespaces refuses to make one, and says which kernel has them' {
        $name = New-TestName
        $as = if ($IsRoot) { '' } else { '-MapRootUser' }
        $said = Invoke-Without 'unshare[0&0x80]:EINVAL' "
            Write-Refusal { New-Namespace $name -Type Time, Uts $as }
            Write-Line (New-Namespace $name -Type Uts, Ipc $as).State"
        $said[0] | Should -Match '^NamespaceCreateFailed,Isolation.Commands.NewNamespaceCommand InvalidArgument '
        $said[0] | Should -Match 'make new namespaces \(Time, Uts\): unshare: Invalid argument \(EINVAL\)\.'
        $said[0] | Should -Match ([regex]::Escape("Linux $(uname -r)"))
        $said[0] | Should -Match 'Time came with Linux 5\.6'
        $said[1] | Should -Be 'Ready'
    }
}
