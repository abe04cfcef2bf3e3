# Set-, Get- and Remove-NetworkRate: what goes over a link in a second is measured, and the queueing disciplines are compared with tc(8).

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/NetworkHelpers.ps1
    $script:Get = 'Isolation.Commands.GetNetworkRateCommand'
    $script:Set = 'Isolation.Commands.SetNetworkRateCommand'
    $script:Remove = 'Isolation.Commands.RemoveNetworkRateCommand'
    $script:Here = New-TestNetwork
    $script:There = New-TestNetwork -In $Here
    $null = New-NetworkLink v0 veth -Peer v1 -PeerNamespace $There -Up -Namespace $Here -ErrorAction Stop
    $null = New-NetworkAddress v0 192.0.2.1/24 -Namespace $Here -ErrorAction Stop
    $null = New-NetworkAddress v1 192.0.2.2/24 -Namespace $There -ErrorAction Stop
    $script:Before = tc -j qdisc show | ConvertFrom-Json | ForEach-Object { "$($_.dev) $($_.kind)" }

    function Read-Tc {
        # What tc(8) says inside.
        param($Network, [string[]] $Words)
        Enter-Namespace $Network tc -ArgumentList (@('-j', '-s') + $Words) | ConvertFrom-Json
    }

    function Measure-Rate {
        # Megabits of payload a second that a program in the one set sends to one in the other, within three seconds, counted by who receives; at most what 20 MB in them are.
        param($From, $To, [string] $Address)
        $port = 5001
        $file = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), (New-TestName))
        $receiver = Start-NamespaceProcess $To sh -ArgumentList '-c', "exec busybox nc -l -p $port -e sh -c 'head -c 20000000 > $file'" -ErrorAction Stop
        try {
            Wait-Until { @(Enter-Namespace $To cat /proc/net/tcp /proc/net/tcp6) -match (':{0:X4} 0+:0000 0A' -f $port) } -For 'the receiver to listen'
            $sender = Start-NamespaceProcess $From sh -ArgumentList '-c', "exec busybox nc $Address $port < /dev/zero"
            Wait-Until { [System.IO.File]::Exists($file) -and [System.IO.FileInfo]::new($file).Length -gt 0 } -For 'the first bytes'
            $before = [System.IO.FileInfo]::new($file).Length
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            [System.Threading.Thread]::Sleep(3000)
            $bytes = [System.IO.FileInfo]::new($file).Length - $before
            $bytes * 8 / $watch.Elapsed.TotalSeconds / 1e6
        }
        finally {
            Stop-NamespaceProcess $sender, $receiver -ErrorAction Ignore
            [System.IO.File]::Delete($file)
        }
    }

    function Assert-Rate {
        # Within a tenth of what was set, of which the headers of TCP, IP and Ethernet leave 95.6 % for payload. A busy machine may be late: then it is measured again, and a
        # limit that is not there is exceeded each time.
        param($From, $To, [string] $Address, [double] $Limit)
        foreach ($try in 1..3) {
            $measured = Measure-Rate $From $To $Address
            if ([Math]::Abs($measured - $Limit * 0.956) -le $Limit / 10) { return }
        }
        $measured | Should -BeGreaterThan ($Limit * 0.856)
        $measured | Should -BeLessThan ($Limit * 1.056)
    }
}

AfterAll {
    Remove-Namespace $There
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
    tc -j qdisc show | ConvertFrom-Json | ForEach-Object { "$($_.dev) $($_.kind)" } | Should -Be $Before
}

