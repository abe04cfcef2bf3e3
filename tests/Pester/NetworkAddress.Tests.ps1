# Get-, New- and Remove-NetworkAddress, compared with ip(8), with duplicates that are really there.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/NetworkHelpers.ps1
    $script:Get = 'Isolation.Commands.GetNetworkAddressCommand'
    $script:New = 'Isolation.Commands.NewNetworkAddressCommand'
    $script:Remove = 'Isolation.Commands.RemoveNetworkAddressCommand'
    $script:Here = New-TestNetwork
    $script:There = New-TestNetwork -In $Here
    $null = New-NetworkLink v0 veth -Peer v1 -PeerNamespace $There -Up -Namespace $Here -ErrorAction Stop
    $script:Before = ip -j address | ConvertFrom-Json | ForEach-Object { $_.addr_info.local }

    function Clear-Address {
        foreach ($network in $Here, $There) {
            Get-NetworkAddress v0, v1 -Namespace $network -ErrorAction Ignore | Get-NetworkAddressOfTest | Remove-NetworkAddress
        }
    }

    filter Get-NetworkAddressOfTest { if ("$($_.IPAddress)" -match '^(192\.0\.2|2001:db8)') { $_ } }
}

AfterAll {
    Remove-Namespace $There
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
    ip -j address | ConvertFrom-Json | ForEach-Object { $_.addr_info.local } | Should -Be $Before
}

