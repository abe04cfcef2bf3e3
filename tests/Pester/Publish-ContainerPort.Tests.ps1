# Published ports, proven by what answers: each test has a host of its own, a network namespace, and another host beside it.

BeforeDiscovery {
    . $PSScriptRoot/Common.ps1
    $script:Kills = if ($env:ISOLATION_SOAK) { 50 } else { 4 }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/ContainerNetworkHelpers.ps1
    $script:Before = Get-HostNetwork
    $script:Head = @'
        $script:Server = '
            use Socket qw(:all);
            my ($name, @ports) = @ARGV;
            my (%tcp, %udp);
            for my $port (@ports) {
                for my $kind (SOCK_STREAM, SOCK_DGRAM) {
                    socket(my $one, AF_INET6, $kind, 0) or die $!;
                    setsockopt($one, SOL_SOCKET, SO_REUSEADDR, 1);
                    setsockopt($one, IPPROTO_IPV6, IPV6_V6ONLY, 0);
                    bind($one, pack_sockaddr_in6($port, IN6ADDR_ANY)) or die $!;
                    listen($one, 9) if $kind == SOCK_STREAM;
                    ($kind == SOCK_STREAM ? \%tcp : \%udp)->{fileno $one} = [$one, $port];
                }
            }
            sub say_to { my ($sender, $port) = @_; my $from = inet_ntop(AF_INET6, (unpack_sockaddr_in6($sender))[1]); $from =~ s/^::ffff://; "$name:$port from $from\n" }
            while (1) {
                my $wanted = "";
                vec($wanted, $_, 1) = 1 for keys %tcp, keys %udp;
                select($wanted, undef, undef, undef);
                for (keys %tcp) { if (vec($wanted, $_, 1)) { my $sender = accept(my $to, $tcp{$_}[0]); syswrite($to, say_to($sender, $tcp{$_}[1])); close $to } }
                for (keys %udp) { if (vec($wanted, $_, 1)) { my $sender = recv($udp{$_}[0], my $said, 99, 0); send($udp{$_}[0], say_to($sender, $udp{$_}[1]), 0, $sender) } }
            }'
        $script:Client = '
            use Socket qw(:all);
            my ($protocol, $address, $port) = @ARGV;
            my $six = $address =~ /:/;
            $SIG{ALRM} = sub { print "nothing\n"; exit };
            alarm 2;
            socket(my $one, $six ? AF_INET6 : AF_INET, $protocol eq "udp" ? SOCK_DGRAM : SOCK_STREAM, 0);
            connect($one, $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $address)) : pack_sockaddr_in($port, inet_aton($address))) or do { print "refused\n"; exit };
            syswrite($one, "x") if $protocol eq "udp";
            my $read = sysread($one, my $said, 99);
            print $read ? $said : "refused\n";'
        function Start-Server {
            # Answers everybody who asks a port with a name, the port and the sender''s address, over TCP and UDP; in a set, or on the host.
            param([string] $Set, [int[]] $Port = 80, [string] $Name = $Set)
            $arguments = @('-e', $Server, $Name) + $Port
            if ($Set) { $null = Start-NamespaceProcess $Set perl -ArgumentList $arguments }
            else { $script:OnHost = [System.Diagnostics.Process]::Start('perl', [string[]] $arguments) }
            foreach ($one in $Port) {
                Wait-Until { ($(if ($Set) { ip netns exec $Set ss -Htuln } else { ss -Htuln }) -match ":$one ").Count -eq 2 } -For "the server of $Name" -Seconds 30
            }
        }
        function Get-Answer {
            # What an address says to somebody in a set, or on the host where none is given.
            param([string] $Address, [int] $Port = 8080, [string] $From, [string] $Protocol = 'tcp')
            $words = 'perl', '-e', $Client, $Protocol, $Address, $Port
            if ($From) { ip netns exec $From @words } else { perl -e $Client $Protocol $Address $Port }
        }
        function New-PortNetwork {
            # A network of both families, with another set beside the one whose ports are published, and another network.
            New-Outside
            $null = New-ContainerNetwork lan -IPv6
            $null = New-ContainerNetwork other -IPv6
            $null = New-Namespace web, near -Type Net | Connect-ContainerNetwork lan
            $null = New-Namespace far -Type Net | Connect-ContainerNetwork other
            # Neighbours of IPv6 find one another within some seconds.
            foreach ($address in (Get-ContainerNetwork).Members.IPAddress) { $null = Wait-Ping $address }
        }
        function Set-BridgeFilter {
            # Whether what stays on a bridge goes through the rules, where the kernel has that.
            param([int] $Value)
            foreach ($family in 'iptables', 'ip6tables') {
                $file = "/proc/sys/net/bridge/bridge-nf-call-$family"
                if ([System.IO.File]::Exists($file)) { [System.IO.File]::WriteAllText($file, "$Value") }
            }
        }
