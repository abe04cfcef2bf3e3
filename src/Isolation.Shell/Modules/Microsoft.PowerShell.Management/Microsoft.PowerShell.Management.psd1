@{
    # The shell's own part of Microsoft.PowerShell.Management: module-qualified names and remoting sessions find the cmdlets through it.
    NestedModules        = @('../../isolation-shell.dll')
    ModuleVersion        = '7.0.0.0'
    GUID                 = '31ddc4be-721d-548e-ae67-1452fdc113a9'
    Author               = 'The Isolation developers'
    CompanyName          = 'The Isolation developers'
    Copyright            = '(c) The Isolation developers. MIT licence.'
    Description          = 'The everyday cmdlets of Microsoft.PowerShell.Management that IsolationShell has.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FunctionsToExport    = @()
    CmdletsToExport      = @(
        'Add-Content'
        'Clear-Content'
        'Clear-Item'
        'Convert-Path'
        'Copy-Item'
        'Get-ChildItem'
        'Get-Content'
        'Get-Item'
        'Get-ItemProperty'
        'Get-Location'
        'Get-PSDrive'
        'Get-PSProvider'
        'Get-Process'
        'Join-Path'
        'Move-Item'
        'New-Item'
        'New-PSDrive'
        'Pop-Location'
        'Push-Location'
        'Remove-Item'
        'Remove-PSDrive'
        'Rename-Item'
        'Resolve-Path'
        'Set-Content'
        'Set-Item'
        'Set-Location'
        'Split-Path'
        'Start-Process'
        'Stop-Process'
        'Test-Path'
        'Wait-Process'
    )
    VariablesToExport    = @()
    AliasesToExport      = @()
}
