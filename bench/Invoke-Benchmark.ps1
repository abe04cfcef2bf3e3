<#
.SYNOPSIS
    Measures the module against the programs that it stands in for, and prints a table of ratios.
.DESCRIPTION
    Each row is one job done by the module, in this session, and by its peer, in turn, as often as -Rounds says; what is shown are medians. The peer
    runs in a loop of a shell, which starts programs faster than PowerShell does. Under 1 the module is faster.

    Needs root, a built module, and iproute2, util-linux and cgroup-tools, by those names in Debian. Runs in a mount namespace of its own with an empty
    tmpfs on /run, which /run is on a host that was booted by systemd; -KeepRun measures on /run as it is. -Markdown prints the table of the README.
.EXAMPLE
    pwsh bench/Invoke-Benchmark.ps1
.EXAMPLE
    dotnet run --project src/Isolation.Shell bench/Invoke-Benchmark.ps1
#>
param(
    [ValidateRange(1, 1000)] [int] $Rounds = 9,
    [string] $Filter = '*',
    [switch] $Markdown,
    [switch] $KeepRun
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$manifest = Join-Path (Split-Path $PSScriptRoot) 'out/module/Isolation/Isolation.psd1'
$hostPath = [Environment]::ProcessPath

if ([int](& id -u) -ne 0) { throw 'The benchmark makes and removes namespaces and control groups of the host: run it as root.' }
foreach ($program in 'ip', 'nsenter', 'unshare', 'lsns', 'cgset') {
    if (-not (Get-Command $program -CommandType Application -ErrorAction Ignore)) { throw "There is no $program. Install them: apt install iproute2 util-linux cgroup-tools" }
}

if (-not $KeepRun) {
    # Given to a program, a wildcard is expanded to the files of the folder, unless it is quoted.
    $options = @('-Rounds', $Rounds, '-Filter', "'$Filter'", '-KeepRun') + @(if ($Markdown) { '-Markdown' })
    & unshare --mount sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' sh $hostPath -NoProfile -File $PSCommandPath @options
    exit $LASTEXITCODE
}

Import-Module $manifest
$Filter = $Filter.Trim("'")
$tag = "bench$PID"

function Measure-Run {
    # Milliseconds that a script takes.
    param([scriptblock] $Script)
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $null = & $Script
    $watch.Elapsed.TotalMilliseconds
}

function Get-Median {
    param([double[]] $Value)
    [Array]::Sort($Value)
    ($Value[[Math]::Floor(($Value.Count - 1) / 2)] + $Value[[Math]::Ceiling(($Value.Count - 1) / 2)]) / 2
}

function Invoke-Shell {
    # A loop of the peer's.
    param([string] $Text)
    & sh -c $Text
    if ($LASTEXITCODE -ne 0) { throw "The peer failed with exit code ${LASTEXITCODE}: $Text" }
}

function Compare-Peer {
    # One row: first for warmth, until .NET has compiled for good what runs often, then both in turn.
    param([string] $Job, [string] $Peer, [scriptblock] $Ours, [scriptblock] $Theirs, [int] $Count = 1, [double] $Goal = 1, [int] $Times = $Rounds)
    if ($Job -notlike $Filter) { return }
    foreach ($round in 1..10) { $null = & $Ours }
    $null = & $Theirs
    $a = [System.Collections.Generic.List[double]]::new()
    $b = [System.Collections.Generic.List[double]]::new()
    foreach ($round in 1..$Times) {
        $a.Add((Measure-Run $Ours) / $Count)
        $b.Add((Measure-Run $Theirs) / $Count)
    }

    $module = Get-Median $a.ToArray()
    $program = Get-Median $b.ToArray()
    [pscustomobject]@{
        Job = $Job
        Peer = $Peer
        'Module ms' = [Math]::Round($module, 2)
        'Peer ms' = [Math]::Round($program, 2)
        Ratio = [Math]::Round($module / $program, 2)
        Goal = $Goal
    }
}

function Measure-Import {
    # What importing adds to the host's own start, in proportion to that.
    $start = { & $hostPath -NoProfile -Command '1' }
    $import = { & $hostPath -NoProfile -Command "Import-Module '$manifest'" }
    if ('Import-Module' -notlike $Filter) { return }
    $null = & $start
    $null = & $import
    $bare = [System.Collections.Generic.List[double]]::new()
    $full = [System.Collections.Generic.List[double]]::new()
    foreach ($round in 1..$Rounds) {
        $bare.Add((Measure-Run $start))
        $full.Add((Measure-Run $import))
    }

    $base = Get-Median $bare.ToArray()
    $added = (Get-Median $full.ToArray()) - $base
    [pscustomobject]@{
        Job = 'Import-Module'
        Peer = "start of $(Split-Path $hostPath -Leaf)"
        'Module ms' = [Math]::Round($added, 2)
        'Peer ms' = [Math]::Round($base, 2)
        Ratio = [Math]::Round($added / $base, 2)
        Goal = 0.3
    }
}

function Start-Sleeper {
    # Processes that do nothing, for the lists to be long; the line with their pids is what ends them.
    param([int] $Count)
    @((& sh -c "i=0; while [ `$i -lt $Count ]; do sleep 600 >/dev/null 2>&1 & echo `$!; i=`$((i+1)); done") | ForEach-Object { [int]$_ })
}

function Measure-All {
    Measure-Import

    $names = @(1..200 | ForEach-Object { "$tag-$_" })
    Compare-Peer 'New-Namespace -Type Net and Remove-Namespace, 200 names' 'ip netns add, del' -Goal 0.5 {
        $names | New-Namespace -Type Net
        Remove-Namespace $names
    } {
        Invoke-Shell "for i in `$(seq 200); do ip netns add $tag-`$i; done; for i in `$(seq 200); do ip netns del $tag-`$i; done"
    }

    $set = New-Namespace "$tag-five" -Type Mount, Uts, Ipc, Pid, Net
    $init = $set.InitId
    Compare-Peer 'Enter-Namespace /bin/true, five namespaces' 'nsenter' -Count 20 {
        foreach ($i in 1..20) { Enter-Namespace $set /bin/true }
    } {
        Invoke-Shell "for i in `$(seq 20); do nsenter -t $init -m -u -i -n -p /bin/true; done"
    }

    # Each kind alone, and all of them. unshare makes a time or pid namespace for a program with a fork only.
    $flags = [ordered]@{ Mount = '--mount'; Net = '--net'; Ipc = '--ipc'; User = '--user'; Pid = '--pid'; Uts = '--uts'; Cgroup = '--cgroup'; Time = '--time' }
    foreach ($kind in $flags.Keys) {
        $fork = if ($kind -in 'Pid', 'Time') { '--fork' }
        Compare-Peer "Enter-Namespace -New $kind /bin/true" 'unshare' -Count 20 {
            foreach ($i in 1..20) { Enter-Namespace -New $kind /bin/true }
        } {
            Invoke-Shell "for i in `$(seq 20); do unshare $($flags[$kind]) $fork /bin/true; done"
        }
    }

    $every = @($flags.Keys)
    Compare-Peer 'Enter-Namespace -New, all kinds, -MapRootUser /bin/true' 'unshare' -Count 20 {
        foreach ($i in 1..20) { Enter-Namespace -New $every -MapRootUser /bin/true }
    } {
        Invoke-Shell "for i in `$(seq 20); do unshare $($flags.Values) --fork --mount-proc --map-root-user /bin/true; done"
    }

    # A namespace of each kind alone, by where it is pinned.
    foreach ($kind in $flags.Keys) {
        $one = New-Namespace "$tag-one" -Type $kind -MapRootUser:($kind -eq 'User')
        $pin = "$($one.Folder)/ns/$(($kind -replace 'Mount', 'mnt').ToLowerInvariant())"
        Compare-Peer "Enter-Namespace /bin/true, $kind" 'nsenter' -Count 20 {
            foreach ($i in 1..20) { Enter-Namespace $one /bin/true }
        } {
            Invoke-Shell "for i in `$(seq 20); do nsenter $($flags[$kind])=$pin /bin/true; done"
        }

        Remove-Namespace $one
    }

    $all = New-Namespace "$tag-all" -Type $every -MapRootUser
    $init = $all.InitId
    Compare-Peer 'Enter-Namespace /bin/true, all kinds' 'nsenter' -Count 20 {
        foreach ($i in 1..20) { Enter-Namespace $all /bin/true }
    } {
        Invoke-Shell "for i in `$(seq 20); do nsenter -t $init $($flags.Values) /bin/true; done"
    }

    Remove-Namespace $all

    Compare-Peer 'New-, Enter- and Remove-Namespace, /bin/true in a new one' 'unshare' -Count 20 {
        foreach ($i in 1..20) {
            $one = New-Namespace "$tag-one" -Type Uts
            Enter-Namespace $one /bin/true
            Remove-Namespace $one
        }
    } {
        Invoke-Shell "for i in `$(seq 20); do unshare --uts /bin/true; done"
    }

    $null = Set-CgroupLimit $set -PidsMax 500
    $path = @(Enter-Namespace $set cat /proc/self/cgroup) -match ':(pids)?:/' | Select-Object -First 1
    $path = ($path -split ':', 3)[2].TrimStart('/')
    Compare-Peer 'Set-CgroupLimit -PidsMax' 'cgset' -Count 100 -Goal 0.2 {
        foreach ($i in 1..100) { Set-CgroupLimit $set -PidsMax (500 + $i) }
    } {
        Invoke-Shell "for i in `$(seq 100); do cgset -r pids.max=`$((500 + i)) $path; done"
    }

    Remove-Namespace $set

    # In one hierarchy of version 1 where there is one: lscgroup of some versions knows no other.
    $root = @([System.IO.File]::ReadAllLines('/proc/self/mountinfo') -match ' - cgroup ' -match 'pids' | ForEach-Object { ($_ -split ' ')[4] }) + '/sys/fs/cgroup' | Select-Object -First 1
    $folders = @(1..40 | ForEach-Object { "$root/$tag/$_"; foreach ($i in 1..49) { "$root/$tag/$_/$i" } })
    try {
        foreach ($folder in $folders) { $null = [System.IO.Directory]::CreateDirectory($folder) }
        Compare-Peer 'Get-Cgroup -Recurse, 2,000 cgroups' 'lscgroup' -Goal 0.2 { Get-Cgroup -Recurse } { Invoke-Shell 'lscgroup > /dev/null' }
    }
    finally {
        [array]::Reverse($folders)
        foreach ($folder in $folders + "$root/$tag") { [System.IO.Directory]::Delete($folder) }
    }

    # systemd's tool shows the hierarchy of systemd's own name where there is one, and otherwise that of version 2.
    if (Get-Command systemd-cgls -CommandType Application -ErrorAction Ignore) {
        $root = @([System.IO.File]::ReadAllLines('/proc/self/mountinfo') -match ' - cgroup .*name=systemd' | ForEach-Object { ($_ -split ' ')[4] }) + '/sys/fs/cgroup' | Select-Object -First 1
        $folders = @(1..40 | ForEach-Object { "$root/$tag/$_"; foreach ($i in 1..49) { "$root/$tag/$_/$i" } })
        try {
            foreach ($folder in $folders) { $null = [System.IO.Directory]::CreateDirectory($folder) }
            Compare-Peer 'Get-Cgroup -Recurse, 2,000 cgroups' 'systemd-cgls --all' -Goal 0.2 { Get-Cgroup -Recurse } { Invoke-Shell 'systemd-cgls --all --no-pager > /dev/null' }
        }
        finally {
            [array]::Reverse($folders)
            foreach ($folder in $folders + "$root/$tag") { [System.IO.Directory]::Delete($folder) }
        }
    }

    $sleepers = Start-Sleeper 1000
    try {
        Compare-Peer 'Get-NamespaceInfo, 1,000 more processes' 'lsns -J' -Goal 0.3 { Get-NamespaceInfo } { Invoke-Shell 'lsns -J > /dev/null' }
        Compare-Peer 'Get-NamespaceInfo -Deep, 1,000 more processes' 'lsns -J' -Goal 0.6 { Get-NamespaceInfo -Deep } { Invoke-Shell 'lsns -J > /dev/null' }
    }
    finally {
        & kill -KILL @sleepers
    }
}

$cpu = @([System.IO.File]::ReadAllLines('/proc/cpuinfo') -match '^model name')[0] -replace '^[^:]*:\s*'
"Linux $(& uname -r), $([Environment]::ProcessorCount) x $cpu, $(Split-Path $hostPath -Leaf) $($PSVersionTable.PSVersion), $Rounds rounds"
try {
    if ($Markdown) {
        '| Job | Peer | Module ms | Peer ms | Ratio | Goal |'
        '|---|---|--:|--:|--:|--:|'
        Measure-All | ForEach-Object { "| $($_.Job) | $($_.Peer) | $($_.'Module ms') | $($_.'Peer ms') | $($_.Ratio) | $($_.Goal) |" }
    }
    else {
        (Measure-All | Format-Table -AutoSize | Out-String -Width 150).Trim()
    }
}
finally {
    Remove-Namespace "$tag-*"
}
