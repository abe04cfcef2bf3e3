function Test-AnyLike([string[]] $Value, [string[]] $Pattern) {
    foreach ($one in $Value) { foreach ($wanted in $Pattern) { if ($one -like $wanted) { return $true } } }
    $false
}

# Sets Include and Exclude of a block or test from its own words and from what was decided for its parent.
function Set-FilterMark($Item, $Parent, $Filter) {
    $tags = $Filter.Tag.Value
    $names = $Filter.FullName.Value
    $Item.Exclude = $Parent.Exclude -or (Test-AnyLike $Item.Tag $Filter.ExcludeTag.Value)
    $Item.Include = -not $Item.Exclude -and (
        $Parent.Include -or (Test-AnyLike $Item.Tag $tags) -or (Test-AnyLike ($Item.Path -join '.') $names))
}

function Resolve-BlockPlan($Block, $Filter) {
    $hasIncludeFilter = $Filter.Tag.Value.Count -gt 0 -or $Filter.FullName.Value.Count -gt 0
    if (-not $Block.IsRoot) {
        Set-FilterMark $Block $Block.Parent $Filter
        $Block.Skip = $Block.Skip -or $Block.Parent.Skip
    }

    $anyRuns = $false
    $allSkipped = $true
    foreach ($item in $Block.Order) {
        if ($item.ItemType -eq 'Test') {
            Set-FilterMark $item $Block $Filter
            $item.ShouldRun = -not $item.Exclude -and ($item.Include -or -not $hasIncludeFilter)
            $item.Skip = $item.Skip -or $Block.Skip
        }
        else {
            Resolve-BlockPlan $item $Filter
        }

        if ($item.ShouldRun) {
            $anyRuns = $true
            $allSkipped = $allSkipped -and $item.Skip
        }
    }

    $Block.ShouldRun = $anyRuns
    # The setups of a block are of no use when everything in it is skipped.
    if ($anyRuns -and $allSkipped) { $Block.Skip = $true }
}
