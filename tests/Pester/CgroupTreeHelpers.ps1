# What the tests of control groups as such share: cgroups below the hierarchies' roots that are made and removed without the module, on every kind of
# host. Their names come from New-TestName, and nothing else is touched.

function Get-CgroupRoot {
    # The mount points of the hierarchies, version 2 first; of one version only.
    param([ValidateSet(1, 2)] [int[]] $Version = (2, 1))
    foreach ($one in $Version) {
        $type = if ($one -eq 2) { 'cgroup2' } else { 'cgroup' }
        foreach ($line in [System.IO.File]::ReadAllLines('/proc/self/mountinfo')) {
            if ($line -match " - $type ") { ($line -split ' ')[4] }
        }
    }
}

function Add-GroupFolder {
    # Makes a cgroup without the module, in every hierarchy. A cpuset of version 1 takes no process while it is empty, cpuset(7).
    param([string] $Path)
    foreach ($root in Get-CgroupRoot) {
        $folder = $root
        foreach ($name in $Path.Split('/', [System.StringSplitOptions]::RemoveEmptyEntries)) {
            $above, $folder = $folder, "$folder/$name"
            [void][System.IO.Directory]::CreateDirectory($folder)
            foreach ($file in 'cpuset.cpus', 'cpuset.mems') {
                if ([System.IO.File]::Exists("$root/cpuset.sched_load_balance") -and -not [System.IO.File]::ReadAllText("$folder/$file").Trim()) {
                    [System.IO.File]::WriteAllText("$folder/$file", [System.IO.File]::ReadAllText("$above/$file"))
                }
            }
        }
    }
}

function New-TestGroup {
    # Such a cgroup; its path from the hierarchies' roots.
    $name = New-TestName
    Add-GroupFolder "/$name"
    "/$name"
}

function Get-TestGroupFolder {
    # The folders that tests of this process left, the inner ones first.
    foreach ($root in Get-CgroupRoot) {
        foreach ($parent in $root, "$root$Ours") {
            foreach ($name in $TestNames) {
                if ([System.IO.Directory]::Exists("$parent/$name")) { & find "$parent/$name" -depth -type d }
            }
        }
    }
}

function Remove-TestGroup {
    # With what still runs in them, which only tests put there.
    foreach ($folder in Get-TestGroupFolder) {
        Wait-Until -For "an empty $folder" {
            foreach ($file in 'cgroup.threads', 'tasks') {
                if ([System.IO.File]::Exists("$folder/$file")) {
                    foreach ($id in [System.IO.File]::ReadAllLines("$folder/$file")) { /bin/kill -9 $id 2>$null }
                }
            }
            /bin/rmdir $folder 2>$null
            -not [System.IO.Directory]::Exists($folder)
        }
    }
    foreach ($root in Get-CgroupRoot) { if ([System.IO.Directory]::Exists("$root$Ours")) { /bin/rmdir "$root$Ours" 2>$null } }
}

function Start-Sleeper {
    # A process that does nothing, in these folders.
    param([string[]] $Folder = @())
    $process = Start-Inside $Folder 'exec sleep 600'
    Wait-Until -For 'sleep' { [System.IO.File]::ReadAllText("/proc/$($process.Id)/comm") -match 'sleep' }
    $process
}

function Get-GroupOf {
    # The cgroup of a process in the hierarchy of a mount point, as /proc has it.
    param([int] $Id, [string] $Root)
    $line = @([System.IO.File]::ReadAllLines('/proc/self/mountinfo') -match " $([regex]::Escape($Root)) .* - cgroup")[0]
    $options = ($line -split ' ')[-1] -split ','
    foreach ($entry in [System.IO.File]::ReadAllLines("/proc/$Id/cgroup")) {
        $fields = $entry -split ':', 3
        if ($line -match ' - cgroup2 ' ? $fields[1] -eq '' : ($fields[1] -split ',')[0] -in $options) { return $fields[2] }
    }
}

function Complete {
    param([string] $Text)
    [System.Management.Automation.CommandCompletion]::CompleteInput($Text, $Text.Length, $null).CompletionMatches
}

function Get-DomainController {
    # A controller of version 2 that works on whole processes, and is not in version 1; nothing on hosts that have none.
    foreach ($root in Get-CgroupRoot -Version 2) {
        $there = [System.IO.File]::ReadAllText("$root/cgroup.controllers").Trim() -split ' '
        'memory', 'hugetlb', 'io' | Where-Object { $_ -in $there } | Select-Object -First 1
    }
}
