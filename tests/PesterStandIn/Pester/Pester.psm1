Set-StrictMode -Version Latest

# A 'throw' is not terminating under a caller's SilentlyContinue; inside the module it always has to be.
$ErrorActionPreference = 'Stop'

foreach ($part in 'Scope', 'Model', 'Unsupported', 'Configuration', 'Containers', 'Discovery', 'Filter', 'TestDrive',
    'Format', 'Screen', 'Run', 'Result', 'Values', 'Files', 'Throw', 'HaveParameter', 'Should', 'InvokePester') {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'src', "$part.ps1"))
}

# What runs test code is in this file, because PowerShell shows an error without its position where that lies in a .psm1
# file, and the position of a Write-Error in a test is the call of the test.

# The names in the wrappers are long and odd because the test code can see them.

function New-BlockWrapper {
    {
        param($______pester)
        $______splat = $______pester.Splat
        try {
            foreach ($______step in $______pester.Variables.GetEnumerator()) {
                $ExecutionContext.SessionState.PSVariable.Set($______step.Key, $______step.Value)
            }

            foreach ($______step in $______pester.Setup) { . $______step @______splat }
            if ($null -ne $______pester.NameExpression) { $______pester.Item.ExpandedName = & ([scriptblock]::Create($______pester.NameExpression)) }
            & $______pester.RunChildren $______pester.Item
        }
        catch {
            $______pester.Errors.Add($_)
        }
        finally {
            foreach ($______step in $______pester.Teardown) {
                try { . $______step @______splat } catch { $______pester.Errors.Add($_) }
            }
        }
    }
}

function New-TestWrapper {
    {
        param($______pester)
        $______splat = $______pester.Splat
        try {
            foreach ($______step in $______pester.Variables.GetEnumerator()) {
                $ExecutionContext.SessionState.PSVariable.Set($______step.Key, $______step.Value)
            }

            foreach ($______step in $______pester.Setup) { . $______step @______splat }
            if ($null -ne $______pester.NameExpression) { $______pester.Item.ExpandedName = & ([scriptblock]::Create($______pester.NameExpression)) }
            . $______pester.Item.ScriptBlock @______splat
        }
        catch {
            $______pester.Errors.Add($_)
        }
        finally {
            foreach ($______step in $______pester.Teardown) {
                try { . $______step @______splat } catch { $______pester.Errors.Add($_) }
            }
        }
    }
}

function New-DiscoveryWrapper {
    {
        param($______pester)
        foreach ($______step in $______pester.Variables.GetEnumerator()) {
            $ExecutionContext.SessionState.PSVariable.Set($______step.Key, $______step.Value)
        }

        . $______pester.Item.ScriptBlock
    }
}

function Get-ThrownError([scriptblock] $ScriptBlock) {
    try {
        # The loop is there for a 'break' or 'continue' in the script block.
        do { $null = & $ScriptBlock } while ($false)
    }
    catch {
        $_
    }
}
