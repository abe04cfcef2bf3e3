# Get-, New-, Set- and Remove-NetworkLink: links made in sets of the test's own, compared with ip(8), and traffic that flows over them or does not.

BeforeDiscovery {
    # On one kernel or the other each kind is there: where it is not, it is refused by name.
    $script:Kinds = foreach ($kind in 'bridge', 'dummy', 'ifb', 'macvlan', 'ipvlan', 'vlan', 'vxlan') { @{ Kind = $kind } }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/NetworkHelpers.ps1
    $script:Get = 'Isolation.Commands.GetNetworkLinkCommand'
    $script:New = 'Isolation.Commands.NewNetworkLinkCommand'
    $script:Set = 'Isolation.Commands.SetNetworkLinkCommand'
    $script:Remove = 'Isolation.Commands.RemoveNetworkLinkCommand'
    $script:Here = New-TestNetwork
    $script:There = New-TestNetwork -In $Here
    $script:Before = ip -j link | ConvertFrom-Json | ForEach-Object ifname

    function Clear-Link {
        # The next test begins with the loopback link alone.
        foreach ($network in $Here, $There) {
            foreach ($link in Get-NetworkLink -Namespace $network | Where-Object Kind -NE loopback) { Remove-NetworkLink $link.Name -Namespace $network -ErrorAction Ignore }
        }
    }
}

AfterAll {
    Remove-Namespace $There
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
    ip -j link | ConvertFrom-Json | ForEach-Object ifname | Should -Be $Before
}

