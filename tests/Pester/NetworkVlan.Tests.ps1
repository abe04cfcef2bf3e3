# Get-, New- and Remove-NetworkVlan: the vlans of bridges, proven by what goes from port to port, and compared with bridge(8). Tagged Guest where the kernel must have them.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/NetworkHelpers.ps1
    Import-Module $ModuleManifest
    $script:New = 'Isolation.Commands.NewNetworkVlanCommand'

    function New-SwitchedNetwork {
        # A bridge in a set, and hosts at its ports, with the addresses 192.0.2.1 and following.
        param([int] $Count, [switch] $VlanFiltering)
        $script:Switch = New-TestSet Net
        $null = New-NetworkLink br0 bridge -VlanFiltering:$VlanFiltering -Up -Namespace $Switch
        $script:Hosts = @(foreach ($number in 1..$Count) {
            $set = New-TestNetwork -In $(if ($Switch.Type -band [Isolation.NamespaceType]::User) { $Switch })
            $null = New-NetworkLink "p$number" veth -Peer eth0 -PeerNamespace $set -Master br0 -Up -Namespace $Switch
            $null = Set-NetworkLink eth0 -Up -Namespace $set
            $null = New-NetworkAddress eth0 "192.0.2.$number/24" -NoDuplicateDetection -Namespace $set
            $set
        })
    }

    function Remove-SwitchedNetwork {
        foreach ($set in @($script:Hosts) + $script:Switch) { if ($set) { Remove-Namespace $set.Name } }
        $script:Hosts = $script:Switch = $null
    }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Vlans of bridges' {
    AfterEach { Remove-SwitchedNetwork }

    It 'are refused by name where the kernel has none' {
        New-SwitchedNetwork 1
        $failure = $null
        $null = try { New-NetworkVlan p1 10 -Namespace $Switch -ErrorAction Stop } catch { $failure = $_ }
        $null = Enter-Namespace $Switch bridge -ArgumentList vlan, add, dev, p1, vid, 20 2>&1
        if ($LASTEXITCODE) {
            $failure.FullyQualifiedErrorId | Should -BeExactly "VlanFilteringUnsupported,$New"
            "$failure" | Should -Match 'p1.*vlan 10.*CONFIG_BRIDGE_VLAN_FILTERING'
        }
        else { $failure | Should -BeNullOrEmpty }
    }

    It 'are refused for a link that is in no bridge' {
        New-SwitchedNetwork 1
        $failure = { New-NetworkVlan eth0 10 -Namespace $Hosts[0] -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeExactly "LinkNotInBridge,$New"
        "$failure" | Should -Match 'Set-NetworkLink eth0 -Master'
    }

    It 'are refused where they are several for what has no tag, or no numbers of vlans' {
        New-SwitchedNetwork 1
        $failure = { New-NetworkVlan p1 10, 20 -Pvid -Namespace $Switch -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkOptionInvalid,$New"
        $failure = { New-NetworkVlan p1 4095 -Namespace $Switch -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeExactly "ParameterArgumentValidationError,$New"
        $failure = { Remove-NetworkVlan p1 77 -Namespace $Switch -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeExactly 'NetworkVlanNotFound,Isolation.Commands.RemoveNetworkVlanCommand'
    }

    It 'stay as they are with -WhatIf' {
        New-SwitchedNetwork 1
        New-NetworkVlan p1 10 -Namespace $Switch -WhatIf | Should -BeNullOrEmpty
        (Get-NetworkVlan p1 -Namespace $Switch).VlanId | Should -Not -Contain 10
    }
}

Describe 'Vlans of bridges on a kernel that has them' -Tag Guest {
    AfterEach { Remove-SwitchedNetwork }

    It 'keep ports apart that are in different ones' {
        New-SwitchedNetwork 3 -VlanFiltering
        foreach ($number in 2, 3) { Assert-Ping $Hosts[0] "192.0.2.$number" }
        $vlan = New-NetworkVlan p3 10 -Pvid -Untagged -Namespace $Switch
        $vlan | Should -BeOfType Isolation.NetworkVlan
        "$($vlan.Link) $vlan $($vlan.IsPvid) $($vlan.IsUntagged) $($vlan.Namespace)" | Should -Be "p3 10 True True $($Switch.Name)"
        Assert-Ping $Hosts[0] 192.0.2.2
        Test-Ping $Hosts[0] 192.0.2.3 | Should -BeFalse
        Get-NetworkLink p1 -Namespace $Switch | New-NetworkVlan -VlanId 10 -Pvid -Untagged | Out-Null
        Assert-Ping $Hosts[0] 192.0.2.3
        Test-Ping $Hosts[0] 192.0.2.2 | Should -BeFalse
    }

    It 'carry tags over a port that is in several' {
        New-SwitchedNetwork 2 -VlanFiltering
        $null = New-NetworkVlan p1 10, 20 -Namespace $Switch
        $null = New-NetworkVlan p2 20 -Pvid -Untagged -Namespace $Switch
        Test-Ping $Hosts[0] 192.0.2.2 | Should -BeFalse
        $null = New-NetworkLink eth0.20 vlan -Parent eth0 -VlanId 20 -Up -Namespace $Hosts[0]
        Remove-NetworkAddress eth0 192.0.2.1 -Namespace $Hosts[0]
        $null = New-NetworkAddress eth0.20 192.0.2.1/24 -NoDuplicateDetection -Namespace $Hosts[0]
        Assert-Ping $Hosts[0] 192.0.2.2
    }

    It 'are those that bridge shows, of the bridge too' {
        New-SwitchedNetwork 2 -VlanFiltering
        $null = New-NetworkVlan p1 10, 11, 12, 4094 -Namespace $Switch
        $null = New-NetworkVlan br0 30 -Untagged -Namespace $Switch
        $theirs = foreach ($link in Read-Bridge $Switch vlan, show) { foreach ($vlan in $link.vlans) { "$($link.ifname) $($vlan.vlan) $($vlan.flags -contains 'PVID') $($vlan.flags -contains 'Egress Untagged')" } }
        $ours = Get-NetworkVlan -Namespace $Switch | ForEach-Object { "$($_.Link) $($_.VlanId) $($_.IsPvid) $($_.IsUntagged)" }
        ($ours | Sort-Object) | Should -Be ($theirs | Sort-Object)
        # bridge(8) joins numbers beside one another only where it is asked to.
        (Get-NetworkVlan p1 -Namespace $Switch).VlanId | Should -Be 1, 10, 11, 12, 4094
        Get-NetworkVlan p1 -Namespace $Switch | Where-Object VlanId -GT 10 | Remove-NetworkVlan
        (Get-NetworkVlan p1 -Namespace $Switch).VlanId | Should -Be 1, 10
        Remove-NetworkVlan br0 30 -Namespace $Switch
        (Get-NetworkVlan br0 -Namespace $Switch).VlanId | Should -Be 1
    }
}
