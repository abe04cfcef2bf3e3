# What happens when the kernel refuses a step, or descriptors, processes or memory run out, in the middle of New-, Enter-Namespace and
# Start-NamespaceProcess: a clear error, everything undone, and the next call goes well.

BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
    $steps = @(
        @{ Rule = 'unshare:ENOSPC'; Call = 'unshare'; Error = 'ENOSPC'; Category = 'LimitsExceeded'; Hint = 'user\.max_\w+_namespaces is \d+' }
        @{ Rule = 'mount[3=0x44000]:EACCES'; Call = 'change the mount /: mount'; Error = 'EACCES'; Category = 'PermissionDenied' }
        @{ Rule = 'sethostname:EPERM'; Call = "set the host name 'inner': sethostname"; Error = 'EPERM'; Category = 'PermissionDenied' }
        @{ Rule = 'setdomainname:ENOMEM'; Call = "set the domain name 'inner': setdomainname"; Error = 'ENOMEM'; Category = 'ResourceUnavailable' }
        @{ Rule = 'ioctl[1=0x8914]:EBUSY'; Call = 'bring the loopback link up: ioctl'; Error = 'EBUSY'; Category = 'ResourceBusy' }
        @{ Rule = 'clone[0=17]:EAGAIN'; Call = 'clone'; Error = 'EAGAIN'; Category = 'ResourceUnavailable'; Hint = 'RLIMIT_NPROC, pids.max' }
        @{ Rule = 'clone[0=0x8011]:EAGAIN'; Call = 'start the process: fork'; Error = 'EAGAIN'; Category = 'ResourceUnavailable'; Hint = 'RLIMIT_NPROC, pids.max' }
        @{ Rule = 'setsid:EPERM'; Call = 'start a session: setsid'; Error = 'EPERM'; Category = 'PermissionDenied' }
        if ($isRoot) { @{ Rule = 'mount[3=0x1000]:ENOMEM'; Call = 'mount'; Error = 'ENOMEM'; Category = 'ResourceUnavailable' } }
    )
    $entries = @(
        @{ Rule = 'setns:EPERM'; Call = "enter the \w+ namespace of set 'NAME': setns"; Error = 'EPERM'; Category = 'PermissionDenied'; Hint = 'CAP_SYS_ADMIN' }
        @{ Rule = 'clone[0=17]:EAGAIN'; Call = 'clone'; Error = 'EAGAIN'; Category = 'ResourceUnavailable'; Hint = 'RLIMIT_NPROC, pids.max' }
        @{ Rule = 'clone[0=0x8011]:EAGAIN'; Call = 'start the process: fork'; Error = 'EAGAIN'; Category = 'ResourceUnavailable'; Hint = 'RLIMIT_NPROC, pids.max' }
        @{ Rule = 'setsid:EPERM'; Call = 'start a session: setsid'; Error = 'EPERM'; Category = 'PermissionDenied' }
        @{ Rule = 'setresuid:EAGAIN'; Call = 'become user 0: setresuid'; Error = 'EAGAIN'; Category = 'ResourceUnavailable' }
        @{ Rule = 'chdir:EACCES'; Call = 'change to the directory /: chdir'; Error = 'EACCES'; Category = 'PermissionDenied' }
        @{ Rule = 'dup3:EMFILE'; Call = 'pass \$stdin as descriptor 0: dup3'; Error = 'EMFILE'; Category = 'LimitsExceeded'; Hint = 'RLIMIT_NOFILE' }
        @{ Rule = 'prctl[0=1]:EINVAL'; Call = 'end with the agent: prctl'; Error = 'EINVAL'; Category = 'InvalidArgument' }
    )
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:Tool = Join-Path $PSScriptRoot '../tools/without-syscall.pl'
    $script:As = if ($IsRoot) { '' } else { '-MapRootUser' }

    # A child that does one thing a round, when it is told to, and says how it went; then, when nothing is limited any more, takes it away again.
    $script:Rounds = '
        $null = New-Namespace NAME -Type TYPES AS
        $null = Enter-Namespace NAME id
        $null = Start-NamespaceProcess NAME true
        Remove-Namespace NAME
        $null = New-Namespace KEPT -Type TYPES AS
        Write-Line ready
        for ($round = 0; ; $round++) {
            while (-not [System.IO.File]::Exists("FOLDER/go-$round")) {
                if ([System.IO.File]::Exists("FOLDER/end")) { Remove-Namespace KEPT; return }
                [System.Threading.Thread]::Sleep(2)
            }
            $record = $null
            $program = $null
            try {
                switch ([System.IO.Path]::GetExtension("FOLDER") ) {
                    ".new" { $null = New-Namespace NAME -Type TYPES AS }
                    ".enter" { $null = Enter-Namespace KEPT true }
                    ".start" { $program = Start-NamespaceProcess KEPT sleep 300 }
                }
            }
            catch { $record = $_ }
            if ($record) { Write-Line refused $record.FullyQualifiedErrorId $record.CategoryInfo.Category ($record.Exception.Message -replace "\s+", " ") }
            else { Write-Line done }
            while (-not [System.IO.File]::Exists("FOLDER/rest-$round")) {
                if ([System.IO.File]::Exists("FOLDER/end")) { return }
                [System.Threading.Thread]::Sleep(2)
            }
            if ($record) { Write-Line (@(Get-NamespaceProcess KEPT | Where-Object CommandLine -notmatch "^isolation-").Count) @(Get-Namespace).Name.Contains("NAME") }
            else {
                if ($program) { Stop-NamespaceProcess $program }
                if (@(Get-Namespace).Name -contains "NAME") { Remove-Namespace NAME }
                Write-Line taken away
            }
        }
    '

    function Start-Rounds {
        param([string] $Action, [string] $Types)
        $name = New-TestName
        $kept = New-TestName
        $folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "isotest-rounds-$name.$Action")
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $child = Start-ChildHost ("`$ErrorActionPreference = 'Stop'" + $Rounds.Replace('NAME', $name).Replace('KEPT', $kept).Replace('FOLDER', $folder).Replace('TYPES', $Types).Replace('AS', $As))
        Read-ChildLine $child | Should -Be 'ready'
        $agent = Get-AgentOf $child.Id
        [pscustomobject]@{ Name = $name; Kept = $kept; Folder = $folder; Child = $child; Agent = $agent; Round = 0 }
    }

    function Get-AgentOf {
        # The agent of another PowerShell, whichever of its threads started it.
        param([int] $Id)
        foreach ($task in [System.IO.Directory]::GetDirectories("/proc/$Id/task")) {
            foreach ($child in [System.IO.File]::ReadAllText("$task/children").Split(' ', [System.StringSplitOptions]::RemoveEmptyEntries)) {
                if ([System.IO.File]::ReadAllText("/proc/$child/comm").Trim() -eq 'isolation-agent') { return [int]$child }
            }
        }
        throw "Process $Id has no agent."
    }

    function Invoke-Round {
        # One round under a limit; what was said, after nothing that was refused has left anything.
        param($Rounds, [scriptblock] $Before, [scriptblock] $After)
        $round = $Rounds.Round++
        & $Before
        [System.IO.File]::WriteAllText("$($Rounds.Folder)/go-$round", '')
        $said = Read-ChildLine $Rounds.Child
        & $After
        Test-Abort $Rounds.Child $said
        if ($said -ne 'done') {
            foreach ($path in "$StateFolder/namespaces/$($Rounds.Name)", "$StateFolder/locks/$($Rounds.Name)", "/run/netns/$($Rounds.Name)") {
                [System.IO.File]::Exists($path) -or [System.IO.Directory]::Exists($path) | Should -BeFalse -Because "$said leaves $path"
            }
            [System.IO.File]::ReadAllText('/proc/self/mountinfo').Contains($Rounds.Name) | Should -BeFalse
            @(Get-TestProcess) -match $Rounds.Name | Should -BeNullOrEmpty
        }

        [System.IO.File]::WriteAllText("$($Rounds.Folder)/rest-$round", '')
        $rest = Read-ChildLine $Rounds.Child
        Test-Abort $Rounds.Child $rest
        $rest | Should -BeIn 'taken away', '0 False' -Because $said
        $said
    }

    function Test-Abort {
        # .NET ends itself by a signal ("Out of memory.") where it finds no descriptor for something of its own. That is no round of ours.
        param($Child, $Line)
        if ($null -ne $Line) { return }
        if (-not $Child.WaitForExit(60000)) { throw 'The child has closed its output and goes on.' }
        if ($Child.ExitCode -gt 128) { throw [System.IO.EndOfStreamException]::new(".NET ended itself: $($Child.ExitCode).") }
        throw "The child ended in the middle of a round with exit code $($Child.ExitCode)."
    }

    function Stop-Rounds {
        param($Rounds)
        [System.IO.File]::WriteAllText("$($Rounds.Folder)/end", '')
        try { Stop-ChildHost $Rounds.Child } finally { [System.IO.Directory]::Delete($Rounds.Folder, $true) }
    }

    function Get-HardLimit {
        param([int] $Id)
        (([System.IO.File]::ReadAllLines("/proc/$Id/limits") -match '^Max open files')[0] -split '\s+')[4]
    }

    function Get-FreeDescriptor {
        # The numbers that the next descriptors of a process will have: a limit of one of them leaves room for those before it.
        param([int] $Id)
        $taken = [System.IO.Directory]::GetFileSystemEntries("/proc/$Id/fd") | ForEach-Object { [int][System.IO.Path]::GetFileName($_) }
        0..1000 | Where-Object { $_ -notin $taken } | Select-Object -First 60
    }
}

