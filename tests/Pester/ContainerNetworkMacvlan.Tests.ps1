# Container networks of the driver macvlan, proven by what goes between members and a host beside this one. Each test has a host of its own: a network namespace.

BeforeDiscovery {
    $script:Kills = if ($env:ISOLATION_SOAK) { 30 } else { 3 }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/ContainerNetworkHelpers.ps1
    $script:Before = Get-HostNetwork
}

AfterAll {
    Get-HostNetwork | Should -Be $Before
}

Describe 'Container networks of the driver macvlan' -Tag Root {
    It 'put members on the network of the parent, with addresses, names and a way out that is another host' {
        $lines = Invoke-Lab @'
            New-Outside
            $network = New-ContainerNetwork lan -Driver macvlan -Parent up0 -Subnet 203.0.113.0/24, 2001:db8:203::/64 -Gateway 203.0.113.9 -IPRange 203.0.113.64/26, 2001:db8:203::100/120
            Write-Line $network.Driver $network.State $network.Parent $network.Mode $network.Mtu ($null -eq $network.Bridge) $network.Gateway
            $members = New-Namespace a, b -Type Net, Mount | Connect-ContainerNetwork lan
            Write-Line $members[0].IPAddress $members[1].IPAddress ($null -eq $members[0].HostLink)
            foreach ($address in $members[1].IPAddress) { Write-Line (Wait-Ping $address a) (Wait-Ping $address outside) }
            Write-Line (Wait-Ping 203.0.113.9 b) (Wait-Ping 2001:db8:203::9 b)
            $server = Start-NamespaceProcess b busybox -ArgumentList nc, -l, -p, 7000, -e, echo, 'hello from b'
            Wait-Until { (ip netns exec b ss -Hltn) -match ':7000' } -For 'the server' -Seconds 30
            Write-Line (Enter-Namespace outside busybox nc $members[1].IPAddress[0] 7000)
            Write-Line ((Enter-Namespace a getent ahostsv4 b) -replace ' .*' | Select-Object -First 1)
            $inside = ip -n b -j -d link show eth0 | ConvertFrom-Json
            Write-Line $inside.linkinfo.info_kind $inside.linkinfo.info_data.mode $inside.mtu ($inside.address -eq $members[1].MacAddress) ($inside.address -ne (ip -j link show up0 | ConvertFrom-Json).address)
            $routes = ip -n b -j route show default | ConvertFrom-Json
            Write-Line $routes.gateway $routes.dev @(ip -n b -6 -j route show default | ConvertFrom-Json).Count
            # No rule, no forwarding, and what the host itself sends does not come back to it.
            Write-Line @(nft list tables).Count (Get-Content /proc/sys/net/ipv4/ip_forward) (Test-Ping $members[0].IPAddress[0])
'@
        $lines[0] | Should -Be 'macvlan Ready up0 bridge 1500 True 203.0.113.9'
        $lines[1] | Should -Be '203.0.113.64 2001:db8:203::100 203.0.113.65 2001:db8:203::101 True'
        $lines[2..4] | Should -Be 'answered answered', 'answered answered', 'answered answered'
        $lines[5..7] | Should -Be 'hello from b', '203.0.113.65', 'macvlan bridge 1500 True True'
        $lines[8..9] | Should -Be '203.0.113.9 eth0 0', '0 0 False'
    }

    It 'keep members from one another in the mode private, and give one all of the parent in passthru' {
        $lines = Invoke-Lab @'
            New-Outside
            $null = New-ContainerNetwork apart -Driver MACVLAN -Parent up0 -Subnet 203.0.113.0/24 -IPRange 203.0.113.64/26 -Option @{ Mode = 'Private' }
            $members = New-Namespace a, b -Type Net | Connect-ContainerNetwork apart
            Write-Line (Get-ContainerNetwork apart).Driver (Get-ContainerNetwork apart).Mode (Wait-Ping 203.0.113.9 a) (Wait-Ping 203.0.113.9 b) (Test-Ping 203.0.113.65 a)
            Write-Refusal { New-ContainerNetwork whole -Driver macvlan -Parent up0 -Option @{ mode = 'passthru' } }
            Remove-ContainerNetwork apart -Force
            $null = New-ContainerNetwork whole -Driver macvlan -Parent up0 -Subnet 203.0.113.0/24 -IPRange 203.0.113.64/26 -Option @{ mode = 'passthru' }
            Write-Refusal { Connect-ContainerNetwork whole a -MacAddress 02:00:00:00:00:07 }
            $member = Connect-ContainerNetwork whole a
            Write-Line ($member.MacAddress -eq (ip -j link show up0 | ConvertFrom-Json).address) (Wait-Ping 203.0.113.9 a)
            Write-Refusal { Connect-ContainerNetwork whole b }
'@
        $lines[0] | Should -Be 'macvlan private answered answered False'
        $lines[1] | Should -Match '^ContainerParentInUse,.* ResourceBusy .*network ''apart'''
        $lines[2] | Should -Match '^ContainerMacAddressFixed,.* InvalidArgument .*passthru'
        $lines[3] | Should -Be 'True answered'
        $lines[4] | Should -Match '^ContainerNetworkFull,.* LimitsExceeded .*set ''a'' has it'
    }

    It 'take no more than the MTU of the parent, which don''t-fragment pings of that size show' {
        $lines = Invoke-Lab @'
            New-Outside
            ip link set up0 mtu 1400
            ip -n outside link set up0 mtu 1400
            Write-Refusal { New-ContainerNetwork lan -Driver macvlan -Parent up0 -Mtu 1401 }
            Write-Line (New-ContainerNetwork less -Driver macvlan -Parent up0 -Subnet 203.0.113.0/24 -IPRange 203.0.113.64/26 -Mtu 1300).Mtu
            Write-Line (New-ContainerNetwork lan -Driver macvlan -Parent up0 -IPv6).Mtu
            $null = New-Namespace a, b -Type Net | Connect-ContainerNetwork less
            $null = Connect-ContainerNetwork lan b
            Write-Line (ip -n b -j link show | ConvertFrom-Json | Where-Object ifname -Like eth*).mtu (Wait-Ping 203.0.113.9 a)
            foreach ($size in 1272, 1273) {
                $null = Enter-Namespace a sh -ArgumentList '-c', "ping -c 1 -W 2 -M do -s $size 203.0.113.9 2>&1"
                Write-Line $size ($LASTEXITCODE -eq 0)
            }
'@
        $lines[0] | Should -Match '^ContainerMtuInvalid,.* InvalidArgument .*up0 has 1400'
        $lines[1..5] | Should -Be '1300', '1400', '1300 1400 answered', '1272 True', '1273 False'
    }

    It 'give nobody an address of this host or of the gateway' {
        $lines = Invoke-Lab @'
            New-Outside
            $null = New-ContainerNetwork lan -Driver macvlan -Parent up0 -Subnet 203.0.113.0/24 -Gateway 203.0.113.2
            $null = New-Namespace a -Type Net
            Write-Refusal { Connect-ContainerNetwork lan a -Address 203.0.113.1 }
            Write-Refusal { Connect-ContainerNetwork lan a -Address 203.0.113.2 }
            Write-Line (Connect-ContainerNetwork lan a).IPAddress
'@
        $lines[0] | Should -Match '^ContainerAddressTaken,.*this host, at up0, has it'
        $lines[1] | Should -Match '^ContainerAddressTaken,.*gateway'
        $lines[2] | Should -Be '203.0.113.3'
    }

    It 'take the links from sets that are disconnected, removed or joined by another, and from those of a removed network' {
        $lines = Invoke-Lab @'
            New-Outside
            $null = New-ContainerNetwork lan -Driver macvlan -Parent up0 -Subnet 203.0.113.0/24 -IPRange 203.0.113.64/26
            $null = New-Namespace a, b, c, d -Type Net | Connect-ContainerNetwork lan
            $null = New-Namespace e -Type Uts -Join c
            # Its owner may call it otherwise.
            ip -n a link set eth0 down
            ip -n a link set eth0 name mine
            Disconnect-ContainerNetwork lan a
            Write-Line (ip -n a -j link show | ConvertFrom-Json).ifname (Connect-ContainerNetwork lan a).IPAddress
            Remove-Namespace b, c
            Write-Line (Get-ContainerNetwork lan).Members.Namespace @(Enter-Namespace e ip -br link).Count
            Remove-ContainerNetwork lan -Force
            Write-Line (ip -n a -j link show | ConvertFrom-Json).ifname (ip -n d -j link show | ConvertFrom-Json).ifname (Test-Path /run/isolation/networks/lan)
'@
        $lines | Should -Be 'lo 203.0.113.64', 'd a 1', 'lo lo False'
    }

    It 'are broken while the parent is down and when it is gone, and say so' {
        $lines = Invoke-Lab @'
            New-Outside
            $null = New-ContainerNetwork lan -Driver macvlan -Parent up0 -Subnet 203.0.113.0/24 -IPRange 203.0.113.64/26
            $null = New-Namespace a, b -Type Net
            $null = Connect-ContainerNetwork lan a
            ip link set up0 down
            Write-Line (Get-ContainerNetwork lan).State
            Write-Refusal { Connect-ContainerNetwork lan b }
            ip link set up0 up
            Write-Line (Get-ContainerNetwork lan).State (Connect-ContainerNetwork lan b).Namespace (Wait-Ping 203.0.113.9 b)
            ip link delete up0
            Write-Line (Get-ContainerNetwork lan).State
            Disconnect-ContainerNetwork lan b
            Write-Refusal { Connect-ContainerNetwork lan b }
            ip link add up0 type veth peer name up1
            ip link set up0 up
            Write-Line (Get-ContainerNetwork lan).State
            Write-Refusal { Connect-ContainerNetwork lan b }
            Remove-ContainerNetwork lan -Force
            Write-Line @(Get-ContainerNetwork).Count
'@
        $lines[0] | Should -Be 'Broken'
        $lines[1] | Should -Match '^ContainerNetworkBroken,.* ResourceUnavailable .*parent up0 is down\. .*Set-NetworkLink up0 -Up'
        $lines[2] | Should -Be 'Ready b answered'
        $lines[3] | Should -Be 'Broken'
        $lines[4] | Should -Match '^ContainerNetworkBroken,.*parent up0 is gone'
        $lines[5] | Should -Be 'Broken'
        $lines[6] | Should -Match '^ContainerNetworkBroken,.*is another one'
        $lines[7] | Should -Be '0'
    }

    It 'are refused with <Id> for <What>, and nothing is left' -ForEach @(
        @{ What = 'no parent'; Arguments = '-Driver macvlan'; Id = 'ContainerNetworkOptionInvalid' }
        @{ What = 'a parent that there is not'; Arguments = '-Driver macvlan -Parent nope'; Id = 'LinkNotFound' }
        @{ What = 'a parent that is down'; Arguments = '-Driver macvlan -Parent off0'; Id = 'ContainerParentDown' }
        @{ What = 'a parent that is a port'; Arguments = '-Driver macvlan -Parent port0'; Id = 'ContainerParentUnfit' }
        @{ What = 'a parent that is no Ethernet'; Arguments = '-Driver macvlan -Parent lo'; Id = 'ContainerParentUnfit' }
        @{ What = 'an option that it has not'; Arguments = '-Driver macvlan -Parent r0 -Option @{ macvlan_mode = "bridge" }'; Id = 'ContainerNetworkOptionUnknown'; Says = 'macvlan_mode.*It has: mode\.' }
        @{ What = 'a mode of another driver'; Arguments = '-Driver macvlan -Parent r0 -Option @{ mode = "l2" }'; Id = 'ContainerNetworkOptionInvalid'; Says = 'bridge, private, vepa, passthru' }
        @{ What = 'an internal one'; Arguments = '-Driver macvlan -Parent r0 -Internal'; Id = 'ContainerNetworkOptionInvalid' }
        @{ What = 'the subnet of another link''s route'; Arguments = '-Driver macvlan -Parent r0 -Subnet 198.51.100.0/24'; Id = 'ContainerSubnetOverlap' }
        @{ What = 'a bridge with a parent'; Arguments = '-Parent r0'; Id = 'ContainerNetworkOptionInvalid' }
        @{ What = 'a bridge with a mode'; Arguments = '-Option @{ mode = "l2" }'; Id = 'ContainerNetworkOptionUnknown'; Says = 'leave -Option out' }
        @{ What = 'a driver that there is not'; Arguments = '-Driver overlay'; Id = 'ContainerNetworkDriverUnknown'; Says = 'bridge, macvlan, ipvlan' }
    ) {
        $lines = Invoke-Lab @"
            foreach (`$pair in 'r', 'off', 'port', 'other') { ip link add `${pair}0 type veth peer name `${pair}1; ip link set `${pair}0 up; ip link set `${pair}1 up }
            ip link set off0 down
            ip link add name br5 type bridge
            ip link set port0 master br5
            ip route add 198.51.100.0/24 dev other0
            Write-Refusal { New-ContainerNetwork x $Arguments }
            Write-Line @(Get-ContainerNetwork).Count @(Get-IsolationLink).Count (Test-Path /run/isolation)
"@
        $lines[0] | Should -Match "^$Id,Isolation.Commands.NewContainerNetworkCommand "
        if ($Says) { $lines[0] | Should -Match $Says }
        $lines[1] | Should -Be '0 0 False'
    }

    It 'do nothing with -WhatIf, complete drivers and parents, and show themselves in a list' {
        $lines = Invoke-Lab @'
            New-Outside
            New-ContainerNetwork lan -Driver macvlan -Parent up0 -WhatIf
            Write-Line 'seen:' @(Get-ContainerNetwork).Count
            foreach ($line in 'New-ContainerNetwork lan -Driver ', 'New-ContainerNetwork lan -Driver macvlan -Parent up') {
                Write-Line ([System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText)
            }
            Write-Line (((New-ContainerNetwork lan -Driver macvlan -Parent up0 | Format-List | Out-String) -split "`n") -match '^(Bridge|Parent|Mode|Mtu|HostLink) ' -replace ' +', ' ')
'@
        $lines | Should -Contain 'seen: 0'
        $lines[-3] | Should -Match '^bridge macvlan ipvlan'
        $lines[-2] | Should -Be 'up0'
        $lines[-1].Trim() | Should -Be 'Mtu : 1500 Parent : up0 Mode : bridge'
    }

    It 'leave nothing half done where <_> processes were killed' -ForEach $Kills {
        $lines = Invoke-Lab -Seconds 900 @"
            New-Outside
            `$null = New-ContainerNetwork lan -Driver macvlan -Parent up0 -Subnet 203.0.113.0/24 -IPRange 203.0.113.64/26
            `$null = New-Namespace a, b -Type Net
            foreach (`$round in 1..$_) {
                `$child = Start-ChildHost '
                    Write-Line ready
                    while (`$true) {
                        `$null = Connect-ContainerNetwork lan a, b
                        Disconnect-ContainerNetwork lan a, b
                        `$null = New-ContainerNetwork other -Driver macvlan -Parent up0
                        Remove-ContainerNetwork other
                    }
                '
                `$null = Read-ChildLine `$child
                [System.Threading.Thread]::Sleep((Get-Random -Minimum 1 -Maximum 400))
                Stop-ChildHost `$child -Kill
                `$members = @((Get-ContainerNetwork lan).Members)
                `$links = foreach (`$set in 'a', 'b') { if ((ip -n `$set -j link show | ConvertFrom-Json).ifname -contains 'eth0') { `$set } }
                Write-Line ((`$members.Namespace | Sort-Object) -join ',') '=' (`$links -join ',') (@(Get-ContainerNetwork other -ErrorAction Ignore).State -join '') @(Get-IsolationLink).Count
                `$members | ForEach-Object { Disconnect-ContainerNetwork lan `$_.Namespace }
                Get-ContainerNetwork other -ErrorAction Ignore | Remove-ContainerNetwork
            }
            Write-Line (Connect-ContainerNetwork lan a).IPAddress (Wait-Ping 203.0.113.9 a)
"@
        foreach ($line in $lines[0..($_ - 1)]) {
            $line | Should -Match '^(?<sets>[ab,]*) ?= ?\k<sets> (Ready )? ?0$'
        }

        $lines[-1] | Should -Be '203.0.113.64 answered'
    }
}
