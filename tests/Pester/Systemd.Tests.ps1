# Control groups on a host whose tree systemd owns. Tagged Systemd: run in the guest with systemd as process 1, as root and as a user whose own systemd runs.
BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    . $PSScriptRoot/CgroupTreeHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Tree = @(Get-CgroupRoot)[0]
    $script:Uid = [int](id -u)
    $script:Systemctl = @('systemctl') + $(if (-not $IsRoot) { '--user' })
    $script:Unit = if ($IsRoot) { '/system.slice/isolation.service' } else { "/user.slice/user-$Uid.slice/user@$Uid.service/app.slice/isolation.service" }

    function Invoke-Systemctl {
        # What systemctl prints, as one text.
        $all = $Systemctl + $args
        (& env @all 2>&1 | ForEach-Object { "$_" }) -join "`n"
    }

    function Get-TreeState {
        # Every cgroup outside of our unit, with the controllers that it hands on. On the way to a delegated unit systemd itself turns on what it gives it.
        & find $Tree -type d | Where-Object { "$_/" -notlike "$Tree$Unit/*" } | Sort-Object | ForEach-Object {
            try { if ("$Tree$Unit" -like "$_/*") { $_ } else { "$_ $([System.IO.File]::ReadAllText("$_/cgroup.subtree_control").Trim())" } } catch { }
        }
    }

    function Start-Hog {
        # Takes more memory than any limit of these tests, in a cgroup.
        param([string[]] $Folder)
        Start-Inside $Folder 'head -c 200M /dev/zero | tail -c 200M | wc -c; echo done'
    }
}

