# Container networks as they are made and removed, read back with ip(8), bridge(8) and nft(8). Each test has a host of its own: a network namespace.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/ContainerNetworkHelpers.ps1
    $script:Before = Get-HostNetwork
}

AfterAll {
    Get-HostNetwork | Should -Be $Before
}

Describe 'New-ContainerNetwork' -Tag Root {
    It 'makes a bridge with the gateway''s address, and rules in a table of its own, and tells that it switched forwarding on' {
        $lines = Invoke-Lab @'
            $network = New-ContainerNetwork lan -Mtu 1400 -WarningVariable warned
            Write-Line $network.GetType().FullName $network.Name $network.Driver $network.State $network.Subnet $network.Gateway $network.Mtu $network.Bridge
            Write-Line $warned.Count ($warned -match 'Forwarding of IPv4 was off and is on now').Count
            Write-Line (Get-Content /proc/sys/net/ipv4/ip_forward) (Get-Content /proc/sys/net/ipv6/conf/all/forwarding)
            $link = ip -j -d address show iso-lan | ConvertFrom-Json
            Write-Line $link.linkinfo.info_kind $link.mtu $link.addr_info[0].local $link.addr_info[0].prefixlen ($link.flags -contains 'UP')
            Write-Line (Get-RuleSet bridges) (Get-RuleSet sources4).prefix.addr
            $rules = (nft -j list table inet isolation | ConvertFrom-Json).nftables
            Write-Line ($rules.chain.hook | Where-Object { $_ })
            $again = New-ContainerNetwork lan2 -WarningVariable warned
            Write-Line $warned.Count $again.Subnet $again.Gateway
'@
        $lines | Should -Be @(
            'Isolation.ContainerNetwork lan bridge Ready 172.30.0.0/24 172.30.0.1 1400 iso-lan'
            '1 1'
            '1 0'
            'bridge 1400 172.30.0.1 24 True'
            'iso-lan 172.30.0.0'
            'forward postrouting'
            '0 172.30.1.0/24 172.30.1.1'
        )
    }

    It 'takes subnet, gateway and range of both families, and chooses one of IPv6' {
        $lines = Invoke-Lab @'
            $network = New-ContainerNetwork given -Subnet fd00:5::/64, 10.5.0.0/16 -Gateway 10.5.0.254, fd00:5::ff -IPRange 10.5.7.0/24
            Write-Line ($network.Subnet -join ',') ($network.Gateway -join ',') ($network.Range -join ',')
            Write-Line (Get-Content /proc/sys/net/ipv6/conf/all/forwarding)
            $set = New-Namespace set -Type Net
            Write-Line (($set | Connect-ContainerNetwork given).IPAddress -join ',')
            $chosen = New-ContainerNetwork chosen -IPv6
            Write-Line ($chosen.Subnet[1] -match '^fd[0-9a-f]{2}:.*::/64$') $chosen.Gateway.Count
            $six = New-ContainerNetwork six -Subnet fd00:6::/112
            Write-Line $six.Subnet.Count $six.Gateway
            Write-Line ((ip -j address show iso-given | ConvertFrom-Json).addr_info.local -match '^10|^fd00' -join ',')
'@
        $lines | Should -Be @(
            '10.5.0.0/16,fd00:5::/64 10.5.0.254,fd00:5::ff 10.5.7.0/24,fd00:5::/64'
            '1'
            '10.5.7.0,fd00:5::1'
            'True 2'
            '1 fd00:6::1'
            '10.5.0.254,fd00:5::ff'
        )
    }

    It 'keeps away from the host''s routes and from other networks where it chooses' {
        $lines = Invoke-Lab @'
            New-Outside
            ip route add 172.30.0.0/23 via 203.0.113.9
            ip route add default via 203.0.113.9
            Write-Line (New-ContainerNetwork one).Subnet (New-ContainerNetwork two).Subnet
            $null = Remove-ContainerNetwork one
            Write-Line (New-ContainerNetwork three).Subnet
'@
        $lines | Should -Be '172.30.2.0/24 172.30.3.0/24', '172.30.2.0/24'
    }

    It 'gives long and equal beginnings of names a bridge each' {
        $lines = Invoke-Lab @'
            ip link add iso-taken type bridge
            $networks = New-ContainerNetwork elevenchars, a-very-long-name-of-a-network-1, a-very-long-name-of-a-network-2, taken
            Write-Line $networks[0].Bridge (@($networks.Bridge | Select-Object -Unique).Count) (@($networks.Bridge | Where-Object Length -LE 15).Count)
            Write-Line ($networks[3].Bridge -match '^iso-taken-[0-9a-f]{4}$') @(Get-IsolationLink).Count
            Remove-ContainerNetwork *
            Write-Line (Get-IsolationLink)
'@
        $lines | Should -Be 'iso-elevenchars 4 4', 'True 5', 'iso-taken'
    }

    It 'refuses <What> with <Id>' -ForEach @(
        @{ What = 'a name twice'; Arguments = 'there'; Id = 'ContainerNetworkExists' }
        @{ What = 'a name that is a path'; Arguments = '../x'; Id = 'ContainerNetworkNameInvalid' }
        @{ What = 'an unknown driver'; Arguments = 'x -Driver overlay'; Id = 'ContainerNetworkDriverUnknown' }
        @{ What = 'what is no subnet'; Arguments = 'x -Subnet 10.0.0.0'; Id = 'ContainerSubnetInvalid' }
        @{ What = 'a subnet with bits of a host'; Arguments = 'x -Subnet 10.0.0.5/24'; Id = 'ContainerSubnetInvalid' }
        @{ What = 'a subnet without room'; Arguments = 'x -Subnet 10.0.0.0/31'; Id = 'ContainerSubnetInvalid' }
        @{ What = 'a subnet of many receivers'; Arguments = 'x -Subnet 224.0.0.0/24'; Id = 'ContainerSubnetInvalid' }
        @{ What = 'two subnets of one family'; Arguments = 'x -Subnet 10.0.0.0/24, 10.0.1.0/24'; Id = 'ContainerSubnetInvalid' }
        @{ What = 'the subnet of another network'; Arguments = 'x -Subnet 10.1.0.0/16'; Id = 'ContainerSubnetOverlap' }
        @{ What = 'the subnet of a route'; Arguments = 'x -Subnet 198.51.100.128/25'; Id = 'ContainerSubnetOverlap' }
        @{ What = 'a gateway outside'; Arguments = 'x -Subnet 10.0.0.0/24 -Gateway 10.0.1.1'; Id = 'ContainerGatewayInvalid' }
        @{ What = 'a gateway that is everybody''s address'; Arguments = 'x -Subnet 10.0.0.0/24 -Gateway 10.0.0.255'; Id = 'ContainerGatewayInvalid' }
        @{ What = 'a gateway without a subnet'; Arguments = 'x -Gateway 10.0.0.1'; Id = 'ContainerGatewayInvalid' }
        @{ What = 'a range outside'; Arguments = 'x -Subnet 10.0.0.0/24 -IPRange 10.0.1.0/25'; Id = 'ContainerRangeInvalid' }
        @{ What = 'an MTU too small for IPv6'; Arguments = 'x -IPv6 -Mtu 1000'; Id = 'ContainerMtuInvalid' }
    ) {
        $lines = Invoke-Lab @"
            `$null = New-ContainerNetwork there -Internal -Subnet 10.1.5.0/24
            ip link add r0 type veth peer name r1
            ip link set r0 up
            ip link set r1 up
            ip route add 198.51.100.0/24 dev r0
            Write-Refusal { New-ContainerNetwork $Arguments }
            Write-Line (Get-ContainerNetwork).Name (Get-IsolationLink)
"@
        $lines[0] | Should -Match "^$Id,Isolation.Commands.NewContainerNetworkCommand "
        $lines[1] | Should -Be 'there iso-there'
    }

    It 'leaves nothing behind where nft is missing, and says which package has it' {
        $lines = Invoke-Lab @'
            foreach ($path in '/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft') { if (Test-Path $path) { mount --bind /dev/null $path } }
            Write-Refusal { New-ContainerNetwork lan }
            Write-Line @(Get-IsolationLink).Count (Test-Path /run/isolation) (Get-Content /proc/sys/net/ipv4/ip_forward)
'@
        $lines[0] | Should -Match '^NftMissing,.* ResourceUnavailable .*apt-get install nftables'
        $lines[1] | Should -Be '0 False 0'
    }

    It 'makes nothing with -WhatIf' {
        $lines = Invoke-Lab @'
            New-ContainerNetwork lan -WhatIf
            Write-Line 'seen:' @(Get-ContainerNetwork).Count @(Get-IsolationLink).Count (Test-Path /run/isolation)
'@
        $lines[-1] | Should -Be 'seen: 0 0 False'
    }

    It 'switches no forwarding on for an internal network' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork closed -Internal -IPv6 -WarningVariable warned
            Write-Line $warned.Count (Get-Content /proc/sys/net/ipv4/ip_forward) (Get-Content /proc/sys/net/ipv6/conf/all/forwarding)
'@
        $lines | Should -Be '0 0 0'
    }
}

Describe 'Get-ContainerNetwork' -Tag Root {
    It 'finds by name and wildcard, in a table, completes names, and says what there is not' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan-1, lan-2, wan
            Write-Line (Get-ContainerNetwork).Name
            Write-Line (Get-ContainerNetwork lan*).Name
            Write-Line ('wan', 'lan-1' | Get-ContainerNetwork).Name
            Write-Refusal { Get-ContainerNetwork nope }
            Write-Line ((Get-ContainerNetwork wan | Out-String).Trim() -split "`n")[0].Trim()
            $line = 'Remove-ContainerNetwork l'
            Write-Line ([System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText)
'@
        $lines[0..2] | Should -Be 'lan-1 lan-2 wan', 'lan-1 lan-2', 'wan lan-1'
        $lines[3] | Should -Match '^ContainerNetworkNotFound,Isolation.Commands.GetContainerNetworkCommand ObjectNotFound '
        $lines[4] | Should -Match '^Name +Driver State +Subnet +Internal Members$'
        $lines[5] | Should -Be 'lan-1 lan-2'
    }

    It 'says that a network is broken whose bridge is gone, which can be removed' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan
            $null = New-Namespace set -Type Net
            ip link delete iso-lan
            Write-Line (Get-ContainerNetwork lan).State
            Write-Refusal { Connect-ContainerNetwork lan set }
            Remove-ContainerNetwork lan
            Write-Line @(Get-ContainerNetwork).Count
'@
        $lines[0] | Should -Be 'Broken'
        $lines[1] | Should -Match '^ContainerNetworkBroken,'
        $lines[2] | Should -Be '0'
    }
}

