# Sets in container networks, proven by what goes between them. Each test has a host of its own: a network namespace.

BeforeDiscovery {
    . $PSScriptRoot/Common.ps1
    $script:Processes = if ($env:ISOLATION_SOAK) { 20 } else { 4 }
    $script:Kills = if ($env:ISOLATION_SOAK) { 50 } else { 4 }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/ContainerNetworkHelpers.ps1
    $script:Before = Get-HostNetwork
}

AfterAll {
    Get-HostNetwork | Should -Be $Before
}

Describe 'Connect-ContainerNetwork' -Tag Root {
    It 'gives sets an address each, and what one sends the other gets, by ping and TCP' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan -IPv6 -Mtu 1400
            $members = New-Namespace a, b -Type Net | Connect-ContainerNetwork lan
            Write-Line $members[0].GetType().FullName $members.Namespace $members.Link $members[0].IPAddress.Count
            foreach ($address in $members[1].IPAddress) { Write-Line (Wait-Ping $address a) }
            Write-Line (Wait-Ping 172.30.0.1 a) (Wait-Ping 172.30.0.2)
            $server = Start-NamespaceProcess b busybox -ArgumentList nc, -l, -p, 7000, -e, echo, 'hello from b'
            Wait-Until { (ip netns exec b ss -Hltn) -match ':7000' } -For 'the server' -Seconds 30
            Write-Line (Enter-Namespace a busybox nc 172.30.0.3 7000)
            $inside = ip -n b -j -d link show eth0 | ConvertFrom-Json
            $port = bridge -j link show | ConvertFrom-Json | Where-Object ifname -EQ $members[1].HostLink
            Write-Line $inside.mtu $inside.address ($inside.address -eq $members[1].MacAddress) $port.master $port.mtu
            $routes = ip -n b -j route show default | ConvertFrom-Json
            Write-Line $routes.gateway $routes.dev (@(ip -n b -6 -j route show default | ConvertFrom-Json).Count)
'@
        $lines[0] | Should -Be 'Isolation.ContainerNetworkMember a b eth0 eth0 2'
        $lines[1..4] | Should -Be 'answered', 'answered', 'answered answered', 'hello from b'
        $lines[5] | Should -Be '1400 0a:04:ac:1e:00:03 True iso-lan 1400'
        $lines[6] | Should -Be '172.30.0.1 eth0 1'
    }

    It 'keeps networks apart from one another' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork one, two -IPv6
            $null = New-Namespace a, b -Type Net | Connect-ContainerNetwork one
            $far = New-Namespace c -Type Net | Connect-ContainerNetwork two
            $near = (Get-ContainerNetwork one).Members[1]
            foreach ($address in $near.IPAddress) { Write-Line (Wait-Ping $address a) }
            foreach ($address in $far.IPAddress) { Write-Line (Wait-Ping $address) (Test-Ping $address a) (Test-Ping $address b) }
            $null = Connect-ContainerNetwork two a
            foreach ($address in $far.IPAddress) { Write-Line (Wait-Ping $address a) (Test-Ping $address b) }
