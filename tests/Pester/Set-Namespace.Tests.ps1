# The names of a set's host, read back with hostname(1), domainname(1) and /proc inside.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.SetNamespaceCommand'

    function Read-HostName { param($Set) Enter-Namespace $Set cat /proc/sys/kernel/hostname }
    function Read-DomainName { param($Set) Enter-Namespace $Set cat /proc/sys/kernel/domainname }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Set-Namespace' {
    BeforeEach {
        $script:Set = New-TestSet Uts -With @{ HostName = 'before'; DomainName = 'before.example' }
    }

    AfterEach {
        Remove-Namespace $Set
    }

    It 'names the host of a set, inside and in its record, and nothing of the host''s own' {
        $own = [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname'), [System.IO.File]::ReadAllText('/proc/sys/kernel/domainname')
        Set-Namespace $Set -HostName after -DomainName after.example | Should -BeNullOrEmpty
        Read-HostName $Set | Should -BeExactly after
        Read-DomainName $Set | Should -BeExactly after.example
        $found = Get-Namespace $Set.Name
        $found.HostName | Should -BeExactly after
        $found.DomainName | Should -BeExactly after.example
        [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname'), [System.IO.File]::ReadAllText('/proc/sys/kernel/domainname') | Should -Be $own
    }

    It 'leaves the name that is not given' {
        Set-Namespace $Set -HostName after
        Read-HostName $Set | Should -BeExactly after
        Read-DomainName $Set | Should -BeExactly before.example
        Set-Namespace $Set -DomainName after.example
        Read-HostName $Set | Should -BeExactly after
        (Get-Namespace $Set.Name).DomainName | Should -BeExactly after.example
    }

    It 'takes sets from the pipeline, by name and by wildcard, and passes them on with -PassThru' {
        $other = New-TestSet Uts -Name "$($Set.Name)-b"
        try {
            ($Set, $other | Set-Namespace -HostName piped -PassThru).HostName | Should -Be piped, piped
            Set-Namespace "$($Set.Name)*" -HostName wild
            Read-HostName $Set | Should -BeExactly wild
            Read-HostName $other | Should -BeExactly wild
            Set-Namespace -Name $other.Name -HostName named
            Read-HostName $other | Should -BeExactly named
            Read-HostName $Set | Should -BeExactly wild
        } finally {
            Remove-Namespace $other
        }
    }

    It 'is seen by what runs inside' {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 300
        Set-Namespace $Set -HostName seen
        nsenter --target $process.Id --preserve-credentials ($IsRoot ? @('--uts') : @('--user', '--uts')) hostname | Should -BeExactly seen
    }

    It 'changes nothing with -WhatIf' {
        Set-Namespace $Set -HostName after -WhatIf
        Read-HostName $Set | Should -BeExactly before
        (Get-Namespace $Set.Name).HostName | Should -BeExactly before
    }

    It 'refuses a set without a uts namespace, and goes on' {
        $without = New-TestSet Ipc
        try {
            $ours = [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname')
            Set-Namespace $without, $Set -HostName after -ErrorVariable refused -ErrorAction SilentlyContinue
            $refused.Count | Should -Be 1
            $refused[0].FullyQualifiedErrorId | Should -BeExactly "NamespaceTypeNotInSet,$Command"
            $refused[0].CategoryInfo.Category | Should -Be InvalidArgument
            "$($refused[0])" | Should -BeLike "*'$($without.Name)'*Uts*"
            Read-HostName $Set | Should -BeExactly after
            [System.IO.File]::ReadAllText('/proc/sys/kernel/hostname') | Should -Be $ours
        } finally {
            Remove-Namespace $without
        }
    }

    It 'refuses <Case>' -ForEach @(
        @{ Case = 'nothing to set'; With = @{ }; Id = 'NamespaceOptionInvalid' }
        @{ Case = 'a slash in a name'; With = @{ HostName = 'a/b' }; Id = 'NamespaceOptionInvalid' }
        @{ Case = 'a line end in a name'; With = @{ DomainName = "a`nb" }; Id = 'NamespaceOptionInvalid' }
        @{ Case = 'a name of 65 bytes'; With = @{ HostName = 'x' * 65 }; Id = 'NamespaceOptionInvalid' }
    ) {
        $refusal = Get-Refusal { Set-Namespace $Set @With }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "$Id,$Command"
        $refusal.CategoryInfo.Category | Should -Be InvalidArgument
        Read-HostName $Set | Should -BeExactly before
    }

    It 'takes a name of 64 bytes' {
        Set-Namespace $Set -HostName ('x' * 64)
        Read-HostName $Set | Should -BeExactly ('x' * 64)
    }

    It 'refuses a set that there is not' {
        $refusal = Get-Refusal { Set-Namespace isotest-none -HostName after }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
        $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
    }

    It 'completes the names of sets' {
        $line = "Set-Namespace $($Set.Name.Substring(0, 12))"
        [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Contain $Set.Name
    }
}

Describe 'Host names in uts namespaces' {
    It 'utsname03, utsname04: a name set inside is not seen outside, nor one set outside inside' {
        $set = New-TestSet Uts -With @{ HostName = 'inside' }
        $outside = New-TestSet Uts -With @{ HostName = 'outside' }
        try {
            Enter-Namespace $set hostname -ArgumentList changed
            Read-HostName $set | Should -BeExactly changed
            Read-HostName $outside | Should -BeExactly outside
            Set-Namespace $outside -HostName again
            Read-HostName $set | Should -BeExactly changed
        } finally {
            Remove-Namespace $set, $outside
        }
    }

    It 'is refused to who has no privilege over the namespace' -Tag Root {
        $set = New-TestSet Uts -With @{ HostName = 'kept' }
        try {
            Enter-Namespace $set sh -ArgumentList '-c', 'runuser -u nobody -- hostname taken' -ErrorAction SilentlyContinue 2>$null
            Read-HostName $set | Should -BeExactly kept
            $said = runuser -u nobody -- ([Environment]::ProcessPath) -NoProfile -Command "Import-Module '$((Get-Module Isolation).Path)'; try { New-Namespace -Type Uts -HostName x -ErrorAction Stop } catch { `$_.CategoryInfo.Category; `$_.Exception.Message }"
            $said[0] | Should -Be PermissionDenied
            "$said" | Should -BeLike '*Operation not permitted*'
        } finally {
            Remove-Namespace $set
        }
    }
}