Describe 'Remove-ContainerNetwork' -Tag Root {
    It 'removes bridge and rules, the table with the last network, and no rule of others' {
        $lines = Invoke-Lab @'
            nft 'add table inet other; add chain inet other forward { type filter hook forward priority 5; policy accept; }; add rule inet other forward ip saddr 192.0.2.1 counter accept'
            $other = nft list table inet other | Out-String
            $null = New-ContainerNetwork one, two
            Remove-ContainerNetwork one
            Write-Line (Get-RuleSet bridges) (Get-IsolationLink)
            Get-ContainerNetwork | Remove-ContainerNetwork
            Write-Line ((nft -j list tables | ConvertFrom-Json).nftables.table.name) @(Get-IsolationLink).Count
            Write-Line ((nft list table inet other | Out-String) -eq $other) (Test-Path /run/isolation)
'@
        $lines | Should -Be 'iso-two iso-two', 'other 0', 'True False'
    }

    It 'refuses one that sets are connected to, and disconnects them with -Force' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan
            $null = New-Namespace a, b -Type Net | Connect-ContainerNetwork lan
            Write-Refusal { Remove-ContainerNetwork lan }
            Remove-ContainerNetwork lan -Force -WhatIf
            Write-Line (Get-ContainerNetwork lan).Members.Count
            Remove-ContainerNetwork lan -Force
            Write-Line @(Get-ContainerNetwork).Count @(Get-IsolationLink).Count (ip -n a -j link show | ConvertFrom-Json).ifname
            Write-Refusal { Remove-ContainerNetwork lan }
            Remove-ContainerNetwork l*
'@
        $lines[0] | Should -Match '^ContainerNetworkInUse,Isolation.Commands.RemoveContainerNetworkCommand ResourceBusy .*a, b are connected'
        $lines | Should -Contain '2'
        $lines[-2] | Should -Be '0 0 lo'
        $lines[-1] | Should -Match '^ContainerNetworkNotFound,'
    }

    It 'removes with -Force what is left where the record is damaged' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork lan
            Set-Content /run/isolation/networks/lan/network.json '{"schema":1,"name":"lan"'
            Write-Refusal { Get-ContainerNetwork lan }
            Write-Refusal { Remove-ContainerNetwork lan }
            Remove-ContainerNetwork lan -Force
            Write-Line @(Get-ContainerNetwork).Count @(Get-IsolationLink).Count (Test-Path /run/isolation)
'@
        $lines[0] | Should -Match '^ContainerNetworkRecordDamaged,.* InvalidData '
        $lines[1] | Should -Match '^ContainerNetworkRecordDamaged,'
        $lines[2] | Should -Be '0 0 False'
    }
}

Describe 'Container networks for an ordinary user' -Tag User {
    It 'are refused with what they take' {
        foreach ($try in { New-ContainerNetwork lan }, { Remove-ContainerNetwork lan }, { Connect-ContainerNetwork lan web }, { Disconnect-ContainerNetwork lan web }) {
            $refusal = Get-Refusal $try
            $refusal.FullyQualifiedErrorId | Should -Match '^ContainerNetworkRootRequired,'
            $refusal.CategoryInfo.Category | Should -Be PermissionDenied
        }
        Get-ContainerNetwork | Should -BeNullOrEmpty
    }
}
