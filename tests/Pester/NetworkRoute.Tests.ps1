# Get-, New- and Remove-NetworkRoute and the neighbours, compared with ip(8) and bridge(8), and by where packets go.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/NetworkHelpers.ps1
    $script:Get = 'Isolation.Commands.GetNetworkRouteCommand'
    $script:New = 'Isolation.Commands.NewNetworkRouteCommand'
    $script:Remove = 'Isolation.Commands.RemoveNetworkRouteCommand'
    $script:GetNeighbour = 'Isolation.Commands.GetNetworkNeighbourCommand'
    $script:NewNeighbour = 'Isolation.Commands.NewNetworkNeighbourCommand'
    $script:RemoveNeighbour = 'Isolation.Commands.RemoveNetworkNeighbourCommand'
    $script:Here = New-TestNetwork
    $script:There = New-TestNetwork -In $Here
    $null = New-NetworkLink v0 veth -Peer v1 -PeerNamespace $There -Up -Namespace $Here -ErrorAction Stop
    $null = New-NetworkAddress v0 192.0.2.1/24, 2001:db8::1/64 -NoDuplicateDetection -Namespace $Here -ErrorAction Stop
    $null = New-NetworkAddress v1 192.0.2.2/24, 198.51.100.2/32, 2001:db8::2/64, 2001:db8:1::2/128 -NoDuplicateDetection -Namespace $There -ErrorAction Stop
    $script:Before = ip -j route | ConvertFrom-Json | ForEach-Object dst

    function Clear-Route {
        Get-NetworkRoute -Table all -Namespace $Here | Where-Object Protocol -EQ static | Remove-NetworkRoute
    }
}

AfterAll {
    Remove-Namespace $There
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
    ip -j route | ConvertFrom-Json | ForEach-Object dst | Should -Be $Before
}

