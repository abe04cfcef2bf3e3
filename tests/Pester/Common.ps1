# What every test file starts with: . $PSScriptRoot/Common.ps1 in its BeforeAll.
#
# A test tagged Root needs root, a test tagged User an ordinary user, any other runs as both; the suite runs once as each. Names of everything that
# a test makes come from New-TestName, so that Remove-TestLeftover finds them, also after a failure.

$script:CheckoutRoot = Split-Path (Split-Path $PSScriptRoot)
$script:ModuleManifest = if ($env:ISOLATION_MODULE) { $env:ISOLATION_MODULE } else { Join-Path $CheckoutRoot 'out/module/Isolation/Isolation.psd1' }
$script:IsRoot = [int](id -u) -eq 0
$script:TestUser = 'isolation-test'

# Where the module keeps sets.
$script:StateFolder = if ($IsRoot) { '/run/isolation' }
elseif ($env:XDG_RUNTIME_DIR -and [System.IO.Directory]::Exists($env:XDG_RUNTIME_DIR)) { "$env:XDG_RUNTIME_DIR/isolation" }
else { "/tmp/isolation-$(id -u)" }

Import-Module $ModuleManifest -Force:$false

$script:TestNames = [System.Collections.Generic.List[string]]::new()

function New-TestName {
    # A name that no other test has.
    $name = 'isotest-' + [guid]::NewGuid().ToString('n').Substring(0, 12)
    $TestNames.Add($name)
    $name
}

function New-TestSet {
    # A set for a test: an ordinary user may make one only with a user namespace, in which he is root.
    param([string[]] $Type, [string] $Name = (New-TestName), [hashtable] $With = @{})
    $options = @{ Name = $Name; Type = $Type } + $With
    if (-not $IsRoot) { $options.MapRootUser = $true }
    New-Namespace @options -ErrorAction Stop
}

function Get-TestLeftover {
    # What is left on the host of the sets that this process' tests made, found without the module: nothing, after their removal.
    $mounts = [System.IO.File]::ReadAllText('/proc/self/mountinfo')
    $processes = (Get-TestProcess) -join "`n"
    foreach ($name in $TestNames) {
        foreach ($folder in "$StateFolder/namespaces", "$StateFolder/locks", '/run/netns') {
            if ([System.IO.File]::Exists("$folder/$name") -or [System.IO.Directory]::Exists("$folder/$name")) { "$folder/$name" }
        }
        if ($mounts.Contains("/$name")) { "mount of $name" }
        if ($processes.Contains($name)) { "process of $name" }
    }
}

function Get-Refusal {
    # The first error of what is run: the record that a caller with -ErrorAction Stop would catch.
    param([scriptblock] $Action)
    $ErrorActionPreference = 'Stop'
    try { $null = & $Action } catch { return $_ }
    throw "Nothing was refused by: $Action"
}

function Start-ChildHost {
    # Another process of the PowerShell that runs this one, with the module. The script says what it has to say with Write-Line and, to be ended by
    # the test, calls Wait-Go. What it wrote is read with Read-ChildLine. A prefix is a program that runs it, such as unshare, with its arguments.
    param([string] $Script, [string[]] $Prefix = @())
    $path = [Environment]::ProcessPath
    $program, $before = @($Prefix) + $path
    $start = [System.Diagnostics.ProcessStartInfo]::new($program)
    foreach ($argument in $before) { $start.ArgumentList.Add($argument) }
    if ([System.IO.Path]::GetFileName($path) -eq 'dotnet') { $start.ArgumentList.Add([Environment]::GetCommandLineArgs()[0]) }
    $go = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'isotest-go-' + [guid]::NewGuid().ToString('n'))
    $head = "
        Import-Module '$ModuleManifest'
        function Write-Line { [Console]::Out.WriteLine(`$args -join ' '); [Console]::Out.Flush() }
        function Wait-Go { while (-not [System.IO.File]::Exists('$go')) { [System.Threading.Thread]::Sleep(10) } }
    "
    foreach ($argument in '-NoProfile', '-NonInteractive', '-Command', "$head`n$Script") { $start.ArgumentList.Add($argument) }
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.Environment['POWERSHELL_TELEMETRY_OPTOUT'] = '1'
    $process = [System.Diagnostics.Process]::Start($start)
    # It would wait for the end of its input first.
    $process.StandardInput.Close()
    $process | Add-Member -NotePropertyName GoFile -NotePropertyValue $go -PassThru
}

function Read-ChildLine {
    param($Child)
    $line = $Child.StandardOutput.ReadLineAsync()
    if (-not $line.Wait(60000)) { throw 'The child said nothing for a minute.' }
    $line.Result
}

function Stop-ChildHost {
    # Lets a child end in its own time, or kills it.
    param($Child, [switch] $Kill)
    if ($Kill) { $Child.Kill() } else { [System.IO.File]::WriteAllText($Child.GoFile, '') }
    if (-not $Child.WaitForExit(60000)) { $Child.Kill(); throw 'The child did not end within a minute.' }
    [System.IO.File]::Delete($Child.GoFile)
}

function Invoke-ChildHost {
    # Runs a script in such a process, to its end, and gives the lines that it wrote. An error that it does not catch is the last line.
    param([string] $Script, [string[]] $Prefix = @(), [int] $Seconds = 120)
    $guarded = "
        `$ErrorActionPreference = 'Stop'
        function Write-Refusal {
            param([scriptblock] `$Action)
            `$record = `$null
            try { `$null = & `$Action } catch { `$record = `$_ }
            if (`$record) { Write-Line `$record.FullyQualifiedErrorId `$record.CategoryInfo.Category (`$record.Exception.Message -replace '\s+', ' ') } else { Write-Line 'nothing was refused' }
        }
        try {
            $Script
        }
        catch { Write-Line 'error:' `$_.FullyQualifiedErrorId `$_.Exception.Message `$_.ScriptStackTrace }
    "
    $child = Start-ChildHost $guarded $Prefix
    $all = $child.StandardOutput.ReadToEndAsync()
    try {
        if (-not $all.Wait($Seconds * 1000)) { throw "The child did not end within $Seconds s." }
        if (-not $child.WaitForExit($Seconds * 1000)) { throw "The child closed its output and did not end within $Seconds s." }
    }
    finally {
        if (-not $child.HasExited) { $child.Kill() }
    }

    $all.Result -split "`n" | Where-Object { $_ }
}