'@
        $lines | Should -Be 'answered', 'answered', 'answered False False', 'answered False False', 'answered False', 'answered False'
    }

    It 'lets out what members send, under the host''s address, and nothing in that they did not ask for' {
        $lines = Invoke-Lab @'
            New-Outside
            $null = New-ContainerNetwork lan -IPv6
            $member = New-Namespace a -Type Net | Connect-ContainerNetwork lan
            foreach ($address in '203.0.113.9', '2001:db8:203::9') { Write-Line (Wait-Ping $address a) }
            # What the other host sees as the sender.
            $server = Start-NamespaceProcess outside busybox -ArgumentList nc, -l, -p, 7000, -e, sh, -c, 'sleep 300'
            Wait-Until { (ip netns exec outside ss -Hltn) -match ':7000' } -For 'the server' -Seconds 30
            $client = Start-NamespaceProcess a busybox -ArgumentList nc, 203.0.113.9, 7000
            Wait-Until { (ip netns exec outside ss -Htan) -match ':7000 .*203\.0\.113\.1\]?:' } -For 'the connection' -Seconds 30
            Write-Line 'from the host' @(ip netns exec outside ss -Htan | Where-Object { $_ -match '172\.30' }).Count
            # It knows the way now, and may not go it.
            ip -n outside route add 172.30.0.0/24 via 203.0.113.1
            ip -n outside -6 route add $((Get-ContainerNetwork lan).Subnet[1].ToString()) via 2001:db8:203::1
            Write-Line (Wait-Ping 203.0.113.1 outside) (Test-Ping 172.30.0.2 outside) (Test-Ping $member.IPAddress[1] outside)
'@
        $lines | Should -Be 'answered', 'answered', 'from the host 0', 'answered False False'
    }

    It 'lets nothing out of an internal network, though its members reach one another' {
        $lines = Invoke-Lab @'
            New-Outside
            $null = New-ContainerNetwork open
            $null = New-ContainerNetwork closed -Internal -IPv6
            $members = New-Namespace a, b -Type Net | Connect-ContainerNetwork closed
            $null = New-Namespace c -Type Net | Connect-ContainerNetwork open
            Write-Line (Wait-Ping 203.0.113.9 c)
            foreach ($address in $members[1].IPAddress) { Write-Line (Wait-Ping $address a) (Test-Ping $address c) }
            Write-Line @(ip -n a -j route show default | ConvertFrom-Json).Count (Test-Ping 203.0.113.9 a)
            # Not even where somebody inside sets the route.
            ip -n a route add default via 172.30.1.1
            Write-Line (Wait-Ping 172.30.1.1 a) (Test-Ping 203.0.113.9 a) (Test-Ping 172.30.0.2 a)
'@
        $lines | Should -Be 'answered', 'answered False', 'answered False', '0 False', 'answered False False'
    }

    It 'has members find one another by name and alias, and forgets those that go' {
        $lines = Invoke-Lab @'
            $before = Get-Content /etc/hosts -Raw
            $null = New-ContainerNetwork lan, other
            $null = New-Namespace a -Type Net, Mount | Connect-ContainerNetwork lan
            $null = New-Namespace b -Type Net, Mount | Connect-ContainerNetwork lan -Alias db, db.example
            $null = New-Namespace c -Type Net | Connect-ContainerNetwork lan
            foreach ($name in 'b', 'db', 'db.example', 'c', 'a', 'localhost') { Write-Line $name ((Enter-Namespace a getent ahostsv4 $name) -replace ' .*' | Select-Object -First 1) }
            Write-Line ((Enter-Namespace b getent ahostsv4 a) -replace ' .*' | Select-Object -First 1)
            Write-Line (Test-Path /run/isolation/namespaces/c/hosts) ((Get-Content /etc/hosts -Raw) -eq $before)
            $null = New-Namespace d -Type Net, Mount | Connect-ContainerNetwork other
            $null = Connect-ContainerNetwork other a
            Write-Line ((Enter-Namespace a cat /etc/hosts) -match '\td$').Count ((Enter-Namespace b cat /etc/hosts) -match '\td$').Count
            Disconnect-ContainerNetwork lan b
            Write-Line ((Enter-Namespace a cat /etc/hosts) -match '\tb').Count ((Enter-Namespace b cat /etc/hosts) -match '^172').Count
            Remove-Namespace c
            Write-Line ((Enter-Namespace a cat /etc/hosts) -match '\tc').Count ((Enter-Namespace a cat /etc/hosts) -match '^172').Count
'@
        $lines[0..5] | Should -Be 'b 172.30.0.3', 'db 172.30.0.3', 'db.example 172.30.0.3', 'c 172.30.0.4', 'a 172.30.0.2', 'localhost 127.0.0.1'
        $lines[6..10] | Should -Be '172.30.0.2', 'False True', '1 0', '0 0', '0 3'
    }

    It 'takes address, hardware address and several networks, the first of which has the default route until it goes' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork closed -Internal
            $null = New-ContainerNetwork one, two
            $null = New-Namespace a -Type Net
            $null = Connect-ContainerNetwork closed a
            $member = Connect-ContainerNetwork one a -Address 172.30.1.77 -MacAddress 02-AB-00-00-00-01
            Write-Line $member.Link $member.IPAddress $member.MacAddress (ip -n a -j link show eth1 | ConvertFrom-Json).address
            $null = Connect-ContainerNetwork two a
            Write-Line (Get-ContainerNetwork).Members.Link (ip -n a -j route show default | ConvertFrom-Json).dev
            Disconnect-ContainerNetwork one a
            Write-Line (ip -n a -j route show default | ConvertFrom-Json).dev (ip -n a -j route show default | ConvertFrom-Json).gateway
            Write-Line (Connect-ContainerNetwork one a).Link (ip -n a -j route show default | ConvertFrom-Json).dev
            Remove-ContainerNetwork two -Force
            Write-Line (ip -n a -j route show default | ConvertFrom-Json).dev