Describe 'Control groups beside systemd' -Tag Root, Systemd {
    BeforeEach { $script:Name = New-TestName }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Invoke-Systemctl stop isolation | Out-Null
    }

    It 'are made in a unit of systemd''s, which knows them, and nowhere else' {
        $before = @(Get-TreeState)
        $cgroup = New-Cgroup $Name
        $cgroup.Cgroup | Should -BeExactly "$Unit/$Name"
        $cgroup.Path | Should -Be "$Tree$Unit/$Name"
        'memory', 'pids', 'cpu' | ForEach-Object { $cgroup.Controller | Should -Contain $_ }
        Invoke-Systemctl show isolation -p ControlGroup -p ActiveState -p Delegate | Should -Match "(?s)(?=.*ControlGroup=$Unit\b)(?=.*ActiveState=active)(?=.*Delegate=yes)"

        $sleeper = Start-Sleeper
        Add-CgroupProcess $Name $sleeper.Id
        Get-GroupOf $sleeper.Id $Tree | Should -BeExactly "$Unit/$Name"
        Invoke-Systemctl status isolation --no-pager | Should -Match "(?s)$Name.*$($sleeper.Id) sleep 600"
        (systemd-cgls --no-pager --unit isolation.service) -join "`n" | Should -Match "(?s)$Name.*$($sleeper.Id) sleep 600"
        @(Get-TreeState) -join "`n" | Should -BeExactly ($before -join "`n")

        Remove-Cgroup $Name -KillProcess
        Wait-Until -For 'the end of the unit' { (Invoke-Systemctl is-active isolation) -eq 'inactive' }
        [System.IO.Directory]::Exists("$Tree$Unit") | Should -BeFalse
        Invoke-Systemctl list-units --all isolation.service --no-legend | Should -BeNullOrEmpty
        @(Get-TreeState) -join "`n" | Should -BeExactly ($before -join "`n")
        [System.IO.Directory]::GetFileSystemEntries('/run/systemd/transient') -match 'isolation' | Should -BeNullOrEmpty
    }

    It 'keep their limits when systemd reads its units anew, and one that is ended by its limit ends no other' {
        $other = New-TestName
        $null = New-Namespace $Name -Type Uts
        $null = New-Namespace $other -Type Uts
        $limit = Set-CgroupLimit $Name -MemoryMax 32MB -PidsMax 20 -PassThru
        $limit.Cgroup | Should -BeExactly "$Unit/$Name"
        $sleeper = Start-Sleeper (Set-CgroupLimit $other -PidsMax 10 -PassThru).Path
        systemctl daemon-reload
        $now = Get-CgroupLimit $Name
        $now.MemoryMax | Should -Be 32MB
        $now.PidsMax | Should -Be 20
        (Get-CgroupLimit $other).PidsMax | Should -Be 10

        $hog = Start-Hog $limit.Path
        $null = Wait-Exit $hog
        Read-Counter $limit.Path 'memory.events' 'oom_kill' | Should -BeGreaterThan 0
        # systemd hears of it by the unit's own counter, and with another policy would end all of the unit.
        Wait-Until -For 'the unit''s counter' { (Read-Counter "$Tree$Unit" 'memory.events' 'oom_kill') -gt 0 }
        Invoke-Systemctl daemon-reload | Out-Null
        Invoke-Systemctl is-active isolation | Should -BeExactly 'active'
        $sleeper.HasExited | Should -BeFalse
        Get-GroupOf $sleeper.Id $Tree | Should -BeExactly "$Unit/$other"
    }

    It 'leave systemd''s own units where they are' {
        $service = "$Name.service"
        systemd-run -q --unit $service -p MemoryMax=100M sleep 600
        try {
            $id = [int](systemctl show $service -p MainPID --value)
            $null = New-Cgroup $Name
            Set-CgroupLimit "$Unit/$Name" -CpuWeight 50
            systemctl daemon-reload
            Get-GroupOf $id $Tree | Should -BeExactly "/system.slice/$service"
            [System.IO.File]::ReadAllText("$Tree/system.slice/$service/memory.max").Trim() | Should -BeExactly '104857600'
            Remove-Cgroup $Name
            Get-GroupOf $id $Tree | Should -BeExactly "/system.slice/$service"
        }
        finally { systemctl stop $service }
    }

    It 'end with their unit, and are made anew after that' {
        $sleeper = Start-Sleeper (New-Cgroup $Name).Path
        Invoke-Systemctl stop isolation | Should -BeNullOrEmpty
        Wait-Exit $sleeper | Should -Not -Be 0
        [System.IO.Directory]::Exists("$Tree$Unit") | Should -BeFalse
        (New-Cgroup $Name).Cgroup | Should -BeExactly "$Unit/$Name"
    }

    It 'can be made and removed by many at the same time' {
        $shells = foreach ($i in 1..3) {
            $shell = New-TestShell "`$ErrorActionPreference = 'Stop'; foreach (`$round in 1..2) { `$name = '$(New-TestName)'; (New-Cgroup `$name).Cgroup; Set-CgroupLimit (Get-Cgroup `$name) -PidsMax 5; Remove-Cgroup `$name }"
            [pscustomobject]@{ Shell = $shell; Result = $shell.BeginInvoke() }
        }
        foreach ($one in $shells) {
            $one.Result.AsyncWaitHandle.WaitOne(120000) | Should -BeTrue
            try { $made = @($one.Shell.EndInvoke($one.Result)) } catch { throw "$((Get-ShellError $one.Shell) -join '; ')" }
            $made.Count | Should -Be 2
            $one.Shell.Dispose()
        }
        Wait-Until -For 'the end of the unit' { (Invoke-Systemctl is-active isolation) -eq 'inactive' }
        [System.IO.Directory]::Exists("$Tree$Unit") | Should -BeFalse
    }

    It 'have programs born in them' {
        $null = New-Namespace $Name -Type Uts
        Set-CgroupLimit $Name -PidsMax 20
        Enter-Namespace $Name -FilePath cat -ArgumentList /proc/self/cgroup | Should -BeExactly "0::$Unit/$Name"
    }

    It 'lie in what was delegated to PowerShell''s own unit, where something was' {
        $lines = Invoke-ChildHost "(New-Cgroup $Name).Cgroup | ForEach-Object { Write-Line `$_ }; Write-Line ([System.IO.File]::ReadAllText('/proc/self/cgroup').Trim()); Remove-Cgroup $Name" @('systemd-run', '-q', '--scope', '-p', 'Delegate=yes')
        $lines.Count | Should -Be 2 -Because ($lines -join '; ')
        $lines[1] | Should -Match '^0::/system.slice/run-.*\.scope$'
        $lines[0] | Should -BeExactly "$($lines[1].Substring(3))/isolation/$Name"
        Invoke-Systemctl is-active isolation | Should -BeExactly 'inactive'
    }

    It 'are made beside systemd''s where a path says so, with a warning' {
        $null = New-Cgroup "/$Name" -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -Match "/$Name lies in /, which belongs to systemd"
        $null = New-Cgroup "/$Name/inner" -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeNullOrEmpty
        Remove-Cgroup "/$Name" -Recurse
        $null = New-Cgroup $Name -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
    }

    It 'have their owner told by Test-IsolationHost' {
        $check = Test-IsolationHost -Area Cgroups -Name Owner
        $check.Status | Should -Be 'Works'
        $check.Value | Should -Match "^systemd \d+; ours are those of $Unit$"
        Invoke-Systemctl is-active isolation | Should -BeExactly 'inactive'
    }
}

