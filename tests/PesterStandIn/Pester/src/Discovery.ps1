function Assert-Phase([string] $Command, $Caller) {
    if ($null -eq $script:Session) { throw "$Command can be used only in a file that is run by Invoke-Pester." }
    if ($script:Session.Phase -ne 'Discovery') { throw "$Command cannot be used while tests run, that is inside It or a setup or teardown." }
    if ($script:Session.Block.IsRoot) { Add-ParameterDefault $Caller }
}

# Parameters of the file that were not given keep their defaults while the tests run, so they have to be read now.
function Add-ParameterDefault($Caller) {
    $container = $script:Session.Container
    if ($container.ParameterDefaultsRead) { return }
    $container.ParameterDefaultsRead = $true
    $ast = if ($container.Type -eq 'File') { [System.Management.Automation.Language.Parser]::ParseFile($container.Item.FullName, [ref]$null, [ref]$null) }
    else { $container.Item.Ast }
    if ($null -eq $ast.ParamBlock) { return }
    foreach ($parameter in $ast.ParamBlock.Parameters) {
        $name = $parameter.Name.VariablePath.UserPath
        $variable = $Caller.SessionState.PSVariable.Get($name)
        if ($null -ne $variable -and -not $container.Data.ContainsKey($name)) { $container.Data[$name] = $variable.Value }
    }
}

# A file that is started by itself is run as Pester would run it, and its remaining blocks are not started again.
function Invoke-FileOfCaller($Caller) {
    $file = $Caller.MyInvocation.ScriptName
    if ([string]::IsNullOrEmpty($file)) { throw 'Tests can be run from a saved file only.' }
    $start = { param($private:path) Invoke-Pester -Path $private:path }
    Set-Home $start -Like $Caller.SessionState
    & $start $file
}

function Add-Block($Caller, [string] $Name, [scriptblock] $ScriptBlock, [string[]] $Tag, [bool] $Skip, [bool] $HasData, $Data) {
    $command = $Caller.MyInvocation.MyCommand.Name
    Assert-Phase $command $Caller
    if ($null -eq $ScriptBlock) { throw "No test fixture is provided to $command '$Name'. (Have you put the open curly brace on the next line?)" }
    # A null or empty -ForEach means no block at all.
    $items = @(if (-not $HasData) { , $null } elseif ($null -ne $Data) { $Data })
    foreach ($item in $items) {
        $parent = $script:Session.Block
        $block = New-BlockObject $Name $command $ScriptBlock $parent $Tag $Skip $item $Caller.MyInvocation.ScriptLineNumber
        $parent.Order.Add($block)
        $parent.Blocks.Add($block)
        $script:Session.Block = $block
        try {
            $wrapper = New-DiscoveryWrapper
            Set-Home $wrapper -Like $ScriptBlock
            $null = & $wrapper (New-Frame $block $item)
        }
        finally {
            $script:Session.Block = $parent
        }
    }
}

function Describe {
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $Name,

        [Alias('Tags')]
        [string[]] $Tag = @(),

        [Parameter(Position = 1)]
        [ValidateNotNull()]
        [scriptblock] $Fixture,

        [switch] $Skip,

        $ForEach
    )

    if ($null -eq $script:Session) {
        Invoke-FileOfCaller $PSCmdlet
        exit $global:LASTEXITCODE
    }

    Add-Block $PSCmdlet $Name $Fixture $Tag $Skip $PSBoundParameters.ContainsKey('ForEach') $ForEach
}

function Context {
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $Name,

        [Alias('Tags')]
        [string[]] $Tag = @(),

        [Parameter(Position = 1)]
        [ValidateNotNull()]
        [scriptblock] $Fixture,

        [switch] $Skip,

        $ForEach
    )

    if ($null -eq $script:Session) {
        Invoke-FileOfCaller $PSCmdlet
        exit $global:LASTEXITCODE
    }

    Add-Block $PSCmdlet $Name $Fixture $Tag $Skip $PSBoundParameters.ContainsKey('ForEach') $ForEach
}

function It {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $Name,

        [Parameter(Position = 1)]
        [scriptblock] $Test,

        [Alias('TestCases')]
        [object[]] $ForEach,

        [string[]] $Tag = @(),

        [switch] $Skip
    )

    Assert-Phase 'It' $PSCmdlet
    $block = $script:Session.Block
    if ($block.IsRoot) { throw 'Test cannot be directly in the root.' }
    if ($null -eq $Test) { throw "No test script block is provided to It '$Name'. (Have you put the open curly brace on the next line?)" }
    $hasData = $PSBoundParameters.ContainsKey('ForEach')
    $items = @(if (-not $hasData) { , $null } elseif ($null -ne $ForEach) { $ForEach })
    foreach ($item in $items) {
        $one = New-TestObject $Name $Test $block $Tag $Skip $item $MyInvocation.ScriptLineNumber
        $block.Order.Add($one)
        $block.Tests.Add($one)
    }
}

