# Import-ContainerNetwork, and rates of the members of a network, by what comes through. How each field is read is tried in the unit tests.

BeforeDiscovery {
    $isRoot = (& id -u) -eq 0
}

BeforeAll {
    . $PSScriptRoot/ContainerNetworkHelpers.ps1
    . $PSScriptRoot/Common.ps1
    Import-Module $ModuleManifest
    $script:Before = Get-HostNetwork
    $script:Files = [System.IO.Directory]::CreateTempSubdirectory('isotest-cni-').FullName
    [System.IO.File]::WriteAllText("$Files/lan.conflist", @'
{
  "cniVersion": "1.0.0",
  "name": "lan",
  "plugins": [
    { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "mtu": 1400,
      "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.9.0.0/24", "rangeStart": "10.9.0.64", "rangeEnd": "10.9.0.127" }]], "routes": [{ "dst": "0.0.0.0/0" }] } },
    { "type": "portmap", "capabilities": { "portMappings": true } },
    { "type": "bandwidth", "ingressRate": 80000000, "egressRate": 40000000 }
  ]
}
'@)
    [System.IO.File]::WriteAllText("$Files/bad.conflist", '{ "name": "bad", "plugins": [ { "type": "bridge", "vlan": 7 } ] }')
    [System.IO.File]::WriteAllText("$Files/torn.conf", "{ `"name`": `"torn`",`n  `"type`": ")
}

AfterAll {
    [System.IO.Directory]::Delete($script:Files, $true)
    Get-HostNetwork | Should -Be $Before
}

Describe 'Import-ContainerNetwork' -Tag Root -Skip:(-not $isRoot) {
    It 'makes the network that the file describes, with its share, its rates and its published ports' {
        $lines = Invoke-Lab @"
            `$network = Import-ContainerNetwork $Files/lan.conflist
            Write-Line `$network.Name `$network.Driver `$network.Subnet `$network.Gateway `$network.Range `$network.Mtu `$network.Send `$network.Receive
            `$members = New-Namespace a, b -Type Net | Connect-ContainerNetwork lan
            Write-Line `$members.IPAddress (Wait-Ping `$members[1].IPAddress[0] a)
            `$rate = Get-NetworkRate `$members[0].HostLink
            Write-Line `$rate.Send `$rate.Receive
            `$null = Publish-ContainerPort a 8080:80
            Write-Line @(Get-ContainerPort).Count
            Remove-Namespace a, b
            Wait-Until { -not (ip -j link show type ifb | ConvertFrom-Json) } -For 'the end of what limited them' -Seconds 30
            Remove-ContainerNetwork lan
            Write-Line @(Get-IsolationLink).Count (Test-Path /run/isolation)
"@
        $lines | Should -Be 'lan bridge 10.9.0.0/24 10.9.0.1 10.9.0.64/26 1400 40000000 80000000', '10.9.0.64 10.9.0.65 answered', '80000000 40000000', '1', '0 False'
    }

    It 'limits what members send and receive, within a tenth' {
        $lines = Invoke-Lab @'
            $null = New-ContainerNetwork slow -Send 40mbit -Receive 80mbit
            $null = New-ContainerNetwork fast
            $null = New-Namespace a -Type Net | Connect-ContainerNetwork slow
            function Measure-Stream {
                # MB/s of payload from one to another, over three seconds after the first.
                param([string] $From, [string] $To, [string] $Address)
                $server = Start-NamespaceProcess $To busybox -ArgumentList nc, '-l', '-p', 7000, '-e', sh, '-c', 'cat > /dev/null'
                Wait-Until { (Enter-Namespace $To ss -ArgumentList '-Hltn') -match ':7000' } -For 'the server' -Seconds 30
                $client = Start-NamespaceProcess $From busybox -ArgumentList nc, $Address, 7000, '-e', cat, /dev/zero
                $link = (Get-ContainerNetwork slow).Members[0].HostLink
                $counter = if ($From -eq 'a') { 'rx' } else { 'tx' }
                Start-Sleep 1
                $before = (ip -j -s link show $link | ConvertFrom-Json).stats64.$counter.bytes
                $watch = [System.Diagnostics.Stopwatch]::StartNew()
                Start-Sleep 3
                $bytes = (ip -j -s link show $link | ConvertFrom-Json).stats64.$counter.bytes - $before
                $watch.Stop()
                $client, $server | Stop-NamespaceProcess -Force
                $bytes / $watch.Elapsed.TotalSeconds / 1e6
            }
            # The other one is behind a network without limits, so it is this one's that holds.
            $null = New-Namespace peer -Type Net
            ip link add up0 type veth peer name up0 netns peer
            ip address add 203.0.113.1/24 dev up0; ip link set up0 up
            ip -n peer address add 203.0.113.9/24 dev up0; ip -n peer link set up0 up; ip -n peer route add default via 203.0.113.1
            $null = Wait-Ping 203.0.113.9 a
            Write-Line ([Math]::Round((Measure-Stream a peer 203.0.113.9), 2))
            $null = Publish-ContainerPort a 7000:7000
            Write-Line ([Math]::Round((Measure-Stream peer a 203.0.113.1), 2))
'@
        [double]$lines[0] | Should -BeGreaterThan 4.5
        [double]$lines[0] | Should -BeLessThan 5.5
        [double]$lines[1] | Should -BeGreaterThan 9
        [double]$lines[1] | Should -BeLessThan 11
    }

    It 'takes another name, several files and what comes down the pipeline; -WhatIf makes nothing' {
        $lines = Invoke-Lab @"
            Import-ContainerNetwork $Files/lan.conflist -WhatIf
            Write-Line @(Get-ContainerNetwork).Count
            Write-Line (Import-ContainerNetwork $Files/lan.conflist -Name other).Name
            Remove-ContainerNetwork other
            Write-Line (Get-Item $Files/lan.conflist | Import-ContainerNetwork).Name
"@
        $lines[-3..-1] | Should -Be '0', 'other', 'lan'
    }

    It 'refuses the whole of a file with <Id> for <File>' -ForEach @(
        @{ File = 'bad.conflist'; Id = 'CniFieldUnsupported'; Says = 'plugins\[0\]\.vlan' }
        @{ File = 'torn.conf'; Id = 'CniSyntaxInvalid'; Says = 'torn\.conf.*line 2' }
        @{ File = 'absent.conflist'; Id = 'CniFileUnreadable'; Says = 'absent\.conflist' }
        @{ File = '.'; Id = 'CniFileUnreadable'; Says = 'cannot be read' }
    ) {
        $failure = { Import-ContainerNetwork "$Files/$File" -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeExactly "$Id,Isolation.Commands.ImportContainerNetworkCommand"
        "$failure" | Should -Match $Says
    }

    It 'refuses rates that a driver has not, and a burst without one' {
        $lines = Invoke-Lab @'
            foreach ($arguments in @{ Driver = 'macvlan'; Parent = 'lo'; Send = '1mbit' }, @{ Driver = 'macvlan'; Parent = 'lo'; Receive = '1mbit' }, @{ Burst = 9 }) {
                try { New-ContainerNetwork x @arguments -ErrorAction Stop } catch { Write-Line $_.FullyQualifiedErrorId ($_.Exception.Message -match 'Send|Receive|Burst') }
            }
'@
        $lines | Should -Be (@('ContainerNetworkOptionInvalid,Isolation.Commands.NewContainerNetworkCommand True') * 3)
    }
}
