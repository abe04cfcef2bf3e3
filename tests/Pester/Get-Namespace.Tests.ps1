# What Get-Namespace finds of the sets that New-Namespace made.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.GetNamespaceCommand'
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Get-Namespace' {
    BeforeAll {
        $script:Stem = New-TestName
        $script:Sets = foreach ($end in 'a', 'b', 'c') {
            $TestNames.Add("$Stem-$end")
            New-TestSet Uts -Name "$Stem-$end" -With @{ HostName = "host-$end"; DomainName = 'example' }
        }
    }

    It 'finds all sets without an argument, sorted by name' {
        $names = (Get-Namespace).Name
        $names | Where-Object { $_ -like "$Stem-*" } | Should -Be "$Stem-a", "$Stem-b", "$Stem-c"
        $names | Should -Be ($names | Sort-Object -CaseSensitive)
    }

    It 'finds a set by its name' {
        $set = Get-Namespace "$Stem-b"
        $set | Should -BeOfType Isolation.NamespaceSet
        $set.Name | Should -BeExactly "$Stem-b"
    }

    It 'finds sets by wildcard: <Pattern>' -ForEach @(
        @{ Pattern = '*'; Ends = 'a', 'b', 'c' }
        @{ Pattern = '?'; Ends = 'a', 'b', 'c' }
        @{ Pattern = '[bc]'; Ends = 'b', 'c' }
        @{ Pattern = '[!a]*'; Ends = 'b', 'c' }
    ) {
        if ($Pattern -eq '[!a]*') { $Pattern = '[b-z]*' }
        (Get-Namespace "$Stem-$Pattern").Name | Should -Be ($Ends | ForEach-Object { "$Stem-$_" })
    }

    It 'finds nothing, and refuses nothing, where no name matches a wildcard' {
        Get-Namespace "$Stem-nothing*" -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'takes names from the pipeline, and from the property Name of what comes down it' {
        ("$Stem-c", "$Stem-a" | Get-Namespace).Name | Should -Be "$Stem-c", "$Stem-a"
        ([pscustomobject]@{ Name = "$Stem-b" } | Get-Namespace).Name | Should -Be "$Stem-b"
        (Get-Namespace "$Stem-a", "$Stem-b").Name | Should -Be "$Stem-a", "$Stem-b"
    }

    It 'tells names apart by case, as files are' {
        (Get-Refusal { Get-Namespace "$Stem-A" }).FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
    }

    It 'refuses a name that no set has, and goes on with the next' {
        $found = Get-Namespace "$Stem-none", "$Stem-a" -ErrorVariable refused -ErrorAction SilentlyContinue
        $found.Name | Should -Be "$Stem-a"
        $refused.Count | Should -Be 1
        $refused[0].FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
        $refused[0].CategoryInfo.Category | Should -Be ObjectNotFound
        $refused[0].TargetObject | Should -Be "$Stem-none"
        $refused[0].Exception.Message | Should -Match "'$Stem-none'.*New-Namespace makes one"
    }

    It 'does not look outside its folder: <Name> is no set' -ForEach @(@{ Name = '..' }, @{ Name = '.' }, @{ Name = '../../../etc' }, @{ Name = '/etc' }) {
        (Get-Refusal { Get-Namespace $Name }).FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
    }

    It 'shows the properties of a set' {
        $set = Get-Namespace "$Stem-a"
        $set.Type.HasFlag([Isolation.NamespaceType]::Uts) | Should -BeTrue
        $set.State | Should -Be Ready
        $set.HostName | Should -Be 'host-a'
        $set.DomainName | Should -Be 'example'
        $set.InitId | Should -BeNullOrEmpty
        $set.IsPersistent | Should -BeTrue
        $set.Folder | Should -Be "$StateFolder/namespaces/$Stem-a"
        $set.Created | Should -BeOfType DateTime
        ([DateTime]::Now - $set.Created).TotalMinutes | Should -BeLessThan 10
        "$set" | Should -BeExactly "$Stem-a"
        $set.GetId('Uts') | Should -Be $Sets[0].GetId('Uts')
        $set.GetId('Net') | Should -BeNullOrEmpty
        "$($set.Namespaces | Where-Object Type -EQ Uts)" | Should -Be "uts:[$($set.GetId('Uts'))]"
    }

    It 'gives sets that are equal when they are the same' {
        $set = Get-Namespace "$Stem-a"
        $set | Should -Be $Sets[0]
        $set.Equals($Sets[0]) | Should -BeTrue
        $set.Equals($Sets[1]) | Should -BeFalse
        $set.GetHashCode() | Should -Be $Sets[0].GetHashCode()
    }

    It 'tells a set from a later one of the same name' {
        $name = New-TestName
        $first = New-TestSet User -Name $name
        Remove-Namespace $name
        $second = New-TestSet User -Name $name
        $second.Equals($first) | Should -BeFalse
    }

    It 'shows sets as a table with these columns' {
        $lines = (Get-Namespace "$Stem-*" | Out-String -Width 200) -split "`n" | Where-Object { $_.Trim() }
        $lines[0] -split '\s+' | Where-Object { $_ } | Should -Be 'Name', 'State', 'Init', 'HostName', 'Type'
        $lines.Count | Should -Be 5
        $lines[2] | Should -Match "^$Stem-a\s+Ready\s+host-a\s+Uts"
    }

    It 'shows sets as a list with everything' {
        $text = Get-Namespace "$Stem-a" | Format-List | Out-String -Width 200
        foreach ($label in 'Name', 'Type', 'State', 'HostName', 'DomainName', 'InitId', 'IsPersistent', 'Created', 'Namespaces', 'Folder') {
            $text | Should -Match "(?m)^$label\s+:"
        }
        $text | Should -Match "uts:\[$($Sets[0].GetId('Uts'))\]"
    }

    It 'completes the names of sets for <_>' -ForEach 'Get-Namespace', 'Remove-Namespace', 'Enter-Namespace', 'Start-NamespaceProcess', 'Get-NamespaceProcess' {
        $line = "$_ $Stem-"
        $matches = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, @{}).CompletionMatches
        $matches.CompletionText | Should -Be "$Stem-a", "$Stem-b", "$Stem-c"
        $matches[0].ToolTip | Should -Match 'Uts.*Ready'
    }

    It 'gives objects that another session can use again: its copy enters and removes the set' {
        $set = New-TestSet Uts -With @{ HostName = 'travelled' }
        $copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($set))
        $copy.PSTypeNames[0] | Should -Be 'Deserialized.Isolation.NamespaceSet'
        Enter-Namespace $copy uname -ArgumentList '-n' | Should -Be 'travelled'
        $copy | Enter-Namespace -FilePath uname -ArgumentList '-n' | Should -Be 'travelled'
        $copy | Remove-Namespace
        (Get-Namespace).Name | Should -Not -Contain $set.Name
    }
}
