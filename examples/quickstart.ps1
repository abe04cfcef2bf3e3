<#
.SYNOPSIS
    The main job in one go: namespaces made, limited, entered and inspected, each step checked.
.DESCRIPTION
    Needs root, and Debian's perl-base, which every Debian has. Takes about half a minute, fails loudly at the first thing that is not as it should
    be, and leaves the host as it was.
#>
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
if ([int](& id -u) -ne 0) { throw 'The quickstart makes control groups, which needs root. Run it with sudo; New-Namespace itself works without.' }
Import-Module "$PSScriptRoot/../out/module/Isolation/Isolation.psd1"

function Assert-That {
    param([bool] $Holds, [string] $What)
    if (-not $Holds) { throw "Not so: $What" }
    "    ok  $What"
}

function Get-HostState {
    # What must be the same before and after: mounts, network links, control groups, processes of ours.
    $cgroups = foreach ($root in Get-ChildItem /sys/fs/cgroup -Directory) { "$($root.FullName)/isolation", "$root" | Where-Object { Test-Path "$_/cgroup.procs" } }
    @(
        (Get-Content /proc/self/mountinfo | ForEach-Object { ($_ -split ' ')[4] } | Sort-Object) -join ' '
        ((Get-ChildItem /sys/class/net).Name | Sort-Object) -join ' '
        ($cgroups | Where-Object { $_ -match '/isolation' } | Sort-Object) -join ' '
        (Get-Process | Where-Object Name -Match '^isolation-(init|hold)$' | ForEach-Object Id) -join ' '
    ) -join "`n"
}

function Get-Counter {
    # A counter of a set's control group: the first of some files that the host has, and a number in it.
    param([string] $Name, [string[]] $Files, [string] $Pattern)
    foreach ($file in $Files) {
        foreach ($path in "/sys/fs/cgroup/isolation/$Name/$file", "/sys/fs/cgroup/*/isolation/$Name/$file") {
            foreach ($found in Resolve-Path $path -ErrorAction Ignore) {
                foreach ($line in Get-Content $found) { if ($line -match $Pattern) { return [long]$Matches[1] } }
            }
        }
    }

    throw "No counter $Files of $Name."
}

$server = @'
use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die "bind: $!";
while (my $c = $s->accept) { <$c>; my $h = `hostname`; chomp $h; print $c "HTTP/1.0 200 OK\r\n\r\nhello from $h\n"; close $c }
'@
$client = @'
use IO::Socket::INET; for (1 .. 100) { my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => 8080) or (select(undef, undef, undef, 0.05), next);
print $c "GET / HTTP/1.0\r\n\r\n"; my @l = <$c>; print $l[-1]; exit 0 } exit 1
'@

$before = Get-HostState
$names = 'blue', 'green'
try {
    '== Two sets of namespaces, each with a host name, processes, mounts, a network and IPC of its own'
    $blue, $green = foreach ($name in $names) { New-Namespace -Name $name -Type Pid, Net, Mount, Uts, Ipc -HostName "$name-host" }
    $blue, $green | Format-Table

    '== Two host names, and a process that sees itself as PID 1 of its world'
    Assert-That (($blue | Enter-Namespace -FilePath hostname) -eq 'blue-host') 'blue is called blue-host'
    Assert-That (($green | Enter-Namespace -FilePath hostname) -eq 'green-host') 'green is called green-host'
    Assert-That ([System.IO.File]::ReadAllText('/proc/sys/kernel/hostname').Trim() -notin 'blue-host', 'green-host') 'the host keeps its own name'
    $init = Get-NamespaceProcess blue | Where-Object NamespaceId -EQ 1
    Assert-That ($init.Id -ne 1) "PID 1 inside is $($init.Id) on the host"
    Assert-That ((Enter-Namespace blue -FilePath sh -ArgumentList '-c', 'ls -d /proc/[0-9]* | wc -l') -lt 6) '/proc inside shows the processes inside, no others'

    '== Two web servers on the same port'
    $servers = foreach ($set in $blue, $green) { $set | Start-NamespaceProcess -FilePath perl -ArgumentList '-e', $server }
    foreach ($set in $blue, $green) {
        $answer = $set | Enter-Namespace -FilePath perl -ArgumentList '-e', $client
        Assert-That ($answer -eq "hello from $($set.Name)-host") "port 8080 in $($set.Name) answers: $answer"
    }

    $servers | Format-Table Id, NamespaceId, Namespace, Name

    '== A memory hog, ended at its limit'
    $blue | Set-CgroupLimit -MemoryMax 64MB -PidsMax 32 -PassThru | Format-Table
    $hog = Start-NamespaceProcess blue -FilePath perl -ArgumentList '-e', '$x = "x" x 400_000_000; sleep 60'
    $hog | Wait-NamespaceProcess -Timeout 30
    Assert-That ($hog.ExitCode -eq 137) "the hog was killed (exit code $($hog.ExitCode)) when it took more than 64 MB"
    $kills = Get-Counter blue 'memory.events', 'memory.oom_control' '^oom_kill (\d+)'
    Assert-That ($kills -ge 1) "the kernel counts the event: oom_kill $kills"

    '== A fork storm, stopped at PidsMax'
    $refused = @(Enter-Namespace blue -FilePath perl -ArgumentList '-e', 'my $n = 0; for (1 .. 200) { my $p = fork; if (!defined $p) { $n++ } elsif (!$p) { sleep 3; exit } } print "$n\n"')
    Assert-That ([int]$refused[-1] -gt 150) "of 200 forks the kernel refused $($refused[-1])"
    Assert-That ((Get-Counter blue 'pids.events' '^max (\d+)') -gt 150) 'and counted them in pids.events'

    '== A CPU burner, held to half a core'
    $green | Set-CgroupLimit -CpuMax 0.5
    $burner = Start-NamespaceProcess green -FilePath perl -ArgumentList '-e', '1 while 1'
    $stat = "/proc/$($burner.Id)/stat"
    $ticks = { $fields = ([System.IO.File]::ReadAllText($stat) -split '\) ')[-1] -split ' '; [long]$fields[11] + [long]$fields[12] }
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $start = & $ticks
    Start-Sleep -Seconds 3
    $share = ((& $ticks) - $start) / 100 / $watch.Elapsed.TotalSeconds
    $throttled = Get-Counter green 'cpu.stat' '^nr_throttled (\d+)'
    Assert-That ($share -gt 0.2 -and $share -lt 0.6) "it got $([math]::Round($share, 2)) of a core"
    Assert-That ($throttled -gt 0) "the kernel held it back $throttled times"
    $burner | Stop-NamespaceProcess -Force

    '== The namespaces of the host'
    Get-NamespaceInfo -Type Net, Pid, Uts | Format-Table Type, Id, OwnerId, User, ProcessCount, ProcessId, Name, Command
    Assert-That (@(Get-NamespaceInfo -Namespace $blue -Type Net).Id -eq $blue.GetId('Net')) "blue's network namespace is in the list"
}
finally {
    Get-Namespace $names -ErrorAction Ignore | Remove-Namespace
}

'== Everything removed'
Assert-That (-not (Get-Namespace $names -ErrorAction Ignore)) 'no set is left'
Assert-That ((Get-HostState) -eq $before) 'mounts, links, control groups and processes are as they were'