function Set-BlockStep($Caller, [scriptblock] $ScriptBlock) {
    $step = $Caller.MyInvocation.MyCommand.Name
    Assert-Phase $step $Caller
    $block = $script:Session.Block
    # Pester lets the last one win without a word, which hides a mistake.
    if ($null -ne $block.$step) { throw "$step is defined twice in the block '$($block.Name)'." }
    $block.$step = $ScriptBlock
}

function BeforeAll {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 1)][scriptblock] $Scriptblock)
    Set-BlockStep $PSCmdlet $Scriptblock
}

function AfterAll {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 1)][scriptblock] $Scriptblock)
    Set-BlockStep $PSCmdlet $Scriptblock
}

function BeforeEach {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 1)][scriptblock] $Scriptblock)
    Set-BlockStep $PSCmdlet $Scriptblock
}

function AfterEach {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 1)][scriptblock] $Scriptblock)
    Set-BlockStep $PSCmdlet $Scriptblock
}

function BeforeDiscovery {
    [CmdletBinding()]
    param([Parameter(Mandatory)][scriptblock] $ScriptBlock)

    if ($null -eq $script:Session) {
        Invoke-FileOfCaller $PSCmdlet
        exit $global:LASTEXITCODE
    }

    Assert-Phase 'BeforeDiscovery' $PSCmdlet
    . $ScriptBlock
}

function InModuleScope {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $ModuleName,

        [Parameter(Mandatory, Position = 1)]
        [scriptblock] $ScriptBlock,

        [hashtable] $Parameters = @{},

        [object[]] $ArgumentList = @()
    )

    $module = @(Get-Module -Name $ModuleName -All)
    if ($module.Count -eq 0) { throw "No modules named '$ModuleName' are currently loaded." }
    $module = @($module.Where({ $_.ModuleType -in 'Script', 'Manifest' }))
    if ($module.Count -ne 1) { throw "The name '$ModuleName' must stand for exactly one loaded script or manifest module." }
    $inner = {
        param($______inner)
        foreach ($______entry in $______inner.Parameters.GetEnumerator()) {
            $ExecutionContext.SessionState.PSVariable.Set($______entry.Key, $______entry.Value)
        }

        $______arguments = $______inner.ArgumentList
        $______named = $______inner.Parameters
        & $______inner.ScriptBlock @______arguments @______named
    }
    Set-Home $inner -Like $module[0].SessionState
    Set-Home $ScriptBlock -Like $module[0].SessionState
    & $inner @{ ScriptBlock = $ScriptBlock; Parameters = $Parameters; ArgumentList = $ArgumentList }
}

function Set-ItResult {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, ParameterSetName = 'Inconclusive')]
        [switch] $Inconclusive,

        [Parameter(Mandatory, ParameterSetName = 'Skipped')]
        [switch] $Skipped,

        [string] $Because
    )

    $kind = $PSCmdlet.ParameterSetName
    $reason = if ([string]::IsNullOrWhiteSpace($Because)) { '' } else { (Format-Because $Because).TrimEnd(',') }
    $message = "is $($kind.ToLowerInvariant())$(if ($reason) { ',' + $reason })"
    $details = @{
        Message = $message; File = $MyInvocation.ScriptName; Line = $MyInvocation.ScriptLineNumber
        LineText = $MyInvocation.Line.Trim(); Terminating = $false
    }
    throw [System.Management.Automation.ErrorRecord]::new([System.Exception]::new($message), "PesterTest$kind", 'InvalidResult', $details)
}

function Invoke-ContainerDiscovery($Info) {
    $session = $script:Session
    $container = New-ContainerObject $Info
    $root = New-BlockObject 'Root' 'Root' $null $null @() $false $container.Data 0
    $container.Root = $root
    $container.ErrorRecord = $root.ErrorRecord
    $container.Blocks = $root.Blocks
    $session.Container = $container
    $session.Block = $root
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    try {
        # Dot-sourced, so that the file runs in this scope of the caller's session state and $PSScriptRoot is its own.
        $read = { param($private:what, $private:data) . $private:what @data }
        $what = if ($Info.Type -eq 'File') { $Info.Item.FullName } else { $Info.Item }
        Set-Home $read -Like $session.SessionState
        $finished = $false
        do {
            $null = & $read $what $Info.Data
            $finished = $true
        } while ($false)
        if (-not $finished) { throw 'The file was left by a break or continue outside of a loop.' }
    }
    catch {
        $root.ErrorRecord.Add($_)
        Write-DiscoveryFailure $container
    }

    $container.DiscoveryDuration = $watch.Elapsed
    $container
}
