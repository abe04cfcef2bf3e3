# What every test file starts with: . $PSScriptRoot/Common.ps1 in its BeforeAll.
#
# A test tagged Root needs root, a test tagged User an ordinary user, any other runs as both; the suite runs once as each. Names of everything that
# a test makes come from New-TestName, so that Remove-TestLeftover finds them, also after a failure.

$script:CheckoutRoot = Split-Path (Split-Path $PSScriptRoot)
$script:ModuleManifest = if ($env:ISOLATION_MODULE) { $env:ISOLATION_MODULE } else { Join-Path $CheckoutRoot 'out/module/Isolation/Isolation.psd1' }
$script:IsRoot = [int](id -u) -eq 0
$script:TestUser = 'isolation-test'

Import-Module $ModuleManifest -Force:$false

function New-TestName {
    # A name that no other test has.
    'isotest-' + [guid]::NewGuid().ToString('n').Substring(0, 12)
}

function Remove-TestLeftover {
    # What tests of this process left, whatever happened to them.
    Get-Namespace 'isotest-*' -ErrorAction Ignore | Remove-Namespace -ErrorAction Continue
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
