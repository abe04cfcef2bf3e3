# What Mount-FileSystem and Dismount-FileSystem do, read back from /proc/PID/mountinfo and from inside.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.MountFileSystemCommand'
    $script:Dismount = 'Isolation.Commands.DismountFileSystemCommand'
    $script:Set = New-TestSet Pid, Mount, Net, Ipc
    $script:Sleep = Start-NamespaceProcess $Set sleep -ArgumentList 300
    $script:Folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), (New-TestName))
    foreach ($name in 'a', 'b', 'c', 'root', 'source/below') { $null = [System.IO.Directory]::CreateDirectory("$Folder/$name") }
    [System.IO.File]::WriteAllText("$Folder/source/file", 'text')
    [System.IO.File]::WriteAllText("$Folder/empty", '')

    function Get-Inside {
        # The fields of what is mounted at a point in the set, as the kernel tells it; nothing where nothing is.
        param([string] $Point)
        [System.IO.File]::ReadAllLines("/proc/$($Sleep.Id)/mountinfo") | Where-Object { ($_ -split ' ')[4] -ceq $Point }
    }

    function Clear-Inside {
        # Nothing that a test mounts in the set is seen outside; and the next test begins without it.
        [System.IO.File]::ReadAllText('/proc/self/mountinfo').Contains(" $Folder/") | Should -BeFalse
        foreach ($line in [System.IO.File]::ReadAllLines("/proc/$($Sleep.Id)/mountinfo") | Where-Object { $_.Contains(" $Folder/") }) {
            Dismount-FileSystem ($line -split ' ')[4] -Namespace $Set.Name -Recurse -Lazy -ErrorAction SilentlyContinue
        }
    }

    function Invoke-Inside { Enter-Namespace $Set sh -ArgumentList '-c', "$args" }
}