'@
    function Invoke-PortLab {
        param([string] $Script, [int] $Seconds = 240)
        Invoke-Lab "$Head`n$Script" -Seconds $Seconds
    }
}

AfterAll {
    Get-HostNetwork | Should -Be $Before
}

Describe 'Publish-ContainerPort' -Tag Root {
    It 'leads everybody to the set, over TCP and UDP and both families, where bridge-nf-call-iptables is <_>' -ForEach 0, 1 {
        $lines = Invoke-PortLab @"
            New-PortNetwork
            Set-BridgeFilter $_
            Start-Server web
            `$ports = Publish-ContainerPort web 8080:80, 8080:80/udp
            Write-Line `$ports.Count `$ports[0].GetType().FullName `$ports.Protocol `$ports[0].HostPort `$ports[0].Port `$ports[0].Network `$ports[0].Namespace `$ports[0].IPAddress[0] (`$null -eq `$ports[0].HostAddress)
            foreach (`$from in '', 'outside', 'near', 'far', 'web') {
                foreach (`$protocol in 'tcp', 'udp') {
                    foreach (`$address in '203.0.113.1', '2001:db8:203::1') { Write-Line (Get-Answer `$address -From `$from -Protocol `$protocol) }
                }
            }
            Write-Line (Get-Answer 127.0.0.1) / (Get-Answer 127.0.0.1 -Protocol udp) / (Get-Answer 172.30.0.1) / (Get-Answer 172.30.0.1 -From near) / (Get-Answer ::1)
            # Nobody but the host means the host with 127.0.0.1, though the bridge lets it pass now.
            ip -n near route add 127.0.0.5 via 172.30.0.1 dev eth0
            ip -n near route del table local 127.0.0.0/8
            ip netns exec near sh -c 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet'
            Start-Server -Name host -Port 7000
            Write-Line (Get-Answer 127.0.0.5 7000) / (Get-Answer 127.0.0.5 7000 -From near) / (Get-Answer 172.30.0.1 7000 -From near)
            `$OnHost.Kill()
"@
        $lines[0] | Should -Be '2 Isolation.ContainerPort tcp udp 8080 80 lan web 172.30.0.2 True'
        $lines[1..4] | Should -Match '^web:80 from (203\.0\.113\.1|2001:db8:203::1)$'
        $lines[5..8] | Should -Be 'web:80 from 203.0.113.9', 'web:80 from 2001:db8:203::9', 'web:80 from 203.0.113.9', 'web:80 from 2001:db8:203::9'
        # Within the network the gateway asks, so that the answer comes back through it.
        $lines[9..12] | Should -Match '^web:80 from (172\.30\.0\.1|fd.*::1)$'
        $lines[13..16] | Should -Match '^web:80 from (172\.30\.1\.2|fd.*::2)$'
        $lines[17..20] | Should -Match '^web:80 from (172\.30\.0\.1|fd.*::1)$'
        $lines[21] | Should -Be 'web:80 from 172.30.0.1 / web:80 from 172.30.0.1 / web:80 from 172.30.0.1 / web:80 from 172.30.0.1 / refused'
        $lines[22] | Should -Be 'host:7000 from 127.0.0.1 / nothing / host:7000 from 172.30.0.3'
    }

    It 'leads to the set at one address alone, and at 127.0.0.1 nobody but the host' {
        $lines = Invoke-PortLab @'
            New-PortNetwork
            ip address add 203.0.113.2/24 dev up0
            Start-Server web
            $null = Publish-ContainerPort web -HostPort 8080 -ContainerPort 80 -HostAddress 203.0.113.2
            $null = Publish-ContainerPort web '127.0.0.1:8081:80', '[2001:db8:203::1]:8082:80/tcp', '0.0.0.0:8083:80', '[::]:8084:80'
            Write-Line (Get-Answer 203.0.113.2 -From outside) / (Get-Answer 203.0.113.1 -From outside) / (Get-Answer 203.0.113.2) / (Get-Answer 127.0.0.1)
            Write-Line (Get-Answer 127.0.0.1 8081) / (Get-Answer 203.0.113.1 8081) / (Get-Answer 203.0.113.1 8081 -From outside)
            Write-Line (Get-Answer 2001:db8:203::1 8082 -From outside) / (Get-Answer 203.0.113.1 8082 -From outside)
            Write-Line (Get-Answer 203.0.113.1 8083 -From outside) / (Get-Answer 2001:db8:203::1 8083 -From outside)
            Write-Line (Get-Answer 203.0.113.1 8084 -From outside) / (Get-Answer 2001:db8:203::1 8084 -From outside)
            # Another host that sends to 127.0.0.1 here.
            ip -n outside route add 127.0.0.9 via 203.0.113.1 dev up0
            ip -n outside route del table local 127.0.0.0/8
            ip netns exec outside sh -c 'echo 1 > /proc/sys/net/ipv4/conf/up0/route_localnet'
            Write-Line (Get-Answer 127.0.0.9 8083) / (Get-Answer 127.0.0.9 8083 -From outside)
            Write-Line ((Get-ContainerPort | ForEach-Object { "$_" }) -join ' ')
'@
        $lines[0] | Should -Be 'web:80 from 203.0.113.9 / refused / web:80 from 203.0.113.1 / refused'
        $lines[1] | Should -Be 'web:80 from 172.30.0.1 / refused / refused'
        $lines[2] | Should -Be 'web:80 from 2001:db8:203::9 / refused'
        $lines[3] | Should -Be 'web:80 from 203.0.113.9 / refused'
        $lines[4] | Should -Be 'refused / web:80 from 2001:db8:203::9'
        $lines[5] | Should -Be 'web:80 from 172.30.0.1 / nothing'
        $lines[6] | Should -Be '203.0.113.2:8080:80/tcp 127.0.0.1:8081:80/tcp [2001:db8:203::1]:8082:80/tcp 0.0.0.0:8083:80/tcp [::]:8084:80/tcp'
    }

    It 'leads ranges port by port, and chooses a port where none is asked for' {
        $lines = Invoke-PortLab @'
            New-PortNetwork
            Start-Server web -Port 80, 81, 82
            $range = Publish-ContainerPort web 8000-8002:80-82
            Write-Line $range.Count $range.HostPort $range.Port (Get-Answer 203.0.113.1 8000 -From outside) (Get-Answer 203.0.113.1 8002 -From outside) (Get-Answer 203.0.113.1 8003 -From outside)
            $chosen = Publish-ContainerPort web -ContainerPort 80
            Write-Line ($chosen.HostPort.First -ge 49152) (Get-Answer 203.0.113.1 $chosen.HostPort.First -From outside)
            $same = Publish-ContainerPort web 81
            Write-Line $same.HostPort $same.Port ($same.HostPort -eq 81)
            Unpublish-ContainerPort web 8001
            Write-Line ((Get-ContainerPort web -Protocol tcp).ForEach{ "$_" } -join ' ') / (Get-Answer 203.0.113.1 8001 -From outside) (Get-Answer 203.0.113.1 8002 -From outside)
            Publish-ContainerPort web 20000-24095 | ForEach-Object { Write-Line $_.HostPort.Count }
            Write-Line (Get-Answer 203.0.113.1 8000 -From outside)
'@
        $lines[0] | Should -Be '1 8000-8002 80-82 web:80 from 203.0.113.9 web:82 from 203.0.113.9 refused'
        $lines[1] | Should -Be 'True web:80 from 203.0.113.9'
        $lines[2] | Should -Be '81 81 True'
        $lines[3] | Should -Match '^8000:80/tcp 8002:82/tcp \d{5}:80/tcp 81:81/tcp / refused web:82 from 203.0.113.9$'
        $lines[4..5] | Should -Be '4096', 'web:80 from 203.0.113.9'
    }

    It 'refuses <What> with <Id>, and publishes nothing of it' -ForEach @(
        @{ What = 'what is no port'; Arguments = 'web 8080:http'; Id = 'ContainerPortInvalid'; Says = '' }
        @{ What = 'ranges of two lengths'; Arguments = 'web -HostPort 1-2 -ContainerPort 1-3'; Id = 'ContainerPortInvalid'; Says = '' }
        @{ What = 'no port'; Arguments = 'web'; Id = 'ContainerPortInvalid'; Says = '' }
        @{ What = 'a port twice'; Arguments = 'web 81:80, 81:82'; Id = 'ContainerPortTaken'; Says = "81 is published for set 'web' in network 'lan'" }
        @{ What = 'a port of another set'; Arguments = 'web 80, 8443:80'; Id = 'ContainerPortTaken'; Says = "8440-8450 is published for set 'far' in network 'other'" }
        @{ What = 'a port of the same set'; Arguments = 'far 127.0.0.1:8441:80'; Id = 'ContainerPortTaken'; Says = "for set 'far'" }
        @{ What = 'a port that a process has'; Arguments = 'web 7000:80'; Id = 'ContainerPortTaken'; Says = 'the process perl \(\d+\) listens on \[::\]:7000/tcp' }
        @{ What = 'a port that a process has of UDP'; Arguments = 'web 7000:80 -Protocol udp'; Id = 'ContainerPortTaken'; Says = 'the process perl \(\d+\) listens on \[::\]:7000/udp' }
        @{ What = 'an address that is not the host''s'; Arguments = 'web 80 -HostAddress 203.0.113.9'; Id = 'ContainerPortAddressInvalid'; Says = 'Those are 127.0.0.1, ' }
        @{ What = '::1'; Arguments = 'web [::1]:80:80'; Id = 'ContainerPortAddressInvalid'; Says = '127.0.0.1' }
        @{ What = 'a family that the set has not'; Arguments = 'four [2001:db8:203::1]:80:80'; Id = 'ContainerPortAddressInvalid'; Says = 'of IPv6' }
        @{ What = 'an internal network'; Arguments = 'shut 80'; Id = 'ContainerNetworkInternal'; Says = '' }
        @{ What = 'a set in two networks'; Arguments = 'both 80'; Id = 'ContainerNetworkAmbiguous'; Says = 'lan, other' }
        @{ What = 'a set in none'; Arguments = 'none 80'; Id = 'ContainerNetworkNotConnected'; Says = '' }
        @{ What = 'a network in which it is not'; Arguments = 'web 80 -Network other'; Id = 'ContainerNetworkNotConnected'; Says = '' }
        @{ What = 'a network that there is not'; Arguments = 'web 80 -Network nope'; Id = 'ContainerNetworkNotFound'; Says = '' }
        @{ What = 'a set that there is not'; Arguments = 'nope 80'; Id = 'NamespaceNotFound'; Says = '' }
    ) {
        $lines = Invoke-PortLab @"
            New-PortNetwork
            `$null = New-ContainerNetwork four
            `$null = New-ContainerNetwork closed -Internal
            `$null = New-Namespace four -Type Net | Connect-ContainerNetwork four
            `$null = New-Namespace shut -Type Net | Connect-ContainerNetwork closed
            `$null = New-Namespace both -Type Net | Connect-ContainerNetwork lan
            `$null = Connect-ContainerNetwork other both
            `$null = New-Namespace none -Type Net
            `$null = Publish-ContainerPort far 8440-8450
            Start-Server -Port 7000 -Name host
            `$before = nft list table inet isolation
            Write-Refusal { Publish-ContainerPort $Arguments }
            Write-Line "`$((Get-ContainerPort).ForEach{ "`$_" })" (-not (Compare-Object `$before (nft list table inet isolation)))
            `$OnHost.Kill()
"@
        $lines[0] | Should -Match "^$Id,Isolation.Commands.PublishContainerPortCommand "
        $lines[0] | Should -Match $Says
        $lines[1] | Should -Be '8440-8450:8440-8450/tcp True'
    }

    It 'takes a port where another address, another protocol, or a set in two networks makes the difference' {
        $lines = Invoke-PortLab @'
            New-PortNetwork
            Start-Server web
            Start-Server far
            $null = Publish-ContainerPort web 203.0.113.1:8080:80
            $null = Publish-ContainerPort far 127.0.0.1:8080:80
            $null = Publish-ContainerPort far 8080:80/udp
            $null = Connect-ContainerNetwork other web
            $null = Publish-ContainerPort web 8081:80 -Network other
            Write-Line (Get-Answer 203.0.113.1) / (Get-Answer 127.0.0.1) / (Get-Answer 203.0.113.1 -Protocol udp) / (Get-Answer 203.0.113.1 8081 -From near)
            'Namespace,HostPort,ContainerPort,Protocol,Network', 'web,90,80,tcp,lan', 'far,91-92,80-81,udp,other' | Set-Content /run/ports.csv
            Import-Csv /run/ports.csv | Publish-ContainerPort | ForEach-Object { Write-Line $_.Namespace $_.Network "$_" }
            (Get-ContainerNetwork lan).Members[1] | Publish-ContainerPort -HostPort 99 | ForEach-Object { Write-Line $_.Namespace $_.Network "$_" }
'@
        $lines[0] | Should -Be 'web:80 from 203.0.113.1 / far:80 from 172.30.1.1 / far:80 from 203.0.113.1 / web:80 from 172.30.0.3'
        $lines[1..3] | Should -Be 'web lan 90:80/tcp', 'far other 91-92:80-81/udp', 'near lan 99:99/tcp'
    }

    It 'does nothing with -WhatIf' {
        $lines = Invoke-PortLab @'
            New-PortNetwork
            Publish-ContainerPort web 8080:80 -WhatIf
            Write-Line 'seen:' @(Get-ContainerPort).Count
            $null = Publish-ContainerPort web 8080:80
            Unpublish-ContainerPort web -WhatIf
            Write-Line 'seen:' @(Get-ContainerPort).Count
'@
        $lines | Should -Contain 'seen: 0'
        $lines[-1] | Should -Be 'seen: 1'
    }

    It 'goes with Disconnect-ContainerNetwork, with the set and with the network, and no address leads to who has it next' {
        $lines = Invoke-PortLab @'
            New-PortNetwork
            function Write-Traces {
                # What is left of ports: of rules, of hairpins, of ways for 127.0.0.1.
                $rules = nft list table inet isolation 2>&1
                Write-Line @(Get-ContainerPort).Count ($rules -match 'dnat ip').Count (cat /proc/sys/net/ipv4/conf/iso-lan/route_localnet) ((bridge -d link show) -match 'hairpin on').Count
            }
            Write-Traces
            $null = Publish-ContainerPort web 8080:80
            Write-Traces
            Write-Line (Get-ContainerNetwork lan).Members[0].Ports
            Disconnect-ContainerNetwork lan web
            Write-Traces
            $null = Connect-ContainerNetwork lan web
            Write-Line @((Get-ContainerNetwork lan).Members[1].Ports).Count
            $null = Publish-ContainerPort web 8080:80
            Remove-Namespace web
            Write-Traces
            $next = New-Namespace next -Type Net | Connect-ContainerNetwork lan
            Start-Server next
            Write-Line $next.IPAddress[0] (Get-Answer 203.0.113.1 -From outside) (Get-Answer 127.0.0.1)
            $null = Publish-ContainerPort next 8080:80
            $null = Publish-ContainerPort far 8081:80
            Remove-ContainerNetwork lan -Force
            Write-Line ((Get-ContainerPort).ForEach{ "$_" }) ((nft list table inet isolation) -match '8080').Count
            Unpublish-ContainerPort far
            Write-Line @(Get-ContainerPort).Count ((nft list table inet isolation) -match 'dnat ip').Count
'@
        $lines[0] | Should -Be '0 0 0 0'
        $lines[1] | Should -Be '1 6 1 1'
        $lines[2..3] | Should -Be '8080:80/tcp', '0 0 0 0'
        $lines[4..5] | Should -Be '0', '0 0 0 0'
        $lines[6] | Should -Be '172.30.0.2 refused refused'
        $lines[7..8] | Should -Be '8081:80/tcp 0', '0 0'
    }

    It 'finishes or undoes what a killed process left, <_> times' -ForEach $Kills {
        $lines = Invoke-PortLab -Seconds 900 @"
            `$null = New-ContainerNetwork lan
            `$null = New-Namespace a, b -Type Net | Connect-ContainerNetwork lan
            `$null = Publish-ContainerPort b 9000
            foreach (`$round in 1..$_) {
                `$child = Start-ChildHost '
                    Write-Line ready
                    while (`$true) {
                        `$null = Publish-ContainerPort a 8080:80, 8081-8089
                        Unpublish-ContainerPort a 8085
                        Unpublish-ContainerPort a
                        `$null = New-Namespace c -Type Net | Connect-ContainerNetwork lan
                        `$null = Publish-ContainerPort c 8080:80
                        Remove-Namespace c
                    }
                '
                `$null = Read-ChildLine `$child
                [System.Threading.Thread]::Sleep((Get-Random -Minimum 1 -Maximum 500))
                Stop-ChildHost `$child -Kill
                # The next call: whatever it is about.
                `$ports = @(Get-ContainerPort)
                `$expected = (`$ports | ForEach-Object { `$_.HostPort.First..`$_.HostPort.Last } | Sort-Object) -join ' '
                `$found = ([regex]::Matches((nft list map inet isolation ports4), 'tcp \. (\d+) :').ForEach{ [int] `$_.Groups[1].Value } | Sort-Object) -join ' '
                `$records = Get-Content /run/isolation/networks/lan/members.json -Raw
                `$fits = `$found -eq `$expected -and `$found -match '9000' -and `$records -notmatch 'Creating|Removing'
                Write-Line `$(if (`$fits) { 'fits' } else { "`$found / `$expected / `$records" })
                Get-Namespace c -ErrorAction Ignore | Remove-Namespace
                Get-ContainerPort a | Unpublish-ContainerPort
            }
            Write-Line (Get-ContainerPort).ForEach{ "`$_" } @((bridge -d link show) -match 'hairpin on').Count
