<#
.SYNOPSIS
    Measures the module against the programs that it stands in for, and prints a table of ratios.
.DESCRIPTION
    Each row is one job done by the module, in this session, and by its peer, in turn, as often as -Rounds says; what is shown are medians. The peer
    runs in a loop of a shell, which starts programs faster than PowerShell does. Under 1 the module is faster.

    Needs root, a built module, and iproute2, util-linux, cgroup-tools, nftables and iperf3, by those names in Debian. Runs in a network and a mount namespace of
    its own with an empty tmpfs on /run, which /run is on a host that was booted by systemd; -KeepRun measures on the host as it is. -Markdown prints the table of the README.
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
foreach ($program in 'ip', 'nsenter', 'unshare', 'lsns', 'cgset', 'nft', 'iperf3') {
    if (-not (Get-Command $program -CommandType Application -ErrorAction Ignore)) { throw "There is no $program. Install them: apt install iproute2 util-linux cgroup-tools nftables iperf3" }
}

if (-not $KeepRun) {
    # Given to a program, a wildcard is expanded to the files of the folder, unless it is quoted.
    $options = @('-Rounds', $Rounds, '-Filter', "'$Filter'", '-KeepRun') + @(if ($Markdown) { '-Markdown' })
    & unshare --mount --net sh -c 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"' sh $hostPath -NoProfile -File $PSCommandPath @options
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
    # One row: first for warmth, until .NET has compiled for good what runs often, then both in turn. What comes before each run is not measured.
    param([string] $Job, [string] $Peer, [scriptblock] $Ours, [scriptblock] $Theirs, [int] $Count = 1, [double] $Goal = 1, [int] $Times = $Rounds, [int] $Warm = 10,
        [scriptblock] $OursBefore = { }, [scriptblock] $TheirsBefore = { })
    if ($Job -notlike $Filter) { return }
    foreach ($round in 1..$Warm) {
        $null = & $OursBefore
        $null = & $Ours
    }

    $null = & $TheirsBefore
    $null = & $Theirs
    $a = [System.Collections.Generic.List[double]]::new()
    $b = [System.Collections.Generic.List[double]]::new()
    foreach ($round in 1..$Times) {
        $null = & $OursBefore
        $a.Add((Measure-Run $Ours) / $Count)
        $null = & $TheirsBefore
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

function Measure-Network {
    # A network with members, and the same by hand: a bridge, and for each member a pair of links, an address, a default route and a rule for masquerading.
    $jobs = 'Connect-ContainerNetwork, 20 sets', 'New-Namespace, Connect-ContainerNetwork, Remove-Namespace, 200 sets', 'Network throughput, 8 GB by TCP between members'
    if (-not @($jobs -like $Filter)) { return }
    $WarningPreference = 'SilentlyContinue'
    $null = New-ContainerNetwork $tag
    Invoke-Shell "ip link add hand type bridge && ip address add 10.99.0.1/16 dev hand && ip link set hand up && nft add table inet hand &&
        nft 'add chain inet hand post { type nat hook postrouting priority srcnat; }'"
    $connect = @'
connect() {
    ip link add h$1 type veth peer name eth0 netns $2
    ip link set h$1 master hand up
    ip -n $2 address add 10.99.1.$1/16 dev eth0
    ip -n $2 link set eth0 up
    ip -n $2 route add default via 10.99.0.1
    nft add rule inet hand post ip saddr 10.99.1.$1 oifname != hand masquerade
}
'@
    try {
        $sets = @(1..20 | ForEach-Object { "$tag-m$_" })
        Compare-Peer $jobs[0] 'ip, nft' -Count 20 -Goal 0.25 -OursBefore {
            Remove-Namespace "$tag-m*"
            New-Namespace $sets -Type Net
        } -TheirsBefore {
            Invoke-Shell "nft flush chain inet hand post; for i in `$(seq 20); do ip netns del hand-`$i 2> /dev/null; ip netns add hand-`$i; done"
        } {
            $sets | Connect-ContainerNetwork $tag
        } {
            Invoke-Shell "$connect; for i in `$(seq 20); do connect `$i hand-`$i; done"
        }

        Remove-Namespace "$tag-m*"
        Invoke-Shell "for i in `$(seq 20); do ip netns del hand-`$i 2> /dev/null || true; done"
        $sets = @(1..200 | ForEach-Object { "$tag-n$_" })
        Compare-Peer $jobs[1] 'ip, nft' -Count 200 -Goal 0.25 -Warm 3 -Times ([Math]::Min(3, $Rounds)) {
            $sets | New-Namespace -Type Net | Connect-ContainerNetwork $tag
            Remove-Namespace $sets
        } {
            Invoke-Shell "$connect; for i in `$(seq 200); do ip netns add hand-`$i; connect `$i hand-`$i; done
                for i in `$(seq 200); do ip netns del hand-`$i; done; nft flush chain inet hand post"
        }

        # Two members, of which one sends the other the same bytes.
        $null = New-Namespace "$tag-a", "$tag-b" -Type Net | Connect-ContainerNetwork $tag
        $address = (Get-ContainerNetwork $tag).Members[1].IPAddress[0]
        Invoke-Shell "$connect; for i in 1 2; do ip netns add hand-`$i; connect `$i hand-`$i; done"
        $pids = foreach ($server in "$tag-b", 'hand-2') { [int](& sh -c "ip netns exec $server iperf3 -s > /dev/null 2>&1 & echo `$!") }
        Start-Sleep 1
        try {
            Compare-Peer $jobs[2] 'a bridge by hand' -Goal 1.05 -Warm 1 -Times ([Math]::Min(5, $Rounds)) {
                Invoke-Shell "ip netns exec $tag-a iperf3 -c $address -n 8G > /dev/null"
            } {
                Invoke-Shell "ip netns exec hand-1 iperf3 -c 10.99.1.2 -n 8G > /dev/null"
            }
        }
        finally {
            & kill -KILL @pids
        }
    }
    finally {
        Remove-Namespace "$tag-a", "$tag-b", "$tag-m*", "$tag-n*" -ErrorAction Ignore
        Remove-ContainerNetwork $tag -Force
        Invoke-Shell "for i in `$(seq 200); do ip netns del hand-`$i 2> /dev/null || true; done; ip link del hand; nft delete table inet hand"
    }
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

    Measure-Network

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
