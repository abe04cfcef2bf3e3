# Container networks of the driver ipvlan, proven by what goes between members and a host beside this one. Each test has a host of its own: a network namespace.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/ContainerNetworkHelpers.ps1
    $script:Before = Get-HostNetwork
}

AfterAll {
    Get-HostNetwork | Should -Be $Before
}

Describe 'Container networks of the driver ipvlan' -Tag Root {
    It 'are made where the kernel has ipvlan, and refused by name where it has not' {
        $lines = Invoke-Lab @'
            ip link add r0 type veth peer name r1
            ip link set r0 up
            ip link add link r0 name test0 type ipvlan 2>$null
            if ($LASTEXITCODE -eq 0) { ip link delete test0; (New-ContainerNetwork lan -Driver ipvlan -Parent r0).State | ForEach-Object { Write-Line $_ } }
            else { Write-Refusal { New-ContainerNetwork lan -Driver ipvlan -Parent r0 } }
            Get-ContainerNetwork | Remove-ContainerNetwork
            Write-Line @(Get-ContainerNetwork).Count @(Get-IsolationLink).Count (Test-Path /run/isolation)
'@
        $lines[0] | Should -Match '^Ready$|^LinkKindUnsupported,Isolation.Commands.NewContainerNetworkCommand NotImplemented .*no links of the kind ipvlan.*modprobe ipvlan'
        $lines[1] | Should -Be '0 0 False'
    }

    It 'are refused with ContainerNetworkOptionInvalid for <What>' -ForEach @(
        @{ What = 'a mode of another driver'; Arguments = '-Option @{ mode = "vepa" }'; Says = 'l2, l3, l3s' }
        @{ What = 'a gateway in l3'; Arguments = '-Option @{ mode = "l3" } -Subnet 10.9.0.0/24 -Gateway 10.9.0.1'; Says = 'by the link and not by another host' }
        @{ What = 'an internal one'; Arguments = '-Internal'; Says = 'dummy' }
    ) {
        $lines = @(Invoke-Lab "Write-Refusal { New-ContainerNetwork x -Driver ipvlan -Parent lo $Arguments }")
        $lines[0] | Should -Match "^ContainerNetworkOptionInvalid,.* InvalidArgument .*$Says"
    }
}

