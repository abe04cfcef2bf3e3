<#
.SYNOPSIS
    Runs every test: xunit, then the Pester suite as root and again as an ordinary user, and that of control groups in guests with version 2: a bare one, and one
    with systemd.
.DESCRIPTION
    The module must be built. As an ordinary user only that user's part runs, and no guest. Ends with every failure again and a line "N passed, N failed, N skipped",
    and exit code 1 where a test failed or a part did not run.
.PARAMETER Filter
    Runs the Pester files alone whose names match, a wildcard.
.PARAMETER PesterOnly
    No unit tests.
.PARAMETER NoGuest
    No guest. With a filter there is none either, but for -GuestOnly.
.PARAMETER GuestOnly
    The guests alone.
.PARAMETER Systemd
    Of the guests that whose process 1 is systemd alone.
#>
param(
    [string] $Configuration = 'Release',
    [string] $Filter = '*',
    [switch] $PesterOnly,
    [switch] $NoGuest,
    [switch] $GuestOnly,
    [switch] $Systemd
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
$hostPath = [Environment]::ProcessPath
$user = 'isolation-test'
$total = @{ Passed = 0; Failed = 0; Skipped = 0 }
$failures = [System.Collections.Generic.List[string]]::new()

function Add-Result {
    param([int] $Passed, [int] $Failed, [int] $Skipped)
    $total.Passed += $Passed
    $total.Failed += $Failed
    $total.Skipped += $Skipped
}

function Invoke-UnitTest {
    "== Unit tests"
    $lines = @(& dotnet test (Join-Path $root 'tests/Unit') -c $Configuration --nologo -v minimal 2>&1 | ForEach-Object { "$_" | Out-Host; "$_" })
    $summary = $lines -match 'Failed:\s+\d+, Passed:\s+\d+, Skipped:\s+\d+'
    if (-not $summary) {
        $failures.Add('The unit tests did not run.')
        Add-Result 0 1 0
        return
    }

    foreach ($line in $lines -match '\[FAIL\]') { $failures.Add("Unit: $($line -replace '^\[xUnit.net \S+\]\s+' -replace '\s+\[FAIL\].*')") }
    foreach ($line in $summary) {
        $null = $line -match 'Failed:\s+(\d+), Passed:\s+(\d+), Skipped:\s+(\d+)'
        Add-Result ([int]$Matches[2]) ([int]$Matches[1]) ([int]$Matches[3])
    }
}

function Invoke-Suite {
    # One run of the Pester suite in a process of its own, which writes its counts to a file.
    param([string] $Title, [string] $From, [string] $ExcludeTag, [string[]] $Prefix)
    "== $Title"
    $result = [System.IO.Path]::GetTempFileName()
    [System.IO.File]::SetUnixFileMode($result, [System.IO.UnixFileMode]438)
    $command = @($Prefix) + @($script:runner, '-NoProfile', '-File', (Join-Path $From 'tests/Invoke-Suite.ps1'), '-ExcludeTag', $ExcludeTag, '-Result', $result)
    # Given to a program, a wildcard is expanded to the files of the folder.
    if ($Filter -ne '*') { $command += '-Filter', $Filter }
    $program, $arguments = $command
    & $program @arguments | Out-Host
    $counts, $failed = [System.IO.File]::ReadAllLines($result)
    [System.IO.File]::Delete($result)
    if ($counts -notmatch '^(\d+) (\d+) (\d+)$') {
        $failures.Add("$Title did not run to its end (exit code $LASTEXITCODE).")
        Add-Result 0 1 0
        return
    }

    Add-Result ([int]$Matches[1]) ([int]$Matches[2]) ([int]$Matches[3])
    foreach ($line in $failed) { $failures.Add("${Title}: $line") }
}

function New-UserCopy {
    # What an ordinary user needs to run the suite, where that user can read it: the checkout may lie in a closed folder.
    $copy = "/tmp/isolation-tests-$PID"
    $null = New-Item -ItemType Directory "$copy/out/module", "$copy/host"
    foreach ($item in 'tests', 'docs', 'examples', 'en-US', 'Isolation.psd1') {
        & cp -r (Join-Path $root $item) $copy
    }

    & cp -r (Join-Path $root 'out/module/Isolation') "$copy/out/module"
    & chmod -R a+rX $copy
    if ((Split-Path $hostPath -Leaf) -like 'isolation-shell*') {
        & cp -r "$(Split-Path $hostPath)/." "$copy/host"
        & chmod -R a+rX "$copy/host"
        $script:runner = "$copy/host/$(Split-Path $hostPath -Leaf)"
    }

    $copy
}

function Set-TestUser {
    # The user of the rootless tests, with a range of subordinate ids.
    if (-not (& getent passwd $user)) {
        & useradd --create-home --shell /bin/sh $user
        if ($LASTEXITCODE -ne 0) { throw "The user $user for the tests could not be made." }
    }

    foreach ($file in '/etc/subuid', '/etc/subgid') {
        if (-not (Test-Path $file) -or -not (Select-String -Path $file -Pattern "^${user}:" -Quiet)) {
            [System.IO.File]::AppendAllText($file, "${user}:400000:65536`n")
        }
    }
}

function Invoke-Guest {
    # Pester files in one boot of a guest. What the host's own run could not try is tried there, so nothing may be skipped. The job writes a line
    # "== Counts" and what each suite said after that.
    param([string] $Title, [string] $Job, [string[]] $Option = @())
    "== $Title"
    $folder = Join-Path $root 'out/guest'
    & (Join-Path $root 'tests/vm/prepare') @Option $folder | Out-Host
    if ($LASTEXITCODE -ne 0) {
        $failures.Add("$Title could not be made ready.")
        Add-Result 0 1 0
        return
    }

    $file = [System.IO.Path]::GetTempFileName()
    [System.IO.File]::WriteAllText($file, $Job)
    Push-Location $root
    $lines = @(& (Join-Path $root 'tests/vm/run') @Option -t 900 $folder $file 2>&1 | ForEach-Object { "$_" | Out-Host; "$_" })
    Pop-Location
    [System.IO.File]::Delete($file)
    $mark = [Array]::LastIndexOf($lines, '== Counts')
    $said = if ($mark -lt 0) { @() } else { @($lines | Select-Object -Skip ($mark + 1)) }
    if (@($said -match '^(\d+) (\d+) (\d+)$').Count -ne [regex]::Matches($Job, 'Invoke-Suite').Count) {
        $failures.Add("$Title did not run to its end.")
        Add-Result 0 1 0
        return
    }

    foreach ($line in $said) {
        if ($line -match '^(\d+) (\d+) (\d+)$') {
            $passed, $failed, $skipped = [int]$Matches[1], [int]$Matches[2], [int]$Matches[3]
            Add-Result $passed ($failed + $skipped) 0
            if ($skipped -ne 0) { $failures.Add("${Title}: $skipped tests were skipped, and each of them is to run there.") }
        }
        else { $failures.Add("${Title}: $line") }
    }
}

function Invoke-KernelGuest {
    # The files of control groups, and those of links, since the kernel there has every kind of them. A container network is the same on both kernels, but for
    # what a file of its own tries.
    $files = if ($Filter -eq '*') { '*Cgroup*,Network*' } else { $Filter }
    Invoke-Guest 'Guest with control groups of version 2' @"
export ISOLATION_TEST_DISK=/dev/vda
echo "cgroup v2, kernel `$(uname -r), controllers: `$(cat /sys/fs/cgroup/cgroup.controllers)"
'$hostPath' -NoProfile -File tests/Invoke-Suite.ps1 -ExcludeTag 'User,FirstVersion,WithoutPressure,Systemd' -Filter '$files' -Result /run/guest/counts
echo '== Counts'
cat /run/guest/counts

"@
}

function Invoke-SystemdGuest {
    # Those of a host that systemd owns, as root and as a user who has logged in.
    $place = '/tmp/checkout'
    $program = $hostPath.StartsWith("$root/") ? $place + $hostPath.Substring($root.Length) : $hostPath
    Invoke-Guest -Option '-s' 'Guest with systemd' @"
echo "`$(systemctl --version | head -n 1), kernel `$(uname -r), ready after `$(cut -d ' ' -f 1 /proc/uptime) s"
mkdir $place
mount --bind '$root' $place
cd $place
touch /run/root-counts /tmp/user-counts
chown $user /tmp/user-counts
'$program' -NoProfile -File tests/Invoke-Suite.ps1 -ExcludeTag 'User,FirstVersion,WithoutPressure' -Filter Systemd -Result /run/root-counts
systemd-run -q --pipe --wait --uid=$user -p PAMName=login -p WorkingDirectory=$place '$program' -NoProfile -File tests/Invoke-Suite.ps1 -ExcludeTag Root -Filter Systemd -Result /tmp/user-counts
echo '== Counts'
cat /run/root-counts /tmp/user-counts

"@
}

$runner = $hostPath
if ($GuestOnly) {
    if (-not $Systemd) { Invoke-KernelGuest }
    if ($Systemd -or $Filter -eq '*') { Invoke-SystemdGuest }
}
elseif (-not $PesterOnly) { Invoke-UnitTest }
if ($GuestOnly) { }
elseif ([int](& id -u) -eq 0) {
    Invoke-Suite 'Pester suite as root' $root 'User,Systemd,Guest' @()
    Set-TestUser
    $copy = New-UserCopy
    try {
        Invoke-Suite "Pester suite as an ordinary user" $copy 'Root,Systemd,Guest' @('runuser', '-u', $user, '--', 'env', "HOME=/home/$user", 'XDG_RUNTIME_DIR=')
    }
    finally {
        Remove-Item $copy -Recurse -Force
    }

    if (-not $NoGuest -and $Filter -eq '*') {
        Invoke-KernelGuest
        Invoke-SystemdGuest
    }
}
else {
    Invoke-Suite 'Pester suite as an ordinary user' $root 'Root,Systemd,Guest' @()
}

$failures | ForEach-Object { "FAILED $_" }
"$($total.Passed) passed, $($total.Failed) failed, $($total.Skipped) skipped"
if ($total.Failed -ne 0 -or $total.Passed -eq 0) { exit 1 }
exit 0