"@
        $lines[0..($_ - 1)] | Should -Be (@('fits') * $_)
        $lines[-1] | Should -Be '9000:9000/tcp 1'
    }
}

Describe 'Get-ContainerPort and Unpublish-ContainerPort' -Tag Root {
    It 'shows and takes away what is asked for, and leaves the others' {
        $lines = Invoke-PortLab @'
            New-PortNetwork
            Start-Server web
            $null = Publish-ContainerPort web 8080:80, 8080:80/udp, 127.0.0.1:8090:80
            $null = Publish-ContainerPort far 8081-8083
            function Write-Ports { Write-Line ($args[0].ForEach{ "$_" } -join ' ') }
            Write-Ports (Get-ContainerPort)
            Write-Ports (Get-ContainerPort w*, f* -Protocol tcp)
            Write-Ports (Get-ContainerPort -HostPort 8082)
            Write-Ports (Get-ContainerPort -Network oth*)
            Write-Ports (Get-Namespace web | Get-ContainerPort -Protocol UDP)
            Write-Line @(Get-ContainerPort near).Count
            $shown = Get-ContainerPort far | Out-String -Stream -Width 120 | Where-Object { $_ }
            foreach ($line in $shown) { Write-Line $line.TrimEnd() }
            Unpublish-ContainerPort web 8080 -Protocol udp
            Write-Ports (Get-ContainerPort web)
            Write-Line (Get-Answer 203.0.113.1 -From outside) / (Get-Answer 203.0.113.1 -From outside -Protocol udp)
            Unpublish-ContainerPort web -HostAddress 127.0.0.1
            Write-Ports (Get-ContainerPort web)
            $back = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize(@(Get-ContainerPort)))
            $back | Unpublish-ContainerPort
            Write-Line @(Get-ContainerPort).Count (Get-Answer 203.0.113.1 -From outside)
            $null = Publish-ContainerPort web 8080:80, 127.0.0.1:8081:80
            Get-ContainerPort | Where-Object HostPort -EQ 8080 | Unpublish-ContainerPort
            Write-Ports (Get-ContainerPort)
'@
        $lines[0] | Should -Be '8080:80/tcp 8080:80/udp 127.0.0.1:8090:80/tcp 8081-8083:8081-8083/tcp'
        $lines[1] | Should -Be '8080:80/tcp 127.0.0.1:8090:80/tcp 8081-8083:8081-8083/tcp'
        $lines[2..5] | Should -Be '8081-8083:8081-8083/tcp', '8081-8083:8081-8083/tcp', '8080:80/udp', '0'
        $lines[6] -split ' +' | Should -Be 'Network', 'Namespace', 'HostAddress', 'HostPort', 'Protocol', 'IPAddress', 'Port'
        $lines[8] | Should -Match '^other +far +\* +8081-8083 +tcp +172\.30\.1\.2, fd[0-9a-f:]+::2 +8081-8083$'
        $lines[9] | Should -Be '8080:80/tcp 127.0.0.1:8090:80/tcp'
        $lines[10] | Should -Be 'web:80 from 203.0.113.9 / refused'
        $lines[11..13] | Should -Be '8080:80/tcp', '0 refused', '127.0.0.1:8081:80/tcp'
    }

    It 'refuses what there is not' {
        $lines = Invoke-PortLab @'
            New-PortNetwork
            $null = New-Namespace none -Type Net
            $null = Publish-ContainerPort web 8080:80
            Write-Refusal { Unpublish-ContainerPort web 8081 }
            Write-Refusal { Unpublish-ContainerPort near }
            Write-Refusal { Unpublish-ContainerPort nope }
            Write-Refusal { Unpublish-ContainerPort web 8080 -Network nope }
            Write-Refusal { Get-ContainerPort nope }
            Write-Refusal { Get-ContainerPort none }
            Write-Refusal { Get-ContainerPort -Network nope }
            Write-Line (Get-ContainerPort).ForEach{ "$_" }
'@
        $lines[0] | Should -Match '^ContainerPortNotFound,Isolation.Commands.UnpublishContainerPortCommand ObjectNotFound .*8081'
        $lines[1] | Should -Match '^ContainerPortNotFound,'
        $lines[2] | Should -Match '^NamespaceNotFound,'
        $lines[3] | Should -Match '^ContainerNetworkNotFound,'
        $lines[4] | Should -Match '^NamespaceNotFound,Isolation.Commands.GetContainerPortCommand '
        $lines[5] | Should -Match '^ContainerNetworkNotConnected,'
        $lines[6] | Should -Match '^ContainerNetworkNotFound,'
        $lines[7] | Should -Be '8080:80/tcp'
    }

    It 'completes sets, networks and published ports' {
        $lines = Invoke-PortLab @'
            New-PortNetwork
            $null = Publish-ContainerPort web 8080:80, 8090-8099
            $null = Publish-ContainerPort far 8081
            foreach ($line in 'Publish-ContainerPort w', 'Publish-ContainerPort web 80 -Network o', 'Unpublish-ContainerPort web 80', 'Get-ContainerPort -HostPort 8081', 'Publish-ContainerPort web -Protocol u') {
                Write-Line ((TabExpansion2 $line).CompletionMatches.CompletionText)
            }
'@
        $lines | Should -Be 'web', 'other', '8080 8090-8099', '8081', 'udp'
    }
}

Describe 'Publish-ContainerPort for an ordinary user' {
    It 'is root''s to do, and says so' -Skip:([int](id -u) -eq 0) {
        Get-ContainerPort | Should -BeNullOrEmpty
        $set = New-TestSet Net
        (Get-Refusal { Publish-ContainerPort $set 8080:80 }).FullyQualifiedErrorId | Should -BeExactly 'ContainerNetworkNotConnected,Isolation.Commands.PublishContainerPortCommand'
        $refused = Get-Refusal { Publish-ContainerPort $set 8080:80 -Network lan }
        $refused.FullyQualifiedErrorId | Should -BeExactly 'ContainerNetworkRootRequired,Isolation.Commands.PublishContainerPortCommand'
        $refused.CategoryInfo.Category | Should -Be PermissionDenied
        Remove-TestLeftover
    }
}
