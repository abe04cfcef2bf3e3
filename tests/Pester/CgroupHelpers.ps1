# What the tests of control groups share: sets with a cgroup, programs in it, and the kernel's own counters as the independent reader. The helpers
# know both versions of cgroups, so the same tests run on every host.

# The folder of this module's cgroups, where root makes them.
$script:Ours = if ([System.IO.Directory]::Exists('/run/systemd/system') -and [System.IO.Directory]::Exists('/sys/fs/cgroup/init.scope')) { '/system.slice/isolation.service' } else { '/isolation' }

function New-LimitedSet {
    # A set of its own, by name; the cheapest kind there is.
    $options = @{ Name = New-TestName; Type = 'Uts' }
    if (-not $IsRoot) { $options.MapRootUser = $true }
    $null = New-Namespace @options -ErrorAction Stop
    $options.Name
}

function Start-Inside {
    # A shell script that starts in all folders of a cgroup; it is in them before its first own command.
    param([string[]] $Folder, [string] $Script)
    $join = ($Folder | ForEach-Object { "echo 0 > '$_/cgroup.procs' || exit 99" }) -join "`n"
    $start = [System.Diagnostics.ProcessStartInfo]::new('/bin/sh')
    $start.ArgumentList.Add('-c')
    $start.ArgumentList.Add("$join`n$Script")
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $script:Started.Add($process)
    $process
}

function Wait-Exit {
    param([System.Diagnostics.Process] $Process, [int] $Seconds = 60)
    if (-not $Process.WaitForExit($Seconds * 1000)) { throw "process $($Process.Id) did not end within $Seconds s" }
    $Process.ExitCode
}

function Stop-Started {
    foreach ($process in $script:Started) {
        if (-not $process.HasExited) { $process.Kill($true) }
        $process.WaitForExit()
        $process.Dispose()
    }
    $script:Started.Clear()
}

function Find-File {
    # The first of these files that one of the folders has.
    param([string[]] $Folder, [string[]] $Name)
    foreach ($file in $Name) {
        foreach ($one in $Folder) {
            if ([System.IO.File]::Exists("$one/$file")) { return "$one/$file" }
        }
    }
    throw "no folder of $Folder has $Name"
}

function Read-File {
    param([string[]] $Folder, [string[]] $Name)
    [System.IO.File]::ReadAllText((Find-File $Folder $Name)).Trim()
}

function Read-Counter {
    # One line `name number` of a file of counters. On a hybrid host version 2 has a file of the same name with fewer lines.
    param([string[]] $Folder, [string[]] $File, [string] $Counter)
    foreach ($one in $Folder) {
        foreach ($name in $File) {
            if (-not [System.IO.File]::Exists("$one/$name")) { continue }
            foreach ($line in [System.IO.File]::ReadAllLines("$one/$name")) {
                $words = $line -split ' '
                if ($words[0] -ceq $Counter) { return [long]$words[1] }
            }
        }
    }
    throw "no counter $Counter in $Folder"
}

function Get-CpuSeconds {
    # The processor time of one process, proc_pid_stat(5): utime and stime in hundredths of a second.
    param([int] $Id)
    $fields = ([System.IO.File]::ReadAllText("/proc/$Id/stat") -replace '^.*\) ', '') -split ' '
    ([long]$fields[11] + [long]$fields[12]) / 100
}

function Get-CgroupFolder {
    # Every folder of ours that a hierarchy has, and what is in it.
    foreach ($root in @('/sys/fs/cgroup') + [System.IO.Directory]::GetDirectories('/sys/fs/cgroup')) {
        # It may go while one looks.
        try { $inner = [System.IO.Directory]::GetDirectories("$root$Ours") } catch { continue }
        "$root$Ours"
        $inner
    }
}

function Remove-TestCgroup {
    # Folders that a failed test left, the inner ones first. Only those of this process' tests are touched: others may test on this host.
    foreach ($folder in Get-CgroupFolder | Where-Object { (Split-Path $_ -Leaf) -in $TestNames }) {
        Wait-Until -For "an empty $folder" {
            foreach ($inner in [System.IO.Directory]::GetDirectories($folder)) { /bin/rmdir $inner 2>$null }
            /bin/rmdir $folder 2>$null
            -not [System.IO.Directory]::Exists($folder)
        }
        /bin/rmdir (Split-Path $folder) 2>$null
    }
}

function Get-ControllerVersion {
    # 1 or 2: in which version of control groups a controller is on this host, by what is mounted; 0 for none.
    param([string] $Name)
    $found = 0
    foreach ($line in [System.IO.File]::ReadAllLines('/proc/self/mountinfo')) {
        $fields = $line -split ' '
        $kind = $fields[[Array]::IndexOf($fields, '-') + 1]
        if ($kind -eq 'cgroup' -and $fields[-1] -split ',' -contains ($Name -replace '^io$', 'blkio')) { return 1 }
        if ($kind -eq 'cgroup2' -and [System.IO.File]::ReadAllText("$($fields[4])/cgroup.controllers").Trim() -split ' ' -contains $Name) { $found = 2 }
    }
    $found
}

function Invoke-Attempt {
    # What depends on time is disturbed now and then: a few attempts at what must hold.
    param([scriptblock] $Script, [int] $Count = 4)
    foreach ($attempt in 1..$Count) {
        try { return & $Script }
        catch { if ($attempt -eq $Count) { throw } }
    }
}