AfterAll {
    Remove-TestLeftover
    [System.IO.Directory]::Delete($Folder, $true)
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Mount-FileSystem' {
    AfterEach { Clear-Inside }

    It 'mounts a tmpfs with options and flags, and gives it with -PassThru' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -Option size=2m, mode=0711 -Flag NoSuid, NoDev -ErrorAction Stop | Should -BeNullOrEmpty
        Get-Inside "$Folder/a" | Should -Match ' rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=2048k,mode=711'
        $mount = Mount-FileSystem -Type tmpfs "$Folder/b" -Namespace $Set -ReadOnly -PassThru
        $mount.MountPoint | Should -Be "$Folder/b"
        $mount.Namespace | Should -Be $Set.Name
        $mount.Flags.ToString() | Should -Match 'ReadOnly'
        Invoke-Inside "touch $Folder/b/x 2>/dev/null; echo `$?" | Should -Be 1
        Invoke-Inside "touch $Folder/a/x; echo `$?" | Should -Be 0
    }

    It 'takes flags among the options, as mount does' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -Option 'ro,noexec,size=1m' -ErrorAction Stop
        Get-Inside "$Folder/a" | Should -Match ' ro,noexec,relatime - tmpfs tmpfs ro,size=1024k'
    }

    It 'mounts a proc that shows the pid namespace of the set' {
        Mount-FileSystem -Type proc "$Folder/a" -Namespace $Set -ErrorAction Stop
        Invoke-Inside "cat $Folder/a/1/cmdline | tr '\0' ' '" | Should -Match '^isolation-init'
    }

    It 'mounts a sysfs that shows the network namespace of the set' {
        Mount-FileSystem -Type sysfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        Invoke-Inside "ls $Folder/a/class/net" | Should -Be 'lo'
    }

    It 'mounts an overlay' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        $null = Invoke-Inside "mkdir $Folder/a/low $Folder/a/up $Folder/a/work; echo low > $Folder/a/low/file"
        Mount-FileSystem -Type overlay "$Folder/b" -Namespace $Set -Option "lowerdir=$Folder/a/low", "upperdir=$Folder/a/up", "workdir=$Folder/a/work" -ErrorAction Stop
        Invoke-Inside "cat $Folder/b/file; echo up > $Folder/b/file; cat $Folder/a/low/file $Folder/a/up/file" | Should -Be 'low', 'low', 'up'
    }

    It 'binds a folder, alone and with what is mounted below' {
        Mount-FileSystem -Type tmpfs "$Folder/source/below" -Namespace $Set -ErrorAction Stop
        $null = Invoke-Inside "touch $Folder/source/below/deep"
        Mount-FileSystem -Bind "$Folder/source" "$Folder/b" -Namespace $Set -Recurse -ErrorAction Stop
        Invoke-Inside "ls $Folder/b $Folder/b/below" | Should -Contain 'deep'
        Get-Inside "$Folder/b/below" | Should -Not -BeNullOrEmpty
        if ($IsRoot) {
            # In a user namespace of its own, what lies below a locked mount may not be uncovered.
            Mount-FileSystem -Bind "$Folder/source" "$Folder/c" -Namespace $Set -ErrorAction Stop
            Invoke-Inside "ls $Folder/c/below | wc -l" | Should -Be 0
        }
    }

    It 'binds a file on a file' {
        Mount-FileSystem -Bind "$Folder/source/file" "$Folder/empty" -Namespace $Set -ErrorAction Stop
        Invoke-Inside "cat $Folder/empty" | Should -Be 'text'
        [System.IO.File]::ReadAllText("$Folder/empty") | Should -BeExactly ''
    }

    It 'binds with flags that the source does not have, with -Recurse on every mount' {
        Mount-FileSystem -Type tmpfs "$Folder/source/below" -Namespace $Set -ErrorAction Stop
        Mount-FileSystem -Bind "$Folder/source" "$Folder/b" -Namespace $Set -Recurse -ReadOnly -Flag NoExec -ErrorAction Stop
        Get-Inside "$Folder/b" | Should -Match '^\S+ \S+ \S+ \S+ \S+ ro,(\S+,)?noexec'
        Get-Inside "$Folder/b/below" | Should -Match '^\S+ \S+ \S+ \S+ \S+ ro,(\S+,)?noexec'
        Get-Inside "$Folder/source/below" | Should -Match '^\S+ \S+ \S+ \S+ \S+ rw,'
    }

    It 'binds from the caller''s own tree with -SourceOutside' {
        # Inside, something else covers it.
        Mount-FileSystem -Type tmpfs "$Folder/source" -Namespace $Set -ErrorAction Stop
        if ($IsRoot) {
            Mount-FileSystem -Bind "$Folder/source" "$Folder/b" -SourceOutside -Namespace $Set -ErrorAction Stop
            Invoke-Inside "cat $Folder/b/file" | Should -Be 'text'
        }
        else {
            # An ordinary user has no right over the mounts of the host, not even to copy one.
            $refused = Get-Refusal { Mount-FileSystem -Bind "$Folder/source" "$Folder/b" -SourceOutside -Namespace $Set }
            $refused.FullyQualifiedErrorId | Should -Be "MountFailed,$Command"
            $refused.CategoryInfo.Category | Should -Be 'PermissionDenied'
        }
        Mount-FileSystem -Bind "$Folder/source" "$Folder/c" -Namespace $Set -ErrorAction Stop
        Invoke-Inside "ls $Folder/c | wc -l" | Should -Be 0
    }

    It 'maps the ids of a bind' -Tag Root {
        $map = New-TestSet User -With @{ MapRootUser = $true }
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        $null = Invoke-Inside "touch $Folder/a/root $Folder/a/other; chown 1234:1234 $Folder/a/other"
        Mount-FileSystem -Bind "$Folder/a" "$Folder/b" -Namespace $Set -IdMapNamespace $map -ErrorAction Stop
        Get-Inside "$Folder/b" | Should -Match 'idmapped'
        # Root is mapped to itself there, and nobody else to anyone.
        Invoke-Inside "stat -c %u $Folder/b/root $Folder/b/other $Folder/a/other" | Should -Be '0', '65534', '1234'
    }

    It 'mounts a file with a file system, by a loop device that goes away with it' -Tag Root {
        $image = "$Folder/image"
        $file = [System.IO.File]::Create($image); $file.SetLength(8MB); $file.Dispose()
        $null = mkfs.ext4 -q $image 2>&1
        Mount-FileSystem -Type ext4 -Source $image "$Folder/a" -Namespace $Set -ErrorAction Stop
        $line = Get-Inside "$Folder/a"
        $line | Should -Match ' - ext4 /dev/loop\d+ rw'
        $null = Invoke-Inside "echo kept > $Folder/a/x"
        Dismount-FileSystem "$Folder/a" -Namespace $Set.Name -ErrorAction Stop
        Wait-Until { -not (losetup --associated $image) } 'the loop device to go'
        Mount-FileSystem -Type ext4 -Source $image "$Folder/a" -Namespace $Set -ReadOnly -SourceOutside -ErrorAction Stop
        Invoke-Inside "cat $Folder/a/x; touch $Folder/a/y 2>/dev/null || echo refused" | Should -Be 'kept', 'refused'
        Dismount-FileSystem "$Folder/a" -Namespace $Set.Name -ErrorAction Stop
        Wait-Until { -not (losetup --associated $image) } 'the loop device to go'
        [System.IO.File]::Delete($image)
    }

    It 'opens no file of root''s in the namespace of an ordinary user, and no device of the host' -Tag Root {
        foreach ($name in 'secret', 'image') {
            $file = [System.IO.File]::Create("$Folder/$name"); $file.SetLength(8MB); $file.Dispose()
            $null = mkfs.ext4 -q "$Folder/$name" 2>&1
        }
        chmod 600 "$Folder/secret"
        chown $TestUser "$Folder/image"
        $null = [System.IO.File]::CreateSymbolicLink("$Folder/lure", "$Folder/secret")
        # A user namespace without a root, made by somebody else than root.
        $other = [System.Diagnostics.Process]::Start('setpriv', [string[]]("--reuid=$TestUser", "--regid=$TestUser", '--clear-groups', 'unshare', '--user', '--map-current-user', '--mount', 'sleep', '300'))
        try {
            Wait-Until -For 'the namespaces' { [System.IO.File]::ReadAllText("/proc/$($other.Id)/comm").Trim() -eq 'sleep' }
            $refused = Get-Refusal { Mount-FileSystem -Type ext4 -Source "$Folder/lure" "$Folder/a" -Process $other }
            $refused.FullyQualifiedErrorId | Should -Be "MountFailed,$Command"
            $refused.CategoryInfo.Category | Should -Be 'PermissionDenied'
            losetup --associated "$Folder/secret" | Should -BeNullOrEmpty
            chmod 600 "$Folder/image"
            Mount-FileSystem -Type ext4 -Source "$Folder/image" "$Folder/a" -Process $other -ErrorAction Stop
            # What its owner wrote into it names no device of the host.
            [System.IO.File]::ReadAllText("/proc/$($other.Id)/mountinfo") | Should -Match " $Folder/a rw,nodev,relatime.* - ext4 "
        }
        finally {
            $other.Kill()
            $other.WaitForExit()
            [System.IO.File]::Delete("$Folder/lure")
        }
        Wait-Until { -not (losetup --associated "$Folder/image") } 'the loop device to go'
    }

    It 'mounts a file twice through one device, so that neither writes over the other' -Tag Root {
        $image = "$Folder/twice"
        $file = [System.IO.File]::Create($image); $file.SetLength(8MB); $file.Dispose()
        $null = mkfs.ext4 -q $image 2>&1
        Mount-FileSystem -Type ext4 -Source $image "$Folder/a" -Namespace $Set -ErrorAction Stop
        Mount-FileSystem -Type ext4 -Source $image "$Folder/b" -Namespace $Set -ErrorAction Stop
        @(losetup --associated $image).Count | Should -Be 1
        Invoke-Inside "echo here > $Folder/a/x; cat $Folder/b/x" | Should -Be 'here'
        Dismount-FileSystem "$Folder/a", "$Folder/b" -Namespace $Set.Name -ErrorAction Stop
        Wait-Until { -not (losetup --associated $image) } 'the loop device to go'
    }

    It 'refuses <What>' -ForEach @(
        @{ What = 'a NUL in a mount point'; Arguments = @{ Type = 'tmpfs'; MountPoint = "/mnt`0/x" }; Id = 'MountPathInvalid' }
        @{ What = 'a NUL in a type'; Arguments = @{ Type = "tmpfs`0"; MountPoint = '/mnt' }; Id = 'MountOptionInvalid' }
        @{ What = 'a NUL in an option'; Arguments = @{ Type = 'tmpfs'; MountPoint = '/mnt'; Option = "size=1m`0" }; Id = 'MountOptionInvalid' }
        @{ What = 'two ways to keep access times'; Arguments = @{ Bind = $true; Source = '/'; MountPoint = '/mnt'; Flag = 'NoAccessTime', 'StrictAccessTime' }; Id = 'MountOptionInvalid' }
    ) {
        $refused = Get-Refusal { Mount-FileSystem @Arguments -Namespace $Set }
        $refused.FullyQualifiedErrorId | Should -Be "$Id,$Command"
        $refused.CategoryInfo.Category | Should -Be 'InvalidArgument'
        Get-Inside '/mnt' | Should -BeNullOrEmpty
    }

    It 'mounts in the namespace of a process, below that process'' root' {
        # chroot into a tree of the set: paths begin there.
        $null = Invoke-Inside "mkdir -p $Folder/root/bin $Folder/root/mnt"
        foreach ($path in '/usr', '/lib', '/lib64', '/bin') {
            $target = "$Folder/root$path"
            if ([System.IO.Directory]::Exists($path)) {
                $null = Invoke-Inside "mkdir -p $target"
                Mount-FileSystem -Bind $path $target -Namespace $Set -Recurse -ErrorAction Stop
            }
        }
        $jailed = Start-NamespaceProcess $Set chroot -ArgumentList "$Folder/root", 'sleep', '300'
        Wait-Until { [System.IO.File]::ReadAllText("/proc/$($jailed.Id)/comm").Trim() -eq 'sleep' } 'chroot'
        Mount-FileSystem -Type tmpfs /mnt -Process $jailed -ErrorAction Stop
        Get-Inside "$Folder/root/mnt" | Should -Match ' - tmpfs '
        (Get-MountInfo -Process $jailed).MountPoint | Should -Contain '/mnt'
        Dismount-FileSystem /mnt -Process $jailed -ErrorAction Stop
        Get-Inside "$Folder/root/mnt" | Should -BeNullOrEmpty
        Stop-NamespaceProcess $jailed
    }

    It 'follows no link out of the root that it is given' {
        $null = [System.IO.Directory]::CreateDirectory("$Folder/root/etc")
        foreach ($link in @{ absolute = $Folder + '/c' }, @{ upwards = '../../../../../..' + $Folder + '/c' }) {
            foreach ($name in $link.Keys) { $null = [System.IO.File]::CreateSymbolicLink("$Folder/root/$name", $link[$name]) }
        }
        foreach ($name in 'absolute', 'upwards') {
            $refused = Get-Refusal { Mount-FileSystem -Type tmpfs "/$name" -Root "$Folder/root" -Namespace $Set }
            $refused.FullyQualifiedErrorId | Should -Be "MountPathNotFound,$Command"
        }
        # The same links, where what they name lies within the root.
        $null = [System.IO.Directory]::CreateDirectory("$Folder/root$Folder/c")
        Mount-FileSystem -Type tmpfs /upwards -Root "$Folder/root" -Namespace $Set -ErrorAction Stop
        Get-Inside "$Folder/root$Folder/c" | Should -Match ' - tmpfs '
        Get-Inside "$Folder/c" | Should -BeNullOrEmpty
    }

    It 'follows no link of /proc' {
        $refused = Get-Refusal { Mount-FileSystem -Type tmpfs /proc/1/cwd -Namespace $Set }
        $refused.FullyQualifiedErrorId | Should -Be "MountPathInvalid,$Command"
        $refused.CategoryInfo.Category | Should -Be 'InvalidArgument'
    }

    It 'changes nothing with -WhatIf' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -WhatIf *> $null
        Mount-FileSystem -Bind "$Folder/a" "$Folder/b" -WhatIf *> $null
        Get-Inside "$Folder/a" | Should -BeNullOrEmpty
        Get-MountInfo "$Folder/*" | Should -BeNullOrEmpty
    }

    It 'mounts in the caller''s own namespace where none is named' -Tag Root {
        Mount-FileSystem -Type tmpfs "$Folder/a" -ErrorAction Stop
        try {
            [System.IO.File]::ReadAllText('/proc/self/mountinfo') | Should -Match " $Folder/a rw,relatime.* - tmpfs"
            Get-Inside "$Folder/a" | Should -BeNullOrEmpty
        }
        finally { Dismount-FileSystem "$Folder/a" -ErrorAction Stop }
    }

    It 'says what an ordinary user lacks to mount in the host' -Tag User {
        $refused = Get-Refusal { Mount-FileSystem -Type tmpfs "$Folder/a" }
        $refused.FullyQualifiedErrorId | Should -Be "MountFailed,$Command"
        $refused.CategoryInfo.Category | Should -Be 'PermissionDenied'
        "$refused" | Should -Match 'CAP_SYS_ADMIN.*-Namespace'
    }

    It 'says whose namespace it is that may not be entered, and what that takes' -Tag User {
        $own = Get-Refusal { Mount-FileSystem -Type tmpfs /tmp -Namespace /proc/self/ns/mnt }
        $own.FullyQualifiedErrorId | Should -Be "NamespaceAccessDenied,$Command"
        "$own" | Should -Match "belongs to user namespace $(Get-NamespaceId user), which user 0 made, .*CAP_SYS_ADMIN"
        "$(Get-Refusal { Mount-FileSystem -Type tmpfs /tmp -Namespace 1 })" | Should -Match 'process 1 .*belongs to user root.*CAP_SYS_PTRACE'
        $refused = Get-Refusal { Mount-FileSystem -Type tmpfs /tmp -Namespace /proc/1/ns/mnt }
        $refused.CategoryInfo.Category | Should -Be 'PermissionDenied'
        $refused.FullyQualifiedErrorId | Should -Be "NamespaceAccessDenied,$Command"
    }

    It 'refuses <Case>' -ForEach @(
        @{ Case = 'a mount point that is missing'; Id = 'MountPathNotFound'; Category = 'ObjectNotFound'; With = { @{ Type = 'tmpfs'; MountPoint = "$Folder/none" } } }
        @{ Case = 'a mount point on the way to which a file lies'; Id = 'MountPathInvalid'; Category = 'InvalidArgument'; With = { @{ Type = 'tmpfs'; MountPoint = "$Folder/empty/x" } } }
        @{ Case = 'a source that is missing'; Id = 'MountPathNotFound'; Category = 'ObjectNotFound'; With = { @{ Bind = $true; Source = "$Folder/none"; MountPoint = "$Folder/a" } } }
        @{ Case = 'a type that the kernel has not'; Id = 'MountFailed'; Category = 'ObjectNotFound'; With = { @{ Type = 'isotestfs'; MountPoint = "$Folder/a" } } }
        @{ Case = 'an option that the file system has not'; Id = 'MountFailed'; Category = 'InvalidArgument'; With = { @{ Type = 'tmpfs'; Option = 'nonsense=1'; MountPoint = "$Folder/a" } } }
        @{ Case = 'a folder on a file'; Id = 'MountFailed'; Category = 'InvalidArgument'; With = { @{ Bind = $true; Source = "$Folder/b"; MountPoint = "$Folder/empty" } } }
        @{ Case = 'a device that is none'; Id = 'MountSourceInvalid'; Category = 'InvalidArgument'; With = { @{ Type = 'ext4'; Source = '/dev/null'; MountPoint = "$Folder/a" } } }
        @{ Case = 'a file system of a disk without a source'; Id = 'MountSourceMissing'; Category = 'InvalidArgument'; With = { @{ Type = 'ext4'; MountPoint = "$Folder/a" } } }
        @{ Case = 'options for a bind'; Id = 'MountOptionInvalid'; Category = 'InvalidArgument'; With = { @{ Bind = $true; Source = "$Folder/b"; MountPoint = "$Folder/a"; Flag = 'Synchronous' } } }
        @{ Case = 'options beyond a page'; Id = 'MountOptionInvalid'; Category = 'InvalidArgument'; With = { @{ Type = 'tmpfs'; Option = 'x' * 4096; MountPoint = "$Folder/a" } } }
        @{ Case = 'a path that is not whole'; Id = 'MountPathInvalid'; Category = 'InvalidArgument'; With = { @{ Type = 'tmpfs'; MountPoint = 'a' } } }
    ) {
        $parameters = & $With
        $refused = Get-Refusal { Mount-FileSystem @parameters -Namespace $Set }
        $refused.FullyQualifiedErrorId | Should -Be "$Id,$Command"
        $refused.CategoryInfo.Category | Should -Be $Category
        Get-Inside "$Folder/a" | Should -BeNullOrEmpty
    }
}

