Set-StrictMode -Version Latest

# A 'throw' is not terminating under a caller's SilentlyContinue; inside the module it always has to be.
$ErrorActionPreference = 'Stop'

foreach ($part in 'Scope', 'Model', 'Unsupported', 'Configuration', 'Containers', 'Discovery', 'Filter', 'TestDrive',
    'Format', 'Screen', 'Run', 'Result', 'Values', 'Files', 'Throw', 'HaveParameter', 'Should', 'InvokePester') {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'src', "$part.ps1"))
}
