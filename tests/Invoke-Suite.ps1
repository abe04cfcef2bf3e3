<#
.SYNOPSIS
    Runs the Pester suite once, as the user who calls it, and writes "passed failed skipped" to a file, then a line for each failure.
.DESCRIPTION
    Under the real Pester where it is installed, otherwise under the stand-in of this folder.
#>
param(
    [Parameter(Mandatory)] [string[]] $ExcludeTag,
    [Parameter(Mandatory)] [string] $Result,
    [string] $Filter = '*'
)

$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot
$pester = Get-Module Pester -ListAvailable | Where-Object { $_.Version.Major -eq 5 } | Select-Object -First 1
if (-not $pester) { $env:PSModulePath = (Join-Path $PSScriptRoot 'PesterStandIn') + [System.IO.Path]::PathSeparator + $env:PSModulePath }
Import-Module Pester
$files = @(foreach ($folder in 'Pester', 'PesterStandIn/tests') {
    Get-ChildItem (Join-Path $PSScriptRoot $folder) -Filter '*.Tests.ps1' | Where-Object { $name = $_.Name; $Filter -split ',' | Where-Object { $name -like "$_.Tests.ps1" } } | ForEach-Object FullName
})

# The tests are not to see this script's preference.
$ErrorActionPreference = 'Continue'
$configuration = New-PesterConfiguration
$configuration.Run.Path = $files
$configuration.Run.PassThru = $true
# Given to a program, several tags are one text.
$configuration.Filter.ExcludeTag = @($ExcludeTag -split ',')
$configuration.Output.Verbosity = 'Detailed'
$run = Invoke-Pester -Configuration $configuration
$failed = $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
$lines = @("$($run.PassedCount) $failed $($run.SkippedCount)")
foreach ($one in @($run.Failed) + @($run.FailedBlocks)) { if ($one) { $lines += "$($one.ExpandedPath): $(@($one.ErrorRecord)[0])" -replace '\s*\n\s*', ' ' } }
foreach ($one in @($run.FailedContainers)) { if ($one) { $lines += "$($one.Name): $(@($one.ErrorRecord)[0])" -replace '\s*\n\s*', ' ' } }
[System.IO.File]::WriteAllLines($Result, [string[]]$lines)
exit ([int]($failed -ne 0))