AfterAll {
    Remove-TestLeftover
}

Describe 'a step that the kernel refuses' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'is named by New-Namespace, which undoes the rest: <Rule>' -ForEach $steps {
        $name = New-TestName
        $said = Invoke-ChildHost -Prefix perl, $Tool, $Rule, '--' "
            Write-Refusal { New-Namespace $name -Type Mount, Uts, Net, Ipc, Pid -HostName inner -DomainName inner $As }
            Write-Line (@(Get-Namespace).Name -contains '$name')"
        $said[0] | Should -Match "^NamespaceCreateFailed,Isolation.Commands.NewNamespaceCommand $Category Cannot .*${Call}: [\w ]+ \($Error\)\.$(if ($Hint) { ".*$Hint" })"
        $said[1] | Should -Be 'False'
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'is named by Enter-Namespace and Start-NamespaceProcess, and nothing runs: <Rule>' -ForEach $entries {
        $set = New-TestSet Uts, Pid, User -With @{ MapRootUser = $true }
        $said = Invoke-ChildHost -Prefix perl, $Tool, $Rule, '--' "
            Write-Refusal { Enter-Namespace $($set.Name) sleep 300 -WorkingDirectory / }
            Write-Refusal { Start-NamespaceProcess $($set.Name) sleep 300 -WorkingDirectory / }"
        $call = $Call.Replace('NAME', $set.Name)
        $said[0] | Should -Match "^NamespaceEnterFailed,Isolation.Commands.EnterNamespaceCommand $Category Cannot .*${call}: [\w ]+ \($Error\)\.$(if ($Hint) { ".*$Hint" })"
        $said[1] | Should -Match "^NamespaceProcessStartFailed,Isolation.Commands.StartNamespaceProcessCommand $Category Cannot .*${call}: [\w ]+ \($Error\)\."
        Wait-Until -For 'nothing but the init' { "$(@(Get-NamespaceProcess $set).Id)" -eq $set.InitId }
    }
}