Describe 'Network rates' {
    AfterEach {
        Remove-NetworkRate v0 -Namespace $Here -ErrorAction Ignore
        $null = Enter-Namespace $Here sh -ArgumentList '-c', 'tc qdisc delete dev v0 root; tc qdisc delete dev v0 ingress; true' 2>$null
        (Read-Ip $Here link).ifname | Should -Be lo, v0
    }

    It 'limit what a link sends, and change while it is used' {
        $rate = Set-NetworkRate v0 -Send 4mbit -Namespace $Here -PassThru
        $rate | Should -BeOfType Isolation.NetworkRate
        $rate.Send | Should -Be 4000000
        $rate.Receive | Should -BeNullOrEmpty
        $rate.Namespace | Should -Be $Here.Name
        $tc = Read-Tc $Here qdisc, show, dev, v0
        $tc.kind | Should -Be tbf
        $tc.options.rate | Should -Be 500000
        $tc.options.burst | Should -BeIn 16383, 16384
        [Math]::Abs($rate.SendBurst - $tc.options.burst) | Should -BeLessOrEqual 1
        Assert-Rate $Here $There 192.0.2.2 4
        # The other direction is free.
        Measure-Rate $There $Here 192.0.2.1 | Should -BeGreaterThan 8
        Set-NetworkRate v0 -Send 250KB/s -Namespace $Here
        (Get-NetworkRate v0 -Namespace $Here).Send | Should -Be 2000000
        Assert-Rate $Here $There 192.0.2.2 2
        Remove-NetworkRate v0 -Namespace $Here
        (Read-Tc $Here qdisc, show, dev, v0).kind | Should -Be noqueue
        Measure-Rate $Here $There 192.0.2.2 | Should -BeGreaterThan 8
    }

    It 'limit what a link receives' {
        (Set-NetworkRate v0 -Receive 4mbit -Send 8mbit -Burst 32kb -Namespace $Here -PassThru).Receive | Should -Be 4000000
        Assert-Rate $There $Here 192.0.2.1 4
        Assert-Rate $Here $There 192.0.2.2 8
        $rate = Get-NetworkRate -Namespace $Here
        $rate.Link | Should -Be v0
        $rate.ReceiveBurst, $rate.SendBurst | ForEach-Object { [Math]::Abs($_ - 32768) | Should -BeLessOrEqual 1 }
        Set-NetworkRate v0 -Receive max -Namespace $Here
        (Read-Ip $Here link).ifname | Should -Be lo, v0
        (Get-NetworkRate v0 -Namespace $Here).Send | Should -Be 8000000
        (Read-Tc $Here qdisc, show, dev, v0).kind | Should -Be tbf
    }

    It 'are taken with units: <Text>' -ForEach @(
        @{ Text = '1mbit'; Bits = 1e6 }, @{ Text = '1mibit'; Bits = 1048576 }, @{ Text = '1mbps'; Bits = 8e6 }, @{ Text = '1 MB/s'; Bits = 8e6 }, @{ Text = '1.5Mbit/s'; Bits = 1.5e6 }
        @{ Text = '500k'; Bits = 5e5 }, @{ Text = 64000; Bits = 64000 }, @{ Text = '40gbit'; Bits = 4e10 }, @{ Text = '1KiB/s'; Bits = 8192 }
    ) {
        (Set-NetworkRate v0 -Send $Text -Namespace $Here -PassThru).Send | Should -Be $Bits
        (Read-Tc $Here qdisc, show, dev, v0).options.rate | Should -Be ($Bits / 8)
    }

    It 'are refused without a meaning: <Text>' -ForEach @(@{ Text = 'fast' }, @{ Text = '10mb/s' }, @{ Text = '0' }, @{ Text = '-5mbit' }, @{ Text = '1e30' }, @{ Text = '' }, @{ Text = 'mbit' }) {
        $failure = Get-Refusal { Set-NetworkRate v0 -Send $Text -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -Match ",$Set$"
        $failure.CategoryInfo.Category | Should -Be InvalidArgument
        Get-NetworkRate -Namespace $Here | Should -BeNullOrEmpty
    }

    It 'are refused with the reason' {
        (Get-Refusal { Set-NetworkRate v0 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkOptionInvalid,$Set"
        (Get-Refusal { Set-NetworkRate v0 -Burst 5000 -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkOptionInvalid,$Set"
        (Get-Refusal { Set-NetworkRate v0 -Jitter 5ms -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkOptionInvalid,$Set"
        (Get-Refusal { Set-NetworkRate nope -Send 1mbit -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkNotFound,$Set"
        (Get-Refusal { Get-NetworkRate nope -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "LinkNotFound,$Get"
        $failure = Get-Refusal { Remove-NetworkRate v0 -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkRateNotFound,$Remove"
        (Get-NetworkRate v0 -Namespace $Here).Send | Should -BeNullOrEmpty
    }

    It 'leave what somebody else has set, unless they are to replace it' {
        $null = Enter-Namespace $Here tc -ArgumentList qdisc, add, dev, v0, root, handle, '7:', tbf, rate, 1mbit, burst, 10k, latency, 50ms
        $null = Enter-Namespace $Here tc -ArgumentList qdisc, add, dev, v0, ingress
        $failure = Get-Refusal { Set-NetworkRate v0 -Send 2mbit -Namespace $Here }
        $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkRateTaken,$Set"
        "$failure" | Should -Match 'sends, tbf.*-Force'
        (Get-Refusal { Set-NetworkRate v0 -Receive 2mbit -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkRateTaken,$Set"
        (Read-Tc $Here qdisc, show, dev, v0).handle | Should -Contain '7:'
        (Read-Ip $Here link).ifname | Should -Be lo, v0
        Set-NetworkRate v0 -Send 2mbit -Receive 3mbit -Force -Namespace $Here
        (Get-NetworkRate v0 -Namespace $Here) | ForEach-Object { $_.Send, $_.Receive } | Should -Be 2000000, 3000000
    }

    It 'go with their link, and what is left is swept by the next' {
        $null = New-NetworkLink w0 veth -Peer w1 -Up -Namespace $Here
        Set-NetworkRate w0 -Receive 5mbit -Namespace $Here
        (Read-Ip $Here link).ifname -like 'isorx-*' | Should -HaveCount 1
        (Get-Refusal { Set-NetworkRate ((Read-Ip $Here link).ifname -like 'isorx-*') -Send 1mbit -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkOptionInvalid,$Set"
        Remove-NetworkLink w0 -Namespace $Here
        Set-NetworkRate v0 -Send 5mbit -Namespace $Here
        (Read-Ip $Here link).ifname | Should -Be lo, v0
    }

    It 'are finished by the next call when one was broken off in the middle' {
        # The link through which it is to receive is there, and nothing leads to it.
        $index = (Get-NetworkLink v0 -Namespace $Here).Index
        $null = New-NetworkLink "isorx-$index" ifb -Namespace $Here
        Set-NetworkRate v0 -Receive 4mbit -Namespace $Here
        Assert-Rate $There $Here 192.0.2.1 4
    }

    It 'change nothing with -WhatIf' {
        Set-NetworkRate v0 -Send 1mbit -Namespace $Here -WhatIf
        Get-NetworkRate -Namespace $Here | Should -BeNullOrEmpty
        Set-NetworkRate v0 -Send 1mbit -Namespace $Here
        Remove-NetworkRate v0 -Namespace $Here -WhatIf
        Get-NetworkLink v0 -Namespace $Here | Get-NetworkRate | ForEach-Object Send | Should -Be 1000000
    }

    It 'name a kernel without netem, or delay and lose packets' {
        $null = Enter-Namespace $Here tc -ArgumentList qdisc, add, dev, v0, root, netem, delay, 1ms 2>&1
        if ($LASTEXITCODE) {
            $failure = Get-Refusal { Set-NetworkRate v0 -Delay 100ms -Namespace $Here }
            $failure.FullyQualifiedErrorId | Should -BeExactly "NetworkRateUnsupported,$Set"
            "$failure" | Should -Match 'no netem .*modprobe sch_netem'
            (Read-Tc $Here qdisc, show, dev, v0).kind | Should -Be noqueue
            # What was set before stays.
            Set-NetworkRate v0 -Send 3mbit -Namespace $Here
            (Get-Refusal { Set-NetworkRate v0 -Delay 100ms -Send 5mbit -Namespace $Here }).FullyQualifiedErrorId | Should -BeExactly "NetworkRateUnsupported,$Set"
            (Get-NetworkRate v0 -Namespace $Here).Send | Should -Be 3000000
        }
    }

    It 'delay, lose and double packets' -Tag Guest {
        $rate = Set-NetworkRate v0 -Delay 300ms -Jitter 10ms -Send 50mbit -Duplicate 1 -Reorder 2 -Namespace $Here -PassThru
        $rate.Delay.TotalMilliseconds | Should -Be 300
        $rate.Jitter.TotalMilliseconds | Should -Be 10
        $rate.Duplicate, $rate.Reorder, $rate.Loss | Should -Be 1, 2, 0
        $rate.Send | Should -Be 50000000
        (Read-Tc $Here qdisc, show, dev, v0).kind | Should -Be netem, tbf
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        Assert-Ping $Here 192.0.2.2
        $watch.Elapsed.TotalMilliseconds | Should -BeGreaterThan 280
        Set-NetworkRate v0 -Delay 0 -Jitter 0 -Duplicate 0 -Reorder 0 -Loss 100 -Namespace $Here
        Test-Ping $Here 192.0.2.2 | Should -BeFalse
        (Get-NetworkRate v0 -Namespace $Here).SendDropped | Should -BeGreaterThan 0
        Set-NetworkRate v0 -Loss 0 -Namespace $Here
        Assert-Ping $Here 192.0.2.2
        $tc = Read-Tc $Here qdisc, show, dev, v0
        $tc.kind | Should -Be tbf
        $tc.options.rate | Should -Be 6250000
    }

    It 'take a right that an ordinary user has not' -Tag User {
        (Get-Refusal { Set-NetworkRate lo -Send 1mbit }).FullyQualifiedErrorId | Should -BeExactly "NetworkPrivilegeMissing,$Set"
    }
}
