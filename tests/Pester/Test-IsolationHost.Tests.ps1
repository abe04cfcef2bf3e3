# Test-IsolationHost: what it says of this host, compared with what really works here.

BeforeDiscovery {
    $kinds = @(
        @{ Kind = 'Mount'; Option = '--mount' }, @{ Kind = 'Net'; Option = '--net' }, @{ Kind = 'Ipc'; Option = '--ipc' }, @{ Kind = 'Uts'; Option = '--uts' }
        @{ Kind = 'User'; Option = '--user' }, @{ Kind = 'Pid'; Option = '--pid' }, @{ Kind = 'Cgroup'; Option = '--cgroup' }, @{ Kind = 'Time'; Option = '--time' }
    )
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Checks = @(Test-IsolationHost)

    function Get-Check {
        param([string] $Name)
        $found = @($Checks | Where-Object Name -eq $Name)
        if ($found.Count -ne 1) { throw "There are $($found.Count) checks $Name." }
        $found[0]
    }

    function Test-Command {
        # Whether a program ends with 0; its words are of no interest.
        param([string] $FilePath, [string[]] $ArgumentList)
        $null = & $FilePath @ArgumentList 2>&1
        $LASTEXITCODE -eq 0
    }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'The checks' {
    It 'give one object each, with a status, what was found and what it is for' {
        $Checks.Count | Should -BeGreaterThan 50
        foreach ($check in $Checks) {
            $check | Should -BeOfType ([Isolation.HostCheck])
            foreach ($property in 'Area', 'Name', 'Value', 'Effect') { $check.$property | Should -Not -BeNullOrEmpty -Because "$($check.Name) $property" }
            if ($check.Status -eq 'Works') { $check.Remedy | Should -BeNullOrEmpty -Because $check.Name }
        }
        @($Checks.Name | Sort-Object -Unique).Count | Should -Be $Checks.Count
    }

    It 'come area by area' {
        $seen = @($Checks | ForEach-Object Area | Select-Object -Unique)
        ($seen -join ' ') | Should -Be 'Kernel Caller Module Namespaces Cgroups Rootless Network Containers'
    }

    It 'say that this host, on which the other tests run, has what is required' {
        $required = @($Checks | Where-Object IsRequired)
        ($required.Name -join ' ') | Should -Be 'Version Architecture memfd_create Launcher State folder Mount Net Ipc Pid Uts'
        foreach ($check in $required) { $check.Status | Should -Be 'Works' -Because "$($check.Name): $($check.Value)" }
    }
}

Describe 'What is said, compared with what is so' {
    It 'names the kernel that uname names' {
        (Get-Check Version).Value | Should -BeLike "$(uname -r)*"
    }

    It 'says of the kind <Kind> what unshare finds' -ForEach $kinds {
        $arguments = @($Option) + $(if (-not $IsRoot -and $Kind -ne 'User') { '--user' })
        if ($Kind -in 'Pid', 'Time') { $arguments += '--fork' }
        $works = Test-Command unshare ($arguments + 'true')
        ((Get-Check $Kind).Status -eq 'Works') | Should -Be $works -Because (Get-Check $Kind).Value
    }

    It 'shows the limits and the number of namespaces' {
        $limit = [System.IO.File]::ReadAllText('/proc/sys/user/max_net_namespaces').Trim()
        $name = New-TestName
        $one = [int]((Test-IsolationHost Net).Value -replace '.*, (\d+) in use', '$1')
        try {
            $null = New-TestSet Net -Name $name
            $value = (Test-IsolationHost Net).Value
            $value | Should -BeLike "$limit allowed, * in use"
            # Others make and remove namespaces on this host too.
            [int]($value -replace '.*, (\d+) in use', '$1') | Should -BeGreaterThan 0
            $one | Should -BeGreaterThan 0
        }
        finally { Remove-Namespace $name }
    }

    It 'says of a new /proc what unshare finds' {
        $arguments = @('--pid', '--fork', '--mount-proc') + $(if (-not $IsRoot) { '--user' }) + 'true'
        ((Get-Check 'New /proc').Status -eq 'Works') | Should -Be (Test-Command unshare $arguments)
    }

    It 'says to an ordinary user of user namespaces what unshare -Ur finds' -Tag User {
        $check = Get-Check 'User namespaces'
        ($check.Status -eq 'Works') | Should -Be (Test-Command unshare @('-Ur', 'true')) -Because $check.Value
        $check.Value | Should -Match (id -un)
        (Get-Check Capabilities).Status | Should -Be 'Limited'
    }

    It 'says to root of user namespaces what nobody finds' -Tag Root {
        $works = Test-Command setpriv @('--reuid', '65534', '--regid', '65534', '--clear-groups', 'unshare', '--user', '--uts', 'true')
        ((Get-Check 'User namespaces').Status -eq 'Works') | Should -Be $works
    }

    It 'finds newuidmap and newgidmap where they are, and their bit' {
        foreach ($name in 'newuidmap', 'newgidmap') {
            $path = @('/usr/bin', '/bin', '/usr/local/bin' | ForEach-Object { "$_/$name" } | Where-Object { [System.IO.File]::Exists($_) })
            $check = Get-Check $name
            if (-not $path) {
                $check.Status | Should -Be 'Missing'
                $check.Remedy | Should -Be 'apt-get install uidmap'
                continue
            }

            if ((stat -c %a $path[0]) -match '^4') {
                $check.Status | Should -Be 'Works'
                $check.Value | Should -Match "/bin/$name, setuid root"
            }
        }
    }

    It 'shows an ordinary user the range of /etc/subuid' -Tag User {
        $count = 0
        foreach ($line in [System.IO.File]::ReadAllLines('/etc/subuid')) {
            $owner, $null, $number = $line -split ':'
            if ($owner -in (id -un), (id -u)) { $count += [int]$number }
        }
        $check = Get-Check /etc/subuid
        if ($count -ge 65536) { $check.Status | Should -Be 'Works' } elseif ($count) { $check.Status | Should -Be 'Limited' } else { $check.Status | Should -Be 'Missing' }
        if ($count) { $check.Value | Should -Be "$count for $(id -un)" }
    }

    It 'says of control groups what mountinfo and Set-CgroupLimit say' {
        $mounts = [System.IO.File]::ReadAllLines('/proc/self/mountinfo')
        $second = @($mounts -match ' - cgroup2 ')
        $first = @($mounts -match ' - cgroup ')
        $check = Get-Check Layout
        if ($second) { $check.Value | Should -Match "version 2 at $(($second[0] -split ' ')[4])" }
        if ($first) { $check.Value | Should -Match "$($first.Count) of version 1" }

        $name = New-TestName
        try {
            $null = New-TestSet Uts -Name $name
            $null = Set-CgroupLimit $name -MemoryMax 64MB -ErrorAction SilentlyContinue -ErrorVariable refused
            ($null -eq $refused -or $refused.Count -eq 0) | Should -Be ((Get-Check memory).Status -eq 'Works') -Because "$(Get-Check memory) $((Get-Check memory).Value) $refused"
        }
        finally { Remove-Namespace $name }
    }

    It 'says of a driver what making a link says' -Tag Root {
        $name = New-TestName
        $null = New-Namespace $name -Type Net
        try {
            foreach ($kind in 'veth', 'bridge', 'ifb', 'ipvlan', 'vxlan') {
                $check = Get-Check $kind
                $more = if ($kind -eq 'vxlan') { @('id', '1', 'dstport', '4789') } else { @() }
                $on = if ($kind -eq 'ipvlan') { @('link', 'lo') } else { @() }
                $said = (Enter-Namespace $name ip -ArgumentList (@('link', 'add', 'isotest0') + $on + @('type', $kind) + $more) 2>&1) -join ' '
                $unknown = $said -match 'Unknown device type|not supported'
                if ($check.Status -eq 'Works') { $unknown | Should -BeFalse -Because "$kind is there; ip said: $said" }
                if ($check.Status -eq 'Missing') { $unknown | Should -BeTrue -Because "$kind is missing; ip said: $said" }
                $null = Enter-Namespace $name ip -ArgumentList 'link', 'delete', 'isotest0' 2>&1
            }
        }
        finally { Remove-Namespace $name }
    }

    It 'finds a program in PATH' {
        $folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), (New-TestName))
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $path = $env:PATH
        try {
            [System.IO.File]::WriteAllText("$folder/pasta", '')
            [System.IO.File]::SetUnixFileMode("$folder/pasta", [System.IO.UnixFileMode]493)
            $env:PATH = "${folder}:$path"
            $check = Test-IsolationHost pasta
            $check.Status | Should -Be 'Works'
            $check.Value | Should -Be "$folder/pasta"
        }
        finally {
            $env:PATH = $path
            [System.IO.Directory]::Delete($folder, $true)
        }
    }

    It 'sees a limit of namespaces that is 0' {
        # In a user namespace of its own the limits may be changed without touching the host's.
        $lines = Invoke-ChildHost 'Test-IsolationHost Net, User | ForEach-Object { Write-Line "$($_.Name)|$($_.Status)|$($_.Value)|$($_.Remedy)" }' -Prefix @(
            'unshare', '--user', '--map-root-user', 'sh', '-c', 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"', 'sh')
        $lines[0] | Should -Be 'Net|Missing|none allowed: user.max_net_namespaces = 0|sysctl -w user.max_net_namespaces=10000'
        $lines[1] | Should -BeLike 'User|Works|*'
    }

    It 'sees a /proc of which parts are covered' {
        # The kernel locks what covers it for the user namespaces within the one that covered it.
        $lines = Invoke-ChildHost 'Test-IsolationHost "New /proc" | ForEach-Object { Write-Line "$($_.Status)|$($_.Value)|$($_.Remedy)" }' -Prefix @(
            'unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', 'mount -t tmpfs none /proc/fs && exec unshare --user --map-root-user "$@"', 'sh')
        $lines | Should -BeLike 'Missing|refused: parts of the /proc that is seen here are covered*|*unmask*'
    }

    It 'asks for each call that is newer than the oldest kernel' {
        $script = 'Test-IsolationHost -Area Kernel, Caller | ForEach-Object { Write-Line "$($_.Name)|$($_.Status)|$($_.Value)" }'
        $tool = Join-Path $PSScriptRoot '../tools/without-syscall.pl'
        $calls = 'pidfd_open', 'pidfd_send_signal', 'pidfd_getfd', 'CLONE_INTO_CGROUP', 'close_range', 'openat2', 'open_tree', 'mount_setattr'

        $lines = Invoke-ChildHost $script -Prefix 'perl', $tool, 'after-4.18', '--'
        foreach ($call in $calls) { $lines | Where-Object { $_ -like "$call|*" } | Should -Match '\|(Limited|Missing)\|not in this kernel; since \d+\.\d+$' -Because $call }
        $lines | Should -Contain 'No filter|Limited|1 filter of system calls (seccomp)'

        # Each is looked for by itself: one that is refused takes no other with it.
        $lines = Invoke-ChildHost $script -Prefix 'perl', $tool, 'pidfd_open:EPERM', 'mount_setattr', '--'
        $lines | Should -Contain 'pidfd_open|Limited|refused by a filter (EPERM)'
        $lines | Should -Contain 'mount_setattr|Missing|not in this kernel; since 5.12'
        foreach ($call in $calls -ne 'pidfd_open' -ne 'mount_setattr') { (Get-Check $call).Status | Should -Be ($lines | Where-Object { $_ -like "$call|*" } | ForEach-Object { ($_ -split '\|')[1] }) -Because $call }
    }
}