Describe 'Container networks of the driver ipvlan on a kernel that has it' -Tag Root, Guest {
    It 'put members on the network of the parent under its hardware address' {
        $lines = Invoke-Lab @'
            New-Outside
            $network = New-ContainerNetwork lan -Driver ipvlan -Parent up0 -Subnet 203.0.113.0/24, 2001:db8:203::/64 -Gateway 203.0.113.9 -IPRange 203.0.113.64/26, 2001:db8:203::100/120
            Write-Line $network.Driver $network.State $network.Parent $network.Mode $network.Gateway
            $null = New-Namespace a, b -Type Net, Mount
            Write-Refusal { Connect-ContainerNetwork lan a -MacAddress 02:00:00:00:00:07 }
            $members = 'a', 'b' | Connect-ContainerNetwork lan
            foreach ($address in $members[1].IPAddress) { Write-Line (Wait-Ping $address a) (Wait-Ping $address outside) }
            $server = Start-NamespaceProcess b busybox -ArgumentList nc, -l, -p, 7000, -e, echo, 'hello from b'
            Wait-Until { (ip netns exec b ss -Hltn) -match ':7000' } -For 'the server' -Seconds 30
            Write-Line (Enter-Namespace outside busybox nc $members[1].IPAddress[0] 7000)
            Write-Line ((Enter-Namespace a getent ahostsv4 b) -replace ' .*' | Select-Object -First 1)
            $inside = ip -n b -j -d link show eth0 | ConvertFrom-Json
            Write-Line $inside.linkinfo.info_kind $inside.linkinfo.info_data.mode ($inside.address -eq $members[0].MacAddress) ($inside.address -eq (ip -j link show up0 | ConvertFrom-Json).address)
            Write-Line (ip -n b -j route show default | ConvertFrom-Json).gateway
            Disconnect-ContainerNetwork lan a
            Write-Line (ip -n a -j link show | ConvertFrom-Json).ifname (Wait-Ping 203.0.113.9 b)
'@
        $lines[0] | Should -Be 'ipvlan Ready up0 l2 203.0.113.9'
        $lines[1] | Should -Match '^ContainerMacAddressFixed,Isolation.Commands.ConnectContainerNetworkCommand InvalidArgument .*ipvlan have that of its parent up0'
        $lines[2..5] | Should -Be 'answered answered', 'answered answered', 'hello from b', '203.0.113.65'
        $lines[6..8] | Should -Be 'ipvlan l2 True True', '203.0.113.9', 'lo answered'
    }

    It 'are behind the parent in <_>, with a default route by the link' -ForEach 'l3', 'l3s' {
        $lines = Invoke-Lab @"
            New-Outside
            Write-Refusal { New-ContainerNetwork lan -Driver ipvlan -Parent up0 -Subnet 203.0.113.0/24 -Option @{ mode = '$_' } }
            Write-Line (New-ContainerNetwork lan -Driver ipvlan -Parent up0 -Subnet 10.9.0.0/24, fd00:9::/64 -Option @{ mode = '$_' }).Mode
            `$members = New-Namespace a, b -Type Net | Connect-ContainerNetwork lan
            ip -n outside route add 10.9.0.0/24 via 203.0.113.1
            ip -n outside -6 route add fd00:9::/64 via 2001:db8:203::1
            Write-Line (Wait-Ping `$members[1].IPAddress[0] a) (Wait-Ping `$members[1].IPAddress[1] a)
            Write-Line (Wait-Ping `$members[1].IPAddress[0] outside) (Wait-Ping 203.0.113.9 a)
            `$route = ip -n a -j route show default | ConvertFrom-Json
            Write-Line `$route.dev (`$null -eq `$route.gateway) (ip -n a -6 -j route show default | ConvertFrom-Json).dev (ip -n a -j -d link show eth0 | ConvertFrom-Json).linkinfo.info_data.mode
"@
        $lines[0] | Should -Match '^ContainerSubnetOverlap,.*up0'
        $lines[1..4] | Should -Be $_, 'answered answered', 'answered answered', "eth0 True eth0 $_"
    }

    It 'share a parent with the same mode alone, whoever made it' {
        $lines = Invoke-Lab @'
            New-Outside
            $null = New-ContainerNetwork one -Driver ipvlan -Parent up0 -Subnet 10.1.0.0/24
            $null = New-ContainerNetwork two -Driver ipvlan -Parent up0 -Subnet 10.2.0.0/24
            Write-Refusal { New-ContainerNetwork x -Driver ipvlan -Parent up0 -Option @{ mode = 'l3' } }
            Write-Refusal { New-ContainerNetwork x -Driver macvlan -Parent up0 }
            Remove-ContainerNetwork one, two
            ip link add link up0 name by-hand type ipvlan mode l3
            Write-Refusal { New-ContainerNetwork x -Driver ipvlan -Parent up0 }
            Write-Refusal { New-ContainerNetwork x -Driver macvlan -Parent up0 }
            Write-Line (ip -j -d link show by-hand | ConvertFrom-Json).linkinfo.info_data.mode @(Get-ContainerNetwork).Count @(Get-IsolationLink).Count
'@
        $lines[0] | Should -Match '^ContainerParentInUse,.* ResourceBusy .*network ''one'' is on it, of the driver ipvlan in the mode l2'
        $lines[1] | Should -Match '^ContainerParentInUse,'
        $lines[2] | Should -Match '^ContainerParentInUse,.*the link by-hand is on it in the mode l3'
        $lines[3] | Should -Match '^ContainerParentUnfit,'
        $lines[4] | Should -Be 'l3 0 0'
    }
}

Describe 'Container networks of the driver macvlan on a link that leads nowhere' -Tag Root, Guest {
    It 'carry what members send to one another, and nothing else' {
        $lines = Invoke-Lab @'
            ip link add name nowhere type dummy
            ip link set nowhere up
            $null = New-ContainerNetwork lan -Driver macvlan -Parent nowhere -IPv6
            $members = New-Namespace a, b -Type Net | Connect-ContainerNetwork lan
            foreach ($address in $members[1].IPAddress) { Write-Line (Wait-Ping $address a) (Test-Ping $address) }
'@
        $lines | Should -Be 'answered False', 'answered False'
    }
}
