# Container networks across hosts, proven by what goes between them. Each test has hosts of its own: network namespaces, with folders of their own in /run, on one bridge.

BeforeDiscovery {
    $script:Kills = if ($env:ISOLATION_SOAK) { 30 } else { 3 }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/ContainerNetworkHelpers.ps1
    $script:Before = Get-HostNetwork

    # Hosts at the bridge wire, as 192.0.2.NUMBER and 2001:db8:2::NUMBER, each kept by a process that ends by itself should nobody end it.
    $script:WireHead = "
        . '$PSScriptRoot/ContainerNetworkHelpers.ps1'
        `$keepers = @{}
        function New-WireHost {
            param([int[]] `$Number)
            ip link add name wire type bridge
            ip address add 192.0.2.254/24 dev wire
            ip link set wire up
            foreach (`$one in `$Number) {
                `$keeper = [System.Diagnostics.Process]::Start('unshare', [string[]]('--net', '--mount', 'sh', '-c', 'mount -t tmpfs none /run && mkdir /run/netns && exec sleep 900 > /dev/null 2>&1'))
                `$keepers[`$one] = `$keeper
                Wait-Until { [System.IO.File]::ReadAllText(`"/proc/`$(`$keeper.Id)/comm`").Trim() -eq 'sleep' } -For 'the host' -Seconds 30
                ip link add name w`$one type veth peer name up0 netns `$keeper.Id
                ip link set w`$one master wire up
                foreach (`$words in 'link set lo up', `"address add 192.0.2.`$one/24 dev up0`", `"address add 2001:db8:2::`$one/64 dev up0 nodad`", 'link set up0 up', 'route add default via 192.0.2.254') {
                    nsenter -t `$keeper.Id -n ip @(`$words -split ' ')
                }
            }
        }
        function Invoke-WireHost {
            # Runs a script on one of them, and gives the lines that it wrote.
            param([int] `$Number, [string] `$Script)
            Invoke-ChildHost `"`$LabHead``n`$Script`" -Prefix nsenter, '-t', `$keepers[`$Number].Id, '-n', '-m'
        }
        function Remove-WireHost {
            foreach (`$keeper in `$keepers.Values) { `$keeper.Kill(); `$keeper.WaitForExit() }
        }
    "

    function Invoke-Wire {
        # Runs a script with such hosts and gives the lines that it wrote.
        param([int[]] $Number, [string] $Script)
        Invoke-Lab -Seconds 600 "$WireHead`ntry {`nNew-WireHost $($Number -join ', ')`n$Script`n} finally { Remove-WireHost }"
    }
}

AfterAll {
    Get-HostNetwork | Should -Be $Before
}