Describe 'Parameters' {
    It 'takes names, areas and wildcards, whatever their case' {
        (Test-IsolationHost NEWUIDMAP).Name | Should -Be 'newuidmap'
        (Test-IsolationHost new?idmap).Name | Should -Be 'newuidmap', 'newgidmap'
        (Test-IsolationHost Version, Launcher).Name | Should -Be 'Version', 'Launcher'
        (Test-IsolationHost -Area root*).Area | Select-Object -Unique | Should -Be 'Rootless'
        (Test-IsolationHost -Area Rootless, Kernel -Name user*, Version).Name | Should -Be 'Version', 'User namespaces', 'user.max_user_namespaces'
        Test-IsolationHost nothing* | Should -BeNullOrEmpty
    }

    It 'refuses a name and an area that there are not' {
        $refusal = Get-Refusal { Test-IsolationHost isonone }
        $refusal.FullyQualifiedErrorId | Should -Be 'HostCheckNotFound,Isolation.Commands.TestIsolationHostCommand'
        $refusal.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $refusal.Exception.Message | Should -Match "'isonone'"
        $refusal = Get-Refusal { Test-IsolationHost -Area isonone }
        $refusal.FullyQualifiedErrorId | Should -Be 'HostAreaNotFound,Isolation.Commands.TestIsolationHostCommand'
        $refusal.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        # The others are checked all the same.
        (Test-IsolationHost isonone, Version -ErrorAction SilentlyContinue).Name | Should -Be 'Version'
    }

    It 'says true or false with -Quiet' {
        Test-IsolationHost -Quiet | Should -BeExactly $true
        Test-IsolationHost Version, Launcher -Quiet | Should -BeExactly $true
        Test-IsolationHost isonone -Quiet -ErrorAction SilentlyContinue | Should -BeExactly $false
        Test-IsolationHost nothing* -Quiet | Should -BeExactly $false
        foreach ($area in $Checks.Area | Select-Object -Unique) {
            $expected = -not ($Checks | Where-Object { $_.Area -eq $area -and $_.Status -in 'Missing', 'Unknown' })
            Test-IsolationHost -Area $area -Quiet | Should -BeExactly $expected -Because $area
        }
    }

    It 'completes names and areas' {
        $complete = { param($line) [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches }
        (& $complete 'Test-IsolationHost newu').CompletionText | Should -Be 'newuidmap'
        (& $complete 'Test-IsolationHost -Name "State').CompletionText | Should -Be "'State folder'"
        (& $complete 'Test-IsolationHost -Area C').CompletionText | Should -Be 'Caller', 'Cgroups', 'Containers'
        (& $complete 'Test-IsolationHost -Area Cgroups -Name c').CompletionText | Should -Be 'cpu', 'cpuset', 'cgroup.kill'
        (& $complete 'Test-IsolationHost new').ToolTip | Should -Not -BeNullOrEmpty
    }
}

Describe 'The views' {
    It 'groups a table by area, and says what to do' {
        $text = $Checks | Out-String -Width 120
        $text | Should -Match '(?m)^\s+Area: Kernel'
        $text | Should -Match '(?m)^\s+Area: Containers'
        $text | Should -Match '(?m)^Name +Status +Found, and what to do'
        $bad = @($Checks | Where-Object { $_.Remedy -and $_.Remedy.Length -lt 60 })
        if ($bad) { $text | Should -Match ([regex]::Escape($bad[0].Remedy)) }
    }

    It 'shows a list' {
        $text = Test-IsolationHost newuidmap | Format-List | Out-String
        foreach ($property in 'Area', 'Name', 'Status', 'IsRequired', 'Value', 'Effect', 'Remedy') { $text | Should -Match "(?m)^(\e\[[\d;]*m)?$property +:" }
    }
}

Describe 'What it leaves' {
    It 'keeps no agent and no descriptor' {
        $child = Start-ChildHost '
            $null = Test-IsolationHost
            $children = foreach ($task in [System.IO.Directory]::GetDirectories("/proc/$PID/task")) { [System.IO.File]::ReadAllText("$task/children").Trim() }
            Write-Line "left:$(($children | Where-Object { $_ }) -join " ")"
            $descriptors = [System.IO.Directory]::GetFileSystemEntries("/proc/$PID/fd").Count
            foreach ($i in 1..20) { $null = Test-IsolationHost }
            [GC]::Collect(); [GC]::WaitForPendingFinalizers()
            Write-Line "more:$([Math]::Max(0, [System.IO.Directory]::GetFileSystemEntries("/proc/$PID/fd").Count - $descriptors - 2))"'
        Read-ChildLine $child | Should -Be 'left:'
        Read-ChildLine $child | Should -Be 'more:0'
        Stop-ChildHost $child
    }

    It 'disturbs no set and no program of this process' {
        $set = New-TestSet Uts
        try {
            $program = Start-NamespaceProcess $set sleep -ArgumentList 300
            $null = Test-IsolationHost
            $program.HasExited | Should -BeFalse
            Test-ProcessAlive $program.Id | Should -BeTrue
            Stop-NamespaceProcess $program
        }
        finally { Remove-Namespace $set }
    }
}
