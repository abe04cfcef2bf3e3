# What cannot be meant, what is missing and what is broken: each is refused with a stable id and a category, says what it is, why, and what to do,
# and leaves nothing half-made. What belongs to one cmdlet alone is in that cmdlet's file.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:As = if ($IsRoot) { '' } else { '-MapRootUser' }
    $script:Kind = if ($IsRoot) { 'Uts' } else { 'User' }

    # A private mount namespace in which a script of sh has prepared something, and a child PowerShell in it.
    function Invoke-Apart {
        param([string] $Prepare, [string] $Script)
        Invoke-ChildHost $Script -Prefix 'unshare', '--mount', 'sh', '-e', '-c', "$Prepare`nexec `"`$@`"", 'sh'
    }

    function New-BrokenModule {
        # A copy of the module, for a test to break its launcher.
        $folder = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
        /bin/cp -r (Split-Path $ModuleManifest) $folder
        $launcher = [System.IO.Directory]::GetFiles("$folder/bin", 'isolation-runtime', 'AllDirectories')[0]
        [pscustomobject]@{ Manifest = Join-Path $folder (Split-Path $ModuleManifest -Leaf); Launcher = $launcher }
    }

    function Set-Script {
        param([string] $Path, [string] $Text)
        [System.IO.File]::Delete($Path)
        [System.IO.File]::WriteAllText($Path, $Text)
        [System.IO.File]::SetUnixFileMode($Path, 493)
    }
}

AfterAll {
    Remove-TestLeftover
}

Describe 'a process' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'that has ended since is not entered, and nothing is started: <Command>' -ForEach @(
        @{ Command = 'Enter-Namespace'; Class = 'EnterNamespaceCommand' }
        @{ Command = 'Start-NamespaceProcess'; Class = 'StartNamespaceProcessCommand' }
    ) {
        $set = New-TestSet Uts
        $ended = Start-NamespaceProcess $set sleep 300
        Stop-NamespaceProcess $ended
        foreach ($reference in $ended, $ended.Id) {
            $refusal = Get-Refusal { & $Command $reference true }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "ProcessNotFound,Isolation.Commands.$Class"
            $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
            $refusal.Exception.Message | Should -Match "process $($ended.Id),? .*Get-Process"
        }
    }

    It 'that has ended and is not waited for is not entered' {
        $parent = [System.Diagnostics.Process]::Start('sh', [string[]]('-c', 'sleep 0 & exec sleep 300'))
        try {
            $children = "/proc/$($parent.Id)/task/$($parent.Id)/children"
            Wait-Until -For 'a zombie' {
                $script:Zombie = [System.IO.File]::ReadAllText($children).Trim()
                $Zombie -and -not (Test-ProcessAlive $Zombie)
            }
            $refusal = Get-Refusal { Enter-Namespace ([int]$Zombie) true }
            $refusal.FullyQualifiedErrorId | Should -BeExactly 'ProcessNotFound,Isolation.Commands.EnterNamespaceCommand'
            $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
        }
        finally {
            $parent.Kill()
            $parent.WaitForExit()
        }
    }
}

Describe 'a kind' {
    It 'that does not exist is refused when parameters are bound, with those that do: <Command>' -ForEach @(
        @{ Command = 'New-Namespace'; Class = 'NewNamespaceCommand'; More = @{ Name = 'isotest-kind' } }
        @{ Command = 'Enter-Namespace'; Class = 'EnterNamespaceCommand'; More = @{ Namespace = 'isotest-kind'; FilePath = 'true' } }
        @{ Command = 'Start-NamespaceProcess'; Class = 'StartNamespaceProcessCommand'; More = @{ Namespace = 'isotest-kind'; FilePath = 'true' } }
        @{ Command = 'Get-NamespaceInfo'; Class = 'GetNamespaceInfoCommand'; More = @{} }
    ) {
        $refusal = Get-Refusal { & $Command -Type Disk @More }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "CannotConvertArgumentNoMessage,Isolation.Commands.$Class"
        $refusal.CategoryInfo.Category | Should -Be InvalidArgument
        $refusal.Exception.Message | Should -Match 'Time.*Mount.*Net'
    }
}

