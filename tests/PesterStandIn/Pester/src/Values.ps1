# An operator returns nothing when it holds and the message of its failure otherwise. Its parameters besides
# $ActualValue and $Negate become those of Should.

function Test-Nothing([object[]] $Array) {
    $null -eq $Array -or $Array.Count -eq 0 -or ($Array.Count -eq 1 -and $null -eq $Array[0])
}

# Arrays are compared item by item, everything else with the operator of the language.
function Test-SameValue([object[]] $Actual, [object[]] $Expected, [bool] $CaseSensitive, [int] $Depth = 0) {
    if ($Depth -ge 100) { throw 'The arrays are nested more than 100 levels deep. Does one of them contain itself?' }
    if ((Test-Nothing $Actual) -or (Test-Nothing $Expected)) { return (Test-Nothing $Actual) -and (Test-Nothing $Expected) }
    if ($Actual.Count -ne $Expected.Count) { return $false }
    for ($i = 0; $i -lt $Actual.Count; $i++) {
        $same = if ($Actual[$i] -is [array] -or $Expected[$i] -is [array]) { Test-SameValue $Actual[$i] $Expected[$i] $CaseSensitive ($Depth + 1) }
        elseif ($CaseSensitive) { $Expected[$i] -ceq $Actual[$i] }
        else { $Expected[$i] -eq $Actual[$i] }
        if (-not $same) { return $false }
    }

    $true
}

function Test-Equality($ActualValue, $ExpectedValue, [bool] $Negate, [string] $Because, [bool] $CaseSensitive) {
    $exactly = if ($CaseSensitive) { ' exactly' } else { '' }
    if ((Test-SameValue $ActualValue $ExpectedValue $CaseSensitive) -ne $Negate) { return }
    if ($Negate) {
        return "Expected $(Format-Value $ExpectedValue) to be different from the actual value,$(Format-Because $Because) but got$exactly the same value."
    }

    # A single value comes wrapped in an array from the pipeline.
    $actual = $($ActualValue)
    $expected = $($ExpectedValue)
    if ($actual -is [string] -and $expected -is [string]) { return Format-StringDifference $expected $actual $CaseSensitive $Because }
    "Expected$exactly $(Format-Value $expected),$(Format-Because $Because) but got $(Format-Value $actual)."
}

function Test-Be($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    Test-Equality $ActualValue $ExpectedValue $Negate $Because $false
}

function Test-BeExactly($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    Test-Equality $ActualValue $ExpectedValue $Negate $Because $true
}

function Format-Comparison([string] $Relation, $ActualValue, $ExpectedValue, [string] $Because) {
    "Expected the actual value to be $Relation $(Format-Value $ExpectedValue),$(Format-Because $Because) but got $(Format-Value $ActualValue)."
}

function Test-BeGreaterThan($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    if ($Negate) { return Test-BeLessOrEqual $ActualValue $ExpectedValue -Because $Because }
    if ($ActualValue -le $ExpectedValue) { Format-Comparison 'greater than' $ActualValue $ExpectedValue $Because }
}

function Test-BeGreaterOrEqual($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    if ($Negate) { return Test-BeLessThan $ActualValue $ExpectedValue -Because $Because }
    if ($ActualValue -lt $ExpectedValue) { Format-Comparison 'greater than or equal to' $ActualValue $ExpectedValue $Because }
}

function Test-BeLessThan($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    if ($Negate) { return Test-BeGreaterOrEqual $ActualValue $ExpectedValue -Because $Because }
    if ($ActualValue -ge $ExpectedValue) { Format-Comparison 'less than' $ActualValue $ExpectedValue $Because }
}

function Test-BeLessOrEqual($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    if ($Negate) { return Test-BeGreaterThan $ActualValue $ExpectedValue -Because $Because }
    if ($ActualValue -gt $ExpectedValue) { Format-Comparison 'less than or equal to' $ActualValue $ExpectedValue $Because }
}

function Format-Matching([string] $What, [string] $How, $Pattern, $ActualValue, [bool] $Negate, [string] $Because) {
    $not, $end = if ($Negate) { ' not', 'it did match' } else { '', 'it did not match' }
    "Expected $What $(Format-Value $Pattern) to$not $How $(Format-Value $ActualValue),$(Format-Because $Because) but $end."
}

function Test-BeLike($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    if ([bool]($ActualValue -like $ExpectedValue) -eq $Negate) { Format-Matching 'like wildcard' 'match' $ExpectedValue $ActualValue $Negate $Because }
}

function Test-BeLikeExactly($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    if ([bool]($ActualValue -clike $ExpectedValue) -eq $Negate) {
        Format-Matching 'case sensitive like wildcard' 'match' $ExpectedValue $ActualValue $Negate $Because
    }
}