Describe 'Container networks of the driver vxlan' -Tag Root {
    It 'join members on three hosts, of which one is cut off and comes back' {
        $lines = Invoke-Wire 1, 2, 3 @'
            foreach ($number in 1..3) {
                $share = ($number - 1) * 64
                $peers = 1..3 -ne $number -replace '^', '192.0.2.' -join ', '
                Write-Line (Invoke-WireHost $number "
                    `$network = New-ContainerNetwork lan -Driver vxlan -Subnet 10.9.0.0/24 -IPRange 10.9.0.$share/26 -Parent up0 -Peer $peers -Option @{ vni = 42 }
                    Write-Line `$network.State `$network.Vni `$network.Port `$network.Local `$network.Peer `$network.Mtu `$network.Gateway `$network.Parent
                    Write-Line (New-Namespace s$number -Type Net | Connect-ContainerNetwork lan).IPAddress
                ")
            }
            Write-Line (Invoke-WireHost 1 'Write-Line (Wait-Ping 10.9.0.65 s1) (Wait-Ping 10.9.0.129 s1) (Wait-Ping 10.9.0.65) (Wait-Ping 192.0.2.254 s1)')
            # By TCP, where the server says from whom it comes: from the member itself, not from its host.
            $server = [System.Diagnostics.Process]::Start('nsenter', [string[]]('-t', $keepers[1].Id, '-n', '-m', 'ip', 'netns', 'exec', 's1', 'busybox', 'nc', '-l', '-p', '7000', '-e', 'ss', '-Htn', 'sport', '=', ':7000'))
            Wait-Until { (nsenter -t $keepers[1].Id -n -m ip netns exec s1 ss -Hltn) -match ':7000' } -For 'the server' -Seconds 30
            Write-Line (Invoke-WireHost 2 'Write-Line (Enter-Namespace s2 busybox nc 10.9.0.2 7000)')
            # As large as the MTU says, and no larger, unless it is cut in pieces.
            Write-Line (Invoke-WireHost 2 '
                foreach ($size in 1422, 1423) { Write-Line (Enter-Namespace s2 sh "-c" "ping -c 1 -W 3 -M do -s $size 10.9.0.129 > /dev/null 2>&1 && echo $size whole || echo $size lost") }
            ')
            Write-Line (Invoke-WireHost 2 '$peers = Get-ContainerNetworkPeer lan; Write-Line $peers.IPAddress ($peers[0].Station -contains "0a:04:0a:09:00:02") (Get-ContainerNetworkPeer * 192.0.2.3).Network')
            ip link set w3 down
            Write-Line 'cut' (Invoke-WireHost 1 'Write-Line (Test-Ping 10.9.0.129 s1) (Wait-Ping 10.9.0.65 s1)')
            Write-Line 'inside' (Invoke-WireHost 3 'Write-Line (Test-Ping 10.9.0.2 s3) (New-Namespace t3 -Type Net | Connect-ContainerNetwork lan).IPAddress (Wait-Ping 10.9.0.129 t3)')
            ip link set w3 up
            Write-Line 'joined' (Invoke-WireHost 1 'Write-Line (Wait-Ping 10.9.0.129 s1) (Wait-Ping 10.9.0.130 s1) (Wait-Ping 10.9.0.65 s1)')
            foreach ($number in 1..3) { Write-Line (Invoke-WireHost $number 'Remove-Namespace *; Remove-ContainerNetwork lan; Write-Line @(Get-IsolationLink).Count @(nft list tables).Count (Test-Path /run/isolation/networks)') }
'@
        $lines[0..2] | Should -Be @(
            'Ready 42 4789 192.0.2.1 192.0.2.2 192.0.2.3 1450 10.9.0.1 up0 10.9.0.2'
            'Ready 42 4789 192.0.2.2 192.0.2.1 192.0.2.3 1450 10.9.0.64 up0 10.9.0.65'
            'Ready 42 4789 192.0.2.3 192.0.2.1 192.0.2.2 1450 10.9.0.128 up0 10.9.0.129'
        )
        $lines[3] | Should -Be 'answered answered answered answered'
        $lines[4] | Should -Match '10\.9\.0\.2\]?:7000 .*10\.9\.0\.65\]?:'
        $lines[5] | Should -Be '1422 whole 1423 lost'
        $lines[6] | Should -Be '192.0.2.1 192.0.2.3 True lan'
        $lines[7..9] | Should -Be 'cut False answered', 'inside False 10.9.0.130 answered', 'joined answered answered answered'
        $lines[10..12] | Should -Be '0 0 False', '0 0 False', '0 0 False'
    }

    It 'go over IPv6 with IPv6 within, from an address that is given' {
        $lines = Invoke-Wire 1, 2 @'
            foreach ($number in 1, 2) {
                $other = 3 - $number
                Write-Line (Invoke-WireHost $number "
                    `$network = New-ContainerNetwork lan -Driver vxlan -Subnet 10.9.0.0/24, fd00:9::/64 -IPRange 10.9.0.$($number * 16)/28, fd00:9::${number}:0/112 -Local 2001:db8:2::$number -Peer 2001:db8:2::$other -Option @{ VNI = '7'; Port = 4790 } -Mtu 1400
                    Write-Line `$network.Mtu `$network.Port `$network.Parent `$network.Gateway
                    Write-Line (New-Namespace s -Type Net | Connect-ContainerNetwork lan).IPAddress
                ")
            }
            Write-Line (Invoke-WireHost 1 'Write-Line (Wait-Ping 10.9.0.33 s) (Wait-Ping fd00:9::2:1 s)')
            Write-Line (Invoke-WireHost 1 'Write-Refusal { New-ContainerNetwork x -Driver vxlan -Subnet 10.8.0.0/24 -IPRange 10.8.0.0/26 -Local 2001:db8:2::1 -Option @{ vni = 8 } -Mtu 1431 }')
'@
        $lines[0] | Should -Be '1400 4790 up0 10.9.0.16 fd00:9::1:0 10.9.0.17 fd00:9::1:1'
        $lines[2] | Should -Be 'answered answered'
        $lines[3] | Should -Match '^ContainerMtuInvalid,.*up0 has 1500, of which the tunnel takes 70\. 1430 is the most'
    }

    It 'reach those alone that are their peers, added and removed, and let nobody else in' {
        $lines = Invoke-Wire 1, 2 @'
            foreach ($number in 1, 2) {
                Write-Line (Invoke-WireHost $number "
                    `$null = New-ContainerNetwork lan -Driver vxlan -Subnet 10.9.0.0/24 -IPRange 10.9.0.$($number * 64)/26 -Parent up0 -Option @{ vni = 42 }
                    `$null = New-Namespace s -Type Net | Connect-ContainerNetwork lan
                    Add-ContainerNetworkPeer lan 192.0.2.9 -WhatIf
                    Write-Line 'peers:' @(Get-ContainerNetworkPeer lan).Count
                ")[-1]
            }
            # Only one of them knows the other: what it sends is not taken.
            Write-Line (Invoke-WireHost 2 '$peer = Add-ContainerNetworkPeer lan 192.0.2.1; Write-Line $peer.GetType().FullName $peer.Network $peer.IPAddress (Test-Ping 10.9.0.65 s)')
            Write-Line 'heard:' (Invoke-WireHost 1 'Write-Line @(bridge -j fdb show | ConvertFrom-Json | Where-Object dst).Count')
            Write-Line (Invoke-WireHost 1 '$null = "192.0.2.2", "192.0.2.9" | Add-ContainerNetworkPeer lan; Write-Line (Wait-Ping 10.9.0.129 s) (Get-ContainerNetwork lan).Peer')
            Write-Line (Invoke-WireHost 1 'Get-ContainerNetworkPeer lan 192.0.2.9 | Remove-ContainerNetworkPeer; Write-Line (Get-ContainerNetworkPeer).IPAddress (Wait-Ping 10.9.0.129 s)')
            Write-Line (Invoke-WireHost 1 'Remove-ContainerNetworkPeer lan 192.0.2.2 -WhatIf; Get-ContainerNetworkPeer l* | Remove-ContainerNetworkPeer; Write-Line (Test-Ping 10.9.0.129 s) @(bridge -j fdb show | ConvertFrom-Json | Where-Object dst).Count')[-1]
            Write-Line (Invoke-WireHost 1 '$null = Add-ContainerNetworkPeer lan 192.0.2.2; Write-Line (Wait-Ping 10.9.0.129 s)')
'@
        $lines[0..1] | Should -Be 'peers: 0', 'peers: 0'
        $lines[2..3] | Should -Be 'Isolation.ContainerNetworkPeer lan 192.0.2.1 False', 'heard: 0'
        $lines[4..7] | Should -Be 'answered 192.0.2.2 192.0.2.9', '192.0.2.2 answered', 'False 0', 'answered'
    }

    It 'have published ports, reached from outside and from a member on another host' {
        $lines = Invoke-Wire 1, 2 @'
            foreach ($number in 1, 2) {
                $null = Invoke-WireHost $number "
                    `$null = New-ContainerNetwork lan -Driver vxlan -Subnet 10.9.0.0/24 -IPRange 10.9.0.$($number * 64)/26 -Parent up0 -Peer 192.0.2.$(3 - $number) -Option @{ vni = 42 }
                    `$null = New-Namespace s -Type Net | Connect-ContainerNetwork lan
                "
            }
            $null = Invoke-WireHost 1 'Publish-ContainerPort s 8080:7000'
            foreach ($client in { busybox nc 192.0.2.1 8080 }, { Invoke-WireHost 2 'Write-Line (Enter-Namespace s busybox nc 192.0.2.1 8080)' }) {
                $server = [System.Diagnostics.Process]::Start('nsenter', [string[]]('-t', $keepers[1].Id, '-n', '-m', 'ip', 'netns', 'exec', 's', 'busybox', 'nc', '-l', '-p', '7000', '-e', 'echo', 'hello from s'))
                Wait-Until { (nsenter -t $keepers[1].Id -n -m ip netns exec s ss -Hltn) -match ':7000' } -For 'the server' -Seconds 30
                Write-Line (& $client)
            }
'@
        $lines | Should -Be 'hello from s', 'hello from s'
    }

    It 'give nothing that another host has given, where shares overlap' {
        $lines = Invoke-Wire 1, 2, 3 @'
            function Add-Share {
                param([int] $Number, [string] $Share)
                $peers = 1..3 -ne $Number -replace '^', '192.0.2.' -join ', '
                $null = Invoke-WireHost $Number "
                    `$null = New-ContainerNetwork lan -Driver vxlan -Subnet 10.9.0.0/24, fd00:9::/64 $Share -Parent up0 -Peer $peers -Option @{ vni = 42 }
                    `$null = New-Namespace s -Type Net
                "
            }
            Add-Share 1 '-IPRange 10.9.0.0/26, fd00:9::/112'
            Add-Share 2 '-IPRange 10.9.0.0/25, fd00:9::/80 -Gateway 10.9.0.100, fd00:9::ff'
            Write-Line (Invoke-WireHost 1 'Write-Line (Connect-ContainerNetwork lan s -MacAddress 02:00:00:00:00:01).IPAddress')
            Write-Line (Invoke-WireHost 2 'Write-Refusal { Connect-ContainerNetwork lan s -Address 10.9.0.2, fd00:9::70 }')
            Write-Line (Invoke-WireHost 2 'Write-Refusal { Connect-ContainerNetwork lan s -Address 10.9.0.70, fd00:9::2 }')
            Write-Line (Invoke-WireHost 2 'Write-Line (Connect-ContainerNetwork lan s -Address 10.9.0.70, fd00:9::70).IPAddress (Wait-Ping 10.9.0.70)')
            # What was free stays so, however often it is taken and given back.
            Write-Line (Invoke-WireHost 2 'Write-Line (1..5 | ForEach-Object { Disconnect-ContainerNetwork lan s; (Connect-ContainerNetwork lan s -Address 10.9.0.70, fd00:9::70).IPAddress[0] } | Select-Object -Unique)')
            # With the same share as another's the gateway is the same.
            Add-Share 3 '-IPRange 10.9.0.0/26, fd00:9::/112'
            $null = Invoke-WireHost 3 'Test-Ping 10.9.0.70'
            Write-Line (Invoke-WireHost 1 '$null = New-Namespace t -Type Net; Write-Refusal { Connect-ContainerNetwork lan t }; Write-Line @((Get-ContainerNetwork lan).Members).Count @(Get-IsolationLink).Count')
'@
        $lines[0] | Should -Be '10.9.0.2 fd00:9::2'
        $lines[1] | Should -Match '^ContainerAddressTaken,Isolation.Commands.ConnectContainerNetworkCommand ResourceExists .*10\.9\.0\.2 .*on the host 192\.0\.2\.1 it is given already, to 02:00:00:00:00:01'
        $lines[2] | Should -Match '^ContainerAddressTaken,.*fd00:9::2 .*on the host 192\.0\.2\.1 '
        $lines[3..4] | Should -Be '10.9.0.70 fd00:9::70 answered', '10.9.0.70'
        $lines[5] | Should -Match '^ContainerShareTaken,.*the host 192\.0\.2\.3 has the same gateway, 10\.9\.0\.1, .* 1 3$'
    }

    It 'are refused with <Id> for <What>' -ForEach @(
        @{ What = 'no VNI'; Arguments = '-Parent up0 -Option @{}'; Id = 'ContainerNetworkOptionInvalid'; Says = 'needs the option vni' }
        @{ What = 'a VNI that is none'; Arguments = '-Parent up0 -Option @{ vni = 16777216 }'; Id = 'ContainerNetworkOptionInvalid'; Says = '1 to 16777215' }
        @{ What = 'an option that it has not'; Arguments = '-Parent up0 -Option @{ vni = 1; group = 5 }'; Id = 'ContainerNetworkOptionUnknown'; Says = 'vni, port' }
        @{ What = 'a VNI that is taken'; Arguments = '-Parent up0 -Option @{ vni = 5 }'; Id = 'ContainerVniTaken'; Says = 'the link by-hand has it.*kernel says: A VXLAN device with the specified VNI already exists' }
        @{ What = 'neither parent nor address'; Arguments = ''; Id = 'ContainerNetworkOptionInvalid'; Says = '-Local' }
        @{ What = 'a parent that there is not'; Arguments = '-Parent nope'; Id = 'LinkNotFound' }
        @{ What = 'a parent without an address'; Arguments = '-Parent bare0'; Id = 'ContainerLocalInvalid'; Says = 'no address' }
        @{ What = 'an address of another host'; Arguments = '-Local 203.0.113.9'; Id = 'ContainerLocalInvalid'; Says = 'no link of this host' }
        @{ What = 'a peer twice'; Arguments = '-Parent up0 -Peer 203.0.113.9, 203.0.113.9'; Id = 'ContainerPeerExists' }
        @{ What = 'this host as a peer'; Arguments = '-Parent up0 -Peer 203.0.113.1'; Id = 'ContainerPeerInvalid'; Says = 'this host''s own, at up0' }
        @{ What = 'a peer of another family'; Arguments = '-Local 203.0.113.1 -Peer 2001:db8:203::9'; Id = 'ContainerPeerInvalid'; Says = 'another family' }
        @{ What = 'a peer that is many'; Arguments = '-Parent up0 -Peer 239.1.1.1'; Id = 'ContainerPeerInvalid'; Says = 'many receivers' }
        @{ What = 'a peer that is each host'; Arguments = '-Parent up0 -Peer 127.0.0.1'; Id = 'ContainerPeerInvalid' }
        @{ What = 'an MTU that does not fit'; Arguments = '-Parent up0 -Mtu 1451'; Id = 'ContainerMtuInvalid'; Says = '1450 is the most' }
        @{ What = 'no share'; Arguments = '-Parent up0'; Range = ''; Id = 'ContainerRangeInvalid'; Says = 'share' }
        @{ What = 'a share of one address'; Arguments = '-Parent up0'; Range = '-IPRange 10.9.0.5/32'; Id = 'ContainerRangeInvalid'; Says = 'no room' }
        @{ What = 'a gateway of another share'; Arguments = '-Parent up0 -Gateway 10.9.0.200'; Id = 'ContainerGatewayInvalid'; Says = 'this host''s share' }
        @{ What = 'a subnet that would be chosen'; Arguments = '-Parent up0'; Subnet = ''; Range = ''; Id = 'ContainerSubnetInvalid'; Says = 'the same on all hosts' }
        @{ What = 'a bridge with a peer'; Arguments = '-Driver bridge -Peer 203.0.113.9'; Id = 'ContainerNetworkOptionInvalid'; Says = '-Peer' }
        @{ What = 'a macvlan with an own address'; Arguments = '-Driver macvlan -Parent up0 -Local 203.0.113.1'; Id = 'ContainerNetworkOptionInvalid'; Says = '-Local' }
    ) {
        $driver = if ($Arguments -match '-Driver') { '' } else { '-Driver vxlan' }
        $option = if ($Arguments -match '-Option|-Driver') { '' } else { '-Option @{ vni = 6 }' }
        $subnet = if ($null -eq $Subnet) { '-Subnet 10.9.0.0/24' } else { $Subnet }
        $range = if ($null -eq $Range) { '-IPRange 10.9.0.0/26' } else { $Range }
        $lines = Invoke-Lab @"
            ip link add up0 type veth peer name up1
            ip address add 203.0.113.1/24 dev up0
            ip link set up0 up
            ip link add bare0 type veth peer name bare1
            ip link add name by-hand type vxlan id 5 dstport 4789 local 203.0.113.1
            Write-Refusal { New-ContainerNetwork x $driver $subnet $range $option $Arguments }
            Write-Line @(Get-ContainerNetwork).Count @(Get-IsolationLink).Count (Test-Path /run/isolation)
"@
        $lines[0] | Should -Match "^$Id,Isolation.Commands.NewContainerNetworkCommand "
        if ($Says) { $lines[0] | Should -Match $Says }
        $lines[1] | Should -Be '0 0 False'
    }

    It 'refuse peers that cannot be, addresses of other shares, and say when their link is gone' {
        $lines = Invoke-Lab @'
            New-Outside
            $null = New-ContainerNetwork lan -Driver vxlan -Subnet 10.9.0.0/24 -IPRange 10.9.0.0/26 -Parent up0 -Peer 203.0.113.9 -Option @{ vni = 42 }
            $null = New-ContainerNetwork plain
            $null = New-Namespace a -Type Net
            Write-Refusal { Add-ContainerNetworkPeer lan 203.0.113.9 }
            Write-Refusal { Add-ContainerNetworkPeer lan 203.0.113.1 }
            Write-Refusal { Add-ContainerNetworkPeer lan 2001:db8:203::9 }
            Write-Refusal { Add-ContainerNetworkPeer plain 203.0.113.9 }
            Write-Refusal { Add-ContainerNetworkPeer nope 203.0.113.9 }
            Write-Refusal { Remove-ContainerNetworkPeer lan 203.0.113.8 }
            Write-Refusal { Get-ContainerNetworkPeer lan 203.0.113.8 }
            Write-Refusal { Get-ContainerNetworkPeer plain }
            Write-Refusal { Connect-ContainerNetwork lan a -Address 10.9.0.100 }
            $line = 'Remove-ContainerNetworkPeer lan '
            Write-Line ([System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText)
            Write-Line (((Get-ContainerNetwork lan | Format-List | Out-String) -split "`n") -match '^(Bridge|Parent|Mode|Vni|Port|Local|Peer) ' -replace ' +', ' ').Trim()
            Write-Line ((Get-ContainerNetworkPeer | Out-String).Trim() -split "`n")[0].Trim() (Get-ContainerNetwork lan).Peer
            ip link delete (@(ip -j link show type vxlan | ConvertFrom-Json).ifname)
            Write-Line (Get-ContainerNetwork lan).State
            Write-Refusal { Add-ContainerNetworkPeer lan 203.0.113.8 }
            Remove-ContainerNetwork *
            Write-Line @(Get-ContainerNetwork).Count @(Get-IsolationLink).Count
'@
        $ids = 'ContainerPeerExists', 'ContainerPeerInvalid', 'ContainerPeerInvalid', 'ContainerPeerUnsupported', 'ContainerNetworkNotFound', 'ContainerPeerNotFound', 'ContainerPeerNotFound', 'ContainerPeerUnsupported', 'ContainerAddressInvalid'
        $commands = @('AddContainerNetworkPeerCommand') * 5 + 'RemoveContainerNetworkPeerCommand' + @('GetContainerNetworkPeerCommand') * 2 + 'ConnectContainerNetworkCommand'
        for ($i = 0; $i -lt $ids.Count; $i++) { $lines[$i] | Should -Match "^$($ids[$i]),Isolation.Commands.$($commands[$i]) " }
        $lines[9] | Should -Be '203.0.113.9'
        $lines[10] | Should -Be 'Bridge : iso-lan Parent : up0 Vni : 42 Port : 4789 Local : 203.0.113.1 Peer : 203.0.113.9'
        $lines[11] | Should -Match '^Network IPAddress +Station 203.0.113.9$'
        $lines[12] | Should -Be 'Broken'
        $lines[13] | Should -Match '^ContainerNetworkBroken,.*its link to other hosts'
        $lines[14] | Should -Be '0 0'
    }

    It 'have the peers in the kernel and in the rules that are in the record, though <_> processes were killed' -ForEach $Kills {
        $lines = Invoke-Lab -Seconds 900 @"
            New-Outside
            `$null = New-ContainerNetwork lan -Driver vxlan -Subnet 10.9.0.0/24 -IPRange 10.9.0.0/26 -Parent up0 -Option @{ vni = 42 }
            foreach (`$round in 1..$_) {
                `$child = Start-ChildHost '
                    Write-Line ready
                    while (`$true) {
                        `$null = Add-ContainerNetworkPeer lan 203.0.113.7, 203.0.113.8
                        Remove-ContainerNetworkPeer lan 203.0.113.8, 203.0.113.7
                        `$null = New-ContainerNetwork other -Driver vxlan -Subnet 10.8.0.0/24 -IPRange 10.8.0.0/26 -Parent up0 -Option @{ vni = 43 }
                        Remove-ContainerNetwork other
                    }
                '
                `$null = Read-ChildLine `$child
                [System.Threading.Thread]::Sleep((Get-Random -Minimum 1 -Maximum 400))
                Stop-ChildHost `$child -Kill
                `$peers = (Get-ContainerNetwork lan).Peer.IPAddressToString
                `$other = @(Get-ContainerNetwork other -ErrorAction Ignore)
                `$kernel = (bridge -j fdb show | ConvertFrom-Json | Where-Object { `$_.dst -and `$_.mac -eq '00:00:00:00:00:00' }).dst
                `$rule = (nft list chain inet isolation tunnels) -match '@th,96,24 (0x2a|42)'
                `$ruled = [regex]::Matches("`$rule", '203\.0\.113\.[78]').Value
                `$fits = ("`$(`$peers | Sort-Object)" -eq "`$(`$kernel | Sort-Object)") -and ("`$(`$peers | Sort-Object)" -eq "`$(`$ruled | Sort-Object)") -and
                    @(Get-IsolationLink).Count -eq 2 + 2 * `$other.Count -and @(`$other | Where-Object State -NE Ready).Count -eq 0
                Write-Line `$(if (`$fits) { 'fits' } else { "`$peers / `$kernel / `$rule / `$(Get-IsolationLink) / `$(`$other.State)" })
                Get-ContainerNetworkPeer lan | Remove-ContainerNetworkPeer
                `$other | Remove-ContainerNetwork
            }
            Write-Line (Add-ContainerNetworkPeer lan 203.0.113.9).IPAddress
"@
        $lines[0..($_ - 1)] | Should -Be (@('fits') * $_)
        $lines[-1] | Should -Be '203.0.113.9'
    }
}

Describe 'Peers of container networks for an ordinary user' -Tag User {
    It 'are refused with what they take' {
        foreach ($try in { Add-ContainerNetworkPeer lan 192.0.2.1 }, { Remove-ContainerNetworkPeer lan 192.0.2.1 }) {
            $refusal = Get-Refusal $try
            $refusal.FullyQualifiedErrorId | Should -Match '^ContainerNetworkRootRequired,'
            $refusal.CategoryInfo.Category | Should -Be PermissionDenied
        }
        Get-ContainerNetworkPeer | Should -BeNullOrEmpty
    }
}