Describe 'a program' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'that <Why> is not started: <Category>' -ForEach @(
        @{ Why = 'is missing'; File = '/no/such/program'; Category = 'ObjectNotFound'; Words = 'ENOENT.*no such file inside' }
        @{ Why = 'is in no folder of PATH'; File = 'isotest-no-such'; Category = 'ObjectNotFound'; Words = 'ENOENT.*no such file inside' }
        @{ Why = 'is a folder'; File = '/tmp'; Category = 'PermissionDenied'; Words = 'EACCES.*a directory' }
        @{ Why = 'is not executable'; File = '/etc/passwd'; Category = 'PermissionDenied'; Words = 'EACCES.*not executable' }
        @{ Why = 'is a script without an interpreter'; Text = 'echo no'; Category = 'InvalidType'; Words = 'ENOEXEC.*#!' }
        @{ Why = 'is a script whose interpreter is missing'; Text = "#!/no/such/sh`necho no"; Category = 'ObjectNotFound'; Words = 'ENOENT.*interpreter' }
        @{ Why = 'is empty'; Text = ''; Category = 'InvalidType'; Words = 'ENOEXEC' }
    ) {
        if ($null -ne $Text) {
            $File = Join-Path $TestDrive 'script'
            Set-Script $File $Text
        }

        $set = New-TestSet Pid, Mount
        $refusal = Get-Refusal { Start-NamespaceProcess $set $File -Environment @{ PATH = '/usr/bin:/bin' } }
        $refusal.FullyQualifiedErrorId | Should -BeExactly 'NamespaceProcessStartFailed,Isolation.Commands.StartNamespaceProcessCommand'
        $refusal.CategoryInfo.Category | Should -Be $Category
        $refusal.Exception.Message | Should -Match "$([regex]::Escape($File)).*$($set.Name).*$Words"
        $refusal = Get-Refusal { Enter-Namespace $set $File -Environment @{ PATH = '/usr/bin:/bin' } }
        $refusal.FullyQualifiedErrorId | Should -BeExactly 'NamespaceEnterFailed,Isolation.Commands.EnterNamespaceCommand'
        $refusal.CategoryInfo.Category | Should -Be $Category

        # The process that walked the plan ends right after it has said so.
        Wait-Until -For 'nothing but the init' { "$(@(Get-NamespaceProcess $set).Id)" -eq $set.InitId }
    }
}

