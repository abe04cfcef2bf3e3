@{
    RootModule           = 'Pester.psm1'
    # The version whose meaning is followed, so that a minimum version asked for by a test script is met.
    ModuleVersion        = '5.9.0'
    GUID                 = '5b6c2f5e-6d1f-4b0e-9a2c-7c9d2f2b8e41'
    Author               = 'The Isolation developers'
    CompanyName          = 'The Isolation developers'
    Copyright            = 'Copyright (c) The Isolation developers. MIT licence.'
    Description          = 'Runs plain Pester 5 test files where Pester cannot be installed. It knows the part of Pester that the tests of Isolation use and fails on everything else.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    FunctionsToExport    = @(
        'Invoke-Pester', 'New-PesterConfiguration', 'New-PesterContainer'
        'Describe', 'Context', 'It'
        'BeforeDiscovery', 'BeforeAll', 'BeforeEach', 'AfterEach', 'AfterAll'
        'Should', 'Set-ItResult', 'InModuleScope'
        # Known by name only, so that their use says what is wrong instead of "command not found".
        'Mock', 'Assert-MockCalled', 'Assert-VerifiableMock', 'New-MockObject'
        'Add-ShouldOperator', 'Get-ShouldOperator', 'New-Fixture', 'ConvertTo-Pester4Result'
        'Export-NUnitReport', 'ConvertTo-NUnitReport', 'Export-JUnitReport', 'ConvertTo-JUnitReport'
    )
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
}
