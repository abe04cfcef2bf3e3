# New-Namespace -Network: what network a new set has, by what it reaches.

BeforeDiscovery {
    $isRoot = (& id -u) -eq 0
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/ContainerNetworkHelpers.ps1
    Import-Module $ModuleManifest
    $script:Before = Get-HostNetwork
    $script:New = 'Isolation.Commands.NewNamespaceCommand'
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
    Get-HostNetwork | Should -Be $Before
}

Describe 'New-Namespace -Network' {
    It 'none has the loopback link alone, which is on' {
        $set = New-TestSet Uts -With @{ Network = 'none' }
        $links = Enter-Namespace $set ip -ArgumentList '-j', link | ConvertFrom-Json
        @($links).Count | Should -Be 1
        $links[0].flags | Should -Contain UP
        $set.Type.HasFlag([Isolation.NamespaceType]::Net) | Should -BeTrue
        Remove-Namespace $set
    }

    It 'host has what this PowerShell has' {
        $set = New-TestSet Uts -With @{ Network = 'host' }
        Enter-Namespace $set readlink /proc/self/ns/net | Should -Be (readlink /proc/self/ns/net)
        Remove-Namespace $set
    }

    It 'container:SET has that of another set, by loopback, until both are gone' {
        $first = New-TestSet Net
        # An ordinary user's is in the user namespace of the other, which it shares too.
        $name = New-TestName
        $second = New-Namespace $name -Type Uts -Network "container:$($first.Name)" -ErrorAction Stop
        Enter-Namespace $second readlink /proc/self/ns/net | Should -Be (Enter-Namespace $first readlink /proc/self/ns/net)
        $server = Start-NamespaceProcess $first busybox -ArgumentList nc, '-l', '-p', 7000, '-e', echo, hello
        try {
            Wait-Until { (Enter-Namespace $first ss -ArgumentList '-Hltn') -match ':7000' } -For 'the server'
            Enter-Namespace $second busybox -ArgumentList nc, 127.0.0.1, 7000 | Should -Be hello
        }
        finally {
            Stop-NamespaceProcess $server -Force -ErrorAction Ignore
        }

        Remove-Namespace $first, $second
    }

    It 'is refused with <Id> for <What>, and nothing is made' -ForEach @(
        @{ What = 'two modes'; With = @{ Network = 'none', 'host' }; Id = 'NetworkModeInvalid'; Says = 'none.*together' }
        @{ What = 'a mode and a network'; With = @{ Network = 'lan', 'none' }; Id = 'NetworkModeInvalid'; Says = 'together' }
        @{ What = 'a network twice'; With = @{ Network = 'lan', 'lan' }; Id = 'NetworkModeInvalid'; Says = "'lan' is given twice" }
        @{ What = 'the network of nobody'; With = @{ Network = 'container:' }; Id = 'NetworkModeInvalid'; Says = 'container:web' }
        @{ What = 'the host and a network of its own'; With = @{ Network = 'host'; Type = 'Net' }; Id = 'NetworkModeInvalid'; Says = 'Leave Net out' }
        @{ What = 'another set and a network of its own'; With = @{ Network = 'container:x'; Type = 'Net' }; Id = 'NetworkModeInvalid'; Says = 'Leave Net out' }
        @{ What = 'a set that there is not'; With = @{ Network = 'container:isotest-absent'; Type = 'Uts' }; Id = 'NamespaceNotFound'; Says = 'isotest-absent' }
        @{ What = 'no kind at all'; With = @{ Network = 'host' }; Id = 'NamespaceTypeInvalid'; Says = 'one or more of' }
    ) {
        $name = New-TestName
        $failure = { New-Namespace $name @With -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeExactly "$Id,$New"
        "$failure" | Should -Match $Says
        Get-Namespace $name -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'is refused with NamespaceTypeNotInSet for a set without one' {
        $without = New-TestSet Uts
        $failure = { New-TestSet Ipc -With @{ Network = "container:$($without.Name)" } } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeExactly "NamespaceTypeNotInSet,$New"
        "$failure" | Should -Match "$($without.Name).*no network namespace"
        Remove-Namespace $without
    }

    It 'completes modes and sets' {
        $set = New-TestSet Net
        $texts = ([System.Management.Automation.CommandCompletion]::CompleteInput('New-Namespace x -Network ', 25, $null)).CompletionMatches.CompletionText
        'none', 'host', 'default', "container:$($set.Name)" | ForEach-Object { $texts | Should -Contain $_ }
        Remove-Namespace $set
    }
}

Describe 'New-Namespace -Network with container networks' -Tag Root -Skip:(-not $isRoot) {
    It 'connects the set, to one or several, the first of which has the default route' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork one, two
            $null = New-Namespace a -Network one
            $null = New-Namespace b -Type Mount -Network two, one
            Write-Line (Get-ContainerNetwork one).Members.Namespace (Get-ContainerNetwork two).Members.Namespace
            Write-Line (Wait-Ping (Get-ContainerNetwork one).Members[1].IPAddress[0] a) (ip -n b -j route show default | ConvertFrom-Json).dev
            Write-Line ((Enter-Namespace b getent ahostsv4 a) -replace ' .*' | Select-Object -First 1) "$((Get-Namespace a).Type)"
'@
        $lines | Should -Be 'a b b', 'answered eth0', '172.30.0.2 Net'
    }

    It 'default is a network of this name, which the first that wants it makes' {
        $lines = Invoke-Lab @'
            Write-Line @(Get-ContainerNetwork).Count
            $null = New-Namespace a, b -Network default
            $network = Get-ContainerNetwork
            Write-Line $network.Name $network.Driver $network.Members.Namespace (Wait-Ping $network.Members[1].IPAddress[0] a)
'@
        $lines | Should -Be '0', 'default bridge a b answered'
    }

    It 'leaves nothing of a set that cannot be connected' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan -Subnet 10.9.0.0/30
            $null = New-ContainerNetwork more
            $null = New-Namespace first -Network lan
            $failure = $null
            try { New-Namespace second -Network more, lan -ErrorAction Stop } catch { $failure = $_ }
            Write-Line $failure.FullyQualifiedErrorId
            try { New-Namespace third -Network absent -ErrorAction Stop } catch { $failure = $_ }
            Write-Line $failure.FullyQualifiedErrorId
            Write-Line (Get-Namespace).Name (Get-ContainerNetwork).Members.Namespace @(Get-IsolationLink).Count
            Write-Line ([System.IO.Directory]::GetFiles('/run/netns').Count)
'@
        $lines | Should -Be 'ContainerAddressesExhausted,Isolation.Commands.NewNamespaceCommand', 'ContainerNetworkNotFound,Isolation.Commands.NewNamespaceCommand', 'first first 3', '1'
    }

    It 'makes and connects nothing with -WhatIf' {
        $lines = Invoke-Lab @'
            New-Namespace a -Network default -WhatIf
            Write-Line @(Get-Namespace).Count @(Get-ContainerNetwork).Count
'@
        $lines[-1] | Should -Be '0 0'
    }
}

Describe 'New-Namespace -Network for an ordinary user' -Tag User {
    It 'says that container networks are root''s' {
        $name = New-TestName
        $failure = { New-Namespace $name -Type User, Net -MapRootUser -Network default -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeExactly "ContainerNetworkRootRequired,$New"
        "$failure" | Should -Match "network 'default'.*Run as root"
        Get-Namespace $name -ErrorAction Ignore | Should -BeNullOrEmpty
    }
}