Describe 'Network routes' {
    AfterEach { Clear-Route }

    It 'are those that ip shows, of the host' {
        foreach ($family in 'IPv4', 'IPv6') {
            $theirs = ip -j -d ($family -eq 'IPv6' ? '-6' : '-4') route show | ConvertFrom-Json | ForEach-Object { "$($_.dst) $($_.gateway) $($_.dev) $($_.metric ?? 0) $($_.protocol)" } | Sort-Object
            Get-NetworkRoute -Family $family | ForEach-Object { "$($_.Destination -replace '/32$|/128$') $($_.Gateway) $($_.Link) $($_.Metric) $($_.Protocol)" } | Sort-Object | Should -Be $theirs
        }
    }

    It 'lead packets to where they are set' {
        Test-Ping $Here 198.51.100.2 | Should -BeFalse
        $route = New-NetworkRoute 198.51.100.0/24 -Gateway 192.0.2.2 -Namespace $Here
        $route | Should -BeOfType Isolation.NetworkRoute
        "$route" | Should -Be 198.51.100.0/24
        $route.Link | Should -Be v0
        $route.Protocol | Should -Be static
        $route.Table | Should -Be main
        $ip = Read-Ip $Here route, show, 198.51.100.0/24
        "$($ip.gateway) $($ip.dev) $($ip.protocol)" | Should -Be '192.0.2.2 v0 static'
        Assert-Ping $Here 198.51.100.2
        $route | Remove-NetworkRoute
        Test-Ping $Here 198.51.100.2 | Should -BeFalse
    }

    It 'are the default of each family' {
        $null = New-NetworkRoute default -Gateway 192.0.2.2 -Metric 50 -Namespace $Here
        $null = New-NetworkRoute default -Gateway 2001:db8::2 -Namespace $Here
        (Read-Ip $Here '-4', route, show, default).metric | Should -Be 50
        (Read-Ip $Here '-6', route, show, default).gateway | Should -Be 2001:db8::2
        Assert-Ping $Here 198.51.100.2
        Assert-Ping $Here 2001:db8:1::2
        (Get-NetworkRoute default -Namespace $Here).Count | Should -Be 2
        Remove-NetworkRoute default -Gateway 2001:db8::2 -Namespace $Here
        (Get-NetworkRoute default -Namespace $Here).Gateway | Should -Be 192.0.2.2
    }

    It 'have a table, a source and a link alone' {
        $null = New-NetworkRoute 203.0.113.0/24 -Link v0 -Source 192.0.2.1 -Table 77 -Namespace $Here
        $ip = Read-Ip $Here route, show, table, 77
        "$($ip.dst) $($ip.dev) $($ip.prefsrc) $($ip.scope)" | Should -Be '203.0.113.0/24 v0 192.0.2.1 link'
        Get-NetworkRoute 203.0.113.* -Namespace $Here | Should -BeNullOrEmpty
        (Get-NetworkRoute 203.0.113.* -Table 77 -Namespace $Here).Source | Should -Be 192.0.2.1
        Remove-NetworkRoute 203.0.113.0/24 -Table 77 -Namespace $Here
        Get-NetworkRoute -Table all -Namespace $Here | Where-Object Table -EQ 77 | Should -BeNullOrEmpty
    }

    It 'refuse packets as <Type>' -ForEach @(@{ Type = 'blackhole' }, @{ Type = 'unreachable' }, @{ Type = 'prohibit' }) {
        $null = New-NetworkRoute 198.51.100.0/24 -Gateway 192.0.2.2 -Namespace $Here
        Assert-Ping $Here 198.51.100.2
        $null = New-NetworkRoute 198.51.100.2/32 -Type $Type -Namespace $Here
        (Read-Ip $Here route, show, type, $Type).dst | Should -Be 198.51.100.2
        Test-Ping $Here 198.51.100.2 | Should -BeFalse
    }

    It 'are refused: <Arguments.Destination>, with <Id>' -ForEach @(
        @{ Arguments = @{ Destination = '192.0.2.5/24'; Gateway = '192.0.2.2' }; Id = 'NetworkRouteInvalid'; Text = '192\.0\.2\.0/24' }
        @{ Arguments = @{ Destination = '198.51.100.0/24' }; Id = 'NetworkRouteInvalid'; Text = '-Gateway' }
        @{ Arguments = @{ Destination = '198.51.100.0/24'; Gateway = '203.0.113.7' }; Id = 'NetworkRouteFailed'; Text = 'in no network' }
        @{ Arguments = @{ Destination = 'x/24'; Gateway = '192.0.2.2' }; Id = 'NetworkAddressInvalid'; Text = "'x/24'" }
        @{ Arguments = @{ Destination = '198.51.100.0/24'; Link = 'nope' }; Id = 'LinkNotFound'; Text = 'nope' }
        @{ Arguments = @{ Destination = '198.51.100.0/24'; Link = 'v0'; Table = 'x' }; Id = 'NetworkRouteInvalid'; Text = "'x' is no table" }
        @{ Arguments = @{ Destination = '198.51.100.0/24'; Link = 'v0'; Table = '0' }; Id = 'NetworkRouteInvalid'; Text = "'0' is no table" }
        @{ Arguments = @{ Destination = '198.51.100.0/24'; Gateway = '2001:db8::2' }; Id = 'NetworkRouteInvalid'; Text = 'IPv4 and .*IPv6' }
    ) {
        $failure = Get-Refusal { New-NetworkRoute @Arguments -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "$Id,$New"
        "$failure" | Should -Match $Text
    }

    It 'are taken away as objects, where they were found' {
        $null = New-NetworkRoute 198.51.100.0/24 -Gateway 192.0.2.2 -Metric 7 -Namespace $Here
        $null = New-NetworkRoute 198.51.100.0/24 -Gateway 192.0.2.2 -Metric 9 -Namespace $Here
        $route = Get-NetworkRoute 198.51.100.0/24 -Namespace $Here | Where-Object Metric -EQ 9
        Remove-NetworkRoute -InputObject $route
        (Read-Ip $Here route, show, 198.51.100.0/24).metric | Should -Be 7
        Get-NetworkRoute 198.51.100.0/24 -Namespace $Here | Remove-NetworkRoute
        Read-Ip $Here route, show, 198.51.100.0/24 | Should -BeNullOrEmpty
        (Get-Refusal { Remove-NetworkRoute -InputObject $route }).FullyQualifiedErrorId | Should -BeExactly "NetworkRouteNotFound,$Remove"
    }

    It 'say what is there already, and what is not' {
        $null = New-NetworkRoute 198.51.100.0/24 -Gateway 192.0.2.2 -Namespace $Here
        $failure = Get-Refusal { New-NetworkRoute 198.51.100.0/24 -Gateway 192.0.2.2 -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkRouteExists,$New"
        (Get-Refusal { Remove-NetworkRoute 203.0.113.0/24 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkRouteNotFound,$Remove"
        New-NetworkRoute 203.0.113.0/24 -Link v0 -Namespace $Here -WhatIf
        Remove-NetworkRoute 198.51.100.0/24 -Namespace $Here -WhatIf
        (Get-NetworkRoute 198.51.100.0/24, 203.0.113.0/24 -Namespace $Here).Destination | Should -Be 198.51.100.0/24
    }

    It 'take a right that an ordinary user has not' -Tag User {
        (Get-Refusal { New-NetworkRoute 203.0.113.0/24 -Link lo }).FullyQualifiedErrorId | Should -BeExactly "NetworkPrivilegeMissing,$New"
    }
}

Describe 'Network neighbours' {
    AfterEach {
        Get-NetworkNeighbour -Namespace $Here | Remove-NetworkNeighbour
        Get-NetworkLink -Namespace $Here | Where-Object Kind -In vxlan, bridge | Remove-NetworkLink
    }

    It 'are those that the link has learnt' {
        Assert-Ping $Here 192.0.2.2
        $neighbour = Get-NetworkNeighbour v0 -Family IPv4 -Namespace $Here
        $neighbour | Should -BeOfType Isolation.NetworkNeighbour
        $neighbour.IPAddress | Should -Be 192.0.2.2
        $neighbour.MacAddress | Should -Be (Read-Ip $There link, show, v1).address
        $neighbour.State | Should -BeIn reachable, stale, delay, probe
        $neighbour.Link | Should -Be v0
        @(Get-NetworkNeighbour -Namespace $Here -All).Count | Should -BeGreaterOrEqual @(Get-NetworkNeighbour -Namespace $Here).Count
    }

    It 'are set, and packets go there' {
        $neighbour = New-NetworkNeighbour v0 192.0.2.2 -MacAddress 02:00:5e:00:53:99 -Namespace $Here -Force
        $neighbour.State | Should -Be permanent
        $ip = Read-Ip $Here neigh, show, 192.0.2.2
        "$($ip.lladdr) $($ip.state)" | Should -Be '02:00:5e:00:53:99 PERMANENT'
        # Nobody has that hardware address.
        Test-Ping $Here 192.0.2.2 | Should -BeFalse
        $failure = Get-Refusal { New-NetworkNeighbour v0 192.0.2.2 -MacAddress 02:00:5e:00:53:98 -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkNeighbourExists,$NewNeighbour"
        "$failure" | Should -Match '-Force'
        Remove-NetworkNeighbour -InputObject $neighbour
        Assert-Ping $Here 192.0.2.2
    }

    It 'of a vxlan are hosts' {
        $null = New-NetworkLink vx vxlan -Vni 7 -NoLearning -Namespace $Here
        $line = New-NetworkNeighbour vx -Forwarding -MacAddress 00:00:00:00:00:00 -RemoteHost 192.0.2.2 -Namespace $Here
        $line.Host | Should -Be 192.0.2.2
        $null = New-NetworkNeighbour vx -Forwarding -MacAddress 00:00:00:00:00:00 -RemoteHost 192.0.2.3 -Namespace $Here
        $theirs = Read-Bridge $Here fdb, show, dev, vx
        $theirs.dst | Sort-Object | Should -Be 192.0.2.2, 192.0.2.3
        (Get-NetworkNeighbour vx -Forwarding -Namespace $Here).Host | Sort-Object { "$_" } | Should -Be 192.0.2.2, 192.0.2.3
        # What is for one address goes to one host.
        $null = New-NetworkNeighbour vx -Forwarding -MacAddress 02:00:5e:00:53:02 -RemoteHost 192.0.2.2 -Namespace $Here
        (Get-Refusal { New-NetworkNeighbour vx -Forwarding -MacAddress 02:00:5e:00:53:02 -RemoteHost 192.0.2.3 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkNeighbourExists,$NewNeighbour"
        (New-NetworkNeighbour vx -Forwarding -MacAddress 02:00:5e:00:53:02 -RemoteHost 192.0.2.3 -Force -Namespace $Here).Host | Should -Be 192.0.2.3
        (Read-Bridge $Here fdb, show, dev, vx | Where-Object mac -EQ 02:00:5e:00:53:02).dst | Should -Be 192.0.2.3
        Remove-NetworkNeighbour vx -MacAddress 02:00:5e:00:53:02 -Namespace $Here
        Remove-NetworkNeighbour vx -MacAddress 00:00:00:00:00:00 -RemoteHost 192.0.2.2 -Namespace $Here
        (Read-Bridge $Here fdb, show, dev, vx).dst | Should -Be 192.0.2.3
        Remove-NetworkNeighbour vx -MacAddress 00:00:00:00:00:00 -Namespace $Here
        Read-Bridge $Here fdb, show, dev, vx | Should -BeNullOrEmpty
        (Get-Refusal { Remove-NetworkNeighbour vx -MacAddress 02:00:00:00:00:01 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkNeighbourNotFound,$RemoveNeighbour"
    }

    It 'of a bridge are at its ports' {
        $null = New-NetworkLink br0 bridge -Up -Namespace $Here
        $null = New-NetworkLink p0 veth -Peer p1 -Master br0 -Up -Namespace $Here
        $line = New-NetworkNeighbour p0 -Forwarding -MacAddress 02:00:5e:00:53:42 -Namespace $Here
        $line.Master | Should -Be br0
        $line.Link | Should -Be p0
        Read-Bridge $Here fdb, show, br, br0 | Where-Object mac -EQ 02:00:5e:00:53:42 | ForEach-Object { "$($_.ifname) $($_.state)" } | Sort-Object -Unique | Should -Be 'p0 static'
        # Where the kernel keeps vlans apart there is a line for each.
        Get-NetworkNeighbour p0 -Forwarding -Namespace $Here | Where-Object MacAddress -EQ 02:00:5e:00:53:42 | Remove-NetworkNeighbour -ErrorAction Stop
        (Read-Bridge $Here fdb, show, br, br0).mac | Should -Not -Contain 02:00:5e:00:53:42
        Remove-NetworkLink p0 -Namespace $Here
    }

    It 'are refused: <Arguments>' -ForEach @(
        @{ Arguments = @{ Address = '192.0.2.9'; MacAddress = 'x' }; Id = 'MacAddressInvalid' }
        @{ Arguments = @{ Address = '192.0.2.9'; MacAddress = '00:00:00:00:00:00' }; Id = 'MacAddressInvalid' }
        @{ Arguments = @{ Forwarding = $true; MacAddress = '02:00:00:00:00:01' }; Id = 'NetworkOptionInvalid' }
        @{ Arguments = @{ Forwarding = $true; MacAddress = '02:00:00:00:00:01'; RemoteHost = '192.0.2.9' }; Id = 'NetworkOptionInvalid' }
    ) {
        (Get-Refusal { New-NetworkNeighbour v0 @Arguments -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "$Id,$NewNeighbour"
    }

    It 'say what is not there, and change nothing with -WhatIf' {
        (Get-Refusal { Remove-NetworkNeighbour v0 192.0.2.200 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkNeighbourNotFound,$RemoveNeighbour"
        (Get-Refusal { Get-NetworkNeighbour nope -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkNotFound,$GetNeighbour"
        (Get-Refusal { Get-NetworkNeighbour -Forwarding -Family IPv4 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkOptionInvalid,$GetNeighbour"
        New-NetworkNeighbour v0 192.0.2.200 -MacAddress 02:00:00:00:00:01 -Namespace $Here -WhatIf
        (Get-NetworkNeighbour -Namespace $Here).IPAddress | Should -Not -Contain 192.0.2.200
        $null = New-NetworkNeighbour v0 192.0.2.200 -MacAddress 02:00:00:00:00:01 -Namespace $Here
        Remove-NetworkNeighbour v0 192.0.2.200 -Namespace $Here -WhatIf
        (Get-NetworkNeighbour -Namespace $Here).IPAddress | Should -Contain 192.0.2.200
    }

    It 'take a right that an ordinary user has not' -Tag User {
        (Get-Refusal { New-NetworkNeighbour lo 192.0.2.1 -MacAddress 02:00:00:00:00:01 }).FullyQualifiedErrorId | Should -BeExactly "NetworkPrivilegeMissing,$NewNeighbour"
    }
}