Describe 'too few descriptors' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'for <Who> in <Action>: each number is enough, or refused and undone' -ForEach @(
        foreach ($who in 'PowerShell', 'the agent') { foreach ($action in 'new', 'enter', 'start') { @{ Who = $who; Action = $action } } }
    ) {
        for ($attempt = 1; ; $attempt++) {
            $trial = Start-Rounds $Action 'Uts, Ipc, Net, Pid'
            try {
                $process = if ($Who -eq 'PowerShell') { $trial.Child.Id } else { $trial.Agent }
                $hard = Get-HardLimit $process
                $done = 0
                $said = @(foreach ($limit in Get-FreeDescriptor $process) {
                    if ($done -eq 2) { break }
                    $line = Invoke-Round $trial { prlimit --pid $process "--nofile=${limit}:$hard" } { prlimit --pid $process "--nofile=${hard}:$hard" }
                    $done = if ($line -eq 'done') { $done + 1 } else { 0 }
                    $line
                })
                break
            }
            catch [System.IO.EndOfStreamException] {
                if ($attempt -eq 3) { throw }
            }
            finally {
                Stop-Rounds $trial
            }
        }

        $said[-1] | Should -Be 'done'
        $refused = @($said -ne 'done')
        $refused.Count | Should -BeGreaterThan 0
        foreach ($line in $refused) { $line | Should -Match '^refused \w+,Isolation\.Commands\.\w+ (LimitsExceeded|ResourceUnavailable) Cannot .*(Too many open files|RLIMIT_NOFILE)' }
    }
}

