# What PowerShell does, as a table: it holds under pwsh and under the shell of this repository, whichever runs it.

BeforeDiscovery {
    $commands = @(
        @{
            Command  = 'Write-Output'
            Script   = { Write-Output 1 2 | ForEach-Object { $_ * 2 } }
            Expected = '2', '4'
        }
        @{
            Command  = 'Write-Output'
            Script   = { @(Write-Output @(1, 2) -NoEnumerate).Count }
            Expected = '1'
        }
        @{
            Command  = 'Write-Output'
            Script   = { 5, $null | Write-Output }
            Expected = '5', ''
        }
        @{
            Command  = 'Write-Host'
            Script   = { Write-Host a b -Separator '-' 6>&1 }
            Expected = 'a-b'
        }
        @{
            Command  = 'Write-Host'
            Script   = { Write-Host @(1, @(2, 3)) 6>&1 }
            Expected = '1 2 3'
        }
        @{
            Command  = 'Write-Error'
            Script   = { $e = $null; Write-Error 'x' -ErrorId My -Category InvalidData -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId -replace ',.*'; $e[0].CategoryInfo.Category; "$($e[0])" }
            Expected = 'My', 'InvalidData', 'x'
        }
        @{
            Command  = 'Write-Error'
            Script   = { try { Write-Error 'stopped' -ErrorAction Stop } catch { $_.Exception.GetType().FullName; "$_" } }
            Expected = 'Microsoft.PowerShell.Commands.WriteErrorException', 'stopped'
        }
        @{
            Command  = 'Write-Warning'
            Script   = { Write-Warning 'careful' 3>&1 }
            Expected = 'careful'
        }
        @{
            Command  = 'Write-Verbose'
            Script   = { Write-Verbose 'told' -Verbose 4>&1 }
            Expected = 'told'
        }
        @{
            Command  = 'Write-Debug'
            Script   = { Write-Debug 'told' -Debug 5>&1 }
            Expected = 'told'
        }
        @{
            Command  = 'Write-Information'
            Script   = { $r = Write-Information 'data' -Tags a, b 6>&1; $r.MessageData; $r.Tags }
            Expected = 'data', 'a', 'b'
        }
        @{
            Command  = 'Write-Progress'
            Script   = { Write-Progress -Activity a -Status s -PercentComplete 5 -Completed; 'quiet' }
            Expected = 'quiet'
        }
        @{
            Command  = 'Select-Object'
            Script   = { 1..9 | Select-Object -First 2 -Skip 1 }
            Expected = '2', '3'
        }
        @{
            Command  = 'Select-Object'
            Script   = { 1..9 | Select-Object -Last 2 }
            Expected = '8', '9'
        }
        @{
            Command  = 'Select-Object'
            Script   = { 1..9 | Select-Object -Last 2 -Skip 1 }
            Expected = '7', '8'
        }
        @{
            Command  = 'Select-Object'
            Script   = { 1..9 | Select-Object -First 1 -Last 2 }
            Expected = '1', '8', '9'
        }
        @{
            Command  = 'Select-Object'
            Script   = { 1..5 | Select-Object -SkipLast 2 }
            Expected = '1', '2', '3'
        }
        @{
            Command  = 'Select-Object'
            Script   = { 1..5 | Select-Object -Index 3, 1 }
            Expected = '2', '4'
        }
        @{
            Command  = 'Select-Object'
            Script   = { 1..5 | Select-Object -SkipIndex 0, 4 }
            Expected = '2', '3', '4'
        }
        @{
            Command  = 'Select-Object'
            Script   = { 1, 2, 1, 'a', 'A' | Select-Object -Unique }
            Expected = '1', '2', 'a', 'A'
        }
        @{
            Command  = 'Select-Object'
            Script   = { 'a', 'A' | Select-Object -Unique -CaseInsensitive }
            Expected = 'a'
        }
        @{
            Command  = 'Select-Object'
            Script   = { [pscustomobject]@{ a = 1; b = 2; c = 3 } | Select-Object a, @{ n = 'd'; e = { $_.b + $_.c } }, nothing }
            Expected = '@{a=1; d=5; nothing=}'
        }
        @{
            Command  = 'Select-Object'
            Script   = { [pscustomobject]@{ ab = 1; ac = 2; b = 3 } | Select-Object a* -ExcludeProperty ab }
            Expected = '@{ac=2}'
        }
        @{
            Command  = 'Select-Object'
            Script   = { [pscustomobject]@{ a = 1; b = 2 } | Select-Object * -ExcludeProperty a }
            Expected = '@{b=2}'
        }
        @{
            Command  = 'Select-Object'
            Script   = { @{ x = 1, 2 } | Select-Object -ExpandProperty x }
            Expected = '1', '2'
        }
        @{
            Command  = 'Select-Object'
            Script   = { $r = [pscustomobject]@{ a = 'v'; n = 7 } | Select-Object n -ExpandProperty a; "$r"; $r.n }
            Expected = 'v', '7'
        }
        @{
            Command  = 'Select-Object'
            Script   = { $e = $null; 1 | Select-Object -ExpandProperty nope -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId }
            Expected = 'ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand'
        }
        @{
            Command  = 'Select-Object'
            Script   = { $seen = 0; $null = 1..9 | ForEach-Object { $seen++; $_ } | Select-Object -First 2; $seen }
            Expected = '2'
        }
        @{
            Command  = 'Select-Object'
            Script   = { ([pscustomobject]@{ a = 1 } | Select-Object a).PSObject.TypeNames[0] }
            Expected = 'Selected.System.Management.Automation.PSCustomObject'
        }
        @{
            Command  = 'Sort-Object'
            Script   = { 3, 1, 2 | Sort-Object }
            Expected = '1', '2', '3'
        }
        @{
            Command  = 'Sort-Object'
            Script   = { 3, 10, 2 | Sort-Object -Descending }
            Expected = '10', '3', '2'
        }
        @{
            Command  = 'Sort-Object'
            Script   = { 'b', 'A', 'a', 'B' | Sort-Object -Unique }
            Expected = 'A', 'b'
        }
        @{
            Command  = 'Sort-Object'
            Script   = { 1..5 | Sort-Object -Top 2 -Descending }
            Expected = '5', '4'
        }
        @{
            Command  = 'Sort-Object'
            Script   = { 'aaa', 'b', 'cc' | Sort-Object Length }
            Expected = 'b', 'cc', 'aaa'
        }
        @{
            Command  = 'Sort-Object'
            Script   = { 'x2', 'x10', 'x1' | Sort-Object { [int]$_.Substring(1) } }
            Expected = 'x1', 'x2', 'x10'
        }
        @{
            Command  = 'Sort-Object'
            Script   = { @{ n = 1; m = 'b' }, @{ n = 1; m = 'a' }, @{ n = 0; m = 'z' } | Sort-Object @{ e = 'n'; Descending = $true }, m | ForEach-Object { "$($_.n)$($_.m)" } }
            Expected = '1a', '1b', '0z'
        }
        @{
            Command  = 'Sort-Object'
            Script   = { [pscustomobject]@{ a = 2 }, [pscustomobject]@{ b = 1 }, [pscustomobject]@{ a = 1 } | Sort-Object a | ForEach-Object { "a=$($_.a)" } }
            Expected = 'a=1', 'a=2', 'a='
        }
        @{
            Command  = 'Group-Object'
            Script   = { 'a', 'b', 'a' | Group-Object | ForEach-Object { "$($_.Name)=$($_.Count)" } }
            Expected = 'a=2', 'b=1'
        }
        @{
            Command  = 'Group-Object'
            Script   = { 1..5 | Group-Object { $_ % 2 } | ForEach-Object { "$($_.Name):$($_.Group -join '+')" } }
            Expected = '0:2+4', '1:1+3+5'
        }
        @{
            Command  = 'Group-Object'
            Script   = { ('a', 'b', 'a' | Group-Object -AsHashTable -AsString)['a'].Count }
            Expected = '2'
        }
        @{
            Command  = 'Group-Object'
            Script   = { ('a', 'A', 'b' | Group-Object -CaseSensitive -NoElement).Count }
            Expected = '3'
        }
        @{
            Command  = 'Measure-Object'
            Script   = { $m = 1..4 | Measure-Object -Sum -Average -Maximum -Minimum -StandardDeviation; $m.Count, $m.Sum, $m.Average, $m.Maximum, $m.Minimum, [math]::Round($m.StandardDeviation, 3) }
            Expected = '4', '10', '2.5', '4', '1', '1.291'
        }
        @{
            Command  = 'Measure-Object'
            Script   = { (1, 2 | Measure-Object).GetType().FullName }
            Expected = 'Microsoft.PowerShell.Commands.GenericMeasureInfo'
        }
        @{
            Command  = 'Measure-Object'
            Script   = { ('b', 'a' | Measure-Object -Maximum).GetType().FullName }
            Expected = 'Microsoft.PowerShell.Commands.GenericObjectMeasureInfo'
        }
        @{
            Command  = 'Measure-Object'
            Script   = { $m = "one two`nthree" | Measure-Object -Line -Word -Character; $m.Lines, $m.Words, $m.Characters }
            Expected = '2', '3', '13'
        }
        @{
            Command  = 'Measure-Object'
            Script   = { 'aa', 'b' | Measure-Object Length -Sum | ForEach-Object { "$($_.Property) $($_.Sum)" } }
            Expected = 'Length 3'
        }
        @{
            Command  = 'Measure-Object'
            Script   = { (@() | Measure-Object).Count }
            Expected = '0'
        }
        @{
            Command  = 'Measure-Command'
            Script   = { $t = Measure-Command { $inside = 'kept' }; $t.GetType().Name; $inside }
            Expected = 'TimeSpan', 'kept'
        }
        @{
            Command  = 'Compare-Object'
            Script   = { Compare-Object 1, 2, 3 2, 3, 4 | ForEach-Object { "$($_.InputObject)$($_.SideIndicator)" } }
            Expected = '4=>', '1<='
        }
        @{
            Command  = 'Compare-Object'
            Script   = { Compare-Object 1, 2 2, 3 -IncludeEqual | ForEach-Object { "$($_.InputObject)$($_.SideIndicator)" } }
            Expected = '2==', '3=>', '1<='
        }
        @{
            Command  = 'Compare-Object'
            Script   = { Compare-Object 1, 2 2, 3 -ExcludeDifferent | ForEach-Object { "$($_.InputObject)$($_.SideIndicator)" } }
            Expected = '2=='
        }
        @{
            Command  = 'Compare-Object'
            Script   = { Compare-Object @{ a = 1 } @{ a = 2 } -Property a | ForEach-Object { "$($_.a)$($_.SideIndicator)" } }
            Expected = '2=>', '1<='
        }
        @{
            Command  = 'New-Object'
            Script   = { (New-Object System.Text.StringBuilder 'abc').ToString() }
            Expected = 'abc'
        }
        @{
            Command  = 'New-Object'
            Script   = { (New-Object -TypeName psobject -Property @{ a = 5 }).a }
            Expected = '5'
        }
        @{
            Command  = 'New-Object'
            Script   = { New-Object string 'x', 3 }
            Expected = 'xxx'
        }
        @{
            Command  = 'New-Object'
            Script   = { (New-Object datetime 2020, 1, 2).Day }
            Expected = '2'
        }
        @{
            Command  = 'New-Object'
            Script   = { try { New-Object No.Such.Type } catch { $_.FullyQualifiedErrorId } }
            Expected = 'TypeNotFound,Microsoft.PowerShell.Commands.NewObjectCommand'
        }
        @{
            Command  = 'Add-Member'
            Script   = { $o = [pscustomobject]@{ a = 1 }; $o | Add-Member b 2; $o | Add-Member ScriptProperty c { $this.a + $this.b }; $o | Add-Member -MemberType ScriptMethod d { param($x) $x * 2 }; $o.b, $o.c, $o.d(4) }
            Expected = '2', '3', '8'
        }
        @{
            Command  = 'Add-Member'
            Script   = { ('s' | Add-Member -NotePropertyMembers @{ k = 'v' } -PassThru).k }
            Expected = 'v'
        }
        @{
            Command  = 'Add-Member'
            Script   = { $e = $null; [pscustomobject]@{ a = 1 } | Add-Member a 2 -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId }
            Expected = 'MemberAlreadyExists,Microsoft.PowerShell.Commands.AddMemberCommand'
        }
        @{
            Command  = 'Add-Member'
            Script   = { ([pscustomobject]@{ a = 1 } | Add-Member a 2 -Force -PassThru).a }
            Expected = '2'
        }
        @{
            Command  = 'Add-Member'
            Script   = { ([pscustomobject]@{} | Add-Member -TypeName My.Type -PassThru).PSObject.TypeNames[0] }
            Expected = 'My.Type'
        }
        @{
            Command  = 'Get-Member'
            Script   = { 'x' | Get-Member -Name Length, ToUpper | ForEach-Object { "$($_.Name) $($_.MemberType)" } }
            Expected = 'Length Property', 'ToUpper Method'
        }
        @{
            Command  = 'Get-Member'
            Script   = { ([pscustomobject]@{ a = 1 } | Get-Member -MemberType NoteProperty).Definition }
            Expected = 'int a=1'
        }
        @{
            Command  = 'Get-Member'
            Script   = { ([math] | Get-Member -Static -Name Sqrt).Definition }
            Expected = 'static double Sqrt(double d)'
        }
        @{
            Command  = 'Get-Variable'
            Script   = { $probe = 3; (Get-Variable probe).Value; Get-Variable probe -ValueOnly; (Get-Variable prob*).Name }
            Expected = '3', '3', 'probe'
        }
        @{
            Command  = 'Get-Variable'
            Script   = { $e = $null; Get-Variable noSuchVariable -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId; "$($e[0])" }
            Expected = 'VariableNotFound,Microsoft.PowerShell.Commands.GetVariableCommand', 'Cannot find a variable with the name ''noSuchVariable''.'
        }
        @{
            Command  = 'Set-Variable'
            Script   = { Set-Variable v1, v2 7; $v1 + $v2 }
            Expected = '14'
        }
        @{
            Command  = 'Set-Variable'
            Script   = { 1..3 | Set-Variable v; $v -join ',' }
            Expected = '1,2,3'
        }
        @{
            Command  = 'Set-Variable'
            Script   = { $o = 1; & { Set-Variable o 2; $o }; $o; & { Set-Variable o 3 -Scope 1 }; $o }
            Expected = '2', '1', '3'
        }
        @{
            Command  = 'Set-Variable'
            Script   = { Set-Variable c 1 -Option ReadOnly -Force; try { $c = 2 } catch { $_.FullyQualifiedErrorId }; Set-Variable c 3 -Force; $c; Remove-Variable c -Force }
            Expected = 'VariableNotWritable', '3'
        }
        @{
            Command  = 'New-Variable'
            Script   = { New-Variable nv 4; $nv; $e = $null; New-Variable nv 5 -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId }
            Expected = '4', 'VariableAlreadyExists,Microsoft.PowerShell.Commands.NewVariableCommand'
        }
        @{
            Command  = 'Remove-Variable'
            Script   = { $rv = 1; Remove-Variable rv; Test-Path variable:rv }
            Expected = 'False'
        }
        @{
            Command  = 'Clear-Variable'
            Script   = { $cv = 1; Clear-Variable cv; $null -eq $cv }
            Expected = 'True'
        }
        @{
            Command  = 'Test-Path'
            Script   = { Test-Path /; Test-Path /no/such; Test-Path / -PathType Leaf; Test-Path / -PathType Container; Test-Path ''; Test-Path '/a/b' -IsValid }
            Expected = 'True', 'False', 'False', 'True', 'False', 'True'
        }
        @{
            Command  = 'Test-Path'
            Script   = { $e = $null; Test-Path $null -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId }
            Expected = 'NullPathNotPermitted,Microsoft.PowerShell.Commands.TestPathCommand'
        }
        @{
            Command  = 'Get-Content'
            Script   = { Set-Content $f 'a', 'b', 'c'; Get-Content $f; (Get-Content $f -Raw).Length; Get-Content $f -Tail 2; Get-Content $f -TotalCount 1; (Get-Content $f -ReadCount 2)[0].Count; (Get-Content $f)[1].PSChildName -eq (Split-Path $f -Leaf) }
            Expected = 'a', 'b', 'c', '6', 'b', 'c', 'a', '2', 'True'
        }
        @{
            Command  = 'Get-Content'
            Script   = { $e = $null; Get-Content /no/such -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId; "$($e[0])" }
            Expected = 'PathNotFound,Microsoft.PowerShell.Commands.GetContentCommand', 'Cannot find path ''/no/such'' because it does not exist.'
        }
        @{
            Command  = 'Get-Content'
            Script   = { [IO.File]::WriteAllBytes($f, [byte[]](0x41, 0xe9)); Get-Content $f -Encoding latin1; Get-Content $f -AsByteStream }
            Expected = 'Aé', '65', '233'
        }
        @{
            Command  = 'Set-Content'
            Script   = { Set-Content $f 'x' -NoNewline; Add-Content $f 'y'; Get-Content $f; (Get-Item $f).Length }
            Expected = 'xy', '3'
        }
        @{
            Command  = 'Set-Content'
            Script   = { 1, 2 | Set-Content $f -PassThru; Get-Content $f }
            Expected = '1', '2', '1', '2'
        }
        @{
            Command  = 'Set-Content'
            Script   = { Set-Content $f 'old'; Set-Content $f 'new' -WhatIf; Get-Content $f }
            Expected = 'old'
        }
        @{
            Command  = 'Clear-Content'
            Script   = { Set-Content $f 'x'; Clear-Content $f; (Get-Item $f).Length }
            Expected = '0'
        }
        @{
            Command  = 'Get-ChildItem'
            Script   = { $null = New-Item $d/sub -ItemType Directory; Set-Content $d/a.txt, $d/sub/b.txt 1; Get-ChildItem $d -Name; (Get-ChildItem $d -Recurse -File).Name; (Get-ChildItem $d -Directory).Name; (Get-ChildItem $d/*.txt).Name; (Get-ChildItem $d -Recurse -Filter b*).Name; (Get-ChildItem $d -Recurse -Depth 0).Name }
            Expected = 'sub', 'a.txt', 'a.txt', 'b.txt', 'sub', 'a.txt', 'b.txt', 'sub', 'a.txt'
        }
        @{
            Command  = 'Get-ChildItem'
            Script   = { Set-Content $d/a1, $d/a2, $d/b1 1; (Get-ChildItem $d/* -Include a* -Exclude *2).Name }
            Expected = 'a1'
        }
        @{
            Command  = 'Get-ChildItem'
            Script   = { $e = $null; Get-ChildItem /no/such -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId }
            Expected = 'PathNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand'
        }
        @{
            Command  = 'Get-Item'
            Script   = { (Get-Item /).FullName; $env:probe = 'v'; (Get-Item env:probe).Value; Remove-Item env:probe; Test-Path env:probe }
            Expected = '/', 'v', 'False'
        }
        @{
            Command  = 'Get-Item'
            Script   = { $e = $null; Get-Item /no/such -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId; $e[0].CategoryInfo.Category }
            Expected = 'PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand', 'ObjectNotFound'
        }
        @{
            Command  = 'New-Item'
            Script   = { (New-Item $d/x/y -ItemType Directory).Name; (New-Item $d/x/f -Value 'text').Length; (New-Item $d/link -ItemType SymbolicLink -Value $d/x).LinkTarget -eq "$d/x" }
            Expected = 'y', '4', 'True'
        }
        @{
            Command  = 'New-Item'
            Script   = { $e = $null; $null = New-Item $f; $null = New-Item $f -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId }
            Expected = 'NewItemIOError,Microsoft.PowerShell.Commands.NewItemCommand'
        }
        @{
            Command  = 'Remove-Item'
            Script   = { $null = New-Item $d/x/y -ItemType Directory; Remove-Item $d/x -Recurse; Test-Path $d/x }
            Expected = 'False'
        }
        @{
            Command  = 'Remove-Item'
            Script   = { $null = New-Item $f; Remove-Item $f -WhatIf; Test-Path $f; Remove-Item $f; Test-Path $f }
            Expected = 'True', 'False'
        }
        @{
            Command  = 'Remove-Item'
            Script   = { $e = $null; Remove-Item /no/such -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId }
            Expected = 'PathNotFound,Microsoft.PowerShell.Commands.RemoveItemCommand'
        }
        @{
            Command  = 'Copy-Item'
            Script   = { Set-Content $d/a 1; Copy-Item $d/a $d/b; Get-Content $d/b; (Copy-Item $d/a $d/c -PassThru).Name; $null = New-Item $d/s/t -ItemType Directory; Copy-Item $d/s $d/s2 -Recurse; Test-Path $d/s2/t }
            Expected = '1', 'c', 'True'
        }
        @{
            Command  = 'Move-Item'
            Script   = { Set-Content $d/a 1; Move-Item $d/a $d/b; Test-Path $d/a, $d/b }
            Expected = 'False', 'True'
        }
        @{
            Command  = 'Rename-Item'
            Script   = { Set-Content $d/a 1; Rename-Item $d/a c; Test-Path $d/a, $d/c }
            Expected = 'False', 'True'
        }
        @{
            Command  = 'Get-ItemProperty'
            Script   = { Set-Content $f 'abc' -NoNewline; (Get-ItemProperty $f -Name Length).Length }
            Expected = '3'
        }
        @{
            Command  = 'Resolve-Path'
            Script   = { (Resolve-Path /).Path; Push-Location /; Resolve-Path tmp -Relative; Pop-Location; (Resolve-Path /).GetType().Name }
            Expected = '/', './tmp', 'PathInfo'
        }
        @{
            Command  = 'Convert-Path'
            Script   = { Convert-Path /tmp/.. }
            Expected = '/'
        }
        @{
            Command  = 'Join-Path'
            Script   = { Join-Path a b; Join-Path /a -ChildPath b c d; 'x', 'y' | Join-Path -ChildPath z }
            Expected = 'a/b', '/a/b/c/d', 'x/z', 'y/z'
        }
        @{
            Command  = 'Split-Path'
            Script   = { Split-Path /a/b/c.tar.gz; Split-Path /a/b.txt -Leaf; Split-Path /a/b.txt -LeafBase; Split-Path /a/b.txt -Extension; Split-Path /a -IsAbsolute; Split-Path env:x -Qualifier; Split-Path env:x -NoQualifier }
            Expected = '/a/b', 'b.txt', 'b', '.txt', 'True', 'env:', 'x'
        }
        @{
            Command  = 'Set-Location'
            Script   = { $was = "$PWD"; Push-Location /tmp; "$PWD"; Set-Location /; (Get-Location).Path; Set-Location -; "$PWD"; Pop-Location; "$PWD" -eq $was; (Set-Location / -PassThru).Path; Set-Location $was }
            Expected = '/tmp', '/', '/tmp', 'True', '/'
        }
        @{
            Command  = 'Set-Location'
            Script   = { try { Set-Location /no/such -ErrorAction Stop } catch { $_.FullyQualifiedErrorId } }
            Expected = 'PathNotFound,Microsoft.PowerShell.Commands.SetLocationCommand'
        }
        @{
            Command  = 'Get-PSDrive'
            Script   = { (Get-PSDrive Env).Provider.Name; $null = New-PSDrive probe FileSystem /tmp; Test-Path probe:/; Remove-PSDrive probe; Test-Path probe:/ }
            Expected = 'Environment', 'True', 'False'
        }
        @{
            Command  = 'Get-Process'
            Script   = { (Get-Process -Id $PID).Id -eq $PID; @(Get-Process -Name *).Count -gt 0; $e = $null; Get-Process -Id 999999999 -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId; "$($e[0])" }
            Expected = 'True', 'True', 'NoProcessFoundForGivenId,Microsoft.PowerShell.Commands.GetProcessCommand', 'Cannot find a process with the process identifier 999999999.'
        }
        @{
            Command  = 'Get-Process'
            Script   = { $e = $null; Get-Process no-such-name -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId; "$($e[0])" }
            Expected = 'NoProcessFoundForGivenName,Microsoft.PowerShell.Commands.GetProcessCommand', 'Cannot find a process with the name "no-such-name". Verify the process name and call the cmdlet again.'
        }
        @{
            Command  = 'Start-Process'
            Script   = { $p = Start-Process sh -ArgumentList '-c "echo out; echo err >&2; exit 4"' -RedirectStandardOutput $f -RedirectStandardError $d/err -Wait -PassThru; $p.ExitCode; Get-Content $f, $d/err }
            Expected = '4', 'out', 'err'
        }
        @{
            Command  = 'Start-Process'
            Script   = { try { Start-Process /no/such/program } catch { $_.FullyQualifiedErrorId } }
            Expected = 'InvalidOperationException,Microsoft.PowerShell.Commands.StartProcessCommand'
        }
        @{
            Command  = 'Stop-Process'
            Script   = { $p = Start-Process sleep 60 -PassThru; $p.HasExited; Stop-Process $p; $p.WaitForExit(10000); $p.HasExited }
            Expected = 'False', 'True', 'True'
        }
        @{
            Command  = 'Wait-Process'
            Script   = { $p = Start-Process sleep 60 -PassThru; $e = $null; Wait-Process -Id $p.Id -Timeout 1 -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId; $p | Stop-Process; Wait-Process -InputObject $p; $p.HasExited }
            Expected = 'ProcessNotTerminated,Microsoft.PowerShell.Commands.WaitProcessCommand', 'True'
        }
        @{
            Command  = 'Start-Sleep'
            Script   = { $w = [Diagnostics.Stopwatch]::StartNew(); Start-Sleep -Milliseconds 300; $w.ElapsedMilliseconds -ge 290; Start-Sleep 0.1; Start-Sleep -Duration ([timespan]::FromMilliseconds(10)) }
            Expected = 'True'
        }
        @{
            Command  = 'Get-Date'
            Script   = { Get-Date '2020-03-04 05:06:07' -Format yyyyMMddHHmmss; Get-Date '2020-03-04 05:06:07' -UFormat '%Y-%m-%d %H:%M:%S %j'; (Get-Date -Year 2021 -Month 2 -Day 3).DayOfWeek; (Get-Date -UnixTimeSeconds 0).ToUniversalTime().Year; (Get-Date).GetType().Name; (Get-Date '2020-03-04' -AsUTC).Kind }
            Expected = '20200304050607', '2020-03-04 05:06:07 064', 'Wednesday', '1970', 'DateTime', 'Utc'
        }
        @{
            Command  = 'New-TimeSpan'
            Script   = { (New-TimeSpan -Hours 1 -Minutes 30).TotalMinutes; (New-TimeSpan '2020-01-01' '2020-01-03').Days }
            Expected = '90', '2'
        }
        @{
            Command  = 'New-Guid'
            Script   = { (New-Guid).GetType().Name; New-Guid -Empty }
            Expected = 'Guid', '00000000-0000-0000-0000-000000000000'
        }
        @{
            Command  = 'Get-Random'
            Script   = { Get-Random -Minimum 3 -Maximum 4; (Get-Random -Maximum 1.5).GetType().Name; (1..5 | Get-Random -Shuffle | Sort-Object) -join ''; Get-Random -InputObject 7; try { Get-Random -Minimum 5 -Maximum 5 } catch { $_.FullyQualifiedErrorId } }
            Expected = '3', 'Double', '12345', '7', 'MinGreaterThanOrEqualMax,Microsoft.PowerShell.Commands.GetRandomCommand'
        }
        @{
            Command  = 'ConvertTo-Json'
            Script   = { [ordered]@{ a = 1; b = @(1, 'x'); c = $null; d = $true; e = @{ f = 1.5 }; g = 'q"\' } | ConvertTo-Json }
            Expected = "{`n  `"a`": 1,`n  `"b`": [`n    1,`n    `"x`"`n  ],`n  `"c`": null,`n  `"d`": true,`n  `"e`": {`n    `"f`": 1.5`n  },`n  `"g`": `"q\`"\\`"`n}"
        }
        @{
            Command  = 'ConvertTo-Json'
            Script   = { ConvertTo-Json @(1, 2) -Compress; 1, 2 | ConvertTo-Json -Compress; , @(1) | ConvertTo-Json -Compress; 'x' | ConvertTo-Json -AsArray -Compress; ConvertTo-Json $null; ConvertTo-Json @{} ; ConvertTo-Json @() }
            Expected = '[1,2]', '[1,2]', '[1]', '["x"]', 'null', '{}', '[]'
        }
        @{
            Command  = 'ConvertTo-Json'
            Script   = { ConvertTo-Json ([System.DayOfWeek]::Friday) -EnumsAsStrings; ConvertTo-Json ([System.DayOfWeek]::Friday); ConvertTo-Json ([datetime]::new(2020, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)); ConvertTo-Json ([guid]::Empty); ConvertTo-Json 1.0; ConvertTo-Json 'é<' -EscapeHandling EscapeNonAscii }
            Expected = '"Friday"', '5', '"2020-01-02T03:04:05Z"', '"00000000-0000-0000-0000-000000000000"', '1.0', '"\u00e9<"'
        }
        @{
            Command  = 'ConvertTo-Json'
            Script   = { @{ a = @{ b = @{ c = @{ d = 1 } } } } | ConvertTo-Json -Compress -WarningVariable w -WarningAction SilentlyContinue; "$w"; @{ a = @{ b = @{ c = @{ d = 1 } } } } | ConvertTo-Json -Compress -Depth 5 }
            Expected = '{"a":{"b":{"c":"System.Collections.Hashtable"}}}', 'Resulting JSON is truncated as serialization has exceeded the set depth of 2.', '{"a":{"b":{"c":{"d":1}}}}'
        }
        @{
            Command  = 'ConvertTo-Json'
            Script   = { [pscustomobject]@{ n = 1; s = [pscustomobject]@{ m = 'x' } } | ConvertTo-Json -Compress; [version]'1.2.3.4' | ConvertTo-Json -Compress }
            Expected = '{"n":1,"s":{"m":"x"}}', '{"Major":1,"Minor":2,"Build":3,"Revision":4,"MajorRevision":0,"MinorRevision":4}'
        }
        @{
            Command  = 'ConvertFrom-Json'
            Script   = { $o = '{"a":1,"b":[true,null,2.5],"c":{"d":"x"},"t":"2020-01-02T03:04:05Z"}' | ConvertFrom-Json; $o.a.GetType().Name; $o.b.Count; $o.b[2].GetType().Name; $o.c.d; $o.t.GetType().Name; $o.GetType().Name }
            Expected = 'Int64', '3', 'Double', 'x', 'DateTime', 'PSCustomObject'
        }
        @{
            Command  = 'ConvertFrom-Json'
            Script   = { '[1,2,3]' | ConvertFrom-Json | Measure-Object | ForEach-Object Count; @('[1,2,3]' | ConvertFrom-Json -NoEnumerate).Count; ('{"A":1,"a":2}' | ConvertFrom-Json -AsHashtable)['a']; '{', '"x":1}' | ConvertFrom-Json | ForEach-Object x; '1', '2' | ConvertFrom-Json }
            Expected = '3', '1', '2', '1', '1', '2'
        }
        @{
            Command  = 'ConvertFrom-Json'
            Script   = { try { '{"A":1,"a":2}' | ConvertFrom-Json } catch { $_.FullyQualifiedErrorId }; try { '{' | ConvertFrom-Json } catch { $_.FullyQualifiedErrorId }; '"2020-01-02T03:04:05Z"' | ConvertFrom-Json -DateKind String; '' | ConvertFrom-Json; '123456789012345678901' | ConvertFrom-Json | ForEach-Object { $_.GetType().Name } }
            Expected = 'KeysWithDifferentCasingInJsonString,Microsoft.PowerShell.Commands.ConvertFromJsonCommand', 'System.ArgumentException,Microsoft.PowerShell.Commands.ConvertFromJsonCommand', '2020-01-02T03:04:05Z', '', 'BigInteger'
        }
        @{
            Command  = 'ConvertTo-Csv'
            Script   = { [pscustomobject]@{ a = 1; b = 'x,"y' }, [pscustomobject]@{ a = $null; b = '' } | ConvertTo-Csv; [pscustomobject]@{ a = 1; b = 'x,y' } | ConvertTo-Csv -UseQuotes AsNeeded; [pscustomobject]@{ a = 1 } | ConvertTo-Csv -NoHeader -Delimiter ';' }
            Expected = '"a","b"', '"1","x,""y"', ',""', 'a,b', '1,"x,y"', '"1"'
        }
        @{
            Command  = 'ConvertFrom-Csv'
            Script   = { 'a,b', '1,"x ""y"", z"', ',3' | ConvertFrom-Csv | ForEach-Object { "$($_.a)|$($_.b)" }; 'p;q' | ConvertFrom-Csv -Header x, y -Delimiter ';' | ForEach-Object { $_.y } }
            Expected = '1|x "y", z', '|3', 'q'
        }
        @{
            Command  = 'Export-Csv'
            Script   = { [pscustomobject]@{ a = 1 } | Export-Csv $f; [pscustomobject]@{ a = 2 } | Export-Csv $f -Append; Get-Content $f; (Import-Csv $f).a }
            Expected = '"a"', '"1"', '"2"', '1', '2'
        }
        @{
            Command  = 'Out-File'
            Script   = { 'a', 'b' | Out-File $f; Get-Content $f; 'c' | Out-File $f -Append -NoNewline; (Get-Content $f).Count; [System.IO.File]::ReadAllText($f).EndsWith('c'); $e = $null; try { 'x' | Out-File $f -NoClobber } catch { $_.FullyQualifiedErrorId }; 1 > $f; Get-Content $f }
            Expected = 'a', 'b', '3', 'True', 'NoClobber,Microsoft.PowerShell.Commands.OutFileCommand', '1'
        }
        @{
            Command  = 'Out-String'
            Script   = { ('a', 'b' | Out-String) -replace "`n", '~'; 'a', 'b' | Out-String -Stream; ('a', 'b' | Out-String -NoNewline); ([pscustomobject]@{ long = 'x' * 50 } | Out-String -Width 20).Split("`n")[1].Length }
            Expected = 'a~b~', 'a', 'b', 'ab', '4'
        }
        @{
            Command  = 'Tee-Object'
            Script   = { 1, 2 | Tee-Object -Variable t; $t -join '+'; 'x' | Tee-Object $f; Get-Content $f }
            Expected = '1', '2', '1+2', 'x', 'x'
        }
        @{
            Command  = 'Format-Table'
            Script   = { ([pscustomobject]@{ Name = 'a'; N = 1 }, [pscustomobject]@{ Name = 'bb'; N = 22 } | Format-Table | Out-String) -replace "`n", '~'; ([pscustomobject]@{ a = 1; b = 2 } | Format-Table b, @{ n = 'c'; e = { $_.a + 1 } } -HideTableHeaders | Out-String).Trim() }
            Expected = '~Name  N~----  -~a     1~bb   22~~', '2 2'
        }
        @{
            Command  = 'Format-List'
            Script   = { ([pscustomobject]@{ a = 1; b = 'x' } | Format-List | Out-String) -replace "`n", '~'; ([pscustomobject]@{ a = 1; b = 'x' } | Format-List b | Out-String).Trim() }
            Expected = '~a : 1~b : x~~', 'b : x'
        }
        @{
            Command  = 'Format-Wide'
            Script   = { ([pscustomobject]@{ a = 'x' }, [pscustomobject]@{ a = 'y' } | Format-Wide a -Column 2 | Out-String -Width 20).Trim() -replace ' +', ' ' }
            Expected = 'x y'
        }
        @{
            Command  = 'Format-Custom'
            Script   = { (([pscustomobject]@{ a = 1 } | Format-Custom | Out-String).Trim() -replace "`n", '~') }
            Expected = 'class PSCustomObject~{~  a = 1~}'
        }
        @{
            Command  = 'Select-String'
            Script   = { 'one', 'two', 'three' | Select-String 't' | ForEach-Object { "$($_.LineNumber):$($_.Line)" }; 'abcabc' | Select-String b -AllMatches | ForEach-Object { $_.Matches.Count }; 'a.c', 'abc' | Select-String 'a.c' -SimpleMatch -Raw; 'A' | Select-String a -CaseSensitive; 'a', 'b' | Select-String a -NotMatch -Raw; [bool]('a' | Select-String a -Quiet) }
            Expected = '2:two', '3:three', '2', 'a.c', 'b', 'True'
        }
        @{
            Command  = 'Select-String'
            Script   = { Set-Content $f 'l1', 'hit', 'l3'; (Select-String hit $f).LineNumber; (Select-String hit $f -Context 1).Context.PreContext; Select-String nope $f -Quiet; (Select-String -Path $f -Pattern l -List).Line; (Select-String hit $f).Filename -eq (Split-Path $f -Leaf) }
            Expected = '2', 'l1', 'False', 'l1', 'True'
        }
        @{
            Command  = 'Import-PowerShellDataFile'
            Script   = { Set-Content "$f.psd1" '@{ A = 1; B = @("x", "y") }'; $o = Import-PowerShellDataFile "$f.psd1"; $o.A; $o.B.Count; Set-Content "$f.psd1" '@{ A = Get-Date }'; try { Import-PowerShellDataFile "$f.psd1" -ErrorAction Stop } catch { 'refused' } }
            Expected = '1', '2', 'refused'
        }
        @{
            Command  = 'Invoke-Expression'
            Script   = { Invoke-Expression '1 + 1'; Invoke-Expression '$kept = 5'; $kept; 3 | ForEach-Object { Invoke-Expression '$_' } }
            Expected = '2', '5', '3'
        }
        @{
            Command  = 'Get-FileHash'
            Script   = { Set-Content $f 'hi' -NoNewline; (Get-FileHash $f).Hash; (Get-FileHash $f -Algorithm MD5).Hash; (Get-FileHash -InputStream ([IO.MemoryStream]::new([byte[]](1)))).Algorithm }
            Expected = '8F434346648F6B96DF89DDA901C5176B10A6D83961DD3C1AC88B59B2DC327AA4', '49F68A5C8493EC2C0BF489821C21FC3B', 'SHA256'
        }
        @{
            Command  = 'Get-Unique'
            Script   = { 1, 1, 2, 1 | Get-Unique; 'a', 'A' | Get-Unique; 1, 2, 'a' | Get-Unique -OnType }
            Expected = '1', '2', '1', 'a', 'A', '1', 'a'
        }
        @{
            Command  = 'Get-Culture'
            Script   = { (Get-Culture).GetType().Name; (Get-UICulture).GetType().Name; (Get-Host).GetType().Name }
            Expected = 'CultureInfo', 'CultureInfo', 'InternalHost'
        }
        @{
            Command  = 'Add-Type'
            Script   = { Add-Type -AssemblyName System.Net.Http; [System.Net.Http.HttpMethod]::Get.Method; try { Add-Type -AssemblyName No.Such.Assembly } catch { 'refused' } }
            Expected = 'GET', 'refused'
        }
        @{
            Command  = 'Update-TypeData'
            Script   = { Update-TypeData -TypeName Probe.Type -MemberType ScriptProperty -MemberName Twice -Value { $this.n * 2 } -Force; ([pscustomobject]@{ PSTypeName = 'Probe.Type'; n = 4 }).Twice; Update-TypeData -TypeName Probe.Type -DefaultDisplayPropertySet n -Force; ([pscustomobject]@{ PSTypeName = 'Probe.Type'; n = 4; m = 5 } | Out-String) -match 'm'; Remove-TypeData Probe.Type }
            Expected = '8', 'False'
        }
        @{
            Command  = 'Update-FormatData'
            Script   = { Set-Content "$f.ps1xml" '<Configuration><ViewDefinitions><View><Name>v</Name><ViewSelectedBy><TypeName>Probe.Shown</TypeName></ViewSelectedBy><TableControl><TableHeaders><TableColumnHeader><Label>Column</Label></TableColumnHeader></TableHeaders><TableRowEntries><TableRowEntry><TableColumnItems><TableColumnItem><PropertyName>n</PropertyName></TableColumnItem></TableColumnItems></TableRowEntry></TableRowEntries></TableControl></View></ViewDefinitions></Configuration>'; Update-FormatData -PrependPath "$f.ps1xml"; ([pscustomobject]@{ PSTypeName = 'Probe.Shown'; n = 4; m = 5 } | Out-String) -replace '\s+', ' ' }
            Expected = ' Column ------ 4 '
        }
        @{
            Command  = 'Update-TypeData'
            Script   = { Set-Content "$f.ps1xml" '<Types><Type><Name>Probe.Filed</Name><Members><NoteProperty><Name>Filed</Name><Value>yes</Value></NoteProperty></Members></Type></Types>'; Update-TypeData "$f.ps1xml"; ([pscustomobject]@{ PSTypeName = 'Probe.Filed' }).Filed; (Get-Process -Id $PID).Name.Length -gt 0 }
            Expected = 'yes', 'True'
        }
        @{
            Command  = 'New-TemporaryFile'
            Script   = { $t = New-TemporaryFile; $t.GetType().Name; $t.Length; Remove-Item $t }
            Expected = 'FileInfo', '0'
        }
        @{
            Command  = 'ConvertFrom-StringData'
            Script   = { $o = ConvertFrom-StringData "a = 1`n# note`nb=x\ty"; $o.a; $o.b; try { ConvertFrom-StringData 'none' } catch { $_.FullyQualifiedErrorId -replace ',.*' } }
            Expected = '1', "x`ty", 'InvalidOperation'
        }
        @{
            Command  = 'Register-EngineEvent'
            Script   = { $null = Register-EngineEvent -SourceIdentifier probe -Action { $global:probeSaw = $Event.MessageData }; $null = New-Event probe -MessageData 5; $global:probeSaw; Unregister-Event probe; Remove-Variable probeSaw -Scope global; @(Get-EventSubscriber).Count }
            Expected = '', '0'
        }
        @{
            Command  = 'Wait-Event'
            Script   = { $t = [System.Timers.Timer]::new(20); $t.AutoReset = $false; Register-ObjectEvent $t Elapsed -SourceIdentifier probe; $t.Start(); (Wait-Event probe -Timeout 10).SourceIdentifier; (Get-Event probe).SourceIdentifier; Remove-Event probe; @(Get-Event).Count; Unregister-Event probe; $null -eq (Wait-Event nothing -Timeout 0) }
            Expected = 'probe', 'probe', '0', 'True'
        }
        @{
            Command  = 'Set-Alias'
            Script   = { Set-Alias probeAlias Get-Date; (Get-Alias probeAlias).Definition; (Get-Alias -Definition Get-ChildItem).Name -contains 'gci'; Remove-Alias probeAlias; Test-Path alias:probeAlias; $e = $null; Get-Alias probeAlias -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId }
            Expected = 'Get-Date', 'True', 'False', 'ItemNotFoundException,Microsoft.PowerShell.Commands.GetAliasCommand'
        }
        @{
            Command  = 'Export-Clixml'
            Script   = { @{ a = 1 }, 's' | Export-Clixml $f; $o = Import-Clixml $f; $o.Count; $o[0].a; $o[1] }
            Expected = '2', '1', 's'
        }
        @{
            Command  = 'Get-Verb'
            Script   = { (Get-Verb Get).Group; @(Get-Verb -Group Data).Count -gt 10 }
            Expected = 'Common', 'True'
        }
        @{
            Command  = 'Get-PSCallStack'
            Script   = { function outer { Get-PSCallStack }; (outer)[0].FunctionName }
            Expected = 'outer'
        }
        @{
            Command  = 'Get-Error'
            Script   = { try { 1 / 0 } catch { }; (Get-Error).PSObject.TypeNames[0] }
            Expected = 'System.Management.Automation.ErrorRecord#PSExtendedError'
        }
    )

    $commandLines = @(
        @{ Arguments = @('-Command', '1; 2'); ExitCode = 0; Output = "1`n2" }
        @{ Arguments = @('-c', 'exit 7'); ExitCode = 7 }
        @{ Arguments = @('-c', 'function f { exit 4 }; f; 5'); ExitCode = 4 }
        @{ Arguments = @('-c', 'throw "bad"'); ExitCode = 1; ErrorText = 'Exception: bad' }
        @{ Arguments = @('-c', 'Write-Error x'); ExitCode = 1; ErrorText = 'Write-Error: x' }
        @{ Arguments = @('-c', 'Write-Error x; 1'); ExitCode = 0; Output = '1'; ErrorText = 'Write-Error: x' }
        @{ Arguments = @('-c', 'Get-NoSuchThing'); ExitCode = 1; ErrorText = "Get-NoSuchThing: The term 'Get-NoSuchThing' is not recognized" }
        @{ Arguments = @('-c', '1 + )'); ExitCode = 1; ErrorText = "ParserError" }
        @{ Arguments = @('-c', 'sh -c "exit 3"'); ExitCode = 1 }
        @{ Arguments = @('-c', 'sh -c "exit 3"; exit $LASTEXITCODE'); ExitCode = 3 }
        @{ Arguments = @('-c', 'sh -c "exit 3"; $LASTEXITCODE; $?'); ExitCode = 0; Output = "3`nTrue" }
        @{ Arguments = @('-c', 'Write-Output', 'hi', 'there'); ExitCode = 0; Output = "hi`nthere" }
        @{ Arguments = @('-cwa', '$args -join "+"', 'a', 'b'); ExitCode = 0; Output = 'a+b' }
        @{ Arguments = @('-EncodedCommand', 'MQArADEA'); ExitCode = 0; Output = '2' }
        @{ Arguments = @('-WorkingDirectory', '/', '-c', '$PWD.Path'); ExitCode = 0; Output = '/' }
        @{ Arguments = @('-NonInteractive', '-c', 'Read-Host x'); ExitCode = 1; ErrorText = 'NonInteractive mode' }
        @{ Arguments = @('-c', '-'); InputText = "1 + 1`nif (1) {`n'in'`n}`n`nexit 5`n"; ExitCode = 5; Output = "2`nin" }
        @{ Arguments = @('-c', '$input | ForEach-Object { "<$_>" }'); InputText = "a`nb`n"; ExitCode = 0; Output = "<a>`n<b>" }
        @{ Arguments = @('-c', 'Write-Warning w; Write-Verbose v -Verbose; [Console]::Error.WriteLine("e")'); ExitCode = 0; Output = "WARNING: w`nVERBOSE: v"; ErrorText = 'e' }
        @{ Arguments = @('-c'); ExitCode = 64; ErrorText = 'A command must follow -Command.' }
        @{ Arguments = @('-File'); ExitCode = 64; ErrorText = 'requires a file path' }
        @{ Arguments = @('-WorkingDirectory'); ExitCode = 64; ErrorText = 'requires an argument that is a directory path' }
        @{ Arguments = @('-Bogus'); ExitCode = 64; ErrorText = "The argument '-Bogus' is not recognized as the name of a script file" }
        @{ Arguments = @('/no/such.ps1'); ExitCode = 64; ErrorText = "The argument '/no/such.ps1' is not recognized as the name of a script file. Check the spelling" }
        @{ Arguments = @('-File', '/no/such.ps1'); ExitCode = 64; ErrorText = "The argument '/no/such.ps1' is not recognized" }
    )

    # The script has param([string] $Name, [switch] $Force, [int] $Number = 1).
    $scriptLines = @(
        @{ Arguments = @(); ExitCode = 0; Output = 'name= force=False number=1 args=' }
        @{ Arguments = @('x', '-Number', '5', 'extra'); ExitCode = 0; Output = 'name=x force=False number=5 args=extra' }
        @{ Arguments = @('-Name', 'x', '-Force'); ExitCode = 0; Output = 'name=x force=True number=1 args=' }
        @{ Arguments = @('-Force:$false', '-Name:q'); ExitCode = 0; Output = 'name=q force=False number=1 args=' }
        @{ Arguments = @('-Number', 'abc'); ExitCode = 1; ErrorText = "Cannot process argument transformation on parameter 'Number'" }
        @{ Arguments = @('exit'); ExitCode = 5; Output = 'name=exit force=False number=1 args=' }
        @{ Arguments = @('throw'); ExitCode = 1; ErrorText = 'bad' }
        @{ Arguments = @('error'); ExitCode = 0; ErrorText = 'oops' }
        @{ Arguments = @('native'); ExitCode = 0 }
        @{ Arguments = @('stop'); ExitCode = 1; ErrorText = 'stopped' }
    )
}

BeforeAll {
    $script:Shell = [Environment]::ProcessPath

    function Start-Shell {
        param([string[]] $Arguments, [switch] $KeepInput)
        $start = [System.Diagnostics.ProcessStartInfo]::new($Shell)
        foreach ($argument in @('-NoProfile') + $Arguments) { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $start.Environment['POWERSHELL_TELEMETRY_OPTOUT'] = '1'
        $process = [System.Diagnostics.Process]::Start($start)
        if (-not $KeepInput) { $process.StandardInput.Close() }
        $process
    }

    function Remove-Escape {
        param([string] $Text)
        ($Text -replace '\e\[[0-9;?]*[a-zA-Z]').TrimEnd()
    }

    # Output, error text and exit code of one run.
    function Invoke-Shell {
        param([string[]] $Arguments, [string] $InputText)
        $process = Start-Shell $Arguments -KeepInput
        try {
            $output = $process.StandardOutput.ReadToEndAsync()
            $errorText = $process.StandardError.ReadToEndAsync()
            $process.StandardInput.Write($InputText)
            $process.StandardInput.Close()
            if (-not $process.WaitForExit(60000)) { throw 'The shell did not end within a minute.' }
            [pscustomobject]@{
                Output    = Remove-Escape $output.Result
                ErrorText = Remove-Escape $errorText.Result
                ExitCode  = $process.ExitCode
            }
        } finally {
            if (-not $process.HasExited) { $process.Kill($true) }
            $process.Dispose()
        }
    }

    function Assert-Run {
        param($Run, $Case)
        $Run.ExitCode | Should -Be $Case.ExitCode -Because "the errors were '$($Run.ErrorText)'"
        if ($Case.ContainsKey('Output')) { $Run.Output | Should -BeExactly $Case.Output }
        if ($Case.ContainsKey('ErrorText')) { $Run.ErrorText | Should -BeLike "*$($Case.ErrorText)*" }
        else { $Run.ErrorText | Should -BeNullOrEmpty }
    }
}

Describe 'Commands' {
    BeforeEach {
        # The scripts of the table write to these.
        $d = (New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory).FullName
        $f = "$d/file"
    }

    It '<Command>: <Script>' -ForEach $commands {
        $ErrorActionPreference = 'Continue'
        $result = @(& $Script 2>&1 | ForEach-Object { "$_" })
        $result -join '|' | Should -BeExactly (@($Expected) -join '|')
    }

    It 'refuses a parameter that <_> has not' -ForEach 'Get-Item', 'Set-Content', 'Select-Object', 'Format-Table', 'Start-Process' {
        { & $_ -NoSuchParameter 1 } | Should -Throw -ErrorId 'NamedParameterNotFound,*'
    }

    It 'has the cmdlets that the manifest of <_> names, and no others' -ForEach 'Microsoft.PowerShell.Utility', 'Microsoft.PowerShell.Management' {
        $named = (Import-PowerShellDataFile "$PSHOME/Modules/$_/$_.psd1").CmdletsToExport
        $named | Should -Not -BeNullOrEmpty
        (Get-Command -Name $named -CommandType Cmdlet).Source | Select-Object -Unique | Should -BeExactly $_
        (Get-Command -Module $_ -CommandType Cmdlet).Name | Where-Object { $_ -notin $named } | Should -BeNullOrEmpty
    }

    It 'finds a cmdlet by the name of its module' {
        Microsoft.PowerShell.Utility\Write-Output 5 | Should -Be 5
        (Microsoft.PowerShell.Management\Get-Item /).FullName | Should -BeExactly '/'
    }

    It 'gives new runspaces its commands' {
        $powershell = [powershell]::Create()
        $powershell.AddScript('Write-Output 2, 1 | Sort-Object; (Get-Item /).FullName').Invoke() -join ' ' | Should -BeExactly '1 2 /'
        $powershell.Dispose()
        1..2 | ForEach-Object -Parallel { Write-Output $_ } | Sort-Object | Should -Be 1, 2
    }

    It 'completes the names of commands and parameters' {
        [System.Management.Automation.CommandCompletion]::CompleteInput('Get-ChildI', 10, $null).CompletionMatches.CompletionText | Should -BeExactly 'Get-ChildItem'
        [System.Management.Automation.CommandCompletion]::CompleteInput('Get-Content -Tot', 16, $null).CompletionMatches.CompletionText | Should -BeExactly '-TotalCount'
    }
}

Describe 'Command line' {
    It '<Arguments>' -ForEach $commandLines {
        Assert-Run (Invoke-Shell $Arguments $_['InputText']) $_
    }

    It 'tells the version of PowerShell' {
        (Invoke-Shell '-Version').Output | Should -Match '\b7\.[6-9]\.\d+'
    }

    It 'shows help' {
        $run = Invoke-Shell '-Help'
        $run.ExitCode | Should -Be 0
        $run.Output | Should -BeLike '*Usage: *-NonInteractive*'
    }

    It 'ends although a script left runspaces open' {
        $run = Invoke-Shell '-c', '$pool = [runspacefactory]::CreateRunspacePool(1, 2); $pool.Open(); $runspace = [runspacefactory]::CreateRunspace(); $runspace.Open()'
        $run.ExitCode | Should -Be 0
    }

    It 'says where in a script an error is' {
        $file = Join-Path $TestDrive 'place.ps1'
        Set-Content $file '"first"', 'throw "here"'
        (Invoke-Shell $file).ErrorText | Should -BeExactly "Exception: ${file}:2`nLine |`n   2 |  throw `"here`"`n     |  ~~~~~~~~~~~~`n     | here"
    }
}

Describe 'Script file' {
    BeforeAll {
        $script:File = Join-Path $TestDrive 'script.ps1'
        Set-Content $File @'
param([string] $Name, [switch] $Force, [int] $Number = 1)
"name=$Name force=$Force number=$Number args=$args"
switch ($Name) {
    exit { exit 5 }
    throw { throw 'bad' }
    error { Write-Error 'oops' }
    native { sh -c 'exit 9' }
    stop { Write-Error 'stopped' -ErrorAction Stop }
}
'@
    }

    It '<Arguments>' -ForEach $scriptLines {
        Assert-Run (Invoke-Shell (@('-File', $File) + $Arguments)) $_
        Assert-Run (Invoke-Shell (@($File) + $Arguments)) $_
    }

    It 'runs without the ending .ps1' {
        $plain = Join-Path $TestDrive 'plain'
        Set-Content $plain '"$($args.Count): $args"'
        (Invoke-Shell $plain, 'a b', '3', '').Output | Should -BeExactly '3: a b 3'
    }
}

Describe 'Signals' {
    BeforeEach {
        $script:Folder = (New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory).FullName
        Set-Content "$Folder/wait.ps1" "try { Set-Content '$Folder/started' 1; Start-Sleep 60 } finally { Set-Content '$Folder/cleaned' 1 }"
    }

    It '<Signal> ends <How> with <ExitCode>' -ForEach @(
        @{ Signal = 'INT'; How = '-File'; ExitCode = 0 }
        @{ Signal = 'INT'; How = '-Command'; ExitCode = 1 }
        @{ Signal = 'TERM'; How = '-File'; ExitCode = 143 }
    ) {
        $process = Start-Shell $How, "$Folder/wait.ps1"
        try {
            for ($i = 0; $i -lt 600 -and -not (Test-Path "$Folder/started"); $i++) { Start-Sleep -Milliseconds 100 }
            kill "-$Signal" $process.Id
            $process.WaitForExit(20000) | Should -BeTrue
            $process.ExitCode | Should -Be $ExitCode
            if ($Signal -eq 'INT') { Test-Path "$Folder/cleaned" | Should -BeTrue }
        } finally {
            if (-not $process.HasExited) { $process.Kill($true) }
            $process.Dispose()
        }
    }
}

Describe 'Remoting server' {
    It 'serves a session over standard input and output' {
        $instance = [System.Management.Automation.Runspaces.PowerShellProcessInstance]::new()
        $instance.Process.StartInfo.FileName = $Shell
        $types = [System.Management.Automation.Runspaces.TypeTable]::LoadDefaultTypeFiles()
        $runspace = [runspacefactory]::CreateOutOfProcessRunspace($types, $instance)
        try {
            $runspace.Open()
            $powershell = [powershell]::Create()
            $powershell.Runspace = $runspace
            $result = $powershell.AddScript('$PID; 1..3 | Measure-Object -Sum | ForEach-Object Sum; (Get-Item /).FullName; Write-Warning w').Invoke()
            $result[0] | Should -Not -Be $PID
            $result[1, 2] | Should -Be 6, '/'
            $powershell.Streams.Error | Should -BeNullOrEmpty
            "$($powershell.Streams.Warning)" | Should -BeExactly 'w'
            $powershell.Dispose()
        } finally {
            $runspace.Dispose()
        }
    }
}
