# The name servers of sets that are connected: what their programs ask, seen by who is asked.

BeforeDiscovery {
    $isRoot = (& id -u) -eq 0
}

BeforeAll {
    . $PSScriptRoot/ContainerNetworkHelpers.ps1
    . $PSScriptRoot/Common.ps1
    Import-Module $ModuleManifest
    $before = Get-HostNetwork
}

AfterAll {
    Get-HostNetwork | Should -Be $before
}

Describe 'Name servers of a container network' -Tag Root -Skip:(-not $isRoot) {
    It 'are asked by its members, with the domain that is searched' {
        $lines = Invoke-Lab @'
            $network = New-ContainerNetwork lan -DnsServer 172.30.0.2 -DnsSearch corp.example -DnsOption attempts:1, timeout:1
            Write-Line $network.DnsServer $network.DnsSearch $network.DnsOption
            $null = New-Namespace server -Type Net, Mount | Connect-ContainerNetwork lan
            $null = New-Namespace client -Type Net, Mount | Connect-ContainerNetwork lan
            $asked = '/run/asked'
            $server = Start-NamespaceProcess server perl -ArgumentList '-MIO::Socket::INET', '-e', ('$s = IO::Socket::INET->new(LocalPort => 53, Proto => q(udp)); $s->recv($d, 512);' +
                ' open $f, q(>), q(/run/part); print $f $d; close $f; rename q(/run/part), q(/run/asked)')
            Wait-Until { (ip netns exec server ss -Hlun) -match ':53 ' } -For 'the server' -Seconds 30
            $null = Enter-Namespace client getent hosts printer 2>&1
            Wait-Until { (Test-Path $asked) -and [System.IO.File]::ReadAllText($asked) } -For 'the question' -Seconds 30
            # A name is told part by part, each after its length, RFC 1035.
            Write-Line ([System.IO.File]::ReadAllText($asked).Contains("$([char]7)printer$([char]4)corp$([char]7)example$([char]0)"))
            foreach ($line in Enter-Namespace client cat /etc/resolv.conf) { Write-Line $line }
            Stop-NamespaceProcess $server -Force -ErrorAction Ignore
'@
        $lines | Should -Be '172.30.0.2 corp.example attempts:1 timeout:1', 'True', 'nameserver 172.30.0.2', 'search corp.example', 'options attempts:1 timeout:1'
    }

    It 'are those of all networks, the first one first, and go with them' {
        $lines = Invoke-Lab @'
            # What the host asks need not be what this test says.
            [System.IO.File]::WriteAllText('/run/plain', "nameserver 192.0.2.53`n")
            mount --bind /run/plain /etc/resolv.conf
            function Read-Server { @(Enter-Namespace a cat /etc/resolv.conf) -match '^nameserver' -replace '.* ' -join ' ' }
            $null = New-ContainerNetwork one -DnsServer 192.0.2.1, 192.0.2.2
            $null = New-ContainerNetwork two -DnsServer 192.0.2.2, 192.0.2.3, 192.0.2.4
            $null = New-ContainerNetwork plain
            $null = New-Namespace a -Type Net, Mount
            $null = Connect-ContainerNetwork plain a
            Write-Line (Read-Server)
            $null = Connect-ContainerNetwork one a
            Write-Line (Read-Server)
            $null = Connect-ContainerNetwork two a
            Write-Line (Read-Server)
            Disconnect-ContainerNetwork one a
            Write-Line (Read-Server)
            Remove-ContainerNetwork two -Force
            Write-Line (Read-Server) (Get-Content /etc/resolv.conf)
'@
        $lines | Should -Be '192.0.2.53', '192.0.2.1 192.0.2.2', '192.0.2.1 192.0.2.2 192.0.2.3', '192.0.2.2 192.0.2.3 192.0.2.4', '192.0.2.53 nameserver 192.0.2.53'
    }

    It 'are those behind the host''s own where that listens on loopback, and a warning says where there is none' {
        $lines = Invoke-Lab @'
            [System.IO.File]::WriteAllText('/run/stub', "nameserver 127.0.0.53`nsearch here.example`n")
            mount --bind /run/stub /etc/resolv.conf
            $null = New-ContainerNetwork lan, shut
            $null = New-Namespace a, b -Type Net, Mount
            $null = Connect-ContainerNetwork lan a -WarningVariable said 3> $null
            Write-Line $said.Count ("$said" -match 'no name server.*-DnsServer')
            [System.IO.Directory]::CreateDirectory('/run/systemd/resolve').FullName | Out-Null
            [System.IO.File]::WriteAllText('/run/systemd/resolve/resolv.conf', "nameserver 192.0.2.53`n")
            $null = Connect-ContainerNetwork lan b -WarningVariable said 3> $null
            Write-Line $said.Count ((Enter-Namespace b cat /etc/resolv.conf) -join ', ')
            $null = New-ContainerNetwork closed -Internal
            $null = New-Namespace c -Type Net, Mount | Connect-ContainerNetwork closed -WarningVariable said 3> $null
            Write-Line $said.Count (Enter-Namespace c cat /etc/resolv.conf)[0]
'@
        $lines | Should -Be '1 True', '0 nameserver 192.0.2.53, search here.example', '0 nameserver 127.0.0.53'
    }

    It 'are told not to be had by a set without a mount namespace, or whose root has no file for them' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan -DnsServer 192.0.2.1
            $null = New-Namespace a -Type Net | Connect-ContainerNetwork lan -WarningVariable said 3> $null
            Write-Line ("$said" -match "set 'a'.*no mount namespace.*Mount in -Type")
            [System.IO.Directory]::CreateDirectory('/run/bare/etc').FullName | Out-Null
            mount --bind /run/bare /run/bare
            $null = New-Namespace b -Type Net, Mount -Root /run/bare | Connect-ContainerNetwork lan -WarningVariable said 3> $null
            Write-Line ("$said" -match 'name servers: .*/etc/resolv.conf') (Get-ContainerNetwork lan).Members.Namespace
'@
        $lines | Should -Be 'True', 'True a b'
    }

    It 'are refused where nobody could ask them: <Case>' -ForEach @(
        @{ Case = 'four servers'; Arguments = @{ DnsServer = '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4' }; Says = 'cannot have 4 name servers' }
        @{ Case = 'no host'; Arguments = @{ DnsServer = '0.0.0.0' }; Says = '0.0.0.0 cannot be' }
        @{ Case = 'many hosts'; Arguments = @{ DnsServer = '224.0.0.251' }; Says = '224.0.0.251 cannot be' }
        @{ Case = 'a domain with a line break'; Arguments = @{ DnsSearch = "a`nnameserver 192.0.2.1" }; Says = 'cannot be a search domain' }
        @{ Case = 'seven domains'; Arguments = @{ DnsSearch = 'a', 'b', 'c', 'd', 'e', 'f', 'g' }; Says = 'cannot have 7 search domains' }
        @{ Case = 'two options in one'; Arguments = @{ DnsOption = 'ndots:2 rotate' }; Says = 'cannot be a resolver option' }
    ) {
        $failure = { New-ContainerNetwork refused @Arguments -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeExactly 'ContainerDnsInvalid,Isolation.Commands.NewContainerNetworkCommand'
        $failure.Exception.Message | Should -Match $Says
        Get-ContainerNetwork refuse* | Should -BeNullOrEmpty
    }
}