Describe 'too few descriptors to remove' {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    BeforeAll {
        # What a child begins with: a limit, of its own, that leaves so many numbers free.
        $script:LeaveFree = '
            function Set-Limit {
                param([int] $Free)
                $taken = [System.Collections.Generic.HashSet[int]]::new()
                foreach ($path in [System.IO.Directory]::GetFileSystemEntries("/proc/$PID/fd")) { $null = $taken.Add([int][System.IO.Path]::GetFileName($path)) }
                for ($limit = 0; $Free -gt 0; $limit++) { if (-not $taken.Contains($limit)) { $Free-- } }
                prlimit --pid $PID "--nofile=${limit}:"
            }
        '

        function Invoke-LimitedHost {
            # .NET ends itself where it finds no descriptor for something of its own: then there are fewer lines.
            param([string] $Script, [int] $Lines)
            for ($attempt = 1; ; $attempt++) {
                $said = @(Invoke-ChildHost $Script)
                if ($said.Count -ge $Lines -or $attempt -eq 3) { return $said }
                Remove-TestLeftover
            }
        }
    }

    It 'all sets at once: they are removed some at a time' {
        $names = 1..60 | ForEach-Object { New-TestName }
        $warm = New-TestName
        $said = Invoke-LimitedHost -Lines 3 "
            $LeaveFree
            Remove-Namespace (New-Namespace $warm -Type Uts, Ipc $As)
            `$names = '$names'.Split(' ')
            `$null = New-Namespace `$names -Type Uts, Ipc $As
            Write-Line @(Get-Namespace `$names).Count
            Set-Limit 45
            Remove-Namespace `$names -ErrorVariable errors -ErrorAction SilentlyContinue
            Write-Line `$errors.Count `$errors[0]
            Write-Line @(Get-Namespace | Where-Object Name -in `$names).Count"
        $said[0] | Should -Be '60'
        $said[1].Trim() | Should -Be '0'
        $said[2] | Should -Be '0'
    }

    It 'one set: that is an error, and it stays and is removed later with what runs in it' {
        $name = New-TestName
        $warm = New-TestName
        $said = Invoke-LimitedHost -Lines 4 "
            $LeaveFree
            `$null = New-Namespace $warm -Type Uts, Ipc $As
            Remove-Namespace $warm
            Write-Refusal { Remove-Namespace $warm }
            `$set = New-Namespace $name -Type Uts, Ipc $As
            `$program = Start-NamespaceProcess `$set sleep 300
            Write-Line `$program.Id
            `$null = Get-Namespace $name
            Set-Limit 60
            for (`$free = 4; `$free -lt 50; `$free++) {
                `$held = [System.Collections.Generic.List[System.IDisposable]]::new()
                try { while (`$true) { `$held.Add([System.IO.File]::OpenRead('/dev/null')) } } catch { }
                for (`$more = 0; `$more -lt `$free; `$more++) {
                    `$held[`$held.Count - 1].Dispose()
                    `$held.RemoveAt(`$held.Count - 1)
                }
                `$record = `$null
                try { Remove-Namespace $name -ErrorAction Stop } catch { `$record = `$_ }
                foreach (`$one in `$held) { `$one.Dispose() }
                if (-not `$record) { break }
                Write-Line refused @(Get-Namespace | Where-Object Name -eq $name).Count `$record.FullyQualifiedErrorId `$record.CategoryInfo.Category (`$record.Exception.Message -replace '\s+', ' ')
            }
            Write-Line done `$free @(Get-Namespace | Where-Object Name -eq $name).Count"
        $said[-1] | Should -Match '^done \d+ 0$'
        $refused = @($said -match '^refused')
        $refused.Count | Should -BeGreaterThan 0
        foreach ($line in $refused) { $line | Should -Match '^refused 1 \w+,Isolation\.Commands\.RemoveNamespaceCommand (LimitsExceeded|ResourceUnavailable) .*(Too many open files|RLIMIT_NOFILE)' }
        Wait-Until -For 'the end of what ran in it' { -not (Test-ProcessAlive $said[1]) }
    }
}

