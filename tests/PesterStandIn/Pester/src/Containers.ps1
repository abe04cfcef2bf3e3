function New-ContainerInfo([string] $Type, $Item, [System.Collections.IDictionary] $Data) {
    # A copy of its own: default values of the parameters are added to it.
    $copy = @{}
    if ($null -ne $Data) { foreach ($key in $Data.Keys) { $copy[$key] = $Data[$key] } }
    [pscustomobject]@{ PSTypeName = 'Pester.ContainerInfo'; Type = $Type; Item = $Item; Data = $copy }
}

function Get-DirectoryTestFile([string] $Directory, [string] $Extension) {
    $options = [System.IO.EnumerationOptions]@{ AttributesToSkip = 'Hidden'; MatchCasing = 'CaseInsensitive' }
    $files = [System.IO.Directory]::GetFiles($Directory, "*$Extension", $options)
    $folders = [System.IO.Directory]::GetDirectories($Directory, '*', $options)
    [array]::Sort($files, [System.StringComparer]::OrdinalIgnoreCase)
    [array]::Sort($folders, [System.StringComparer]::OrdinalIgnoreCase)
    $files
    foreach ($folder in $folders) { Get-DirectoryTestFile $folder $Extension }
}

function Test-ExcludedPath([string] $Path, [string[]] $Exclude) {
    foreach ($pattern in $Exclude) { if ($Path -like $pattern) { return $true } }
    $false
}

# A folder is searched for test files, a file named outright is taken whatever its name, as Pester does.
function Find-TestFile([string[]] $Path, [string[]] $Exclude, [string] $Extension, $SessionState) {
    $seen = [System.Collections.Generic.HashSet[string]]::new()
    foreach ($one in $Path) {
        $provider = $null
        $resolved = @($SessionState.Path.GetResolvedProviderPathFromPSPath($one, [ref]$provider))
        foreach ($full in $resolved) {
            $files = if ([System.IO.Directory]::Exists($full)) { Get-DirectoryTestFile $full $Extension }
            elseif ($resolved.Count -gt 1 -and -not $full.EndsWith($Extension, [System.StringComparison]::OrdinalIgnoreCase)) { @() }
            elseif (-not $full.EndsWith('.ps1', [System.StringComparison]::OrdinalIgnoreCase)) { throw "Script path '$full' is not a ps1 file." }
            else { $full }

            foreach ($file in $files) {
                if (-not (Test-ExcludedPath $file $Exclude) -and $seen.Add($file)) { [System.IO.FileInfo]::new($file) }
            }
        }
    }
}

function New-PesterContainer {
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(Mandatory, ParameterSetName = 'Path')]
        [string[]] $Path,

        [Parameter(Mandatory, ParameterSetName = 'ScriptBlock')]
        [scriptblock[]] $ScriptBlock,

        [System.Collections.IDictionary[]] $Data = @($null)
    )

    $items = @(if ($PSCmdlet.ParameterSetName -eq 'ScriptBlock') { $ScriptBlock }
        else { Find-TestFile $Path @() '.Tests.ps1' $PSCmdlet.SessionState })
    $type = if ($PSCmdlet.ParameterSetName -eq 'ScriptBlock') { 'ScriptBlock' } else { 'File' }
    foreach ($item in $items) {
        foreach ($one in $Data) { New-ContainerInfo $type $item $one }
    }
}

function Get-RunContainer($Configuration, $SessionState) {
    $containers = @(
        foreach ($block in $Configuration.Run.ScriptBlock.Value) { New-ContainerInfo 'ScriptBlock' $block $null }
        foreach ($info in $Configuration.Run.Container.Value) { New-ContainerInfo $info.Type $info.Item $info.Data }
    )
    $pathIsDefault = $Configuration.Run.Path.Value.Count -eq 1 -and $Configuration.Run.Path.Value[0] -eq '.'
    if ($containers.Count -eq 0 -or -not $pathIsDefault) {
        $exclude = @($Configuration.Run.ExcludePath.Value) + @(foreach ($c in $containers) { if ($c.Type -eq 'File') { $c.Item.FullName } })
        $containers += @(foreach ($file in Find-TestFile $Configuration.Run.Path.Value $exclude $Configuration.Run.TestExtension.Value $SessionState) {
                New-ContainerInfo 'File' $file $null
            })
    }

    if ($containers.Count -eq 0) {
        throw "No test files were found and no script blocks were provided: a path to a *$($Configuration.Run.TestExtension.Value) file or to a directory that contains one is needed."
    }

    $containers
}