Describe 'Dismount-FileSystem' {
    AfterEach { Clear-Inside }

    It 'unmounts what Get-MountInfo gives, those on top first' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        $null = Invoke-Inside "mkdir $Folder/a/x"
        Mount-FileSystem -Type tmpfs "$Folder/a/x" -Namespace $Set -ErrorAction Stop
        Get-MountInfo "$Folder/a*" -Namespace $Set | Dismount-FileSystem -ErrorAction Stop
        Get-Inside "$Folder/a" | Should -BeNullOrEmpty
    }

    It 'unmounts a tree with -Recurse, and over a link' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        $null = Invoke-Inside "mkdir -p $Folder/a/x"
        Mount-FileSystem -Type tmpfs "$Folder/a/x" -Namespace $Set -ErrorAction Stop
        $busy = Get-Refusal { Dismount-FileSystem "$Folder/a" -Namespace $Set.Name }
        $busy.FullyQualifiedErrorId | Should -Be "MountBusy,$Dismount"
        "$busy" | Should -Match ([regex]::Escape("$Folder/a/x is mounted on it"))
        $null = [System.IO.File]::CreateSymbolicLink("$Folder/to-a", "$Folder/a")
        Dismount-FileSystem "$Folder/to-a" -Namespace $Set.Name -Recurse -ErrorAction Stop
        Get-Inside "$Folder/a" | Should -BeNullOrEmpty
        Get-Inside "$Folder/a/x" | Should -BeNullOrEmpty
    }

    It 'unmounts what a mount point leads to, and never that in place of one that is covered' {
        foreach ($size in 1, 2) {
            Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
            $null = Invoke-Inside "mkdir $Folder/a/x"
            Mount-FileSystem -Type tmpfs "$Folder/a/x" -Namespace $Set -Option "size=${size}m" -ErrorAction Stop
        }
        $covered, $seen = Get-MountInfo "$Folder/a/x" -Namespace $Set
        $covered.SuperOptions | Should -Contain 'size=1024k'
        $refused = Get-Refusal { $covered | Dismount-FileSystem }
        $refused.FullyQualifiedErrorId | Should -Be "MountGone,$Dismount"
        @(Get-Inside "$Folder/a/x").Count | Should -Be 2
        $seen | Dismount-FileSystem -ErrorAction Stop
        Get-Inside "$Folder/a/x" | Should -Match 'size=1024k'
        # What is left there is covered, and the path leads to a plain folder.
        $refused = Get-Refusal { Dismount-FileSystem "$Folder/a/x" -Namespace $Set.Name }
        $refused.FullyQualifiedErrorId | Should -Be "MountPointNotMounted,$Dismount"
        Get-Inside "$Folder/a/x" | Should -Match 'size=1024k'
        $null = Invoke-Inside "umount $Folder/a $Folder/a/x $Folder/a"
    }

    It 'finds a mount point with a bracket in its name' {
        $null = [System.IO.Directory]::CreateDirectory("$Folder/b[racket")
        Mount-FileSystem -Type tmpfs "$Folder/b[racket" -Namespace $Set -ErrorAction Stop
        $mount = Get-MountInfo "$Folder/b[racket" -Namespace $Set
        $mount.MountPoint | Should -BeExactly "$Folder/b[racket"
        $mount | Dismount-FileSystem -ErrorAction Stop
        Get-Inside "$Folder/b[racket" | Should -BeNullOrEmpty
    }

    It 'shows nothing to the terminal that a process made up as its name' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        $user = Start-NamespaceProcess $Set perl -ArgumentList '-e', '$0 = "\e[2Jx"; sleep 300' -WorkingDirectory "$Folder/a"
        Wait-Until -For 'the name' { [System.IO.File]::ReadAllText("/proc/$($user.Id)/comm").Contains("`e") }
        $busy = Get-Refusal { Dismount-FileSystem "$Folder/a" -Namespace $Set.Name }
        "$busy" | Should -Match "process $($user.Id) \(\?\[2Jx\) has"
        Stop-NamespaceProcess $user
        Dismount-FileSystem "$Folder/a" -Namespace $Set.Name -ErrorAction Stop
    }

    It 'names who keeps a mount busy, and takes it with -Lazy' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        $user = Start-NamespaceProcess $Set sleep -ArgumentList 300 -WorkingDirectory "$Folder/a"
        $busy = Get-Refusal { Dismount-FileSystem "$Folder/a" -Namespace $Set.Name }
        $busy.FullyQualifiedErrorId | Should -Be "MountBusy,$Dismount"
        $busy.CategoryInfo.Category | Should -Be 'ResourceBusy'
        "$busy" | Should -Match "process $($user.Id) \(sleep\) has its working directory"
        Dismount-FileSystem "$Folder/a" -Namespace $Set.Name -Lazy -ErrorAction Stop
        Get-Inside "$Folder/a" | Should -BeNullOrEmpty
        Stop-NamespaceProcess $user
    }

    It 'keeps what is busy in a tree, and takes the tree whole with -Lazy' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        $null = Invoke-Inside "mkdir $Folder/a/x $Folder/a/y"
        Mount-FileSystem -Type tmpfs "$Folder/a/x" -Namespace $Set -ErrorAction Stop
        Mount-FileSystem -Type tmpfs "$Folder/a/y" -Namespace $Set -ErrorAction Stop
        $user = Start-NamespaceProcess $Set sleep -ArgumentList 300 -WorkingDirectory "$Folder/a/x"
        $busy = Get-Refusal { Dismount-FileSystem "$Folder/a" -Namespace $Set.Name -Recurse }
        $busy.FullyQualifiedErrorId | Should -Be "MountBusy,$Dismount"
        "$busy" | Should -Match "process $($user.Id) \(sleep\) has its working directory"
        Get-Inside "$Folder/a/x" | Should -Not -BeNullOrEmpty
        Dismount-FileSystem "$Folder/a" -Namespace $Set.Name -Recurse -Lazy -ErrorAction Stop
        foreach ($point in "$Folder/a", "$Folder/a/x", "$Folder/a/y") { Get-Inside $point | Should -BeNullOrEmpty }
        Stop-NamespaceProcess $user
    }

    It 'says of a set whose init died that it is broken, and mounts nothing' {
        $dead = New-TestSet Pid, Mount
        kill -KILL $dead.InitId
        Wait-Until -For 'the end of the init' { -not (Test-ProcessAlive $dead.InitId) }
        foreach ($refused in (Get-Refusal { Mount-FileSystem -Type proc "$Folder/a" -Namespace $dead }), (Get-Refusal { Dismount-FileSystem /proc -Namespace $dead.Name })) {
            $refused.FullyQualifiedErrorId | Should -BeLike 'NamespaceSetBroken,*'
            $refused.CategoryInfo.Category | Should -Be 'ResourceUnavailable'
        }
        (Get-Refusal { Mount-FileSystem -Type proc "$Folder/a" -Namespace $dead.InitId }).FullyQualifiedErrorId | Should -Be "ProcessNotFound,$Command"
        Remove-Namespace $dead
    }

    It 'refuses another mount than the one that was meant' {
        $old = Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -PassThru -ErrorAction Stop
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        $refused = Get-Refusal { $old | Dismount-FileSystem }
        $refused.FullyQualifiedErrorId | Should -Be "MountGone,$Dismount"
        @(Get-Inside "$Folder/a").Count | Should -Be 2
    }

    It 'refuses the root, and what is no mount point, and changes nothing with -WhatIf' {
        (Get-Refusal { Dismount-FileSystem / -Namespace $Set.Name }).FullyQualifiedErrorId | Should -Be "MountPathInvalid,$Dismount"
        (Get-Refusal { Dismount-FileSystem / }).FullyQualifiedErrorId | Should -Be "MountPathInvalid,$Dismount"
        (Get-Refusal { Dismount-FileSystem "$Folder/b" -Namespace $Set.Name }).FullyQualifiedErrorId | Should -Be "MountPointNotMounted,$Dismount"
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -ErrorAction Stop
        Dismount-FileSystem "$Folder/a" -Namespace $Set.Name -WhatIf *> $null
        Get-Inside "$Folder/a" | Should -Not -BeNullOrEmpty
    }

    It 'says that a mount which a less privileged namespace took over is locked' -Tag User {
        $refused = Get-Refusal { Dismount-FileSystem /dev/shm -Namespace $Set.Name }
        $refused.FullyQualifiedErrorId | Should -Be "DismountFailed,$Dismount"
        "$refused" | Should -Match 'locked'
    }
}