Describe 'too few processes' -Tag Root -Skip:(-not $isRoot) {
    AfterEach {
        Remove-TestLeftover
        Get-TestLeftover | Should -BeNullOrEmpty
        Remove-TestCgroup
    }

    It 'in <Action>: a full control group is told of, and everything is undone' -ForEach @(@{ Action = 'new' }, @{ Action = 'enter' }, @{ Action = 'start' }) {
        $group = New-LimitedSet
        Set-CgroupLimit $group -PidsMax 1000
        $folder = (Get-CgroupLimit $group).Path | Where-Object { [System.IO.File]::Exists("$_/pids.max") }
        $rounds = Start-Rounds $Action 'Uts, Ipc, Net, Pid'
        try {
            foreach ($id in $rounds.Child.Id, $rounds.Agent) { [System.IO.File]::WriteAllText("$folder/cgroup.procs", "$id") }
            $done = 0
            $said = @(for ($more = 0; $done -lt 2 -and $more -lt 20; $more++) {
                $line = Invoke-Round $rounds {
                    [System.IO.File]::WriteAllText("$folder/pids.max", "$([int][System.IO.File]::ReadAllText("$folder/pids.current") + $more)")
                } { [System.IO.File]::WriteAllText("$folder/pids.max", '1000') }
                $done = if ($line -eq 'done') { $done + 1 } else { 0 }
                $line
            })
            $said[-1] | Should -Be 'done'
            $said[0] | Should -Match '^refused Namespace\w+Failed,Isolation\.Commands\.\w+ ResourceUnavailable Cannot .*: Resource temporarily unavailable \(EAGAIN\)\..*pids\.max'
            foreach ($line in @($said -ne 'done')) { $line | Should -Match ' ResourceUnavailable Cannot .*pids\.max' }
        }
        finally {
            [System.IO.File]::WriteAllText("$folder/pids.max", 'max')
            Stop-Rounds $rounds
        }
    }

    It 'for the agent itself: its start is refused, and goes well when there is room' {
        $group = New-LimitedSet
        $name = New-TestName
        Set-CgroupLimit $group -PidsMax 1000
        $folder = (Get-CgroupLimit $group).Path | Where-Object { [System.IO.File]::Exists("$_/pids.max") }
        $said = Invoke-ChildHost "
            [System.IO.File]::WriteAllText('$folder/cgroup.procs', `$PID)
            [System.IO.File]::WriteAllText('$folder/pids.max', '1')
            Write-Refusal { New-Namespace $name -Type Uts }
            [System.IO.File]::WriteAllText('$folder/pids.max', 'max')
            Write-Line @(Get-Namespace).Name.Contains('$name')
            Write-Line (New-Namespace $name -Type Uts).State"
        $said[0] | Should -Match '^AgentStartFailed,Isolation.Commands.NewNamespaceCommand LimitsExceeded Cannot start .*isolation-runtime: Resource temporarily unavailable\. A limit of processes is reached'
        $said[1..2] | Should -Be 'False', 'Ready'
    }
}

Describe 'too little memory' -Tag Root -Skip:(-not $isRoot) {
    It 'ends the agent, which is told, and the next call starts another' {
        $group = New-LimitedSet
        $name = New-TestName
        Set-CgroupLimit $group -MemoryMax 1GB
        $folders = (Get-CgroupLimit $group).Path
        $procs = $folders | Where-Object { [System.IO.File]::Exists("$_/memory.limit_in_bytes") -or [System.IO.File]::Exists("$_/memory.max") } | Select-Object -First 1
        $child = Start-ChildHost "
            `$ErrorActionPreference = 'Stop'
            `$WarningPreference = 'SilentlyContinue'
            `$null = New-Namespace $name -Type Uts, Net
            Write-Line ready
            Wait-Go
            `$environment = @{}
            foreach (`$i in 1..15) { `$environment[`"V`$i`"] = 'x' * 100000 }
            foreach (`$i in 1..3) {
                try { `$null = Enter-Namespace $name -FilePath true -Environment `$environment; Write-Line done } catch { Write-Line `$_.FullyQualifiedErrorId `$_.CategoryInfo.Category (`$_.Exception.Message -replace '\s+', ' ') }
            }"
        try {
            Read-ChildLine $child | Should -Be 'ready'
            $agent = Get-AgentOf $child.Id
            Set-CgroupLimit $group -MemoryMax 1MB
            [System.IO.File]::WriteAllText("$procs/cgroup.procs", "$agent")
            [System.IO.File]::WriteAllText($child.GoFile, '')
            Read-ChildLine $child | Should -Match '^AgentLost,Isolation.Commands.EnterNamespaceCommand ResourceUnavailable .*The next call starts another'
            Read-ChildLine $child | Should -Be 'done'
            Read-ChildLine $child | Should -Be 'done'
            (Get-Namespace $name).State | Should -Be Ready
        }
        finally {
            Stop-ChildHost $child
            Remove-TestLeftover
            Remove-TestCgroup
        }

        Get-TestLeftover | Should -BeNullOrEmpty
    }
}