Describe 'Get-NetworkLink' {
    AfterEach { Clear-Link }

    It 'has what ip says of the links of the host' {
        $theirs = ip -j -d -s link show | ConvertFrom-Json
        $ours = Get-NetworkLink
        $ours.Name | Should -Be $theirs.ifname
        foreach ($one in $theirs) {
            $link = $ours | Where-Object Name -CEQ $one.ifname
            $link | Should -BeOfType Isolation.NetworkLink
            $link.Index | Should -Be $one.ifindex
            $link.Mtu | Should -Be $one.mtu
            $link.MacAddress | Should -Be $one.address
            "$($link.State)" | Should -Be $one.operstate
            $link.IsUp | Should -Be ($one.flags -contains 'UP')
            $link.Kind | Should -Be ($one.linkinfo.info_kind ?? ($one.link_type -eq 'loopback' ? 'loopback' : 'device'))
            $link.QueueDiscipline | Should -Be $one.qdisc
            $link.QueueLength | Should -Be ($one.txqlen ?? 0)
            $link.Namespace | Should -BeNullOrEmpty
        }
    }

    It 'finds links by name, wildcard, kind and bridge, in sets from the pipeline' {
        $null = New-NetworkLink br0 bridge -Namespace $Here
        $null = New-NetworkLink br1 bridge -Namespace $There
        $null = New-NetworkLink v0 veth -Peer v1 -Master br0 -Namespace $Here
        (Get-NetworkLink v0, br* -Namespace $Here).Name | Should -Be v0, br0
        ($Here, $There | Get-NetworkLink br*).ForEach{ "$($_.Namespace) $($_.Name)" } | Should -Be "$($Here.Name) br0", "$($There.Name) br1"
        ($Here.Name | Get-NetworkLink -Kind VETH).Name | Should -Be v1, v0
        Get-NetworkLink -Master br0 -Namespace $Here | ForEach-Object Name | Should -Be v0
        (Get-NetworkLink v0 -Namespace $Here).Master | Should -Be br0
        (Get-NetworkLink v0 -Namespace $Here).Peer | Should -Be v1
        $sleeper = Start-NamespaceProcess $There sleep -ArgumentList 300
        (Get-NetworkLink br1 -Namespace $sleeper).Kind | Should -Be bridge
        Get-NamespaceInfo -Id $sleeper.Id -Type Net | Get-NetworkLink br1 | Set-NetworkLink -Up -PassThru | ForEach-Object IsUp | Should -BeTrue
    }

    It 'takes a name with brackets as it is' {
        $null = New-NetworkLink 'v[0]' veth -Peer v0 -Namespace $Here
        (Get-NetworkLink 'v[0]' -Namespace $Here).Name | Should -Be v0, 'v[0]'
        Remove-NetworkLink 'v[0]' -Namespace $Here -ErrorAction Stop
        Get-NetworkLink v* -Namespace $Here | Should -BeNullOrEmpty
    }

    It 'says which link is not there, and gives the others' {
        $failure = $null
        (Get-NetworkLink nope, lo -Namespace $Here -ErrorVariable failure -ErrorAction SilentlyContinue).Name | Should -Be lo
        $failure.FullyQualifiedErrorId | Should -BeExactly "LinkNotFound,$Get"
        "$failure" | Should -Be "There is no link 'nope' in set '$($Here.Name)'. Get-NetworkLink lists those that there are."
        (Get-Refusal { Get-NetworkLink -Master nope -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkNotFound,$Get"
    }

    It 'does not take a variable that was never set for the host' {
        (Get-Refusal { Get-NetworkLink -Namespace $null }).FullyQualifiedErrorId | Should -BeExactly "NamespaceArgumentEmpty,$Get"
        (Get-Refusal { Set-NetworkLink lo -Down -Namespace $notThere }).FullyQualifiedErrorId | Should -BeExactly "NamespaceArgumentEmpty,$Set"
    }

    It 'does not take a set without a network for the host' {
        $plain = New-TestSet Uts
        $failure = Get-Refusal { Get-NetworkLink -Namespace $plain }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NamespaceTypeNotInSet,$Get"
        "$failure" | Should -Match "Set '$($plain.Name)' has no network namespace"
        (Get-Refusal { Get-NetworkLink -Namespace nosuchset }).FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Get"
    }

    It 'counts what goes through a link' {
        $null = New-NetworkLink v0 veth -Peer v1 -PeerNamespace $There -Up -Namespace $Here
        $null = New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here
        $null = New-NetworkAddress v1 192.0.2.2/24 -Namespace $There
        Assert-Ping $Here 192.0.2.2
        $link = Get-NetworkLink v0 -Namespace $Here
        $link.Statistics.SentBytes | Should -BeGreaterOrEqual 98
        $link.Statistics.ReceivedPackets | Should -BeGreaterOrEqual 1
    }

    It 'shows a name that somebody made up without what rewrites a terminal' {
        # ip(8) refuses less than the module does.
        $name = "v`e[2J"
        $null = Enter-Namespace $Here ip -ArgumentList link, add, $name, type, veth, peer, name, v1
        $text = Get-NetworkLink -Namespace $Here | Out-String
        $text | Should -Not -Match '\e\[2J'
        $text | Should -Match 'v\?\[2J'
        "$((Get-Refusal { New-NetworkLink $name bridge -Namespace $Here }))" | Should -Not -Match '\e'
    }
}

Describe 'New-NetworkLink' {
    AfterEach { Clear-Link }

    It 'makes a pair whose other end is born elsewhere, and traffic flows' {
        $link = New-NetworkLink v0 veth -Peer eth0 -PeerNamespace $There -Up -Mtu 1400 -MacAddress 02-00-5e-00-53-01 -Namespace $Here
        $link.Kind | Should -Be veth
        $link.IsUp | Should -BeTrue
        Wait-Until { (Get-NetworkLink v0 -Namespace $Here).State -eq 'Up' } -For 'the kernel to see that both ends are on'
        $link.MacAddress | Should -Be 02:00:5e:00:53:01
        (Read-Ip $Here link, show, v0).address | Should -Be 02:00:5e:00:53:01
        (Read-Ip $There link, show, eth0).mtu | Should -Be 1400
        (Read-Ip $There link, show, eth0).flags | Should -Contain UP
        $null = New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here
        $null = New-NetworkAddress eth0 192.0.2.2/24 -Namespace $There
        Assert-Ping $Here 192.0.2.2
        # 1400 bytes with their headers go through in one piece, and no more.
        Assert-Ping $Here 192.0.2.2 -Option '-s', '1372'
        Set-NetworkLink v0 -Down -Namespace $Here
        Test-Ping $There 192.0.2.1 | Should -BeFalse
    }

    It 'makes a bridge, over which those in it reach one another' {
        $null = New-NetworkLink br0 bridge -Up -Namespace $Here
        $null = New-NetworkLink p1 veth -Peer e1 -PeerNamespace $There -Master br0 -Up -Namespace $Here
        (Read-Ip $Here link, show, p1).master | Should -Be br0
        $null = New-NetworkAddress br0 192.0.2.1/24 -Namespace $Here
        $null = New-NetworkAddress e1 192.0.2.3/24 -Namespace $There
        Assert-Ping $There 192.0.2.1
        Set-NetworkLink p1 -NoMaster -Namespace $Here
        (Read-Ip $Here link, show, p1).master | Should -BeNullOrEmpty
        Test-Ping $There 192.0.2.1 | Should -BeFalse
    }

    It 'makes a <Kind>, or names what the kernel lacks' -ForEach $Kinds {
        $null = New-NetworkLink base veth -Peer other -Up -Namespace $Here
        $options = switch ($Kind) {
            macvlan { @{ Parent = 'base'; Mode = 'vepa' } }
            ipvlan { @{ Parent = 'base'; Mode = 'l3' } }
            vlan { @{ Parent = 'base'; VlanId = 42 } }
            vxlan { @{ Vni = 77; Local = '192.0.2.1'; Remote = '192.0.2.9'; Port = 4790; NoLearning = $true } }
            default { @{} }
        }
        $has = -not (Enter-Namespace $Here sh -ArgumentList '-c', "ip link add name probe $(if ($Kind -in 'macvlan', 'ipvlan', 'vlan') { 'link other' }) type $Kind $(switch ($Kind) { vlan { 'id 5' } vxlan { 'id 5 dstport 9' } }) 2>&1")
        if (-not $has) {
            $failure = Get-Refusal { New-NetworkLink one $Kind @options -Namespace $Here }
            $failure.FullyQualifiedErrorId | Should -BeExactly "LinkKindUnsupported,$New"
            "$failure" | Should -Match "no links of the kind $Kind .*modprobe $(if ($Kind -eq 'vlan') { '8021q' } else { $Kind })"
            Get-NetworkLink one -Namespace $Here -ErrorAction Ignore | Should -BeNullOrEmpty
            return
        }

        $link = New-NetworkLink one $Kind @options -Namespace $Here
        $link.Kind | Should -Be $Kind
        $info = (Read-Ip $Here link, show, one).linkinfo
        $info.info_kind | Should -Be $Kind
        switch ($Kind) {
            macvlan { $info.info_data.mode | Should -Be vepa; $link.Mode | Should -Be vepa; $link.Peer | Should -Be base }
            ipvlan { $info.info_data.mode | Should -Be l3; $link.Mode | Should -Be l3 }
            vlan { $info.info_data.id | Should -Be 42; $link.VlanId | Should -Be 42 }
            vxlan { $info.info_data.id | Should -Be 77; $info.info_data.remote | Should -Be 192.0.2.9; $info.info_data.port | Should -Be 4790; $info.info_data.learning | Should -BeFalse; $link.Vni | Should -Be 77 }
        }
    }

    It 'has links of every kind where the kernel was built with all' -Tag Guest {
        $null = New-NetworkLink d0 dummy -Up -Namespace $Here
        (Read-Ip $Here link, show, d0).linkinfo.info_kind | Should -Be dummy
        # A vlan over a pair: what is sent in it arrives in it, and nowhere else.
        $null = New-NetworkLink v0 veth -Peer v1 -PeerNamespace $There -Up -Namespace $Here
        $null = New-NetworkLink v0.5 vlan -Parent v0 -VlanId 5 -Up -Namespace $Here
        $null = New-NetworkLink v1.5 vlan -Parent v1 -VlanId 5 -Up -Namespace $There
        $null = New-NetworkAddress v0.5 192.0.2.1/24 -Namespace $Here
        $null = New-NetworkAddress v1.5 192.0.2.2/24 -Namespace $There
        Assert-Ping $Here 192.0.2.2
        Remove-NetworkLink v1.5 -Namespace $There
        $null = New-NetworkLink v1.5 vlan -Parent v1 -VlanId 6 -Up -Namespace $There
        $null = New-NetworkAddress v1.5 192.0.2.2/24 -Namespace $There
        Test-Ping $Here 192.0.2.2 | Should -BeFalse
        $null = New-NetworkLink i0 ipvlan -Parent d0 -Mode l2 -Up -Namespace $Here
        (Get-NetworkLink i0 -Namespace $Here).Mode | Should -Be l2
        $bridge = New-NetworkLink bf bridge -VlanFiltering -SpanningTree -Namespace $Here
        $bridge.VlanFiltering | Should -BeTrue
        (Read-Ip $Here link, show, bf).linkinfo.info_data.vlan_filtering | Should -Be 1
        (Read-Ip $Here link, show, bf).linkinfo.info_data.stp_state | Should -Be 1
    }

    It 'makes a <_> that a program can open' -ForEach 'tap', 'tun' -Tag Root {
        $link = New-NetworkLink t0 $_ -Up -Mtu 1300 -Namespace $Here
        $link.Kind | Should -Be tun
        $link.Mtu | Should -Be 1300
        $info = (Read-Ip $Here link, show, t0).linkinfo.info_data
        $info.type | Should -Be $_
        $info.persist | Should -BeTrue
        (Get-Refusal { New-NetworkLink t0 $_ -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkExists,$New"
    }

    It 'takes a tap away again that cannot be set up' -Tag Root {
        (Get-Refusal { New-NetworkLink t0 tap -Mtu 65535 -Namespace $Here }).FullyQualifiedErrorId | Should -Match "^NetworkLinkFailed,$New"
        Get-NetworkLink t0 -Namespace $Here -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'refuses the name <Name>' -ForEach @(
        @{ Name = 'sixteen-bytes-16'; Cause = '16 bytes' }, @{ Name = 'a/b'; Cause = "'/'" }, @{ Name = 'a b'; Cause = 'blank' }, @{ Name = 'v%d'; Cause = "'%'" }
        @{ Name = '..'; Cause = 'folder' }, @{ Name = 'ääääääää'; Cause = '16 bytes' }, @{ Name = "v`n"; Cause = 'blank or a control' }
    ) {
        $failure = Get-Refusal { New-NetworkLink $Name bridge -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "LinkNameInvalid,$New"
        "$failure" | Should -Match $Cause
    }

    It 'refuses <Arguments> before anything is made' -ForEach @(
        @{ Arguments = @{ Kind = 'bridge'; Vni = 4 }; Id = 'NetworkOptionInvalid'; Text = '-Vni is nothing that a bridge has' }
        @{ Arguments = @{ Kind = 'veth' }; Id = 'NetworkOptionInvalid'; Text = 'veth needs -Peer' }
        @{ Arguments = @{ Kind = 'vlan'; VlanId = 5 }; Id = 'NetworkOptionInvalid'; Text = 'vlan needs -Parent' }
        @{ Arguments = @{ Kind = 'vxlan' }; Id = 'NetworkOptionInvalid'; Text = 'vxlan needs -Vni' }
        @{ Arguments = @{ Kind = 'macvlan'; Parent = 'lo'; Mode = 'l3' }; Id = 'NetworkOptionInvalid'; Text = 'l3 is no mode of a macvlan' }
        @{ Arguments = @{ Kind = 'macvlan'; Parent = 'nope' }; Id = 'LinkNotFound'; Text = "no link 'nope'" }
        @{ Arguments = @{ Kind = 'veth'; Peer = 'x'; Master = 'nope' }; Id = 'LinkNotFound'; Text = "no link 'nope'" }
        @{ Arguments = @{ Kind = 'bridge'; MacAddress = '01:00:5e:00:00:01' }; Id = 'MacAddressInvalid'; Text = 'no hardware address of one link' }
        @{ Arguments = @{ Kind = 'bridge'; MacAddress = '00:00:00:00:00:00' }; Id = 'MacAddressInvalid'; Text = 'not all zero' }
        @{ Arguments = @{ Kind = 'bridge'; MacAddress = 'x' }; Id = 'MacAddressInvalid'; Text = "'x'" }
    ) {
        $failure = Get-Refusal { New-NetworkLink one @Arguments -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "$Id,$New"
        "$failure" | Should -Match $Text
        Get-NetworkLink one -Namespace $Here -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'says that a name is taken, here or at the other end' {
        $null = New-NetworkLink v0 veth -Peer v1 -Namespace $Here
        (Get-Refusal { New-NetworkLink v0 bridge -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkExists,$New"
        (Get-Refusal { New-NetworkLink w0 veth -Peer v1 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkExists,$New"
        Get-NetworkLink w0 -Namespace $Here -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'changes nothing with -WhatIf' {
        New-NetworkLink v0 veth -Peer v1 -Namespace $Here -WhatIf
        Get-NetworkLink v* -Namespace $Here | Should -BeNullOrEmpty
        $null = New-NetworkLink v0 veth -Peer v1 -Namespace $Here
        Set-NetworkLink v0 -Mtu 1000 -Namespace $Here -WhatIf
        Remove-NetworkLink v0 -Namespace $Here -WhatIf
        (Get-NetworkLink v0 -Namespace $Here).Mtu | Should -Be 1500
    }

    It 'takes a right over the network that an ordinary user has not' -Tag User {
        $failure = Get-Refusal { New-NetworkLink one bridge }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkPrivilegeMissing,$New"
        $failure.CategoryInfo.Category | Should -Be PermissionDenied
        "$failure" | Should -Match 'CAP_NET_ADMIN.*New-Namespace -Type User, Net -MapRootUser'
        (Get-Refusal { Set-NetworkLink lo -Mtu 1000 }).FullyQualifiedErrorId | Should -BeExactly "NetworkPrivilegeMissing,$Set"
        (Get-Refusal { Remove-NetworkLink lo }).FullyQualifiedErrorId | Should -BeExactly "NetworkPrivilegeMissing,$Remove"
    }
}

Describe 'Set-NetworkLink' {
    AfterEach { Clear-Link }

    It 'changes what ip shows, all at once' {
        $null = New-NetworkLink v0 veth -Peer v1 -Namespace $Here
        $link = Set-NetworkLink v0 -NewName w0 -Mtu 1234 -MacAddress 02:00:5e:00:53:77 -Alias 'to the lab' -Group 42 -QueueLength 77 -Up -Namespace $Here -PassThru
        $link.Name | Should -Be w0
        $ip = Read-Ip $Here link, show, w0
        $ip.mtu | Should -Be 1234
        $ip.address | Should -Be 02:00:5e:00:53:77
        $ip.ifalias | Should -Be 'to the lab'
        $ip.group | Should -Be 42
        $ip.txqlen | Should -Be 77
        $ip.flags | Should -Contain UP
        $link.Alias | Should -Be 'to the lab'
        Set-NetworkLink w0 -Alias '' -Down -Namespace $Here
        (Read-Ip $Here link, show, w0).ifalias | Should -BeNullOrEmpty
        (Read-Ip $Here link, show, w0).flags | Should -Not -Contain UP
    }

    It 'moves a link with its addresses, on as it was' {
        $null = New-NetworkLink v0 veth -Peer v1 -Up -Namespace $Here
        $null = New-NetworkAddress v0 192.0.2.1/24, 2001:db8::1/64 -NoDuplicateDetection -Namespace $Here
        $null = New-NetworkAddress v1 192.0.2.2/24, 2001:db8::2/64 -NoDuplicateDetection -Namespace $Here
        $moved = Get-NetworkLink v1 -Namespace $Here | Set-NetworkLink -TargetNamespace $There -NewName eth7 -PassThru
        $moved.Name | Should -Be eth7
        $moved.Namespace | Should -Be $There.Name
        Get-NetworkLink v1 -Namespace $Here -ErrorAction Ignore | Should -BeNullOrEmpty
        (Read-Ip $There address, show, eth7).addr_info.local | Where-Object { $_ -notlike 'fe80*' } | Should -Be 192.0.2.2, 2001:db8::2
        Assert-Ping $Here 192.0.2.2
        Assert-Ping $There 2001:db8::1
    }

    It 'moves a link into a bridge that is there alone' {
        $null = New-NetworkLink v0 veth -Peer v1 -Namespace $Here
        $null = New-NetworkLink onlythere bridge -Namespace $There
        Set-NetworkLink v0 -TargetNamespace $There -Master onlythere -Namespace $Here
        (Read-Ip $There link, show, v0).master | Should -Be onlythere
        (Get-Refusal { Set-NetworkLink v1 -TargetNamespace $There -Master nope -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkNotFound,$Set"
        (Get-NetworkLink v1 -Namespace $Here).Name | Should -Be v1
    }

    It 'leaves a link where it was when its name is taken there' {
        $null = New-NetworkLink v0 veth -Peer v1 -Namespace $Here
        $null = New-NetworkLink v0 bridge -Namespace $There
        $failure = Get-Refusal { Set-NetworkLink v0 -TargetNamespace $There -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "LinkExists,$Set"
        "$failure" | Should -Match '-NewName'
        (Get-NetworkLink v0 -Namespace $Here).Kind | Should -Be veth
        Set-NetworkLink v0 -TargetNamespace $Here -Namespace $Here -Mtu 1111 -PassThru | ForEach-Object Mtu | Should -Be 1111
    }

    It 'refuses <Arguments>' -ForEach @(
        @{ Arguments = @{ Up = $true; Down = $true }; Id = 'NetworkOptionInvalid' }, @{ Arguments = @{ Master = 'x'; NoMaster = $true }; Id = 'NetworkOptionInvalid' }
        @{ Arguments = @{}; Id = 'NetworkOptionInvalid' }, @{ Arguments = @{ Master = 'nope' }; Id = 'LinkNotFound' }, @{ Arguments = @{ NewName = 'a/b' }; Id = 'LinkNameInvalid' }
        @{ Arguments = @{ TargetNamespace = 'nosuchset' }; Id = 'NamespaceNotFound' }, @{ Arguments = @{ Master = 'lo' }; Id = 'NetworkLinkFailed' }
    ) {
        $null = New-NetworkLink v0 veth -Peer v1 -Namespace $Here
        (Get-Refusal { Set-NetworkLink v0 @Arguments -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "$Id,$Set"
    }

    It 'does not name several links the same' {
        $null = New-NetworkLink v0 veth -Peer v1 -Namespace $Here
        (Get-Refusal { Set-NetworkLink v0, v1 -NewName x -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkOptionInvalid,$Set"
        (Get-NetworkLink v* -Namespace $Here).Count | Should -Be 2
    }
}

Describe 'Remove-NetworkLink' {
    AfterEach { Clear-Link }

    It 'takes a link as an argument where it was found' {
        # Of this name there is one in each; the host has none.
        $null = New-NetworkLink v0 veth -Peer v1 -Namespace $Here
        $null = New-NetworkLink v0 veth -Peer v1 -Namespace $There
        Set-NetworkLink (Get-NetworkLink v0 -Namespace $There) -Mtu 1234
        (Get-NetworkLink v0 -Namespace $There).Mtu | Should -Be 1234
        $null = New-NetworkAddress (Get-NetworkLink v0 -Namespace $There) 192.0.2.1/24
        (Read-Ip $There address, show, v0).addr_info.local | Should -Contain 192.0.2.1
        Set-NetworkRate (Get-NetworkLink v0 -Namespace $There) -Send 1mbit
        (Get-NetworkRate -Namespace $There).Send | Should -Be 1000000
        Remove-NetworkLink @(Get-NetworkLink v0 -Namespace $There; Get-NetworkLink v1 -Namespace $Here)
        (Read-Ip $There link).ifname | Should -Be lo
        (Read-Ip $Here link).ifname | Should -Be lo
        (Get-Refusal { Remove-NetworkLink (Get-Process -Id $PID) -Namespace $Here }).CategoryInfo.Category | Should -Be InvalidArgument
    }

    It 'removes links with their other ends, by name and from the pipeline' {
        $null = New-NetworkLink v0 veth -Peer v1 -PeerNamespace $There -Namespace $Here
        $null = New-NetworkLink br0 bridge -Namespace $Here
        Get-NetworkLink v0, br0 -Namespace $Here | Remove-NetworkLink
        (Read-Ip $Here link).ifname | Should -Be lo
        (Read-Ip $There link).ifname | Should -Be lo
        (Get-Refusal { Remove-NetworkLink v0 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkNotFound,$Remove"
        (Get-Refusal { Remove-NetworkLink lo -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkLinkFailed,$Remove"
    }

    It 'works in a network namespace of ip netns, and ip netns in one of ours' -Tag Root {
        $name = New-TestName
        ip netns add $name
        try {
            $null = New-NetworkLink v0 veth -Peer v1 -PeerNamespace $Here -Up -Namespace $name
            (ip netns exec $name cat /proc/net/dev) -match '^ *v0:' | Should -HaveCount 1
            (ip netns exec $Here.Name cat /proc/net/dev) -match '^ *v1:' | Should -HaveCount 1
            Remove-NetworkLink v0 -Namespace "/run/netns/$name"
        }
        finally {
            ip netns delete $name
        }
    }

    It 'makes and removes links in several sets at once' {
        $shells = foreach ($set in $Here, $There) {
            $shell = New-TestShell "foreach (`$i in 1..15) { `$null = New-NetworkLink b`$i bridge -Namespace $($set.Name) -ErrorAction Stop; Set-NetworkLink b`$i -Up -Namespace $($set.Name) -ErrorAction Stop }; Get-NetworkLink b* -Namespace $($set.Name) | Remove-NetworkLink"
            @{ Shell = $shell; Result = $shell.BeginInvoke() }
        }
        foreach ($one in $shells) {
            if (-not $one.Result.AsyncWaitHandle.WaitOne(60000)) { throw 'It did not end within a minute.' }
            Get-ShellError $one.Shell | Should -BeNullOrEmpty
            $one.Shell.Dispose()
        }
        (Read-Ip $Here link).ifname | Should -Be lo
    }
}

Describe 'Completion of links' {
    It 'knows the links of the set that was named' {
        $null = New-NetworkLink 'v 0'.Replace(' ', '-') veth -Peer 'v$1' -Namespace $Here
        $line = "Get-NetworkLink -Namespace $($Here.Name) -Name v"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Sort-Object | Should -Be "'v`$1'", v-0
        Clear-Link
    }
}
