# The mounts that Get-MountInfo gives, compared with /proc/PID/mountinfo.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.GetMountInfoCommand'
    $script:Set = New-TestSet Pid, Mount
    $script:Folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), (New-TestName))
    foreach ($name in 'a', 'b', 'c') { $null = [System.IO.Directory]::CreateDirectory("$Folder/$name") }
    $script:Sleep = Start-NamespaceProcess $Set sleep -ArgumentList 300
    Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $Set -Option size=1m -Flag NoSuid, NoExec -ErrorAction Stop
    Set-MountPropagation "$Folder/a" Shared -Namespace $Set.Name -ErrorAction Stop
    Mount-FileSystem -Bind "$Folder/a" "$Folder/b" -Namespace $Set -ErrorAction Stop
    Mount-FileSystem -Bind "$Folder/a" "$Folder/c" -Namespace $Set -ErrorAction Stop
    Set-MountPropagation "$Folder/c" Slave -Namespace $Set.Name -ErrorAction Stop

    function Get-Field {
        # A line of mountinfo as its fields, found by the mount's id.
        param([int] $Id, [string] $Process = 'self')
        , ([System.IO.File]::ReadAllLines("/proc/$Process/mountinfo") | Where-Object { $_.StartsWith("$Id ") } | ForEach-Object { $_ -split ' ' })
    }
}