function Test-Match($ActualValue, $RegularExpression, [switch] $Negate, [string] $Because) {
    if ([bool]($ActualValue -match $RegularExpression) -eq $Negate) {
        Format-Matching 'regular expression' 'match' $RegularExpression $ActualValue $Negate $Because
    }
}

function Test-MatchExactly($ActualValue, $RegularExpression, [switch] $Negate, [string] $Because) {
    if ([bool]($ActualValue -cmatch $RegularExpression) -eq $Negate) {
        Format-Matching 'regular expression' 'case sensitively match' $RegularExpression $ActualValue $Negate $Because
    }
}

function Test-BeIn($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    if (($ExpectedValue -contains $ActualValue) -ne $Negate) { return }
    $not, $end = if ($Negate) { ' not', 'it was found' } else { '', 'it was not found' }
    "Expected collection $(Format-Value $ExpectedValue) to$not contain $(Format-Value $ActualValue),$(Format-Because $Because) but $end."
}

function Test-Contain($ActualValue, $ExpectedValue, [switch] $Negate, [string] $Because) {
    if (($ActualValue -contains $ExpectedValue) -ne $Negate) { return }
    $not, $end = if ($Negate) { ' not', 'it was found' } else { '', 'it was not found' }
    "Expected $(Format-Value $ExpectedValue) to$not be found in collection $(Format-Value $ActualValue),$(Format-Because $Because) but $end."
}

function Test-HaveCount($ActualValue, [int] $ExpectedValue, [switch] $Negate, [string] $Because) {
    if ($ExpectedValue -lt 0) { throw [System.ArgumentException]::new('The expected size of a collection cannot be below 0.') }
    $count = if ($null -eq $ActualValue) { 0 } else { $ActualValue.Count }
    if (($count -eq $ExpectedValue) -ne $Negate) { return }
    $wanted = if ($Negate) { if ($ExpectedValue -eq 0) { 'a non-empty collection' } else { "a collection with size different from $ExpectedValue" } }
    else { if ($ExpectedValue -eq 0) { 'an empty collection' } else { "a collection with size $ExpectedValue" } }
    $got = if ($count -eq 0) { 'an empty collection' } elseif ($Negate) { "collection with that size $(Format-Value $ActualValue)" }
    else { "collection with size $count $(Format-Value $ActualValue)" }
    "Expected $wanted,$(Format-Because $Because) but got $got."
}

function Test-BeNullOrEmpty($ActualValue, [switch] $Negate, [string] $Because) {
    $shown = $ActualValue
    $empty = $null -eq $ActualValue -or $ActualValue.Count -eq 0
    if (-not $empty -and $ActualValue.Count -eq 1) {
        $shown = $ActualValue[0]
        $empty = if ($shown -is [hashtable]) { $shown.Count -eq 0 } else { [string]::IsNullOrEmpty($shown) }
    }

    if ($empty -ne $Negate) { return }
    if ($Negate) { return "Expected a value,$(Format-Because $Because) but got `$null or empty." }
    "Expected `$null or empty,$(Format-Because $Because) but got $(Format-Value $shown)."
}

function Test-BeTrue($ActualValue, [switch] $Negate, [string] $Because) {
    if ($Negate) { return Test-BeFalse $ActualValue -Because $Because }
    if (-not $ActualValue) { "Expected `$true,$(Format-Because $Because) but got $(Format-Value $ActualValue)." }
}

function Test-BeFalse($ActualValue, [switch] $Negate, [string] $Because) {
    if ($Negate) { return Test-BeTrue $ActualValue -Because $Because }
    if ($ActualValue) { "Expected `$false,$(Format-Because $Because) but got $(Format-Value $ActualValue)." }
}

# A type may be given as '[int]' or 'System.Int32' too.
function ConvertTo-ExpectedType($Value) {
    if ($Value -isnot [string]) { return $Value }
    $name = $Value -replace '^\[(.*)\]$', '$1'
    $type = $name -as [type]
    if ($null -eq $type) { throw [System.ArgumentException]::new("Could not find type [$name]. Make sure that the assembly that contains that type is loaded.") }
    $type
}

function Test-BeOfType($ActualValue, $ExpectedType, [switch] $Negate, [string] $Because) {
    $type = ConvertTo-ExpectedType $ExpectedType
    if (($ActualValue -is $type) -ne $Negate) { return }
    $not = if ($Negate) { ' not' } else { '' }
    $actualType = if ($null -eq $ActualValue) { $null } else { $ActualValue.GetType() }
    "Expected the value to$not have type $(Format-Value $type) or any of its subtypes,$(Format-Because $Because) " +
    "but got $(Format-Value $ActualValue) with type $(Format-Value $actualType)."
}
