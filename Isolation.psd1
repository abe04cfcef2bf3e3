@{
    RootModule           = 'IsolationModule.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '6f0b7f5e-3c1d-4b5a-9d0e-2f6a8c4e7b19'
    Author               = 'The Isolation developers'
    CompanyName          = 'The Isolation developers'
    Copyright            = '(c) The Isolation developers. MIT licence.'
    Description          = 'Linux namespaces, control groups, container networking and containers as PowerShell objects.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('Isolation.Format.ps1xml')
    TypesToProcess       = @()
    FunctionsToExport    = @()
    CmdletsToExport      = @(
        'Add-CgroupProcess'
        'Connect-ContainerNetwork'
        'Disable-CgroupController'
        'Disconnect-ContainerNetwork'
        'Dismount-FileSystem'
        'Enable-CgroupController'
        'Enter-Namespace'
        'Get-Cgroup'
        'Get-CgroupLimit'
        'Get-CgroupPressure'
        'Get-CgroupProcess'
        'Get-CgroupUsage'
        'Get-ContainerNetwork'
        'Get-IpcObject'
        'Get-MountInfo'
        'Get-Namespace'
        'Get-NamespaceInfo'
        'Get-NamespaceProcess'
        'Get-NetworkAddress'
        'Get-NetworkLink'
        'Get-NetworkNeighbour'
        'Get-NetworkRate'
        'Get-NetworkRoute'
        'Mount-FileSystem'
        'New-Cgroup'
        'New-ContainerNetwork'
        'New-IdMap'
        'New-Namespace'
        'New-NetworkAddress'
        'New-NetworkLink'
        'New-NetworkNeighbour'
        'New-NetworkRoute'
        'Register-CgroupEvent'
        'Remove-Cgroup'
        'Remove-ContainerNetwork'
        'Remove-IpcObject'
        'Remove-Namespace'
        'Remove-NetworkAddress'
        'Remove-NetworkLink'
        'Remove-NetworkNeighbour'
        'Remove-NetworkRate'
        'Remove-NetworkRoute'
        'Resume-Cgroup'
        'Set-CgroupLimit'
        'Set-MountPropagation'
        'Set-Namespace'
        'Set-NetworkLink'
        'Set-NetworkRate'
        'Start-NamespaceProcess'
        'Stop-Cgroup'
        'Stop-NamespaceProcess'
        'Suspend-Cgroup'
        'Test-IsolationHost'
        'Wait-NamespaceProcess'
    )
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('Linux', 'namespace', 'cgroup', 'container', 'isolation', 'unshare', 'nsenter', 'PSEdition_Core')
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