Describe 'New-Namespace with -Root' {
    BeforeAll {
        # What a shell needs, as a bind of the host's folders onto empty ones would give it; here the one static program that is always there.
        $script:NewRoot = "$Folder/pivot"
        foreach ($name in 'proc', 'bin') { $null = [System.IO.Directory]::CreateDirectory("$NewRoot/$name") }
        [System.IO.File]::WriteAllText("$NewRoot/inside", 'x')
        $runtime = [System.IO.Directory]::GetFiles((Split-Path $ModuleManifest) + '/bin', 'isolation-runtime', 'AllDirectories')[0]
        [System.IO.File]::Copy($runtime, "$NewRoot/bin/program")
    }

    It 'makes a root from which nothing leads back: <Types>' -ForEach @(@{ Types = 'Mount' }, @{ Types = 'Mount', 'Pid' }) {
        $set = New-TestSet $Types -With @{ Root = $NewRoot }
        # Its own root, a fresh /proc with a pid namespace, and nothing of the host's.
        $mounts = Get-MountInfo -Namespace $set
        $mounts.MountPoint | Should -Be $(if ($Types -contains 'Pid') { '/', '/proc' } else { '/' })
        $mounts[0].Root | Should -Match ([regex]::Escape($NewRoot) + '$')
        Enter-Namespace $set /bin/program -ArgumentList '--version' | Should -Match '^isolation-runtime version'
        foreach ($path in '/etc', '/../../etc', "$Folder") {
            (Get-Refusal { Get-MountInfo -Path $path -Namespace $set }).FullyQualifiedErrorId | Should -BeLike 'MountPathNotFound,*'
        }
        if ($set.InitId) { [System.IO.File]::Exists("/proc/$($set.InitId)/root/inside") | Should -BeTrue }
        [System.IO.File]::ReadAllText('/proc/self/mountinfo').Contains(" $NewRoot ") | Should -BeFalse
        Remove-Namespace $set
        [System.IO.Directory]::GetFiles($NewRoot) | Should -Be "$NewRoot/inside"
    }

    It 'looks up users in that root, in a set and with -New alike' {
        # id(1) with the libraries that it needs, and one user whom the host does not have.
        foreach ($path in @('/usr/bin/id') + @(ldd /usr/bin/id | ForEach-Object { if ($_ -match '(/\S+) \(0x') { $Matches[1] } })) {
            $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName("$NewRoot$path"))
            [System.IO.File]::Copy($path, "$NewRoot$path")
        }
        $id = if ($IsRoot) { 1234 } else { 0 }
        $null = [System.IO.Directory]::CreateDirectory("$NewRoot/etc")
        [System.IO.File]::WriteAllText("$NewRoot/etc/passwd", "inner:x:${id}:${id}::/:/bin/program`n")
        $as = if ($IsRoot) { @{} } else { @{ MapRootUser = $true } }
        $set = New-TestSet $(if ($IsRoot) { 'Mount' } else { 'User', 'Mount' }) -With @{ Root = $NewRoot }
        Enter-Namespace $set /usr/bin/id -User inner -ArgumentList '-un' -ErrorAction Stop | Should -BeExactly 'inner'
        Enter-Namespace $set /usr/bin/id -User inner -ArgumentList '-u' -ErrorAction Stop | Should -Be $id
        Enter-Namespace -New Mount /usr/bin/id -Root $NewRoot -User inner -ArgumentList '-un' @as -ErrorAction Stop | Should -BeExactly 'inner'
        foreach ($refused in (Get-Refusal { Enter-Namespace $set /usr/bin/id -User daemon }), (Get-Refusal { Enter-Namespace -New Mount /usr/bin/id -Root $NewRoot -User daemon @as })) {
            $refused.FullyQualifiedErrorId | Should -BeExactly 'UserNotFound,Isolation.Commands.EnterNamespaceCommand'
        }
        Remove-Namespace $set
    }

    It 'takes it as a path of the set in which it is made' {
        $outer = New-TestSet $(if ($IsRoot) { 'Mount' } else { 'User', 'Mount' })
        $null = [System.IO.Directory]::CreateDirectory("$Folder/c/bin")
        Mount-FileSystem -Source "$NewRoot/bin" "$Folder/c/bin" -Bind -Namespace $outer -ErrorAction Stop
        $name = New-TestName
        $inner = New-Namespace $name -Type Mount -Parent $outer -Root "$Folder/c" -ErrorAction Stop
        Enter-Namespace $inner /bin/program -ArgumentList '--version' | Should -Match '^isolation-runtime version'
        (Get-Refusal { New-Namespace (New-TestName) -Type Mount -Parent $outer -Root "$Folder/none" }).FullyQualifiedErrorId |
            Should -BeExactly 'NamespaceCreateFailed,Isolation.Commands.NewNamespaceCommand'
        Remove-Namespace $outer -Recurse
    }

    It 'refuses <Case>' -ForEach @(
        @{ Case = 'a set without a mount namespace'; With = { @{ Type = 'Uts'; Root = $NewRoot } } }
        @{ Case = 'a folder that is not there'; With = { @{ Type = 'Mount'; Root = "$Folder/none" } } }
        @{ Case = 'a file'; With = { @{ Type = 'Mount'; Root = "$NewRoot/inside" } } }
        @{ Case = 'the root'; With = { @{ Type = 'Mount'; Root = '/' } } }
        @{ Case = 'a folder without a place for /proc'; With = { @{ Type = 'Mount', 'Pid'; Root = "$Folder/a" } } }
    ) {
        $parameters = & $With
        $refused = Get-Refusal { New-Namespace -Name (New-TestName) @parameters }
        $refused.FullyQualifiedErrorId | Should -Be 'NamespaceOptionInvalid,Isolation.Commands.NewNamespaceCommand'
        $refused.CategoryInfo.Category | Should -Be 'InvalidArgument'
    }
}