AfterAll {
    Remove-TestLeftover
    [System.IO.Directory]::Delete($Folder, $true)
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Get-MountInfo' {
    It 'gives every mount of this process, in the order of the kernel, with each field' {
        # Others may mount on the host meanwhile: read again until nothing changed between two looks.
        $look = @{}
        Wait-Until -For 'a moment in which nobody mounts' {
            $before = [System.IO.File]::ReadAllText('/proc/self/mountinfo')
            $look.Found = Get-MountInfo
            $look.Lines = [System.IO.File]::ReadAllLines('/proc/self/mountinfo')
            ($look.Lines -join "`n") + "`n" -ceq $before
        }
        $found, $lines = $look.Found, $look.Lines
        $found | Should -BeOfType Isolation.MountInfo
        $found.Count | Should -Be $lines.Count
        for ($i = 0; $i -lt $lines.Count; $i++) {
            $fields = $lines[$i] -split ' '
            $dash = [Array]::IndexOf($fields, '-')
            "$($found[$i].Id) $($found[$i].ParentId) $($found[$i].Device)" | Should -BeExactly ($fields[0..2] -join ' ')
            "$($found[$i].DeviceMajor):$($found[$i].DeviceMinor)" | Should -BeExactly $fields[2]
            $found[$i].Options -join ',' | Should -BeExactly $fields[5]
            $found[$i].OptionalFields -join ' ' | Should -BeExactly $(if ($dash -gt 6) { $fields[6..($dash - 1)] -join ' ' } else { '' })
            $found[$i].FileSystemType | Should -BeExactly $fields[$dash + 1]
            $found[$i].Namespace | Should -BeNullOrEmpty
            $found[$i].NamespaceId | Should -Be (Get-NamespaceId mnt)
        }
    }

    It 'gives the mounts of a set by <How>' -ForEach @(@{ How = 'name' }, @{ How = 'pipeline' }, @{ How = 'pid' }, @{ How = 'path' }, @{ How = 'namespace' }) {
        $found = switch ($How) {
            'name' { Get-MountInfo -Namespace $Set.Name }
            'pipeline' { $Set | Get-MountInfo }
            'pid' { Get-MountInfo -Process $Sleep.Id }
            'path' { Get-MountInfo -Namespace "/proc/$($Sleep.Id)/ns/mnt" }
            'namespace' { Get-NamespaceInfo $Sleep.Id -Type Mount | Get-MountInfo }
        }
        $expected = [System.IO.File]::ReadAllLines("/proc/$($Sleep.Id)/mountinfo") | ForEach-Object { ($_ -split ' ')[0] }
        $found.Id | Should -Be ([int[]]$expected)
        ($found.NamespaceId | Select-Object -Unique) | Should -Be (Get-NamespaceId mnt $Sleep.Id)
        ($found.Namespace | Select-Object -Unique) | Should -Not -BeNullOrEmpty
    }

    It 'shows flags and the options of the file system' {
        $mount = Get-MountInfo "$Folder/a" -Namespace $Set
        "$($mount.Flags)" | Should -Be 'NoSuid, NoExec, RelativeAccessTime'
        $mount.SuperOptions | Should -Contain 'size=1024k'
        $mount.Propagation | Should -Be 'Shared'
    }

    It 'resolves peers, masters and slaves to the other mounts' {
        $a, $b, $c = 'a', 'b', 'c' | ForEach-Object { Get-MountInfo "$Folder/$_" -Namespace $Set }
        $a.PeerGroup | Should -BeGreaterThan 0
        $b.PeerGroup | Should -Be $a.PeerGroup
        $c.Master | Should -Be $a.PeerGroup
        $a.Peers.MountPoint | Should -Be "$Folder/b"
        $a.Peers.Id | Should -Be $b.Id
        $b.Peers.Id | Should -Be $a.Id
        ($c.Masters.Id | Sort-Object) | Should -Be (@($a.Id, $b.Id) | Sort-Object)
        $a.Slaves.MountPoint | Should -Be "$Folder/c"
        $c.PeerGroup | Should -BeNullOrEmpty
        $c.Peers | Should -BeNullOrEmpty
    }

    It 'resolves peers in other mount namespaces with -Deep, and names a process there' {
        # A copy of the namespace, made by a program in it: its mounts stay peers.
        $copy = Start-NamespaceProcess $Set unshare -ArgumentList '--mount', '--propagation', 'unchanged', 'sleep', '300'
        Wait-Until { (Get-NamespaceId mnt $copy.Id) -ne (Get-NamespaceId mnt $Sleep.Id) } 'the copy'
        $a = Get-MountInfo "$Folder/a" -Namespace $Set
        $a.Peers.ProcessId | Should -BeNullOrEmpty
        $deep = (Get-MountInfo "$Folder/a" -Namespace $Set -Deep).Peers
        $there = $deep | Where-Object ProcessId
        ($there.MountPoint | Sort-Object) | Should -Be "$Folder/a", "$Folder/b"
        ($there.NamespaceId | Select-Object -Unique) | Should -Be (Get-NamespaceId mnt $copy.Id)
        $ids = [System.IO.File]::ReadAllLines("/proc/$($copy.Id)/mountinfo") | ForEach-Object { [int]($_ -split ' ')[0] }
        foreach ($link in $there) { $ids | Should -Contain $link.Id }
        Stop-NamespaceProcess $copy
    }

    It 'filters by wildcards of the mount point and of the type' {
        (Get-MountInfo "$Folder/[ab]" -Namespace $Set).MountPoint | Should -Be "$Folder/a", "$Folder/b"
        (Get-MountInfo "$Folder/*" -Namespace $Set -FileSystemType tmp*).Count | Should -Be 3
        Get-MountInfo "$Folder/*" -Namespace $Set -FileSystemType proc | Should -BeNullOrEmpty
        Get-MountInfo "$Folder/*" | Should -BeNullOrEmpty
    }

    It 'gives the mount that a path lies on, over links too' {
        $null = Enter-Namespace $Set sh -ArgumentList '-c', "mkdir -p $Folder/a/deep && ln -sf a/deep $Folder/link"
        (Get-MountInfo -Path "$Folder/a/deep" -Namespace $Set).MountPoint | Should -Be "$Folder/a"
        (Get-MountInfo -Path "$Folder/link" -Namespace $Set).MountPoint | Should -Be "$Folder/a"
        (Get-MountInfo -Path /proc/self).MountPoint | Should -Be '/proc'
        (Get-MountInfo -Path $PSScriptRoot).Id | Should -Be ([int](findmnt -n -o ID -T $PSScriptRoot))
    }

    It 'keeps a name that is not UTF-8, and the mount is found and unmounted by it' {
        $null = Enter-Namespace $Set sh -ArgumentList '-c', "cd $Folder/b && n=`$(printf 'x\377 y') && mkdir `"`$n`" && mount -t tmpfs none `"`$n`""
        $mount = Get-MountInfo "$Folder/b/x*" -Namespace $Set
        $mount.MountPoint | Should -BeExactly "$Folder/b/x$([char]0xDCFF) y"
        (Get-MountInfo $mount.MountPoint -Namespace $Set).Id | Should -Be $mount.Id
        $mount | Dismount-FileSystem -ErrorAction Stop
        Get-MountInfo "$Folder/b/x*" -Namespace $Set | Should -BeNullOrEmpty
    }

    It 'reads the mounts of a process that may not be entered' -Tag User {
        (Get-MountInfo -Process 1).Count | Should -Be ([System.IO.File]::ReadAllLines('/proc/1/mountinfo').Count)
    }

    It 'refuses a mount point where nothing is mounted, and goes on' {
        $found = Get-MountInfo $Folder, /proc -ErrorVariable refused -ErrorAction SilentlyContinue
        $found.MountPoint | Should -Contain '/proc'
        $refused[0].FullyQualifiedErrorId | Should -Be "MountPointNotMounted,$Command"
        $refused[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'refuses a process that is gone, a set without mounts of its own, and a path that is not whole' {
        $gone = Get-Refusal { Get-MountInfo -Process 4194303 }
        $gone.FullyQualifiedErrorId | Should -Be "ProcessNotFound,$Command"
        $plain = New-TestSet Uts
        (Get-Refusal { Get-MountInfo -Namespace $plain }).FullyQualifiedErrorId | Should -Be "NamespaceTypeNotInSet,$Command"
        (Get-Refusal { Get-MountInfo -Path tmp -Namespace $Set }).FullyQualifiedErrorId | Should -Be "MountPathInvalid,$Command"
        (Get-Refusal { Get-MountInfo -Path $Folder/none }).FullyQualifiedErrorId | Should -Be "MountPathNotFound,$Command"
    }

    It 'completes mount points of the namespace on the line, and types' {
        $complete = { param($line) [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText }
        & $complete "Get-MountInfo -Namespace $($Set.Name) -MountPoint $Folder/" | Should -Be "$Folder/a", "$Folder/b", "$Folder/c"
        & $complete 'Get-MountInfo -FileSystemType tmpf' | Should -Be 'tmpfs'
    }
}
