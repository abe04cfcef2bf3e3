# How values look in messages.

function Format-Because([string] $Because) {
    $text = $Because.Trim()
    if ($text) { " because $($text -replace '^because\s'),"}
}

function Format-Collection($Value) {
    $limit = 10
    $shown = [System.Collections.Generic.List[string]]::new()
    $count = 0
    foreach ($item in $Value) {
        if ($count -lt $limit) { $shown.Add((Format-Value $item)) }
        $count++
    }

    '@(' + ($shown -join ', ') + $(if ($count -gt $limit) { ", ...$($count - $limit) more" }) + ')'
}

function Format-Value($Value) {
    if ($null -eq $Value) { return '$null' }
    if ($Value -is [bool]) { return '$' + $Value.ToString().ToLowerInvariant() }
    if ($Value -is [string]) { return $(if ($Value -eq '') { '<empty>' } else { "'$Value'" }) }
    if ($Value -is [datetime]) { return $Value.ToString('o') }
    if ($Value -is [type]) { return "[$Value]" }
    if ($Value -is [scriptblock]) { return "{$Value}" }
    # A collection of one plain value looks like the value.
    $single = $($Value)
    if ($single -is [valuetype] -or $single -is [string]) { return [string]$Value }
    if ($Value -isnot [System.Collections.IDictionary] -and [System.Management.Automation.LanguagePrimitives]::IsObjectEnumerable($Value)) {
        return Format-Collection $Value
    }

    [string]$Value
}

function Join-Sentence([object[]] $Item, [int] $Threshold = 2) {
    if ($null -eq $Item -or $Item.Count -lt $Threshold) { return $Item -join ', ' }
    ($Item[0..($Item.Count - 2)] -join ', ') + ' and ' + $Item[-1]
}

function Format-Duration([timespan] $Duration) {
    if ($Duration.TotalSeconds -lt 1) { "$([int]$Duration.TotalMilliseconds)ms" } else { "$([math]::Round($Duration.TotalSeconds, 2))s" }
}

function Expand-ControlCharacter([string] $Text) {
    $Text.Replace("`n", '\n').Replace("`r", '\r').Replace("`t", '\t').Replace("`0", '\0').Replace("`b", '\b')
}

function Find-FirstDifference([string] $One, [string] $Other, [bool] $CaseSensitive) {
    $comparison = if ($CaseSensitive) { [System.StringComparison]::Ordinal } else { [System.StringComparison]::InvariantCultureIgnoreCase }
    $length = [math]::Max($One.Length, $Other.Length)
    for ($i = 0; $i -lt $length; $i++) {
        if ($i -ge $One.Length -or $i -ge $Other.Length) { return $i }
        if (-not [string]::Equals($One.Substring($i, 1), $Other.Substring($i, 1), $comparison)) { return $i }
    }

    0
}

function Format-StringDifference([string] $Expected, [string] $Actual, [bool] $CaseSensitive, [string] $Because) {
    $at = Find-FirstDifference $Expected $Actual $CaseSensitive
    $shownExpected = Expand-ControlCharacter $Expected
    $shownActual = Expand-ControlCharacter $Actual
    $caret = Find-FirstDifference $shownExpected $shownActual $CaseSensitive
    $lengths = if ($Expected.Length -eq $Actual.Length) { "String lengths are both $($Expected.Length)." }
    else { "Expected length: $($Expected.Length)`nActual length:   $($Actual.Length)" }
    @(
        "Expected strings to be the same,$(Format-Because $Because) but they were different."
        $lengths
        "Strings differ at index $at."
        "Expected: '$shownExpected'"
        "But was:  '$shownActual'"
        (' ' * 11) + ('-' * $caret) + '^'
    ) -join "`n"
}
