# The tables of docs/comparison.md, compared with what the programs say of themselves, and with the cmdlets.

BeforeDiscovery {
    $script:Programs = foreach ($name in 'unshare', 'nsenter', 'lsns') { @{ Program = $name } }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Text = [System.IO.File]::ReadAllText("$CheckoutRoot/docs/comparison.md")
    $script:UtilLinux = [version][regex]::Match($Text, 'util-linux (\d+(\.\d+)+)').Groups[1].Value
    $script:IpRoute = [version][regex]::Match($Text, 'iproute2 (\d+(\.\d+)+)').Groups[1].Value

    function Get-Section {
        # What lies below a heading, up to the next.
        param([string] $Title)
        $section = [regex]::Match($Text, "(?ms)^## $Title`$(.*?)(?=^## |\z)")
        $section.Success | Should -BeTrue -Because "there is a section $Title"
        $section.Groups[1].Value
    }

    function Get-Row {
        # The rows of a section's tables, as their cells; without heads.
        param([string] $Title)
        foreach ($line in (Get-Section $Title) -split "`n" -match '^\|' -notmatch '^\|---') {
            , @($line.Trim('|', ' ') -split '(?<!\\)\|' | ForEach-Object { $_.Trim() })
        }
    }

    function Test-Newer {
        # Whether a program is newer than the tables: then it may have what they do not know.
        param([string] $Said, [version] $Known)
        [version][regex]::Match($Said, '\d+(\.\d+)+').Value -gt $Known
    }
}

Describe 'docs/comparison.md' {
    It 'has every option that <Program> prints' -ForEach $Programs {
        $known = [regex]::Matches(((Get-Row $Program | ForEach-Object { $_[0] }) -join ' '), '--[a-z][a-z-]*').Value
        $printed = [regex]::Matches((& $Program --help) -join "`n", '(?m)^ +(?:-\w[,.] +)?(--[a-z][a-z-]*)') | ForEach-Object { $_.Groups[1].Value }
        $printed.Count | Should -BeGreaterThan 10
        if (Test-Newer (& $Program --version) $UtilLinux) { $printed = $printed | Where-Object { $_ -in $known } }
        $printed | Where-Object { $_ -notin $known } | Should -BeNullOrEmpty
    }

    It 'has every column that lsns prints, and the property is one of the object' {
        $rows = Get-Row 'lsns' | Where-Object { $_[0] -cmatch '^[A-Z]+$' }
        $columns = [regex]::Matches(((& lsns --help) -join "`n"), '(?m)^ +([A-Z]+)  ') | ForEach-Object { $_.Groups[1].Value }
        if (Test-Newer (& lsns --version) $UtilLinux) { $columns = $columns | Where-Object { $_ -in $rows.ForEach{ $_[0] } } }
        $columns.Count | Should -BeGreaterThan 10
        $columns | Where-Object { $_ -notin @($rows | ForEach-Object { $_[0] }) } | Should -BeNullOrEmpty
        $info = Get-NamespaceInfo -Type Net | Select-Object -First 1
        foreach ($row in $rows) { $info.PSObject.Properties.Name | Should -Contain $row[1].Trim('`') }
    }

    It 'has every command that ip netns prints' {
        $known = Get-Row 'ip netns' | ForEach-Object { $_[0].Trim('`') }
        $printed = [regex]::Matches(((& ip netns help 2>&1) -join "`n"), '(?m)ip (\[-all\] )?netns ([a-z-]+)') | ForEach-Object {
            $_.Groups[2].Value
            if ($_.Groups[1].Success) { "-all $($_.Groups[2].Value)" }
        }
        $printed.Count | Should -BeGreaterThan 9
        if (Test-Newer (& ip -V) $IpRoute) { $printed = $printed | Where-Object { $_ -in $known } }
        $printed | Where-Object { $_ -notin $known } | Should -BeNullOrEmpty
    }

    It 'names cmdlets and parameters that there are' {
        $ours = (Get-Module Isolation).ExportedCmdlets
        $seen = [System.Collections.Generic.HashSet[string]]::new()
        foreach ($span in [regex]::Matches($Text, '`([^`]+)`') | ForEach-Object { $_.Groups[1].Value }) {
            # A cmdlet, and the parameters up to the next one.
            foreach ($call in [regex]::Matches($span, '(?<![\w-])([A-Z][a-z]+-[A-Z]\w+)([^|()]*)')) {
                $name = $call.Groups[1].Value
                if (-not $ours.ContainsKey($name)) {
                    # PowerShell's own.
                    $name | Should -BeIn 'Get-Help', 'Get-Module', 'Get-Member', 'Format-Table', 'Select-Object', 'Where-Object', 'ConvertTo-Json', 'Register-ObjectEvent'
                    continue
                }
                $null = $seen.Add($name)
                foreach ($parameter in [regex]::Matches($call.Groups[2].Value, '(?<=\s)-([A-Za-z]\w*)') | ForEach-Object { $_.Groups[1].Value }) {
                    $ours[$name].Parameters.Keys | Should -Contain $parameter -Because $span
                }
            }
        }
        $seen.Count | Should -BeGreaterThan 15
    }

    It 'gives a reason for each that is missing, and a way for each that is not' {
        foreach ($program in 'unshare', 'nsenter', 'lsns', 'ip netns') {
            foreach ($row in Get-Row $program) {
                if ($row[0] -in $program, 'column') { continue }
                if ($row[1] -in '', 'missing') { $row[2].Length | Should -BeGreaterThan 10 -Because "$program $($row[0])" }
                else { $row[1] | Should -Match '`' -Because "$program $($row[0])" }
            }
        }
    }
}
