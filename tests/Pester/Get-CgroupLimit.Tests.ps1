BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.GetCgroupLimitCommand'

    function Complete {
        param([string] $Text)
        [System.Management.Automation.CommandCompletion]::CompleteInput($Text, $Text.Length, $null).CompletionMatches
    }
}

AfterAll {
    Stop-Started
    Remove-TestLeftover
    if ($IsRoot) { Remove-TestCgroup }
}

Describe 'Get-CgroupLimit' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach { $script:Name = New-LimitedSet }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'reads every limit that was set' {
        Set-CgroupLimit $Name -MemoryMax 64MB -CpuMax 0.5 -CpuWeight 200 -PidsMax 20 -CpuSet 0
        $limit = Get-CgroupLimit $Name
        $limit | Should -BeOfType 'Isolation.CgroupLimit'
        $limit.Namespace | Should -BeExactly $Name
        $limit.Cgroup | Should -BeExactly "$Ours/$Name"
        $limit.MemoryMax | Should -Be 64MB
        $limit.CpuMax | Should -Be 0.5
        $limit.CpuWeight | Should -Be 200
        $limit.PidsMax | Should -Be 20
        $limit.CpuSet | Should -BeExactly '0'
        $limit.EffectiveMemoryMax | Should -Be 64MB
        $limit.EffectiveCpuMax | Should -Be 0.5
        $limit.EffectiveCpuWeight | Should -Be 200
        $limit.EffectivePidsMax | Should -Be 20
        $limit.EffectiveCpuSet | Should -BeExactly '0'
    }

    It 'reads what others wrote' {
        $limit = Set-CgroupLimit $Name -MemoryMax 64MB -PidsMax 20 -CpuMax 1 -PassThru
        [System.IO.File]::WriteAllText((Find-File $limit.Path 'pids.max'), '33')
        [System.IO.File]::WriteAllText((Find-File $limit.Path 'memory.max', 'memory.limit_in_bytes'), '33554432')
        $file = Find-File $limit.Path 'cpu.max', 'cpu.cfs_quota_us'
        [System.IO.File]::WriteAllText($file, $(if ($file -match 'cpu\.max$') { '25000 50000' } else { '50000' }))
        $limit = Get-CgroupLimit $Name
        $limit.PidsMax | Should -Be 33
        $limit.MemoryMax | Should -Be 32MB
        $limit.CpuMax | Should -Be 0.5
    }

    It 'gives a set without a cgroup as unlimited, and makes none' {
        $limit = Get-CgroupLimit $Name
        $limit.Namespace | Should -BeExactly $Name
        $limit.MemoryMax | Should -BeNullOrEmpty
        $limit.CpuMax | Should -BeNullOrEmpty
        $limit.PidsMax | Should -BeNullOrEmpty
        @(Get-CgroupFolder) -match $Name | Should -HaveCount $limit.Path.Count
    }

    It 'gives the tightest limit above as the effective one' {
        $limit = Set-CgroupLimit $Name -PidsMax 10 -PassThru
        $folder = Split-Path (Find-File $limit.Path 'pids.max')
        /bin/mkdir "$folder/inner"
        try {
            if (Test-Path "$folder/cgroup.subtree_control") { [System.IO.File]::WriteAllText("$folder/cgroup.subtree_control", '+pids') }
            [System.IO.File]::WriteAllText("$folder/inner/pids.max", '50')
            $inner = Get-CgroupLimit "$Ours/$Name/inner"
            $inner.PidsMax | Should -Be 50
            $inner.EffectivePidsMax | Should -Be 10
            $inner.Namespace | Should -BeExactly $Name
        }
        finally { /bin/rmdir "$folder/inner" }
    }

    It 'gives the cgroup of a process - <Form>' -ForEach @(
        @{ Form = 'object' }
        @{ Form = 'number' }
        @{ Form = 'text' }
        @{ Form = 'piped' }
        @{ Form = 'property ProcessId' }
    ) {
        $limit = Set-CgroupLimit $Name -PidsMax 7 -PassThru
        $process = Start-Inside $limit.Path 'exec sleep 60'
        Wait-Until -For 'sleep' { [System.IO.File]::ReadAllText("/proc/$($process.Id)/comm") -match 'sleep' }
        $found = switch ($Form) {
            'object' { Get-CgroupLimit $process }
            'number' { Get-CgroupLimit $process.Id }
            'text' { Get-CgroupLimit "$($process.Id)" }
            'piped' { Get-Process -Id $process.Id | Get-CgroupLimit }
            'property ProcessId' { [pscustomobject]@{ ProcessId = $process.Id } | Get-CgroupLimit }
        }
        $found.Cgroup | Should -BeExactly "$Ours/$Name"
        $found.ProcessId | Should -Be $process.Id
        $found.PidsMax | Should -Be 7
    }

    It 'lists all cgroups below our folder without an argument, and no other' {
        $other = New-LimitedSet
        Set-CgroupLimit $Name -PidsMax 1
        Set-CgroupLimit $other -MemoryMax 64MB
        $limits = @(Get-CgroupLimit)
        $limits.Namespace | Should -Contain $Name
        $limits.Namespace | Should -Contain $other
        $limits.Cgroup | Where-Object { $_ -notlike '/isolation/*' } | Should -BeNullOrEmpty
    }

    It 'goes on after one that is not there' {
        $limits = $Name, '/isotest-nosuch/x', $Name | Get-CgroupLimit -ErrorVariable failures -ErrorAction SilentlyContinue
        $limits | Should -HaveCount 2
        $failures[0].FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        $failures[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'shows sizes for people in the table and raw in the object' {
        Set-CgroupLimit $Name -MemoryMax 96MB -CpuMax 0.5
        $text = Get-CgroupLimit $Name | Format-Table | Out-String -Width 200
        $text | Should -Match 'MemoryMax\s+CpuMax\s+CpuWeight\s+PidsMax\s+CpuSet\s+Cgroup'
        $text | Should -Match '\b96M\s+0\.5\s+100\s+unlimited'
        (Get-CgroupLimit $Name).MemoryMax | Should -BeOfType ([long])
    }

    It 'shows every property in the list' {
        Set-CgroupLimit $Name -MemoryMax 1536MB
        $text = Get-CgroupLimit $Name | Format-List | Out-String -Width 200
        $text | Should -Match 'MemoryMax\s+: 1\.5G'
        $text | Should -Match 'EffectivePidsMax\s+: '
    }

    It 'completes names of sets with a tooltip' {
        Set-CgroupLimit $Name -MemoryMax 96MB
        $found = Complete "Get-CgroupLimit $($Name.Substring(0, 12))" | Where-Object CompletionText -EQ $Name
        $found.ToolTip | Should -Match '96M'
    }

    It 'completes paths of cgroups' {
        Set-CgroupLimit $Name -PidsMax 7
        (Complete 'Set-CgroupLimit -Cgroup /isola').CompletionText | Should -Contain '/isolation'
        (Complete "Get-CgroupLimit /isolation/$($Name.Substring(0, 12))").CompletionText | Should -Contain "$Ours/$Name"
        $folder = Split-Path (Find-File (Get-CgroupLimit $Name).Path 'pids.max')
        (Complete "Get-CgroupLimit $(Split-Path $folder)/isotest").CompletionText | Should -Contain $folder
    }
}

Describe 'Get-CgroupLimit for everybody' {
    It 'gives the cgroup of this process' {
        $limit = Get-CgroupLimit $PID
        $limit.ProcessId | Should -Be $PID
        $limit.EffectiveCpuSet | Should -Not -BeNullOrEmpty
        foreach ($folder in $limit.Path) { [System.IO.Directory]::Exists($folder) | Should -BeTrue }
    }

    It 'gives nothing, and no error, where this module has no cgroups' {
        { Get-CgroupLimit -ErrorAction Stop } | Should -Not -Throw
    }

    It 'refuses <Reference> with <ErrorId>' -ForEach @(
        @{ Reference = '/isotest-nosuch/x'; ErrorId = 'CgroupNotFound' }
        @{ Reference = 4194305; ErrorId = 'CgroupProcessNotFound' }
        @{ Reference = 0; ErrorId = 'CgroupProcessNotFound' }
    ) {
        { Get-CgroupLimit $Reference -ErrorAction Stop } | Should -Throw -ErrorId "$ErrorId,$Command"
    }
}
