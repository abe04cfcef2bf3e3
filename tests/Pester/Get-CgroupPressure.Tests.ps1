BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
    # What the kernel itself has.
    $measured = @(if ([System.IO.Directory]::Exists('/proc/pressure')) { [System.IO.Directory]::GetFiles('/proc/pressure') | ForEach-Object { [System.IO.Path]::GetFileName($_) } })
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.GetCgroupPressureCommand'
}

AfterAll {
    Stop-Started
    Remove-TestLeftover
    if ($IsRoot) { Remove-TestCgroup }
}

Describe 'Get-CgroupPressure of the host' -Skip:(-not $measured) {
    It 'has what the kernel says of <_>, whoever asks' -ForEach $measured {
        $before = [regex]::Match([System.IO.File]::ReadAllText("/proc/pressure/$_"), '(some|full) .*total=(\d+)')
        $pressure = Get-CgroupPressure / -Resource $_
        $after = [regex]::Match([System.IO.File]::ReadAllText("/proc/pressure/$_"), '(some|full) .*total=(\d+)')
        $pressure | Should -BeOfType 'Isolation.CgroupPressure'
        $pressure.Cgroup | Should -BeExactly '/'
        $total = if ($before.Groups[1].Value -eq 'some') { $pressure.SomeTotal } else { $pressure.FullTotal }
        $total.TotalMicroseconds | Should -BeGreaterOrEqual ([double]$before.Groups[2].Value)
        $total.TotalMicroseconds | Should -BeLessOrEqual ([double]$after.Groups[2].Value)
        foreach ($average in $pressure.SomeAverage10, $pressure.SomeAverage60, $pressure.SomeAverage300, $pressure.FullAverage10 | Where-Object { $null -ne $_ }) {
            $average | Should -BeGreaterOrEqual 0
            $average | Should -BeLessOrEqual 100
        }
    }

    It 'shows a table' {
        Get-CgroupPressure / | Out-String -Width 120 | Should -Match 'Namespace\s+Resource\s+Some10\s+Some60\s+Some300\s+Full10\s+Full60\s+Full300\s+Cgroup'
        Get-CgroupPressure / -Resource Cpu | Format-List | Out-String | Should -Match 'SomeTotal\s+: '
    }
}

Describe 'Get-CgroupPressure' -Tag Root -Skip:(-not $isRoot -or -not $measured) {
    BeforeEach {
        $script:Name = New-LimitedSet
        $script:Limit = Set-CgroupLimit $Name -CpuMax 0.1 -PidsMax 50 -PassThru
    }

    AfterEach {
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'grows where two burners fight for a tenth of a processor' {
        (Get-CgroupPressure $Name -Resource Cpu).SomeTotal | Should -BeLessThan ([timespan]'00:00:01')
        1..2 | ForEach-Object { $null = Start-Inside $Limit.Path 'while :; do :; done' }
        Wait-Until -For 'pressure' -Seconds 30 { (Get-CgroupPressure $Name -Resource Cpu).SomeTotal -gt [timespan]'00:00:01' }
        $folder = @($Limit.Path | Where-Object { Test-Path "$_/cpu.pressure" })[0]
        $before = [double][regex]::Match([System.IO.File]::ReadAllText("$folder/cpu.pressure"), 'total=(\d+)').Groups[1].Value
        $pressure = Get-CgroupPressure $Name -Resource Cpu
        $pressure.SomeTotal.TotalMicroseconds | Should -BeGreaterOrEqual $before
        $pressure.Namespace | Should -BeExactly $Name
        (Get-CgroupUsage $Name).Pressure.Resource | Should -Contain 'Cpu'
    }

    It 'takes a cgroup - <Form>' -ForEach @(
        @{ Form = 'name, piped' }
        @{ Form = 'set' }
        @{ Form = 'property Namespace' }
        @{ Form = 'limit' }
        @{ Form = 'pressure' }
        @{ Form = 'none' }
    ) {
        $found = switch ($Form) {
            'name, piped' { $Name | Get-CgroupPressure -Resource Memory }
            'set' { Get-CgroupPressure (Get-Namespace $Name) -Resource Memory }
            'property Namespace' { [pscustomobject]@{ Namespace = $Name } | Get-CgroupPressure -Resource Memory }
            'limit' { $Limit | Get-CgroupPressure -Resource Memory }
            'pressure' { Get-CgroupPressure $Name -Resource Io | Get-CgroupPressure -Resource Memory }
            'none' { Get-CgroupPressure -Resource Memory | Where-Object Namespace -EQ $Name }
        }
        $found.Cgroup | Should -BeExactly "/isolation/$Name"
        $found.Resource | Should -Be 'Memory'
    }

    It 'says where it is switched off for the cgroup' {
        $switch = @($Limit.Path | Where-Object { Test-Path "$_/cgroup.pressure" })
        if (-not $switch) {
            Set-ItResult -Skipped -Because 'it can be switched off since Linux 6.1'
            return
        }
        [System.IO.File]::WriteAllText("$($switch[0])/cgroup.pressure", '0')
        $failure = Get-Refusal { Get-CgroupPressure $Name }
        $failure.FullyQualifiedErrorId | Should -BeExactly "PressureUnavailable,$Command"
        $failure.CategoryInfo.Category | Should -Be 'NotImplemented'
        "$failure" | Should -Match 'Write 1 to .*/cgroup.pressure'
        (Get-CgroupUsage $Name).Pressure | Should -BeNullOrEmpty
    }

    It 'says of a folder of version 1 that it has none' -Tag FirstVersion {
        $first = @($Limit.Path | Where-Object { -not (Test-Path "$_/cgroup.controllers") })
        if (-not $first) {
            Set-ItResult -Skipped -Because 'this host has no hierarchy of version 1'
            return
        }
        $failure = Get-Refusal { Get-CgroupPressure $first[0] }
        $failure.FullyQualifiedErrorId | Should -BeExactly "PressureUnavailable,$Command"
        "$failure" | Should -Match 'version 1 alone'
    }

    It 'goes on after one that is not there' {
        $found = $Name, '/isotest-nosuch/x', $Name | Get-CgroupPressure -Resource Io -ErrorVariable failures -ErrorAction SilentlyContinue
        $found | Should -HaveCount 2
        $failures[0].FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        $failures[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }
}

Describe 'Get-CgroupPressure: input that makes no sense' {
    It 'refuses a resource that there is not' {
        (Get-Refusal { Get-CgroupPressure / -Resource Disk }).FullyQualifiedErrorId | Should -BeExactly "CannotConvertArgumentNoMessage,$Command"
    }

    It 'completes resources' {
        $text = 'Get-CgroupPressure / -Resource M'
        [System.Management.Automation.CommandCompletion]::CompleteInput($text, $text.Length, $null).CompletionMatches.CompletionText | Should -Contain 'Memory'
    }
}

Describe 'Get-CgroupPressure without PSI' -Tag WithoutPressure -Skip:([bool]$measured) {
    It 'says which kernel has it' {
        $failure = Get-Refusal { Get-CgroupPressure / }
        $failure.FullyQualifiedErrorId | Should -BeExactly "PressureUnavailable,$Command"
        "$failure" | Should -Match 'psi=1|CONFIG_PSI'
    }
}
