<#
.SYNOPSIS
    Runs every test: xunit, then the Pester suite as root and again as an ordinary user.
.DESCRIPTION
    The module must be built. As an ordinary user only that user's part runs. Ends with every failure again and a line "N passed, N failed, N skipped",
    and exit code 1 where a test failed or a part did not run.
#>
param(
    [string] $Configuration = 'Release',
    [string] $Filter = '*',
    [switch] $PesterOnly
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

$runner = $hostPath
if (-not $PesterOnly) { Invoke-UnitTest }
if ([int](& id -u) -eq 0) {
    Invoke-Suite 'Pester suite as root' $root 'User' @()
    Set-TestUser
    $copy = New-UserCopy
    try {
        Invoke-Suite "Pester suite as an ordinary user" $copy 'Root' @('runuser', '-u', $user, '--', 'env', "HOME=/home/$user", 'XDG_RUNTIME_DIR=')
    }
    finally {
        Remove-Item $copy -Recurse -Force
    }
}
else {
    Invoke-Suite 'Pester suite as an ordinary user' $root 'Root' @()
}

$failures | ForEach-Object { "FAILED $_" }
"$($total.Passed) passed, $($total.Failed) failed, $($total.Skipped) skipped"
if ($total.Failed -ne 0 -or $total.Passed -eq 0) { exit 1 }
exit 0