Describe 'a file in /run/netns' -Tag Root {
    BeforeEach {
        $script:Name = New-TestName
        $null = [System.IO.Directory]::CreateDirectory('/run/netns')
        [System.IO.File]::WriteAllText("/run/netns/$Name", '')
    }

    AfterEach {
        [System.IO.File]::Delete("/run/netns/$Name")
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'that is stale is no namespace, and is told of as stale' {
        foreach ($reference in $Name, "/run/netns/$Name") {
            $refusal = Get-Refusal { Enter-Namespace $reference true }
            $refusal.FullyQualifiedErrorId | Should -BeExactly 'NamespacePathInvalid,Isolation.Commands.EnterNamespaceCommand'
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
            $refusal.Exception.Message | Should -Match "/run/netns/$Name is a plain file.*stale.*Remove-Item"
        }

        (Get-Refusal { Get-NamespaceInfo -LiteralPath "/run/netns/$Name" }).FullyQualifiedErrorId | Should -BeExactly 'NamespacePathInvalid,Isolation.Commands.GetNamespaceInfoCommand'
    }

    It 'that is stale keeps its name from New-Namespace, and stays as it is' {
        $refusal = Get-Refusal { New-Namespace $Name -Type Net }
        $refusal.FullyQualifiedErrorId | Should -BeExactly 'NamespaceNameTaken,Isolation.Commands.NewNamespaceCommand'
        $refusal.CategoryInfo.Category | Should -Be ResourceExists
        $refusal.Exception.Message | Should -Match "stale file.*ip netns delete $Name"
        [System.IO.File]::Exists("/run/netns/$Name") | Should -BeTrue
        @(Get-Namespace).Name | Should -Not -Contain $Name
    }
}

Describe 'privilege' {
    It 'that root was deprived of is asked for: New-Namespace' -Tag Root {
        $name = New-TestName
        $said = Invoke-ChildHost "Write-Refusal { New-Namespace $name -Type Net }; Write-Line (@(Get-Namespace).Name -contains '$name')" -Prefix setpriv, '--bounding-set', '-all', '--inh-caps', '-all'
        $said[0] | Should -Match '^NamespaceCreateFailed,Isolation.Commands.NewNamespaceCommand PermissionDenied .*unshare: Operation not permitted \(EPERM\)\..*CAP_SYS_ADMIN.*Run as root, or add User'
        $said[1] | Should -Be 'False'
    }

    It 'to make user namespaces, where a host forbids it, is told of with what would do' {
        $name = New-TestName
        $said = Invoke-ChildHost "Write-Refusal { New-Namespace $name -Type User -MapRootUser }; Write-Line (@(Get-Namespace).Name -contains '$name')" -Prefix perl, (Join-Path $PSScriptRoot '../tools/without-syscall.pl'), 'unshare[0&0x10000000]:EPERM', '--'
        $said[0] | Should -Match '^NamespaceCreateFailed,Isolation.Commands.NewNamespaceCommand PermissionDenied .*unshare: Operation not permitted \(EPERM\)\. A filter of system calls forbids it.*seccomp=unconfined'
        $said[0] | Should -Not -Match 'add User'
        $said[1] | Should -Be 'False'
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'control groups' -Tag Root {
    It 'that the host has not mounted are asked for, and no limit is half set' {
        $name = New-TestName
        $said = Invoke-Apart 'umount --recursive --lazy /sys/fs/cgroup' "
            `$null = New-Namespace $name -Type Uts
            Write-Refusal { Set-CgroupLimit $name -PidsMax 10 -MemoryMax 64MB }
            Write-Line (Enter-Namespace $name echo entered)
            Remove-Namespace $name"
        $said[0] | Should -Match '^Cgroup\w+,Isolation.Commands.SetCgroupLimitCommand (NotImplemented|ObjectNotFound|ResourceUnavailable) .*(pids|memory).*mount'
        $said[1] | Should -Be 'entered'
        @(Get-CgroupFolder) -match $name | Should -BeNullOrEmpty
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'a folder for sets' -Tag Root {
    It 'that is read-only is told of, and nothing is made' {
        $name = New-TestName
        $said = Invoke-Apart 'mount -t tmpfs -o ro,mode=755 tmpfs /run' "
            Write-Refusal { New-Namespace $name -Type Net, Pid }
            Write-Line @(Get-Namespace).Count
            Write-Refusal { Remove-Namespace $name }"
        $said[0] | Should -Match '^StateFolderUnavailable,Isolation.Commands.NewNamespaceCommand ResourceUnavailable Cannot make /run/isolation, where sets are kept: .*Read-only.* must be writable'
        $said[1] | Should -Be '0'
        $said[2] | Should -Match '^NamespaceNotFound,Isolation.Commands.RemoveNamespaceCommand ObjectNotFound '
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'that became read-only keeps the sets usable, and says why they cannot be removed' {
        $name = New-TestName
        $said = Invoke-Apart 'mount -t tmpfs -o mode=755 tmpfs /run' "
            `$null = New-Namespace $name -Type Net, Uts
            mount -o remount,ro /run
            Write-Line (Enter-Namespace $name echo entered)
            Write-Refusal { New-Namespace $name-2 -Type Uts }
            Write-Refusal { Remove-Namespace $name }
            Write-Line (Get-Namespace $name).State
            mount -o remount,rw /run
            Remove-Namespace $name
            Write-Line (Get-Namespace).Count"
        $said[0] | Should -Be 'entered'
        $said[1] | Should -Match '^StateFolderUnavailable,Isolation.Commands.NewNamespaceCommand ResourceUnavailable Cannot .*/run/isolation.*Read-only file system.* must be writable'
        $said[2] | Should -Match '^StateFolderUnavailable,Isolation.Commands.RemoveNamespaceCommand ResourceUnavailable Cannot .*Read-only file system.* must be writable'
        $said[3..4] | Should -Be 'Ready', '0'
    }

    It 'that is full of <What> is told of at whichever step, and nothing half-made stays' -ForEach @(
        @{ What = 'files'; Option = 'nr_inodes'; Start = 2; Step = 1; Unit = ''; Used = 'df --output=iused /run | tail -1' }
        @{ What = 'bytes'; Option = 'size'; Start = 4; Step = 4; Unit = 'k'; Used = 'df --output=used /run | tail -1' }
    ) {
        $name = New-TestName
        $said = Invoke-Apart 'mount -t tmpfs -o mode=755,size=4k tmpfs /run' "
            for (`$i = $Start; `$done -lt 1 -and `$i -lt $Start + 40 * $Step; `$i += $Step) {
                mount -o remount,$Option=`$i$Unit /run
                `$record = `$null
                try { `$null = New-Namespace $name -Type Net, Uts, Mount; `$done = 1 } catch { `$record = `$_ }
                mount -o remount,nr_inodes=1000,size=1m /run
                if (`$record) { Write-Line `$record.FullyQualifiedErrorId `$record.CategoryInfo.Category (`$record.Exception.Message -replace '\s+', ' ') }
                else { Write-Line done; Remove-Namespace $name }
                Write-Line left (@(find /run -name '*$name*' -not -path '/run/isolation/locks/*') -join ' ') (@(Get-Namespace).Name -contains '$name') ((Get-Content /proc/self/mountinfo) -match '$name').Count
                umount --lazy /run/netns /run/isolation/namespaces 2>`$null
                rm -rf /run/isolation /run/netns
            }"
        $said[-2] | Should -Be 'done'
        $said.Count | Should -BeGreaterThan 3
        for ($i = 0; $i -lt $said.Count; $i += 2) {
            $said[$i + 1] | Should -Be 'left  False 0' -Because $said[$i]
            if ($said[$i] -ne 'done') { $said[$i] | Should -Match '^(StateFolderUnavailable|NamespaceCreateFailed),Isolation.Commands.NewNamespaceCommand (ResourceUnavailable|LimitsExceeded) Cannot .*No space left on device' }
        }
    }

    It 'that others may write to, or own, is not trusted: <Why>' -ForEach @(
        @{ Why = 'writable for all'; Prepare = 'chmod 777 /run/isolation' }
        @{ Why = 'another user''s'; Prepare = 'chown nobody /run/isolation/namespaces' }
        @{ Why = 'a link'; Prepare = 'rm -r /run/isolation; ln -s /tmp /run/isolation' }
    ) {
        $name = New-TestName
        $said = Invoke-Apart "mount -t tmpfs -o mode=755 tmpfs /run; mkdir -p -m 711 /run/isolation/namespaces; $Prepare" "
            Write-Refusal { New-Namespace $name -Type Uts }
            Write-Line @(find /run /tmp -name '*$name*' 2>`$null).Count"
        $said[0] | Should -Match '^StateFolderUnsafe,Isolation.Commands.NewNamespaceCommand PermissionDenied /run/isolation.*look at it, and remove it'
        $said[1] | Should -Be '0'
    }

    It 'of a set that another user owns is not read: the set is left alone, and told of' {
        $set = New-TestSet Uts
        chown nobody $set.Folder
        try {
            foreach ($action in { Get-Namespace $set.Name }, { Enter-Namespace $set.Name true }, { Remove-Namespace $set.Name }, { New-Namespace $set.Name -Type Uts }) {
                $refusal = Get-Refusal $action
                $refusal.FullyQualifiedErrorId | Should -Match '^StateFolderUnsafe,'
                $refusal.CategoryInfo.Category | Should -Be PermissionDenied
                $refusal.Exception.Message | Should -Match "$([regex]::Escape($set.Folder)) belongs to user .*somebody else made it"
            }
        }
        finally {
            chown root $set.Folder
        }

        Enter-Namespace $set echo entered | Should -Be 'entered'
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'the launcher' {
    It 'that <Why> is named, and nothing half-made stays' -ForEach @(
        @{ Why = 'is missing'; Id = 'AgentMissing'; Category = 'ResourceUnavailable'; Words = 'is missing: .*[Rr]einstall the module' }
        @{ Why = 'is not executable'; Id = 'AgentStartFailed'; Category = 'PermissionDenied'; Words = 'Cannot start .*Permission denied\. The file must be executable' }
        @{ Why = 'is no program'; Text = 'hello'; Id = 'AgentStartFailed'; Category = 'ResourceUnavailable'; Words = 'no program.*reinstall the module' }
        @{ Why = 'is another program, which ends'; Text = "#!/bin/sh`necho 'I am no launcher' >&2"; Id = 'AgentStartFailed'; Category = 'ResourceUnavailable'; Words = 'did not answer.*I am no launcher.*reinstall the module' }
        @{ Why = 'is another program, which writes something else'; Text = "#!/bin/sh`necho what is this >&3; sleep 300"; Id = 'AgentStartFailed'; Category = 'ResourceUnavailable'; Words = 'did not answer as the module''s launcher does' }
        @{ Why = 'is of another version'; Text = "#!/usr/bin/perl`nopen my `$s, '>&=3'; syswrite `$s, pack('Cl', 0, 0) . '{`"kind`":`"hello`",`"version`":`"9.8.7`"}'; sleep 300"; Id = 'AgentVersionMismatch'; Category = 'InvalidData'; Words = 'is version 9\.8\.7, the module is \d+\.\d+\.\d+.*[Rr]einstall the module' }
    ) {
        $module = New-BrokenModule
        $name = New-TestName
        if ($null -ne $Text) { Set-Script $module.Launcher $Text }
        elseif ($Why -eq 'is missing') { [System.IO.File]::Delete($module.Launcher) }
        else { [System.IO.File]::SetUnixFileMode($module.Launcher, 420) }
        $real = $ModuleManifest
        $script:ModuleManifest = $module.Manifest
        try {
            $said = Invoke-ChildHost "
                Write-Refusal { New-Namespace $name -Type $Kind }
                Write-Line (@(Get-Namespace).Name -contains '$name')
                Write-Refusal { Enter-Namespace `$PID true }
                Write-Line @(Get-NamespaceInfo -Type Uts).Count"
        }
        finally {
            $script:ModuleManifest = $real
        }

        $said[0] | Should -Match "^$Id,Isolation.Commands.NewNamespaceCommand $Category .*isolation-runtime.*"
        $said[0] | Should -Match $Words
        $said[1] | Should -Be 'False'
        $said[2] | Should -Match "^$Id,Isolation.Commands.EnterNamespaceCommand $Category "
        [int]$said[3] | Should -BeGreaterThan 0
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'that is mended is used by the next call of the same PowerShell' {
        $module = New-BrokenModule
        $name = New-TestName
        [System.IO.File]::Move($module.Launcher, "$($module.Launcher).away")
        $real = $ModuleManifest
        $script:ModuleManifest = $module.Manifest
        try {
            $said = Invoke-ChildHost "
                Write-Refusal { New-Namespace $name -Type $Kind }
                [System.IO.File]::Move('$($module.Launcher).away', '$($module.Launcher)')
                Write-Line (New-Namespace $name -Type $Kind).State"
        }
        finally {
            $script:ModuleManifest = $real
        }

        $said[0] | Should -Match '^AgentMissing,'
        $said[1] | Should -Be 'Ready'
        Remove-TestLeftover
    }
}