function New-TestShell {
    # A runspace of its own with the module, to run a script beside the test; the engine's commands alone, which every host has.
    param([string] $Script)
    $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
    $shell.AddScript("Import-Module '$ModuleManifest'`n$Script")
}

function Get-ShellError {
    # What went wrong in such a runspace, in words.
    param([powershell] $Shell)
    foreach ($record in $Shell.Streams.Error) { "$($record.FullyQualifiedErrorId): $($record.Exception.GetType().Name): $($record.Exception.Message)" }
    $Shell.InvocationStateInfo.Reason
}

function Test-ProcessAlive {
    # Whether a process is there and not only waiting to be waited for.
    param([int] $Id)
    try { $stat = [System.IO.File]::ReadAllText("/proc/$Id/stat") } catch { return $false }
    $stat.Substring($stat.LastIndexOf(')') + 2, 1) -notin 'Z', 'X'
}

function Remove-TestLeftover {
    # What tests of this process left, whatever happened to them.
    # By name: others that test on this host have sets of their own.
    foreach ($name in $TestNames) {
        if ([System.IO.Directory]::Exists("$StateFolder/namespaces/$name")) { Remove-Namespace $name -ErrorAction Continue }
    }
}

function Get-LsnsRow {
    # The rows of lsns -J. It gives up, with status 1 and not a word, when a process ends while it reads of it: then it is asked again.
    $given = $args
    foreach ($try in 1..50) {
        $said = lsns -J @given
        if ($LASTEXITCODE -eq 0) { return ($said | ConvertFrom-Json).PSObject.Properties.Value }
    }
    throw "lsns -J $given ended with status $LASTEXITCODE, $try times."
}

function Wait-Until {
    # Waits for a condition, within a time that a busy machine does not exceed, and says what it waited for when it does.
    param([scriptblock] $Condition, [string] $For, [int] $Seconds = 20)
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($watch.Elapsed.TotalSeconds -gt $Seconds) { throw "Waited $Seconds s in vain for: $For" }
        [System.Threading.Thread]::Sleep(10)
    }
}

function Get-NamespaceId {
    # The id of a process' namespace, as the kernel shows it: the independent reader that results are compared with.
    param([string] $Type, [string] $Process = 'self')
    $link = [System.IO.File]::ResolveLinkTarget("/proc/$Process/ns/$Type", $false)
    [ulong]($link.Name -replace '\D')
}

function Get-HostState {
    # What a test must leave as it was: mounts, links, cgroups and processes of ours.
    $cgroups = foreach ($root in [System.IO.Directory]::GetDirectories('/sys/fs/cgroup')) {
        foreach ($folder in "$root/isolation", $root) {
            if ([System.IO.Directory]::Exists($folder)) { [System.IO.Directory]::GetDirectories($folder) -match 'isolation|isotest' }
        }
    }
    [pscustomobject]@{
        Mounts    = @(Get-Content /proc/self/mountinfo | Where-Object { $_ -match 'nsfs|isolation|isotest' } | ForEach-Object { ($_ -split ' ')[4] } | Sort-Object) -join "`n"
        Links     = @([System.IO.Directory]::GetDirectories('/sys/class/net') | Sort-Object) -join "`n"
        Cgroups   = @($cgroups | Sort-Object -Unique) -join "`n"
        Processes = @(Get-TestProcess) -join "`n"
    }
}

function Get-TestProcess {
    # Init and holder processes of test sets, by their titles.
    foreach ($folder in [System.IO.Directory]::GetDirectories('/proc')) {
        if ($folder -match '/\d+$') {
            try { $title = [System.IO.File]::ReadAllText("$folder/cmdline") } catch { continue }
            if ($title -match '^isolation-(init|hold) isotest-') { $title.Trim([char]0, ' ') }
        }
    }
}
