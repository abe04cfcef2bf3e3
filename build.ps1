#!/usr/bin/env pwsh
<#
.SYNOPSIS
    Builds, tests, packages or cleans the module.
.DESCRIPTION
    Runs under pwsh and, on machines without it, under the project's own host: dotnet run --project src/Isolation.Shell build.ps1 TASK
.PARAMETER Task
    Build puts the module together in out/module/Isolation. Test builds, then runs the unit tests and the whole Pester suite, as root and as an
    ordinary user, and ends with a line that counts. Package makes out/Isolation.VERSION.nupkg. Clean removes what was built.
.PARAMETER Configuration
    Release or Debug.
.PARAMETER Filter
    Runs only the Pester files whose names match, a wildcard.
#>
param(
    [ValidateSet('Build', 'Test', 'Package', 'Clean')]
    [string[]] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [string] $Filter = '*'
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot
$manifest = Import-PowerShellDataFile (Join-Path $root 'Isolation.psd1')
$version = $manifest.ModuleVersion

function Invoke-Native {
    # Runs a program and stops at a failure, which PowerShell by itself passes over.
    param([string] $FilePath, [string[]] $ArgumentList)
    & $FilePath @ArgumentList | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "$FilePath $ArgumentList ended with exit code $LASTEXITCODE." }
}

function Build-Module {
    Invoke-Native dotnet @('publish', (Join-Path $root 'src/IsolationModule'), '-c', $Configuration, '--nologo', '-v', 'quiet')
}

function Test-Module {
    $script = Join-Path $root 'tests/Invoke-Tests.ps1'
    & $script -Configuration $Configuration -Filter $Filter
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

function New-Package {
    Invoke-Native dotnet @(
        'pack', (Join-Path $root 'src/IsolationModule'), '-c', $Configuration, '--no-build', '--nologo', '-v', 'quiet', '-o', (Join-Path $root 'out'),
        "-p:NuspecFile=$(Join-Path $root 'Isolation.nuspec')", "-p:NuspecBasePath=$(Join-Path $root 'out/module/Isolation')", "-p:NuspecProperties=version=$version")
    "out/Isolation.$version.nupkg"
}

function Clear-Build {
    foreach ($folder in 'out', 'src/*/bin', 'src/*/obj', 'tests/*/bin', 'tests/*/obj') {
        $path = Join-Path $root $folder
        # The host that runs this script may be among what was built: its files can be removed while it runs.
        if (Test-Path $path) { Remove-Item $path -Recurse -Force }
    }
}

foreach ($one in $Task) {
    switch ($one) {
        'Build' { Build-Module }
        'Test' { Build-Module; Test-Module }
        'Package' { Build-Module; New-Package }
        'Clean' { Clear-Build }
    }
}
