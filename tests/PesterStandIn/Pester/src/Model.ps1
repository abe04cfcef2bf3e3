# The run in progress; runs nest when a test calls Invoke-Pester.
$script:Session = $null

function New-Session($Configuration, $SessionState) {
    [pscustomobject]@{
        Configuration = $Configuration
        SessionState  = $SessionState
        Phase         = 'Discovery'
        Container     = $null
        Block         = $null
        Test          = $null
        TestDrive     = $null
        Unsupported   = [System.Collections.Generic.List[System.Management.Automation.ErrorRecord]]::new()
    }
}

function New-BlockObject([string] $Name, [string] $Command, [scriptblock] $ScriptBlock, $Parent, [string[]] $Tag, [bool] $Skip, $Data, [int] $StartLine) {
    $path = @(if ($null -ne $Parent) { $Parent.Path; $Name })
    [pscustomobject]@{
        PSTypeName        = 'Pester.Block'
        ItemType          = 'Block'
        Name              = $Name
        ExpandedName      = $Name
        Path              = [string[]]$path
        ExpandedPath      = $path -join '.'
        Command           = $Command
        ScriptBlock       = $ScriptBlock
        StartLine         = $StartLine
        Parent            = $Parent
        Root              = if ($null -eq $Parent) { $null } else { if ($Parent.IsRoot) { $Parent } else { $Parent.Root } }
        IsRoot            = $null -eq $Parent
        Tag               = $Tag
        Data              = $Data
        Skip              = $Skip
        Include           = $false
        Exclude           = $false
        ShouldRun         = $false
        BeforeAll         = $null
        AfterAll          = $null
        BeforeEach        = $null
        AfterEach         = $null
        Order             = [System.Collections.Generic.List[object]]::new()
        Blocks            = [System.Collections.Generic.List[object]]::new()
        Tests             = [System.Collections.Generic.List[object]]::new()
        Executed          = $false
        ExecutedAt        = $null
        Finished          = $false
        Passed            = $false
        OwnPassed         = $false
        Result            = 'NotRun'
        ErrorRecord       = [System.Collections.Generic.List[object]]::new()
        StandardOutput    = $null
        Shown             = $false
        Duration          = [timespan]::Zero
        UserDuration      = [timespan]::Zero
        FrameworkDuration = [timespan]::Zero
        TotalCount        = 0
        PassedCount       = 0
        FailedCount       = 0
        SkippedCount      = 0
        InconclusiveCount = 0
        NotRunCount       = 0
    }
}

function New-TestObject([string] $Name, [scriptblock] $ScriptBlock, $Block, [string[]] $Tag, [bool] $Skip, $Data, [int] $StartLine) {
    $path = @($Block.Path) + $Name
    [pscustomobject]@{
        PSTypeName        = 'Pester.Test'
        ItemType          = 'Test'
        Name              = $Name
        ExpandedName      = $Name
        Path              = [string[]]$path
        ExpandedPath      = $path -join '.'
        ScriptBlock       = $ScriptBlock
        StartLine         = $StartLine
        Block             = $Block
        Tag               = $Tag
        Data              = $Data
        Skip              = $Skip
        Include           = $false
        Exclude           = $false
        ShouldRun         = $false
        Executed          = $false
        ExecutedAt        = $null
        Passed            = $false
        Skipped           = $false
        Inconclusive      = $false
        Result            = 'NotRun'
        ErrorRecord       = [System.Collections.Generic.List[object]]::new()
        StandardOutput    = $null
        Duration          = [timespan]::Zero
        UserDuration      = [timespan]::Zero
        FrameworkDuration = [timespan]::Zero
    }
}

function New-ContainerObject($Info) {
    [pscustomobject]@{
        PSTypeName            = 'Pester.Container'
        Type                  = $Info.Type
        Item                  = $Info.Item
        Name                  = if ($Info.Type -eq 'File') { $Info.Item.FullName } else { '<ScriptBlock>' }
        Data                  = $Info.Data
        Blocks                = $null
        Result                = 'NotRun'
        Passed                = $false
        Skip                  = $false
        ShouldRun             = $false
        Executed              = $false
        ExecutedAt            = $null
        ErrorRecord           = $null
        StandardOutput        = $null
        Duration              = [timespan]::Zero
        DiscoveryDuration     = [timespan]::Zero
        UserDuration          = [timespan]::Zero
        FrameworkDuration     = [timespan]::Zero
        TotalCount            = 0
        PassedCount           = 0
        FailedCount           = 0
        SkippedCount          = 0
        InconclusiveCount     = 0
        NotRunCount           = 0
        Root                  = $null
        ParameterDefaultsRead = $false
    }
}
