# A host of its own for a test of container networks: a process of this PowerShell in a new network namespace, with folders of its own in /run, so that the real host's
# links, routes, rules and forwarding stay as they are, and what is left behind ends with the process.

$script:LabPrefix = 'unshare', '--net', '--mount', 'sh', '-c', 'mount -t tmpfs none /run && mkdir /run/netns && exec "$@"', 'sh'

$script:LabHead = "
    . '$PSScriptRoot/Common.ps1'
    `$WarningPreference = 'SilentlyContinue'
    ip link set lo up
    function Test-Ping {
        # Whether an address answers somebody in a set, or in the host where none is given. Answers may take their time, as long as they come.
        param([string] `$Address, [string] `$From)
        `$ErrorActionPreference = 'SilentlyContinue'
        `$ping = 'ping', '-c', '1', '-W', '1', `$Address
        `$null = if (`$From) { Enter-Namespace `$From busybox -ArgumentList `$ping 2>&1 } else { busybox @ping 2>&1 }
        `$LASTEXITCODE -eq 0
    }
    function Wait-Ping {
        param([string] `$Address, [string] `$From)
        Wait-Until { Test-Ping `$Address `$From } -For `"an answer of `$Address for `$From`" -Seconds 30
        'answered'
    }
    function New-Outside {
        # Another host beside this one, with addresses of both families, that knows no way to the networks of this one.
        `$null = New-Namespace outside -Type Net
        ip link add up0 type veth peer name up0 netns outside
        ip address add 203.0.113.1/24 dev up0
        ip address add 2001:db8:203::1/64 dev up0 nodad
        ip link set up0 up
        ip -n outside address add 203.0.113.9/24 dev up0
        ip -n outside address add 2001:db8:203::9/64 dev up0 nodad
        ip -n outside link set up0 up
        `$null = Wait-Ping 203.0.113.9
        `$null = Wait-Ping 2001:db8:203::9
    }
    function Write-Line {
        # With the elements of lists beside one another.
        `$words = foreach (`$argument in `$args) { `$argument }
        [Console]::Out.WriteLine(`$words -join ' ')
        [Console]::Out.Flush()
    }
    function Get-RuleSet {
        # The elements of a set in the table of ours.
        param([string] `$Name)
        foreach (`$one in (nft -j list table inet isolation | ConvertFrom-Json).nftables) { if (`$one.set.name -eq `$Name) { `$one.set.elem } }
    }
    function Get-IsolationLink {
        # The links of ours on this host: bridges, and ends of pairs.
        foreach (`$link in ip -j link show | ConvertFrom-Json) { if (`$link.ifname -match '^is[ov]') { `$link.ifname } }
    }
"

function Invoke-Lab {
    # Runs a script on such a host and gives the lines that it wrote.
    param([string] $Script, [int] $Seconds = 240)
    $lines = @(Invoke-ChildHost "$LabHead`n$Script" -Prefix $LabPrefix -Seconds $Seconds)
    if ($lines.Count -and $lines[-1] -like 'error:*') { throw "The lab ended with $($lines[-1]), after: $($lines -join ' | ')" }
    $lines
}

function Get-HostNetwork {
    # What such tests must leave as it is on the real host, where others may make links of their own meanwhile.
    @([System.IO.Directory]::GetDirectories('/sys/class/net') -match '/(iso-|isv)' | Sort-Object) -join ' '
    Get-Content /proc/sys/net/ipv4/ip_forward, /proc/sys/net/ipv6/conf/all/forwarding
}