Describe 'Control groups beside a user''s own systemd' -Tag User, Systemd {
    BeforeEach { $script:Name = New-TestName }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Invoke-Systemctl stop isolation | Out-Null
    }

    It 'are made in a unit of the user''s, for processes of a login too' {
        # The process of this test is in the login's cgroup, from which the user may move nothing by writing files.
        Get-GroupOf $PID $Tree | Should -Match "^/user.slice/user-$Uid.slice/session-.*\.scope$"
        (New-Cgroup $Name).Cgroup | Should -BeExactly "$Unit/$Name"
        Invoke-Systemctl show isolation -p ControlGroup --value | Should -BeExactly $Unit
        $sleeper = Start-Sleeper
        Add-CgroupProcess $Name $sleeper.Id
        Get-GroupOf $sleeper.Id $Tree | Should -BeExactly "$Unit/$Name"
        Invoke-Systemctl status isolation --no-pager | Should -Match "(?s)$Name.*$($sleeper.Id) sleep 600"
        Remove-Cgroup $Name -KillProcess
        Wait-Until -For 'the end of the unit' { (Invoke-Systemctl is-active isolation) -eq 'inactive' }
        [System.IO.Directory]::Exists("$Tree$Unit") | Should -BeFalse
    }

    It 'hold the programs of a set to its limits, by their birth' {
        $null = New-Namespace $Name -Type User, Pid, Mount -MapRootUser
        $limit = Set-CgroupLimit $Name -MemoryMax 32MB -PidsMax 20 -PassThru
        $limit.Cgroup | Should -BeExactly "$Unit/$Name"
        # Its init was there before the limit, and was moved.
        Get-GroupOf (Get-Namespace $Name).InitId $Tree | Should -BeExactly "$Unit/$Name"
        Enter-Namespace $Name -FilePath cat -ArgumentList /proc/self/cgroup | Should -BeExactly "0::$Unit/$Name"
        Enter-Namespace $Name -FilePath sh -ArgumentList '-c', 'head -c 200M /dev/zero | tail -c 200M | wc -c' -ErrorAction SilentlyContinue | Out-Null
        Read-Counter $limit.Path 'memory.events' 'oom_kill' | Should -BeGreaterThan 0
        Invoke-Systemctl daemon-reload | Out-Null
        (Get-CgroupLimit $Name).MemoryMax | Should -Be 32MB
        Invoke-Systemctl is-active isolation | Should -BeExactly 'active'
        @(Get-CgroupLimit).Cgroup | Should -Be "$Unit/$Name"
        Remove-Namespace $Name
        [System.IO.Directory]::Exists("$Tree$Unit/$Name") | Should -BeFalse
    }

    It 'leave nothing when PowerShell has ended' {
        Invoke-ChildHost "`$null = New-Namespace $Name -Type User, Uts -MapRootUser; Set-CgroupLimit $Name -PidsMax 20; Write-Line (Enter-Namespace $Name -FilePath cat -ArgumentList /proc/self/cgroup)" | Should -BeExactly "0::$Unit/$Name"
        Remove-Namespace $Name
        Wait-Until -For 'the end of the unit' { (Invoke-Systemctl is-active isolation) -eq 'inactive' }
        [System.IO.Directory]::Exists("$Tree$Unit") | Should -BeFalse
    }

    It 'are refused outside of what is the user''s' {
        $refusal = Get-Refusal { New-Cgroup "/$Name" }
        $refusal.FullyQualifiedErrorId | Should -BeExactly 'CgroupNotDelegated,Isolation.Commands.NewCgroupCommand'
        (Get-Refusal { New-Cgroup "$($Unit -replace '/app.slice/.*')/$Name" }).FullyQualifiedErrorId | Should -BeExactly 'CgroupNotDelegated,Isolation.Commands.NewCgroupCommand'
        Invoke-Systemctl is-active isolation | Should -BeExactly 'inactive'
    }

    It 'need the user''s bus, and say so' {
        $bus, $folder = $env:DBUS_SESSION_BUS_ADDRESS, $env:XDG_RUNTIME_DIR
        try {
            [Environment]::SetEnvironmentVariable('DBUS_SESSION_BUS_ADDRESS', 'unix:path=/nonexistent')
            $refusal = Get-Refusal { New-Cgroup $Name }
            $refusal.FullyQualifiedErrorId | Should -BeExactly 'SystemdUnreachable,Isolation.Commands.NewCgroupCommand'
            "$($refusal.CategoryInfo.Category) $refusal" | Should -Match '^ResourceUnavailable .*DBUS_SESSION_BUS_ADDRESS.*XDG_RUNTIME_DIR'
            # Without a login's variables the bus is found where it always is.
            [Environment]::SetEnvironmentVariable('DBUS_SESSION_BUS_ADDRESS', $null)
            [Environment]::SetEnvironmentVariable('XDG_RUNTIME_DIR', $null)
            (New-Cgroup $Name).Cgroup | Should -BeExactly "$Unit/$Name"
        }
        finally {
            [Environment]::SetEnvironmentVariable('DBUS_SESSION_BUS_ADDRESS', $bus)
            [Environment]::SetEnvironmentVariable('XDG_RUNTIME_DIR', $folder)
        }
        Remove-Cgroup $Name
    }

    It 'have their owner told by Test-IsolationHost' {
        $check = Test-IsolationHost -Area Cgroups -Name Owner
        $check.Status | Should -Be 'Works'
        $check.Value | Should -Match "^systemd \d+; ours are those of $Unit, with .*memory"
    }
}