Describe 'Network addresses' {
    AfterEach { Clear-Address }

    It 'are those that ip shows, of the host' {
        $theirs = ip -j address show | ConvertFrom-Json | ForEach-Object { $link = $_.ifname; $_.addr_info | ForEach-Object { "$link $($_.local)/$($_.prefixlen) $($_.scope) $($_.broadcast)" } } | Sort-Object
        Get-NetworkAddress | ForEach-Object { "$($_.Link) $_ $($_.Scope) $($_.Broadcast)" } | Sort-Object | Should -Be $theirs
        (Get-NetworkAddress lo -Family IPv4).IPAddress | Should -Be 127.0.0.1
        (Get-NetworkAddress lo -Family ipv6)?.IPAddress | Should -Be ((ip -j address show lo | ConvertFrom-Json).addr_info | Where-Object family -EQ inet6).local
    }

    It 'are given to a link, and answer' {
        $address = New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here
        $address | Should -BeOfType Isolation.NetworkAddress
        "$address" | Should -Be 192.0.2.1/24
        $address.Broadcast | Should -Be 192.0.2.255
        $null = Get-NetworkLink v1 -Namespace $There | New-NetworkAddress -Address 192.0.2.2/24
        (Read-Ip $There address, show, v1).addr_info | Where-Object family -EQ inet | ForEach-Object { "$($_.local) $($_.prefixlen) $($_.broadcast) $($_.scope)" } | Should -Be '192.0.2.2 24 192.0.2.255 global'
        Assert-Ping $Here 192.0.2.2
        Remove-NetworkAddress v1 192.0.2.2 -Namespace $There
        (Read-Ip $There address, show, v1).addr_info.local | Should -Not -Contain 192.0.2.2
        Test-Ping $Here 192.0.2.2 | Should -BeFalse
    }

    It 'of IPv6 can be used when the cmdlet returns' {
        $addresses = New-NetworkAddress v0 2001:db8::1/64, 2001:db8::5/64 -Namespace $Here
        $addresses.IsTentative | Should -Be $false, $false
        $null = New-NetworkAddress v1 2001:db8::2/64 -Namespace $There
        Assert-Ping $Here 2001:db8::2
        (Read-Ip $Here address, show, v0).addr_info | Where-Object local -EQ 2001:db8::5 | ForEach-Object prefixlen | Should -Be 64
    }

    It 'of IPv6 are refused when somebody on the link has them' {
        $null = New-NetworkAddress v0 2001:db8::1/64 -Namespace $Here
        $failure = Get-Refusal { New-NetworkAddress v1 2001:db8::1/64 -Namespace $There }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkAddressDuplicate,$New"
        "$failure" | Should -Match '2001:db8::1'
        (Read-Ip $There address, show, v1).addr_info.local | Should -Not -Contain 2001:db8::1
        # Who says so gets it all the same.
        (New-NetworkAddress v1 2001:db8::1/64 -NoDuplicateDetection -Namespace $There).IsDuplicate | Should -BeFalse
    }

    It 'of IPv4 are refused when somebody on the link has them, with or without an address to ask from' {
        $null = New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here
        foreach ($own in '', '192.0.2.2/24') {
            if ($own) { $null = New-NetworkAddress v1 $own -Namespace $There }
            $failure = Get-Refusal { New-NetworkAddress v1 192.0.2.1/24 -Namespace $There }
            $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkAddressDuplicate,$New"
            "$failure" | Should -Match "192\.0\.2\.1: $((Read-Ip $Here link, show, v0).address)"
            (Read-Ip $There address, show, v1).addr_info.local | Should -Not -Contain 192.0.2.1
            # Nothing of the question stays.
            Read-Ip $There neigh, show, 192.0.2.1 | Should -BeNullOrEmpty
        }

        # Who says so gets it all the same.
        "$(New-NetworkAddress v1 192.0.2.1/24 -NoDuplicateDetection -Namespace $There)" | Should -Be 192.0.2.1/24
    }

    It 'of IPv6 on a link that is off do not wait for anybody' {
        $null = New-NetworkLink off bridge -Namespace $Here
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        "$(New-NetworkAddress off 2001:db8::9/64 -Namespace $Here)" | Should -Be 2001:db8::9/64
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 8
        Remove-NetworkLink off -Namespace $Here
    }

    It 'have another end on a link that has one' {
        $address = New-NetworkAddress v0 192.0.2.1/32 -Peer 192.0.2.77 -Namespace $Here
        $address.Peer | Should -Be 192.0.2.77
        $ip = (Read-Ip $Here address, show, v0).addr_info | Where-Object family -EQ inet
        "$($ip.local) $($ip.address)" | Should -Be '192.0.2.1 192.0.2.77'
        $address | Remove-NetworkAddress
        (Read-Ip $Here address, show, v0).addr_info.local | Should -Not -Contain 192.0.2.1
    }

    It 'are those of every link of a set that comes down the pipeline, whose name is none of a link' {
        $null = New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here
        foreach ($address in '192.0.2.1', '127.0.0.1') { $Here | Get-NetworkAddress | ForEach-Object IPAddress | Should -Contain $address }
        ($Here | Get-NetworkAddress v0).Link | Select-Object -Unique | Should -Be v0
        (Get-NetworkLink v0 -Namespace $Here | Get-NetworkAddress -Namespace $Here).Link | Select-Object -Unique | Should -Be v0
        { $Here | Get-NetworkNeighbour -ErrorAction Stop } | Should -Not -Throw
    }

    It 'that differ in their prefix alone are told apart' {
        $null = New-NetworkAddress v0 192.0.2.1/24, 192.0.2.1/32 -Namespace $Here
        Get-NetworkAddress v0 -Namespace $Here | Where-Object PrefixLength -EQ 32 | Remove-NetworkAddress
        ((Read-Ip $Here address, show, v0).addr_info | Where-Object local -EQ 192.0.2.1).prefixlen | Should -Be 24
        (Get-Refusal { Remove-NetworkAddress v0 192.0.2.1 -PrefixLength 32 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkAddressNotFound,$Remove"
        Remove-NetworkAddress v0 192.0.2.1 -PrefixLength 24 -Namespace $Here
        (Read-Ip $Here address, show, v0).addr_info.local | Should -Not -Contain 192.0.2.1
    }

    It 'are refused: <Address>' -ForEach @(
        @{ Address = '192.0.2.1/33' }, @{ Address = '192.0.2/24' }, @{ Address = 'x' }, @{ Address = '192.0.2.1/' }, @{ Address = '192.0.2.1/-1' }, @{ Address = '2001:db8::1/129' }, @{ Address = '1' }
    ) {
        $failure = Get-Refusal { New-NetworkAddress v0 $Address -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkAddressInvalid,$New"
        "$failure" | Should -Match ([regex]::Escape("'$Address'"))
    }

    It 'are refused with the reason' {
        (Get-Refusal { New-NetworkAddress v0 192.0.2.1/24 -Peer ::1 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkAddressInvalid,$New"
        (Get-Refusal { New-NetworkAddress nope 192.0.2.1/24 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkNotFound,$New"
        $null = New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here
        $failure = Get-Refusal { New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkAddressExists,$New"
        $failure.CategoryInfo.Category | Should -Be ResourceExists
        $failure = Get-Refusal { Remove-NetworkAddress v0 192.0.2.9 -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkAddressNotFound,$Remove"
        (Get-Refusal { Remove-NetworkAddress v0 192.0.2.1/25 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkAddressNotFound,$Remove"
        (Get-Refusal { Get-NetworkAddress nope -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkNotFound,$Get"
    }

    It 'stay with -WhatIf' {
        New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here -WhatIf
        (Read-Ip $Here address, show, v0).addr_info.local | Should -Not -Contain 192.0.2.1
        $null = New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here
        Remove-NetworkAddress v0 192.0.2.1 -Namespace $Here -WhatIf
        (Read-Ip $Here address, show, v0).addr_info.local | Should -Contain 192.0.2.1
    }

    It 'take a right that an ordinary user has not' -Tag User {
        (Get-Refusal { New-NetworkAddress lo 192.0.2.1/32 }).FullyQualifiedErrorId | Should -BeExactly "NetworkPrivilegeMissing,$New"
        (Get-Refusal { Remove-NetworkAddress lo 127.0.0.1 }).FullyQualifiedErrorId | Should -BeExactly "NetworkPrivilegeMissing,$Remove"
    }
}
