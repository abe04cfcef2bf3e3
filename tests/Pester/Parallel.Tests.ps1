# Many at once: runspaces over one agent, processes on the same names, locks that somebody holds, and pipelines that are stopped in the middle.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Soak = $env:ISOLATION_SOAK -eq '1'
    $script:Map = if ($IsRoot) { '' } else { '-MapRootUser' }
    $script:Options = @{ Type = @('Uts', 'Ipc'); MapRootUser = -not $IsRoot }
}

AfterAll {
    Remove-TestLeftover
}

Describe '8 runspaces over one agent' {
    It 'make, enter, limit, start, get and remove sets of their own, and each sees its own' {
        $rounds = if ($Soak) { 100 } else { 5 }
        $names = 1..8 | ForEach-Object { New-TestName }
        $shells = foreach ($name in $names) {
            New-TestShell "
                `$ErrorActionPreference = 'Stop'
                for (`$i = 0; `$i -lt $rounds; `$i++) {
                    `$set = New-Namespace $name -Type Uts, Ipc $Map -HostName h`$i-$name
                    if ((Get-Namespace $name).State -ne 'Ready') { throw 'not ready' }
                    if ($([int]$IsRoot)) { Set-CgroupLimit `$set -PidsMax (50 + `$i); if ((Get-CgroupLimit `$set).PidsMax -ne (50 + `$i)) { throw 'another limit' } }
                    if ((Enter-Namespace `$set hostname) -ne `"h`$i-$name`") { throw 'another set' }
                    `$program = Start-NamespaceProcess `$set sleep -ArgumentList 1000
                    if (`$program.Id -notin (Get-NamespaceProcess `$set).Id) { throw 'no program' }
                    `$null = Get-Namespace
                    Remove-Namespace `$set
                    if (-not `$program.HasExited) { `$null = Wait-NamespaceProcess `$program -Timeout 30 }
                }
                'done'"
        }
        $running = foreach ($shell in $shells) { @{ Shell = $shell; Result = $shell.BeginInvoke() } }
        foreach ($run in $running) {
            $run.Result.AsyncWaitHandle.WaitOne(300000) | Should -BeTrue
            $answer = try { $run.Shell.EndInvoke($run.Result) } catch { "$_" }
            "$answer $(Get-ShellError $run.Shell)".Trim() | Should -Be 'done'
            $run.Shell.Dispose()
        }
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'of ForEach-Object -Parallel do the same' {
        if (-not (Get-Command ForEach-Object).Parameters.ContainsKey('Parallel')) {
            Set-ItResult -Skipped -Because 'this host has no ForEach-Object -Parallel; the runspaces above are what it is made of'
            return
        }
        $names = 1..16 | ForEach-Object { New-TestName }
        $module, $options = $ModuleManifest, $Options
        $answers = $names | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:module
            $options = $using:options
            $set = New-Namespace $_ @options -HostName $_ -ErrorAction Stop
            Enter-Namespace $set hostname
            Remove-Namespace $set -ErrorAction Stop
        }
        $answers | Sort-Object | Should -Be @($names | Sort-Object)
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'on one name: one makes it, the others are told that it is there; one removes it, the others that it is not' {
        foreach ($round in 1..$(if ($Soak) { 50 } else { 5 })) {
            $name = New-TestName
            foreach ($act in "New-Namespace $name -Type Uts $Map", "Remove-Namespace $name") {
                $shells = foreach ($i in 1..8) { New-TestShell "try { `$null = $act -ErrorAction Stop; 'won' } catch { `$_.FullyQualifiedErrorId }" }
                $running = foreach ($shell in $shells) { @{ Shell = $shell; Result = $shell.BeginInvoke() } }
                $answers = foreach ($run in $running) { $run.Shell.EndInvoke($run.Result); $run.Shell.Dispose() }
                if ($act -like 'New*') {
                    @($answers -eq 'won') | Should -HaveCount 1 -Because "$answers"
                    @($answers -like 'NamespaceExists,*') | Should -HaveCount 7 -Because "$answers"
                }
                else {
                    # Who comes while it is being removed waits, and finds nothing any more.
                    @($answers -eq 'won') | Should -HaveCount 1 -Because "$answers"
                    @($answers -like 'NamespaceNotFound,*') | Should -HaveCount 7 -Because "$answers"
                }
            }
        }
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'two processes on the same names' {
    It 'make each set once, remove each once, and end with none' {
        $count = if ($Soak) { 200 } else { 20 }
        $names = 1..$count | ForEach-Object { New-TestName }
        $go = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'isotest-both-' + [guid]::NewGuid().ToString('n'))
        $script = "
            `$names = '$($names -join ',')' -split ','
            `$null = New-Namespace -Type Uts $Map | Remove-Namespace
            Write-Line ready
            while (-not [System.IO.File]::Exists('$go')) { }
            `$made = @(New-Namespace `$names -Type Uts $Map -ErrorAction SilentlyContinue -ErrorVariable refused).Count
            Write-Line `$made (@(`$refused.FullyQualifiedErrorId | Sort-Object -Unique) -join ' ')
            `$null = Remove-Namespace `$names -ErrorAction SilentlyContinue -ErrorVariable missing
            Write-Line (@(`$missing.FullyQualifiedErrorId | Sort-Object -Unique) -join ' ')"
        $both = 1..2 | ForEach-Object { Start-ChildHost $script }
        try {
            foreach ($child in $both) { Read-ChildLine $child | Should -Be 'ready' }
            [System.IO.File]::WriteAllText($go, '')
            $made = foreach ($child in $both) {
                $number, $refusals = (Read-ChildLine $child) -split ' ', 2
                if ($refusals) { $refusals | Should -BeLike 'NamespaceExists,*' }
                [int]$number
            }
            # One may have begun to remove what the other has not come to yet, which then makes it once more.
            ($made | Measure-Object -Sum).Sum | Should -BeGreaterOrEqual $count
            foreach ($child in $both) {
                $missing = Read-ChildLine $child
                if ($missing) { $missing | Should -BeLike 'NamespaceNotFound,*' }
                $child.WaitForExit(60000) | Should -BeTrue
            }
        }
        finally {
            [System.IO.File]::Delete($go)
            $both.ForEach({ if (-not $_.HasExited) { $_.Kill() } })
        }
        Get-Namespace | Where-Object Name -In $names | Remove-Namespace
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}

Describe 'a lock' {
    It 'that another process holds is waited for within bounds, and its holder named: <Command>' -ForEach @(
        @{ Command = 'New-Namespace'; Act = { param($name) New-Namespace $name @Options } }
        @{ Command = 'Remove-Namespace'; Act = { param($name) Remove-Namespace $name } }
    ) {
        $set = New-TestSet Uts
        $name = $set.Name
        $holder = Start-Process flock -ArgumentList '--close', "$StateFolder/locks/$name", 'sleep', '1000' -PassThru
        try {
            Wait-Until -For 'the lock' { flock -n "$StateFolder/locks/$name" true; $LASTEXITCODE -ne 0 }
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $refusal = Get-Refusal { & $Act $name }
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 60
            $refusal.FullyQualifiedErrorId | Should -BeLike 'NamespaceLocked,*'
            $refusal.CategoryInfo.Category | Should -Be OperationTimeout
            $refusal.Exception.Message | Should -BeLike "*'$name'*process $($holder.Id) (flock)*10 s*"
        }
        finally {
            $holder.Kill($true)
        }
        Remove-Namespace $name -ErrorAction Stop
        Get-TestLeftover | Should -BeNullOrEmpty
    }

    It 'is no longer waited for when the pipeline is stopped' {
        $set = New-TestSet Uts
        $holder = Start-Process flock -ArgumentList '--close', "$StateFolder/locks/$($set.Name)", 'sleep', '1000' -PassThru
        try {
            Wait-Until -For 'the lock' { flock -n "$StateFolder/locks/$($set.Name)" true; $LASTEXITCODE -ne 0 }
            $shell = New-TestShell "'begun'; Remove-Namespace $($set.Name)"
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $result = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
            Wait-Until -For 'the pipeline' -Seconds 30 { $output.Count -gt 0 }
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 8
            $shell.InvocationStateInfo.State | Should -Be Stopped
            $shell.Dispose()
        }
        finally {
            $holder.Kill($true)
        }
        (Get-Namespace $set.Name).State | Should -Be Ready
        Remove-Namespace $set -ErrorAction Stop
    }
}

Describe 'a pipeline that is stopped in the middle' {
    It 'of <Command> leaves a set that is there or not, and nothing half' -ForEach @(
        @{ Command = 'New-Namespace'; Prepare = ''; Act = 'New-Namespace {0} -Type Uts, Ipc {1}' }
        @{ Command = 'Enter-Namespace'; Prepare = 'New'; Act = 'Enter-Namespace {0} sleep -ArgumentList 1000' }
        @{ Command = 'Start-NamespaceProcess'; Prepare = 'New'; Act = 'Start-NamespaceProcess {0} sleep -ArgumentList 1000' }
        # An ordinary user need not have a control group.
        if ([int](id -u) -eq 0) { @{ Command = 'Set-CgroupLimit'; Prepare = 'New'; Act = 'Set-CgroupLimit {0} -PidsMax 50' } }
        @{ Command = 'Remove-Namespace'; Prepare = 'New'; Act = 'Remove-Namespace {0}' }
    ) {
        $seed = if ($env:ISOLATION_SEED) { [int]$env:ISOLATION_SEED } else { [Random]::Shared.Next() }
        $random = [Random]::new($seed)
        foreach ($round in 1..$(if ($Soak) { 50 } else { 5 })) {
            $name = New-TestName
            if ($Prepare) { $null = New-TestSet Uts, Ipc $name }
            $shell = New-TestShell ('"begun"; ' + ($Act -f $name, $Map))
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $null = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
            Wait-Until -For 'the pipeline' -Seconds 30 { $output.Count -gt 0 }
            [System.Threading.Thread]::Sleep($random.Next(0, 12))
            $shell.Stop()
            $shell.Dispose()
            $found = Get-Namespace | Where-Object Name -EQ $name
            "$($found.State)" | Should -BeIn 'Ready', '', 'Broken' -Because "round $round of seed $seed"
            # Broken is a removal that was stopped: nothing but a removal becomes of it.
            if ("$($found.State)" -eq 'Broken') { $Command | Should -Be 'Remove-Namespace' -Because "round $round of seed $seed" }
            if ($found) { Remove-Namespace $name -ErrorAction Stop }
            New-TestSet Uts $name | Remove-Namespace -ErrorAction Stop
        }
        Get-TestLeftover | Should -BeNullOrEmpty
    }
}