'@
        $lines | Should -Be 'eth1 172.30.1.77 02:ab:00:00:00:01 02:ab:00:00:00:01', 'eth0 eth1 eth2 eth1', 'eth2 172.30.2.1', 'eth1 eth2', 'eth1'
    }

    It 'refuses <What> with <Id>, and leaves nothing of it' -ForEach @(
        @{ What = 'a network that there is not'; Arguments = 'nope a'; Id = 'ContainerNetworkNotFound' }
        @{ What = 'a set that there is not'; Arguments = 'small nope'; Id = 'NamespaceNotFound' }
        @{ What = 'a set without a network namespace'; Arguments = 'small plain'; Id = 'NamespaceTypeNotInSet' }
        @{ What = 'a set with the network namespace of another'; Arguments = 'small joined'; Id = 'NamespaceTypeNotInSet' }
        @{ What = 'a set twice'; Arguments = 'small there'; Id = 'ContainerNetworkConnected' }
        @{ What = 'a taken address'; Arguments = 'small a -Address 10.1.0.2'; Id = 'ContainerAddressTaken' }
        @{ What = 'the gateway''s address'; Arguments = 'small a -Address 10.1.0.1'; Id = 'ContainerAddressTaken' }
        @{ What = 'an address outside'; Arguments = 'small a -Address 10.1.1.2'; Id = 'ContainerAddressInvalid' }
        @{ What = 'everybody''s address'; Arguments = 'small a -Address 10.1.0.7'; Id = 'ContainerAddressInvalid' }
        @{ What = 'what is no hardware address'; Arguments = 'small a -MacAddress 01:00:00:00:00:01'; Id = 'MacAddressInvalid' }
        @{ What = 'a taken hardware address'; Arguments = 'small a -MacAddress 0a:04:0a:01:00:02'; Id = 'ContainerMacAddressTaken' }
        @{ What = 'a hardware address that the kernel does not take'; Arguments = 'small a -MacAddress 00:00:00:00:00:00'; Id = 'ContainerNetworkConnectFailed' }
        @{ What = 'what is no host name'; Arguments = 'small a -Alias "a b"'; Id = 'ContainerAliasInvalid' }
        @{ What = 'a taken name'; Arguments = 'small a -Alias DB'; Id = 'ContainerAliasTaken' }
        @{ What = 'a set when all addresses are given'; Arguments = 'full a'; Id = 'ContainerAddressesExhausted' }
        @{ What = 'a set that has switched IPv6 off'; Arguments = 'six a'; Id = 'IPv6Disabled' }
    ) {
        $lines = Invoke-Lab @"
            `$null = New-ContainerNetwork small -Subnet 10.1.0.0/29
            `$null = New-ContainerNetwork full -Subnet 10.2.0.0/30
            `$null = New-ContainerNetwork six -IPv6 -Subnet 10.3.0.0/24
            `$null = New-Namespace there -Type Net | Connect-ContainerNetwork small -Alias db
            `$null = New-Namespace a, filler -Type Net
            `$null = New-Namespace plain -Type Uts
            `$null = New-Namespace joined -Type Uts -Join a
            `$null = Connect-ContainerNetwork full filler
            Enter-Namespace a sh -ArgumentList '-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'
            `$state = { (Get-ContainerNetwork).Members.Namespace; Get-IsolationLink; (ip -n a -j link show | ConvertFrom-Json).ifname }
            `$before = (& `$state) -join ' '
            Write-Refusal { Connect-ContainerNetwork $Arguments }
            Write-Line ((& `$state) -join ' ')
            Write-Line `$before
"@
        $lines[0] | Should -Match "^$Id,Isolation.Commands.ConnectContainerNetworkCommand "
        $lines[1] | Should -Be $lines[2]
    }

    It 'does nothing with -WhatIf, and takes sets that another session gave' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan
            $set = New-Namespace a -Type Net
            Connect-ContainerNetwork lan a -WhatIf
            Write-Line 'seen:' (Get-ContainerNetwork lan).Members.Count
            $back = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize(@($set, (Get-ContainerNetwork lan))))
            $back[0] | Connect-ContainerNetwork $back[1] | ForEach-Object { Write-Line $_.Namespace $_.Network }
            Disconnect-ContainerNetwork lan a -WhatIf
            Write-Line 'seen:' (Get-ContainerNetwork lan).Members.Count
'@
        $lines | Should -Contain 'seen: 0'
        $lines | Should -Contain 'a lan'
        $lines[-1] | Should -Be 'seen: 1'
    }

    It 'frees address and link of a set that is disconnected or removed' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan -Subnet 10.1.0.0/29
            $sets = New-Namespace a, b, c, d, e -Type Net
            $null = $sets | Connect-ContainerNetwork lan
            $null = New-Namespace f -Type Net
            Write-Refusal { Connect-ContainerNetwork lan f }
            Disconnect-ContainerNetwork lan b
            Write-Line (ip -n b -j link show | ConvertFrom-Json).ifname (Connect-ContainerNetwork lan f).IPAddress
            Write-Refusal { Disconnect-ContainerNetwork lan b }
            Remove-Namespace a, c, d, e, f
            Write-Line (Get-ContainerNetwork lan).Members.Count (Connect-ContainerNetwork lan b).IPAddress
            Wait-Until { @(Get-IsolationLink).Count -eq 2 } -For 'the links to go with their namespaces' -Seconds 30
            Write-Line @(bridge -j link show | ConvertFrom-Json).Count
'@
        $lines[0] | Should -Match '^ContainerAddressesExhausted,.* LimitsExceeded '
        $lines[1] | Should -Be 'lo 10.1.0.3'
        $lines[2] | Should -Match '^ContainerNetworkNotConnected,Isolation.Commands.DisconnectContainerNetworkCommand ObjectNotFound '
        $lines[3..4] | Should -Be '0 10.1.0.2', '1'
    }

    It 'removes the link of a removed set whose network namespace another keeps' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan
            $null = New-Namespace a -Type Net | Connect-ContainerNetwork lan
            $null = New-Namespace b -Type Uts -Join a
            Remove-Namespace a
            Write-Line (Get-ContainerNetwork lan).Members.Count @(Get-IsolationLink).Count (Enter-Namespace b ip -br link).Count
'@
        $lines | Should -Be '0 1 1'
    }

    It 'gives no address twice and loses none where <_> processes connect at once' -ForEach $Processes {
        $lines = Invoke-Lab -Seconds 600 @"
            `$null = New-ContainerNetwork lan
            `$children = foreach (`$number in 1..$_) {
                Start-ChildHost ('
                    New-Namespace pN-a, pN-b, pN-c -Type Net | Connect-ContainerNetwork lan | ForEach-Object { }
                    Disconnect-ContainerNetwork lan pN-b
                    Connect-ContainerNetwork lan pN-b | ForEach-Object { }
                    Remove-Namespace pN-a
                    Write-Line `$Error.Count (`$Error -join "; ")
                ' -replace 'pN', "p`$number")
            }
            foreach (`$child in `$children) { Write-Line (Read-ChildLine `$child).Trim() }
            foreach (`$child in `$children) { Stop-ChildHost `$child }
            `$members = (Get-ContainerNetwork lan).Members
            `$inside = foreach (`$member in `$members) { (ip -n `$member.Namespace -j address show eth0 | ConvertFrom-Json).addr_info.local -match '^172' }
            Write-Line `$members.Count @(`$members.IPAddress.IPAddressToString | Select-Object -Unique).Count @(Compare-Object `$inside `$members.IPAddress.IPAddressToString).Count
            Wait-Until { @(Get-IsolationLink).Count -eq `$members.Count + 1 } -For 'the links to go with their namespaces' -Seconds 30
            Remove-Namespace *
            Write-Line (Get-ContainerNetwork lan).Members.Count
"@
        $lines[0..($_ - 1)] | Should -Be (@('0') * $_)
        $lines[-2] | Should -Be "$(2 * $_) $(2 * $_) 0"
        $lines[-1] | Should -Be '0'
    }

    It 'finishes or undoes what a killed process left, <_> times' -ForEach $Kills {
        $lines = Invoke-Lab -Seconds 900 @"
            `$null = New-ContainerNetwork lan
            `$null = New-Namespace a, b -Type Net
            foreach (`$round in 1..$_) {
                `$child = Start-ChildHost '
                    Write-Line ready
                    while (`$true) {
                        `$null = Connect-ContainerNetwork lan a, b
                        Disconnect-ContainerNetwork lan a, b
                        `$null = New-ContainerNetwork other
                        Remove-ContainerNetwork other
                    }
                '
                `$null = Read-ChildLine `$child
                [System.Threading.Thread]::Sleep((Get-Random -Minimum 1 -Maximum 400))
                Stop-ChildHost `$child -Kill
                # The next call: whatever it is about.
                `$networks = @(Get-ContainerNetwork)
                `$members = @((Get-ContainerNetwork lan).Members)
                `$expected = @(`$networks.Bridge; `$members.HostLink) | Where-Object { `$_ } | Sort-Object
                `$links = @(Get-IsolationLink | Sort-Object)
                `$states = @(`$networks.State | Where-Object { `$_ -ne 'Ready' })
                `$bridges = @(Get-RuleSet bridges | Sort-Object)
                `$inside = foreach (`$set in 'a', 'b') { @(ip -n `$set -j link show | ConvertFrom-Json | Where-Object ifname -NE lo).Count }
                `$fits = ("`$links" -eq "`$expected") -and -not `$states -and ("`$bridges" -eq "`$(`$networks.Bridge | Sort-Object)") -and
                    ((`$inside | Measure-Object -Sum).Sum -eq `$members.Count)
                Write-Line `$(if (`$fits) { 'fits' } else { "`$links / `$expected / `$states / `$bridges / `$inside" })
                if (`$members) { Disconnect-ContainerNetwork lan `$members.Namespace }
                Get-ContainerNetwork other -ErrorAction Ignore | Remove-ContainerNetwork
            }
            Connect-ContainerNetwork lan a, b | ForEach-Object { Write-Line `$_.IPAddress }
            Write-Line @(Get-ChildItem /run/isolation/locks, /run/isolation/networks -Force).Count
"@
        $lines[0..($_ - 1)] | Should -Be (@('fits') * $_)
        $lines[-3..-1] | Should -Be '172.30.0.2', '172.30.0.3', '1'
    }
}
