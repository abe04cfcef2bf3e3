# The module as it is built: its manifest, its help, its views, and how it comes and goes.

BeforeDiscovery {
    $root = Split-Path (Split-Path $PSScriptRoot)
    $cmdlets = @((Import-PowerShellDataFile "$root/Isolation.psd1").CmdletsToExport | ForEach-Object { @{ Name = $_ } })
    $types = 'Isolation.NamespaceSet', 'Isolation.NamespaceInfo', 'Isolation.NamespaceProcess', 'Isolation.CgroupLimit', 'Isolation.CgroupInfo', 'Isolation.CgroupProcess', 'Isolation.HostCheck', 'Isolation.MountInfo' | ForEach-Object { @{ Type = $_ } }
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Module = Get-Module Isolation
    $script:Manifest = Import-PowerShellDataFile $ModuleManifest
    $script:Docs = "$CheckoutRoot/docs/cmdlets"
    $script:Common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters

    function Get-OwnParameter {
        # The parameters that a cmdlet has of its own.
        param([string] $Name)
        (Get-Command $Name -Module Isolation).Parameters.Values | Where-Object { $_.Name -notin $Common }
    }

    function Get-Page {
        param([string] $Name)
        $path = "$Docs/$Name.md"
        if (-not [System.IO.File]::Exists($path)) { throw "There is no page $path" }
        [System.IO.File]::ReadAllText($path)
    }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'The manifest' {
    It 'is that of the checkout' {
        [System.IO.File]::ReadAllText($ModuleManifest) | Should -BeExactly ([System.IO.File]::ReadAllText("$CheckoutRoot/Isolation.psd1"))
    }

    It 'asks for PowerShell 7.6, Core only' {
        $Manifest.PowerShellVersion | Should -Be '7.6'
        $Manifest.CompatiblePSEditions | Should -Be 'Core'
    }

    It 'exports by name the cmdlets that the assembly has, and nothing else' {
        $assembly = (Get-Command New-Namespace).ImplementingType.Assembly
        $names = foreach ($type in $assembly.GetExportedTypes()) {
            $attribute = [System.Reflection.CustomAttributeExtensions]::GetCustomAttribute($type, [System.Management.Automation.CmdletAttribute])
            if ($attribute) { "$($attribute.VerbName)-$($attribute.NounName)" }
        }
        $Manifest.CmdletsToExport | Should -Be ($names | Sort-Object)
        ($Module.ExportedCmdlets.Keys | Sort-Object) | Should -Be ($names | Sort-Object)
        foreach ($none in 'FunctionsToExport', 'AliasesToExport', 'VariablesToExport') { $Manifest[$none] | Should -BeNullOrEmpty }
        $Module.ExportedCommands.Count | Should -Be $names.Count
    }

    It 'has the version of the assembly and of the runtime' {
        $assembly = (Get-Command New-Namespace).ImplementingType.Assembly
        $assembly.GetName().Version.ToString(3) | Should -Be $Manifest.ModuleVersion
        $runtime = [System.IO.Directory]::GetFiles((Split-Path $ModuleManifest) + '/bin', 'isolation-runtime', 'AllDirectories')[0]
        & $runtime --version | Should -Be "isolation-runtime version $($Manifest.ModuleVersion)"
    }

    It 'names files that are there' {
        foreach ($file in @($Manifest.RootModule) + $Manifest.FormatsToProcess + $Manifest.TypesToProcess) {
            [System.IO.File]::Exists("$(Split-Path $ModuleManifest)/$file") | Should -BeTrue -Because $file
        }
    }
}

Describe '<Name>' -ForEach $cmdlets {
    It 'has an approved verb and a singular noun' {
        $verb, $noun = $Name -split '-'
        (Get-Verb).Verb | Should -Contain $verb
        $noun | Should -Not -Match '[^s]s$'
    }

    It 'supports -WhatIf where it changes something' {
        $changes = ($Name -split '-')[0] -in 'New', 'Set', 'Remove', 'Start', 'Stop', 'Mount', 'Dismount', 'Suspend', 'Resume', 'Enable', 'Disable', 'Add', 'Connect', 'Disconnect', 'Publish', 'Unpublish', 'Import' -and $Name -ne 'New-IdMap'
        (Get-Command $Name).Parameters.ContainsKey('WhatIf') | Should -Be $changes
    }

    It 'has a page' {
        [System.IO.File]::Exists("$Docs/$Name.md") | Should -BeTrue
    }

    It 'has a page with each of its parameters, and none that it has not' {
        $page = Get-Page $Name
        $documented = [regex]::Matches($page, '(?m)^### -(\w+)') | ForEach-Object { $_.Groups[1].Value } | Where-Object { $_ -notin $Common }
        ($documented | Sort-Object) | Should -Be ((Get-OwnParameter $Name).Name | Sort-Object)
    }

    It 'has a page with an example, a description and no text left to fill in' {
        $page = Get-Page $Name
        $page | Should -Match '(?m)^### Example 1'
        $page | Should -Match "(?m)^# $Name$"
        foreach ($part in 'SYNOPSIS', 'SYNTAX', 'DESCRIPTION', 'EXAMPLES', 'PARAMETERS', 'INPUTS', 'OUTPUTS') { $page | Should -Match "(?m)^## $part" -Because $part }
        $page | Should -Not -Match '\{\{'
    }
}

Describe 'The views' {
    It 'has a table and a list for <Type>' -ForEach $types {
        $views = ([xml][System.IO.File]::ReadAllText("$(Split-Path $ModuleManifest)/Isolation.Format.ps1xml")).Configuration.ViewDefinitions.View |
            Where-Object { $_.ViewSelectedBy.TypeName -eq $Type }
        @($views | Where-Object TableControl).Count | Should -Be 1
        @($views | Where-Object ListControl).Count | Should -Be 1
    }

    It 'has a view for every type that a cmdlet says it gives' {
        $shown = ([xml][System.IO.File]::ReadAllText("$(Split-Path $ModuleManifest)/Isolation.Format.ps1xml")).Configuration.ViewDefinitions.View.ViewSelectedBy.TypeName
        foreach ($command in Get-Command -Module Isolation) {
            foreach ($type in $command.OutputType.Name) {
                if ($type -notlike 'System.*') { $shown | Should -Contain $type -Because $command.Name }
            }
        }
    }

    It 'shows only properties that the types have' {
        foreach ($view in ([xml][System.IO.File]::ReadAllText("$(Split-Path $ModuleManifest)/Isolation.Format.ps1xml")).Configuration.ViewDefinitions.View) {
            foreach ($name in $view.ViewSelectedBy.TypeName) {
                # What follows a # tells objects of one type apart.
                $type = ($name -replace '#.*') -as [type]
                $type | Should -Not -BeNullOrEmpty -Because $view.Name
                foreach ($node in $view.SelectNodes('.//PropertyName')) {
                    $type.GetProperty($node.InnerText) | Should -Not -BeNullOrEmpty -Because "$($view.Name) shows $($node.InnerText)"
                }
            }
        }
    }
}

Describe 'Import and removal' {
    BeforeAll {
        # The agent of a process, by its name among the process' children.
        $script:FindAgent = '
            function Find-Agent {
                foreach ($task in [System.IO.Directory]::GetDirectories("/proc/$PID/task")) {
                    foreach ($child in [System.IO.File]::ReadAllText("$task/children").Split(" ", [StringSplitOptions]::RemoveEmptyEntries)) {
                        if ([System.IO.File]::ReadAllText("/proc/$child/comm").Trim() -eq "isolation-agent") { $child }
                    }
                }
            }'
    }

    It 'starts no agent on import, for reading or for -WhatIf; one on first need; and ends it with Remove-Module' {
        $map = if ($IsRoot) { '' } else { '-MapRootUser' }
        $name = New-TestName
        $child = Start-ChildHost "$FindAgent
            Write-Line `"imported:`$(Find-Agent)`"
            `$null = Get-Namespace; `$null = Get-NamespaceInfo -Type Uts; New-Namespace -Name $name -Type Uts $map -WhatIf *> `$null
            Write-Line `"read:`$(Find-Agent)`"
            `$s = New-Namespace -Name $name -Type Uts $map
            `$agent = Find-Agent
            Enter-Namespace `$s true
            Write-Line `"made:`$(@(`$agent).Count):`$(Find-Agent):`$agent`"
            Remove-Namespace `$s
            Remove-Module Isolation
            Write-Line `"removed:`$(Find-Agent)`:`$([System.IO.Directory]::Exists(`"/proc/`$agent`"))`""
        Read-ChildLine $child | Should -Be 'imported:'
        $lines = @()
        do { $lines += Read-ChildLine $child } until ($lines[-1] -like 'removed:*')
        $lines = $lines -notmatch '^What if'
        $lines[0] | Should -Be 'read:'
        $lines[1] | Should -Match '^made:1:(\d+):\1$'
        $lines[2] | Should -Be 'removed::False'
        Stop-ChildHost $child
    }

    It 'ends unnamed sets and what is attached with Remove-Module, and can be imported again' {
        $map = if ($IsRoot) { '' } else { '-MapRootUser' }
        $child = Start-ChildHost "
            `$s = New-Namespace -Type Pid, Uts $map
            `$p = Start-NamespaceProcess `$s sleep -ArgumentList 300
            Remove-Module Isolation
            Write-Line `"`$([System.IO.Directory]::Exists(`$s.Folder)):`$([System.IO.Directory]::Exists(`"/proc/`$(`$s.InitId)`"))`"
            Import-Module '$ModuleManifest'
            `$again = New-Namespace -Type Uts $map -HostName again
            Write-Line (Enter-Namespace `$again uname -ArgumentList '-n')"
        Read-ChildLine $child | Should -Be 'False:False'
        Read-ChildLine $child | Should -Be 'again'
        Stop-ChildHost $child
    }

    It 'goes on with a new agent when the agent was killed, and says why what was attached has ended' {
        $map = if ($IsRoot) { '' } else { '-MapRootUser' }
        $name = New-TestName
        # The warning of it has tests of its own.
        $child = Start-ChildHost "$FindAgent
            `$WarningPreference = 'SilentlyContinue'
            `$s = New-Namespace -Name $name -Type Uts $map -HostName survives
            `$p = Start-NamespaceProcess `$s sleep -ArgumentList 300
            `$agent = [int](Find-Agent)
            /bin/kill -KILL `$agent
            Wait-NamespaceProcess `$p -Timeout 20
            Write-Line `"`$(`$p.HasExited):`$([System.IO.Directory]::Exists(`"/proc/`$(`$p.Id)/ns`"))`"
            Write-Line (Enter-Namespace `$s uname -ArgumentList '-n')
            Write-Line `"`$([int](Find-Agent) -ne `$agent)`""
        (Read-ChildLine $child) | Should -Match '^True:'
        Read-ChildLine $child | Should -Be 'survives'
        Read-ChildLine $child | Should -Be 'True'
        Stop-ChildHost $child
    }
}
