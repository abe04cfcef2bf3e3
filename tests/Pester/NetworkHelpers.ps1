# What the tests of links, addresses, routes and neighbours share: . $PSScriptRoot/NetworkHelpers.ps1 after Common.ps1.

function New-TestNetwork {
    # A set with a network, for an ordinary user in a user namespace in which he is root; or one in another set, so that both belong to one user namespace and links may go
    # from one to the other.
    param($In)
    if ($In) { New-Namespace -Name (New-TestName) -Type Net -Parent $In.Name -ErrorAction Stop } else { New-TestSet Net }
}

function Read-Ip {
    # What ip(8) says inside, the independent reader.
    param($Set, [string[]] $Words)
    $said = Enter-Namespace $Set ip -ArgumentList (@('-j', '-d') + $Words)
    if ($LASTEXITCODE) { throw "ip -j $Words ended with $LASTEXITCODE" }
    $said | ConvertFrom-Json
}

function Read-Bridge {
    # The same of bridge(8).
    param($Set, [string[]] $Words)
    $said = Enter-Namespace $Set bridge -ArgumentList (@('-j') + $Words)
    if ($LASTEXITCODE) { throw "bridge -j $Words ended with $LASTEXITCODE" }
    $said | ConvertFrom-Json
}

function Assert-Ping {
    # That an answer comes, in time: the first packet may be lost while the link or the neighbour settles.
    param($Set, [string] $Address, [string[]] $Option = @())
    Wait-Until { Test-Ping $Set $Address -Option $Option } -For "an answer of $Address"
}

function Test-Ping {
    # Whether an answer comes from an address.
    param($Set, [string] $Address, [string[]] $Option = @())
    $null = Enter-Namespace $Set busybox -ArgumentList (@('ping', '-c', '1', '-W', '3') + $Option + $Address) 2>&1
    $LASTEXITCODE -eq 0
}
