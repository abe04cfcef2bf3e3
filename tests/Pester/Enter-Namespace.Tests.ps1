# Programs that Enter-Namespace runs: what they see, get and say, and how they end.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.EnterNamespaceCommand'

    # A set for all tests that only run something inside.
    $script:Set = New-TestSet Uts, Net -With @{ HostName = 'entered' }
    $script:Uts = "uts:[$($Set.GetId('Uts'))]"

    function Measure-Sleeper {
        # How many processes on the host sleep for this odd number of seconds: the mark of one test.
        param([string] $Seconds)
        @(foreach ($folder in [System.IO.Directory]::GetDirectories('/proc')) {
            if ($folder -match '/\d+$') {
                try { if ([System.IO.File]::ReadAllText("$folder/cmdline") -eq "sleep$([char]0)$Seconds$([char]0)") { $folder } } catch { }
            }
        }).Count
    }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Enter-Namespace' {
    Context 'output' {
        It 'gives each line as a string' {
            $lines = Enter-Namespace $Set printf -ArgumentList 'one\ntwo\n\nlast without an end'
            $lines | Should -Be 'one', 'two', '', 'last without an end'
            $lines[0] | Should -BeOfType string
        }

        It 'gives text in UTF-8, also where a character is cut between two writes' {
            Enter-Namespace $Set sh -ArgumentList '-c', "printf 'gr\303'; sleep 0.1; printf '\274n \342\202\254\n'" | Should -BeExactly "gr$([char]0xfc)n $([char]0x20ac)"
        }

        It 'takes the carriage return of a line''s end away' {
            Enter-Namespace $Set printf -ArgumentList 'dos\r\nunix\n' | Should -Be 'dos', 'unix'
        }

        It 'gives lines as they are written: the first comes before the program ends' {
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $times = Enter-Namespace $Set sh -ArgumentList '-c', 'echo first; sleep 1.5; echo second' | ForEach-Object { $watch.Elapsed.TotalSeconds }
            $times.Count | Should -Be 2
            $times[1] - $times[0] | Should -BeGreaterThan 1
        }

        It 'writes the program''s errors on the error stream, as a native command''s' {
            $all = Enter-Namespace $Set sh -ArgumentList '-c', 'echo out; echo wrong >&2' 2>&1
            $records = @($all | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })
            @($all | Where-Object { $_ -isnot [System.Management.Automation.ErrorRecord] }) | Should -Be 'out'
            $records.Count | Should -Be 1
            "$($records[0])" | Should -Be 'wrong'
            $records[0].FullyQualifiedErrorId | Should -Match '^NativeCommandError'
        }

        It 'gives 100,000 lines, none lost' {
            $lines = Enter-Namespace $Set seq -ArgumentList '100000'
            $lines.Count | Should -Be 100000
            $lines[99999] | Should -Be '100000'
        }

        It 'gives a line of 1 MB whole' {
            $line = Enter-Namespace $Set sh -ArgumentList '-c', 'head -c 1000000 /dev/zero | tr ''\0'' x; echo'
            $line.Length | Should -Be 1000000
        }

        It 'does not wait for what a program left behind and that holds its output open' {
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            try {
                Enter-Namespace $Set sh -ArgumentList '-c', 'sleep 8.125 & echo done' | Should -Be 'done'
                $watch.Elapsed.TotalSeconds | Should -BeLessThan 6
            }
            finally {
                Get-NamespaceProcess $Set | Where-Object Name -EQ sleep | Stop-NamespaceProcess -Force
            }
        }
    }

    Context 'input' {
        It 'gives text from the pipeline to the program, a line each' {
            'one', 'two', "gr$([char]0xfc)n" | Enter-Namespace $Set cat | Should -BeExactly 'one', 'two', "gr$([char]0xfc)n"
        }

        It 'gives other objects as their text' {
            1, 2.5, [uri]'http://x/' | Enter-Namespace $Set cat | Should -Be '1', '2.5', 'http://x/'
        }

        It 'gives bytes as they are' {
            , [byte[]](0, 1, 255, 10, 13) | Enter-Namespace $Set od -ArgumentList '-An', '-tu1' | Should -Match '^\s+0\s+1\s+255\s+10\s+13$'
            [byte]65, [byte]66 | Enter-Namespace $Set cat | Should -Be 'AB'
        }

        It 'gives an end of input where the pipeline is empty' {
            @() | Enter-Namespace $Set wc -ArgumentList '-c' | Should -Be '0'
        }

        It 'gives an end of input, never the terminal, where there is no pipeline' {
            Enter-Namespace $Set wc -ArgumentList '-c' | Should -Be '0'
        }

        It 'passes 1 MB through a program that writes while it reads' {
            $lines = 1..16384 | ForEach-Object { 'x' * 63 }
            $back = $lines | Enter-Namespace $Set cat
            $back.Count | Should -Be 16384
            $back[0] | Should -BeExactly $lines[0]
            @($back | Sort-Object -Unique).Count | Should -Be 1
        }

        It 'passes 1 MB of bytes in one object' {
            $bytes = [byte[]]::new(1048576)
            [System.Random]::new(5).NextBytes($bytes)
            $sum = [Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($bytes))
            , $bytes | Enter-Namespace $Set sha256sum | Should -Be "$($sum.ToLowerInvariant())  -"
        }

        It 'goes on where the program reads nothing, or only the beginning' {
            1..50000 | ForEach-Object { 'y' * 40 } | Enter-Namespace $Set true
            $LASTEXITCODE | Should -Be 0
            1..50000 | Enter-Namespace $Set head -ArgumentList '-n', '1' | Should -Be '1'
        }

        It 'starts one program for all of the input' {
            (1..5 | Enter-Namespace $Set sh -ArgumentList '-c', 'echo $$; wc -l').Count | Should -Be 2
        }
    }

    Context 'exit code' {
        It 'sets $LASTEXITCODE to <Code> after: <Script>' -ForEach @(
            @{ Script = 'exit 0'; Code = 0 }
            @{ Script = 'exit 3'; Code = 3 }
            @{ Script = 'exit 255'; Code = 255 }
            @{ Script = 'kill -KILL $$'; Code = 137 }
            @{ Script = 'kill -TERM $$'; Code = 143 }
        ) {
            Enter-Namespace $Set sh -ArgumentList '-c', $Script
            $LASTEXITCODE | Should -Be $Code
            $global:LASTEXITCODE | Should -Be $Code
        }
    }

    Context 'exit code as an error: $PSNativeCommandUseErrorActionPreference' {
        It 'is the error that a native command writes, where it is true' {
            $PSNativeCommandUseErrorActionPreference = $true
            sh -c 'exit 3' 2>$null
            $native = $Error[0]
            Enter-Namespace $Set sh -ArgumentList '-c', 'echo out; exit 3' -ErrorVariable records -ErrorAction SilentlyContinue | Should -Be 'out'
            $LASTEXITCODE | Should -Be 3
            $records.Count | Should -Be 1
            $records[0].FullyQualifiedErrorId | Should -BeExactly "ProgramExitedWithNonZeroCode,$Command"
            $records[0].CategoryInfo.Category | Should -Be NotSpecified
            $records[0].TargetObject | Should -Be 'sh'
            $native.FullyQualifiedErrorId | Should -BeExactly 'ProgramExitedWithNonZeroCode'
            $records[0].Exception.GetType() | Should -Be $native.Exception.GetType()
            $records[0].Exception.Message | Should -BeExactly $native.Exception.Message
            $records[0].Exception.ExitCode | Should -Be 3
            $records[0].Exception.ProcessId | Should -BeGreaterThan 1
        }

        It 'is thrown where $ErrorActionPreference is Stop, after all output' {
            $PSNativeCommandUseErrorActionPreference = $true
            $ErrorActionPreference = 'Stop'
            $lines = [System.Collections.Generic.List[string]]::new()
            $thrown = $null
            try { Enter-Namespace $Set sh -ArgumentList '-c', 'echo one; echo two; kill -TERM $$' | ForEach-Object { $lines.Add($_) } } catch { $thrown = $_ }
            $lines | Should -Be 'one', 'two'
            $thrown.Exception | Should -BeOfType ([System.Management.Automation.NativeCommandExitException])
            $thrown.Exception.ExitCode | Should -Be 143
        }

        It 'is none where the program ends with 0, and none where the preference is false' {
            $PSNativeCommandUseErrorActionPreference = $true
            Enter-Namespace $Set true -ErrorVariable records
            $PSNativeCommandUseErrorActionPreference = $false
            Enter-Namespace $Set false -ErrorVariable +records
            $LASTEXITCODE | Should -Be 1
            $records | Should -BeNullOrEmpty
        }
    }

    Context 'bytes: -AsByteStream' {
        BeforeAll {
            # The whole size that is promised takes a while.
            $script:Size = if ($env:ISOLATION_SOAK) { 100MB } else { 8MB }
            $script:Content = [byte[]]::new($Size)
            [System.Random]::new(7).NextBytes($Content)
            $script:Sum = [Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($Content)).ToLowerInvariant()
            [System.IO.File]::WriteAllBytes("$TestDrive/content", $Content)

            function Get-Chunk {
                # The content in arrays of 60,000 bytes, which fit no buffer's size.
                for ($at = 0; $at -lt $Size; $at += 60000) {
                    $chunk = [byte[]]::new([Math]::Min(60000, $Size - $at))
                    [Array]::Copy($Content, $at, $chunk, 0, $chunk.Length)
                    , $chunk
                }
            }
        }

        It 'gives what the program writes, byte for byte, and holds no more of it than the pipeline takes' {
            $hash = [System.Security.Cryptography.IncrementalHash]::CreateHash('SHA256')
            $state = @{ Count = 0; Largest = 0; Chunks = 0; Held = 0 }
            $before = [GC]::GetTotalMemory($true)
            Enter-Namespace $Set cat "$TestDrive/content" -AsByteStream | ForEach-Object {
                if ($_ -isnot [byte[]]) { throw "Got a $($_.GetType())." }
                $hash.AppendData([byte[]]$_)
                $state.Count += $_.Length
                $state.Largest = [Math]::Max($state.Largest, $_.Length)
                if (++$state.Chunks % 100 -eq 0) { $state.Held = [Math]::Max($state.Held, [GC]::GetTotalMemory($true) - $before) }
            }
            $state.Count | Should -Be $Size
            [Convert]::ToHexString($hash.GetHashAndReset()) | Should -Be $Sum
            $state.Largest | Should -BeLessOrEqual 65536
            $state.Held | Should -BeLessThan 4MB
        }

        It 'lets the program wait while the pipeline is busy' {
            $done = "$TestDrive/done"
            $state = @{ First = $true; Early = $null }
            Enter-Namespace $Set sh -ArgumentList '-c', "head -c 1000000 '$TestDrive/content'; : > '$done'" -AsByteStream | ForEach-Object {
                if ($state.First) {
                    [System.Threading.Thread]::Sleep(500)
                    $state.Early = [System.IO.File]::Exists($done)
                    $state.First = $false
                }
            }
            $state.Early | Should -BeFalse
            [System.IO.File]::Exists($done) | Should -BeTrue
        }

        It 'passes bytes in as they are, in chunks' {
            $chunks = Get-Chunk | Enter-Namespace $Set sha256sum -AsByteStream
            [System.Text.Encoding]::ASCII.GetString($chunks) | Should -Be "$Sum  -`n"
        }

        It 'lets the pipeline wait while the program does not read' {
            $state = @{ Given = 0 }
            $count = "$TestDrive/given"
            $lines = Get-Chunk | ForEach-Object { $state.Given++; [System.IO.File]::WriteAllText($count, $state.Given); , $_ } |
                Enter-Namespace $Set sh -ArgumentList '-c', "sleep 1; cat '$count'; wc -c >/dev/null"
            # A pipe holds 64 KiB: one chunk in it, one being written, one in hand.
            [int]$lines | Should -BeLessOrEqual 3
            $state.Given | Should -Be ([Math]::Ceiling($Size / 60000))
        }

        It 'passes bytes in that come one by one, as PowerShell takes arrays apart' {
            $some = $Content[0..99999]
            $sum = [Convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($some)).ToLowerInvariant()
            $some | Enter-Namespace $Set sha256sum | Should -Be "$sum  -"
        }

        It 'goes through two programs, and with Get-Content and Set-Content from file to file' {
            Enter-Namespace $Set cat "$TestDrive/content" -AsByteStream | Enter-Namespace $Set sha256sum | Should -Be "$Sum  -"
            [System.IO.File]::WriteAllBytes("$TestDrive/small", $Content[0..9999])
            Get-Content "$TestDrive/small" -AsByteStream -ReadCount 777 | Enter-Namespace $Set cat -AsByteStream | Set-Content "$TestDrive/copy" -AsByteStream
            (Get-FileHash "$TestDrive/copy").Hash | Should -Be (Get-FileHash "$TestDrive/small").Hash
        }

        It 'gives NULs, line ends and what is no UTF-8 as they are' {
            $bytes = , [byte[]](0, 13, 10, 255, 0, 10, 128) | Enter-Namespace $Set cat -AsByteStream
            $bytes | Should -Be 0, 13, 10, 255, 0, 10, 128
        }

        It 'gives nothing where the program writes nothing' {
            Enter-Namespace $Set true -AsByteStream | Should -BeNullOrEmpty
            @() | Enter-Namespace $Set wc -ArgumentList '-c' -AsByteStream | ForEach-Object { $_[0] } | Should -Be ([int][char]'0')
        }

        It 'writes standard error as lines all the same' {
            $bytes = Enter-Namespace $Set sh -ArgumentList '-c', 'printf x; echo wrong >&2' -AsByteStream -ErrorVariable records -ErrorAction SilentlyContinue
            $bytes | Should -Be 120
            "$records" | Should -Be 'wrong'
        }

        It 'refuses input that is no bytes, and ends the program' {
            $refusal = Get-Refusal { 'text' | Enter-Namespace $Set sh -ArgumentList '-c', 'sleep 620.5' -AsByteStream }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "InputNotBytes,$Command"
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
            $refusal.Exception.Message | Should -Match 'System\.String'
            Wait-Until -For 'the end of the sleep' { (Measure-Sleeper '620.5') -eq 0 }
        }

        It 'ends the program where the pipeline needs no more' {
            $chunk = Enter-Namespace $Set sh -ArgumentList '-c', 'sleep 621.5 & exec yes' -AsByteStream | Select-Object -First 1
            [System.Text.Encoding]::ASCII.GetString($chunk, 0, 4) | Should -Be "y`ny`n"
            Wait-Until -For 'the end of the sleep' { (Measure-Sleeper '621.5') -eq 0 }
        }
    }

    Context 'without a terminal' {
        # In a process of its own: who runs the tests may have one.
        It 'refuses <What>: <Id>' -ForEach @(
            @{ What = 'no program'; Line = 'Enter-Namespace NAME'; Id = 'ProgramMissing'; Category = 'InvalidArgument'; Says = 'no terminal.*-FilePath' }
            @{ What = 'no program, with input'; Line = '1 | Enter-Namespace NAME'; Id = 'ProgramMissing'; Category = 'InvalidArgument'; Says = 'input comes down' }
            @{ What = 'no program, with output down the pipeline'; Line = 'Enter-Namespace NAME | Out-String'; Id = 'ProgramMissing'; Category = 'InvalidArgument'; Says = 'output goes down' }
            @{ What = 'no program, as bytes'; Line = 'Enter-Namespace NAME -AsByteStream'; Id = 'ProgramMissing'; Category = 'InvalidArgument'; Says = '-AsByteStream' }
            @{ What = 'a program with -Interactive'; Line = 'Enter-Namespace NAME top -Interactive'; Id = 'TerminalMissing'; Category = 'ResourceUnavailable'; Says = 'top.*no terminal.*ssh -t' }
            @{ What = 'a shell with -Interactive'; Line = 'Enter-Namespace NAME -Interactive'; Id = 'TerminalMissing'; Category = 'ResourceUnavailable'; Says = 'shell.*no terminal' }
        ) {
            $child = Start-ChildHost "`$ErrorActionPreference = 'Stop'; try { $($Line -creplace 'NAME', $Set.Name) } catch { Write-Line `$_.FullyQualifiedErrorId `$_.CategoryInfo.Category `$_.Exception.Message }"
            Read-ChildLine $child | Should -Match "^$Id,$([regex]::Escape($Command)) $Category .*$Says"
            Stop-ChildHost $child
        }

        It 'does not take -Interactive and -AsByteStream together' {
            (Get-Refusal { Enter-Namespace $Set cat -Interactive -AsByteStream }).FullyQualifiedErrorId | Should -BeExactly "AmbiguousParameterSet,$Command"
        }
    }

    Context 'working directory, environment, user' {
        It 'starts in the caller''s location where that exists inside' {
            Push-Location /usr
            try { Enter-Namespace $Set pwd | Should -Be '/usr' } finally { Pop-Location }
        }

        It 'starts in -WorkingDirectory' {
            Enter-Namespace $Set pwd -WorkingDirectory /usr/bin | Should -Be '/usr/bin'
        }

        It 'refuses a -WorkingDirectory that is missing' {
            $refusal = Get-Refusal { Enter-Namespace $Set pwd -WorkingDirectory /no/such/folder }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceEnterFailed,$Command"
            $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
            $refusal.Exception.Message | Should -Match '/no/such/folder.*ENOENT.*inside'
        }

        It 'passes the environment on, with what -Environment adds and takes away' {
            $env:ISOTEST_KEPT = 'kept'
            $env:ISOTEST_GONE = 'gone'
            try {
                $lines = Enter-Namespace $Set env -Environment @{ ISOTEST_NEW = 'a = "b" c'; ISOTEST_GONE = $null; ISOTEST_NUMBER = 5 }
                $lines | Should -Contain 'ISOTEST_KEPT=kept'
                $lines | Should -Contain 'ISOTEST_NEW=a = "b" c'
                $lines | Should -Contain 'ISOTEST_NUMBER=5'
                $lines -match '^ISOTEST_GONE' | Should -BeNullOrEmpty
            }
            finally {
                $env:ISOTEST_KEPT = $env:ISOTEST_GONE = $null
            }
        }

        It 'looks for the program in the PATH that -Environment gives' {
            [System.IO.File]::WriteAllText("$TestDrive/isotest-program", "#!/bin/sh`necho found`n")
            chmod 755 "$TestDrive/isotest-program"
            Enter-Namespace $Set isotest-program -Environment @{ PATH = "$TestDrive`:/usr/bin:/bin" } | Should -Be 'found'
            (Get-Refusal { Enter-Namespace $Set sh -Environment @{ PATH = '/no/such/folder' } }).CategoryInfo.Category | Should -Be ObjectNotFound
        }

        It 'refuses a name that no variable can have: <Name>' -ForEach @(@{ Name = 'A=B' }, @{ Name = '' }) {
            $refusal = Get-Refusal { Enter-Namespace $Set true -Environment @{ $Name = 'x' } }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "ProgramEnvironmentInvalid,$Command"
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
        }

        It 'runs as a user and his groups, by name' -Tag Root {
            $lines = Enter-Namespace $Set sh -ArgumentList '-c', 'id -u; id -g; id -G; echo $HOME $USER $LOGNAME' -User daemon
            $lines | Should -Be (id -u daemon), (id -g daemon), (id -G daemon), "$((getent passwd daemon) -split ':' | Select-Object -Index 5) daemon daemon"
        }

        It 'runs as a user and a group, by number' -Tag Root {
            Enter-Namespace $Set sh -ArgumentList '-c', 'id -u; id -g; id -G' -User 12345 -Group 23456 | Should -Be '12345', '23456', '23456'
            Enter-Namespace $Set id -ArgumentList '-u' -User 12345 | Should -Be '12345'
        }

        It 'runs with a group, by name' -Tag Root {
            Enter-Namespace $Set id -ArgumentList '-gn' -Group daemon | Should -Be 'daemon'
            Enter-Namespace $Set id -ArgumentList '-u' -Group daemon | Should -Be '0'
        }

        It 'finds users in the files of the mount namespace that is entered' -Tag Root {
            $own = New-Namespace -Name (New-TestName) -Type Mount
            [System.IO.File]::WriteAllText("$TestDrive/passwd", "root:x:0:0::/:/bin/sh`nisotest-inside:x:4321:4321::/inside:/bin/sh`n")
            Enter-Namespace $own mount -ArgumentList '--bind', "$TestDrive/passwd", '/etc/passwd'
            Enter-Namespace $own sh -ArgumentList '-c', 'id -u; echo $HOME' -User isotest-inside | Should -Be '4321', '/inside'
            (Get-Refusal { Enter-Namespace $own id -User daemon }).FullyQualifiedErrorId | Should -BeExactly "UserNotFound,$Command"
        }

        It 'refuses a user and a group that there is not' {
            $refusal = Get-Refusal { Enter-Namespace $Set true -User isotest-nobody }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "UserNotFound,$Command"
            $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
            $refusal.Exception.Message | Should -Match "'isotest-nobody'.*/etc/passwd.*set '$($Set.Name)'"
            (Get-Refusal { Enter-Namespace $Set true -Group isotest-nobody }).FullyQualifiedErrorId | Should -BeExactly "GroupNotFound,$Command"
        }

        It 'refuses a user that the set''s user namespace does not map' {
            $own = New-Namespace -Name (New-TestName) -Type User -MapRootUser
            $refusal = Get-Refusal { Enter-Namespace $own true -User 4321 }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceEnterFailed,$Command"
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
            $refusal.Exception.Message | Should -Match 'not mapped'
        }
    }

    Context 'what is entered' {
        It 'a set, by object, by name and from the pipeline' {
            Enter-Namespace $Set readlink /proc/self/ns/uts | Should -Be $Uts
            Enter-Namespace $Set.Name readlink /proc/self/ns/uts | Should -Be $Uts
            Enter-Namespace -Namespace $Set -FilePath readlink -ArgumentList /proc/self/ns/uts | Should -Be $Uts
            $Set | Enter-Namespace -FilePath readlink -ArgumentList /proc/self/ns/uts | Should -Be $Uts
            $Set.Name | Enter-Namespace -FilePath readlink -ArgumentList /proc/self/ns/uts | Should -Be $Uts
        }

        It 'each of many sets from the pipeline' {
            $sets = 'p1', 'p2' | ForEach-Object { New-TestSet Uts -With @{ HostName = $_ } }
            $sets | Enter-Namespace -FilePath uname -ArgumentList '-n' | Should -Be 'p1', 'p2'
        }

        It 'the namespaces of a process, by number, by Process and by NamespaceProcess' {
            $process = Start-NamespaceProcess $Set sleep -ArgumentList 300
            try {
                Enter-Namespace $process.Id uname -ArgumentList '-n' | Should -Be 'entered'
                Enter-Namespace "$($process.Id)" uname -ArgumentList '-n' | Should -Be 'entered'
                Enter-Namespace $process uname -ArgumentList '-n' | Should -Be 'entered'
                Enter-Namespace ([System.Diagnostics.Process]::GetProcessById($process.Id)) uname -ArgumentList '-n' | Should -Be 'entered'
                $process | Enter-Namespace -FilePath uname -ArgumentList '-n' | Should -Be 'entered'
            }
            finally {
                Stop-NamespaceProcess $process -Force
            }
        }

        It 'one namespace of Get-NamespaceInfo' -Tag Root {
            $info = Get-NamespaceInfo -Type Uts | Where-Object Id -EQ $Set.GetId('Uts')
            $info | Enter-Namespace -FilePath sh -ArgumentList '-c', 'uname -n; readlink /proc/self/ns/net' | Should -Be 'entered', "net:[$(Get-NamespaceId net)]"
        }

        It 'one namespace, by path' -Tag Root {
            Enter-Namespace "$($Set.Folder)/ns/uts" uname -ArgumentList '-n' | Should -Be 'entered'
        }

        It 'a network namespace of ip netns, by name' -Tag Root {
            $name = New-TestName
            ip netns add $name
            try {
                Enter-Namespace $name readlink /proc/self/ns/net | Should -Be "net:[$(stat -L -c %i "/run/netns/$name")]"
                Enter-Namespace "/run/netns/$name" readlink /proc/self/ns/net | Should -Be "net:[$(stat -L -c %i "/run/netns/$name")]"
            }
            finally {
                ip netns delete $name
            }
        }

        It 'only the kinds of -Type' -Tag Root {
            Enter-Namespace $Set readlink -ArgumentList '/proc/self/ns/uts', '/proc/self/ns/net' -Type Uts | Should -Be $Uts, "net:[$(Get-NamespaceId net)]"
        }

        It 'refuses a kind that the set has not' {
            $refusal = Get-Refusal { Enter-Namespace $Set true -Type Uts, Cgroup }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceTypeNotInSet,$Command"
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
            $refusal.Exception.Message | Should -Match 'not Cgroup'
        }

        It 'refuses a path of another kind' {
            (Get-Refusal { Enter-Namespace /proc/self/ns/uts true -Type Net }).FullyQualifiedErrorId | Should -BeExactly "NamespaceTypeNotInSet,$Command"
        }

        It 'refuses a name that nothing has' {
            $refusal = Get-Refusal { Enter-Namespace isotest-none true }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
            $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
            $refusal.Exception.Message | Should -Match "'isotest-none'"
        }

        It 'refuses a process that there is not: <Id>' -ForEach @(@{ Id = 4194304 }, @{ Id = 0 }, @{ Id = -5 }) {
            $refusal = Get-Refusal { Enter-Namespace $Id true }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "ProcessNotFound,$Command"
            $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
        }

        It 'refuses a path that is no namespace: <Path>' -ForEach @(
            @{ Path = '/etc/passwd'; Id = 'NamespacePathInvalid'; Category = 'InvalidArgument' }
            @{ Path = '/etc'; Id = 'NamespacePathInvalid'; Category = 'InvalidArgument' }
            @{ Path = '/dev/null'; Id = 'NamespacePathInvalid'; Category = 'InvalidArgument' }
            @{ Path = '/no/such/path'; Id = 'NamespacePathNotFound'; Category = 'ObjectNotFound' }
        ) {
            $refusal = Get-Refusal { Enter-Namespace $Path true }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "$Id,$Command"
            $refusal.CategoryInfo.Category | Should -Be $Category
            $refusal.Exception.Message | Should -Match ([regex]::Escape($Path))
        }

        It 'refuses a set that was removed since' {
            $gone = New-TestSet User
            Remove-Namespace $gone
            (Get-Refusal { Enter-Namespace $gone true }).FullyQualifiedErrorId | Should -BeExactly "NamespaceNotFound,$Command"
        }

        It 'refuses an ordinary user the namespaces of root''s processes' -Tag User {
            $refusal = Get-Refusal { Enter-Namespace 1 true }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceAccessDenied,$Command"
            $refusal.CategoryInfo.Category | Should -Be PermissionDenied
        }
    }

    Context 'arguments' {
        It 'pass exactly: <Name>' -ForEach @(
            @{ Name = 'blanks'; Arguments = @('a b', ' ', '') }
            @{ Name = 'quotes'; Arguments = @('"', "'", '\', '\"', '$HOME', '`x`') }
            @{ Name = 'UTF-8'; Arguments = @("gr$([char]0xfc)n", [char]::ConvertFromUtf32(0x1f600)) }
            @{ Name = 'line ends'; Arguments = @("a`nb", "`n") }
            @{ Name = 'dashes'; Arguments = @('-', '--', '-Type', '--help') }
            @{ Name = 'wildcards'; Arguments = @('*', '/etc/*', '[a]') }
        ) {
            $lines = Enter-Namespace $Set sh -ArgumentList (@('-c', 'for a; do printf %s "$a" | od -An -v -tx1 | tr -d " \n"; echo; done', 'sh') + $Arguments)
            $expected = foreach ($argument in $Arguments) { [Convert]::ToHexString([System.Text.Encoding]::UTF8.GetBytes($argument)).ToLowerInvariant() }
            $lines | Should -BeExactly $expected
        }

        It 'come also as the remaining arguments of the command line' {
            Enter-Namespace $Set printf '%s|' a 'b c' d | Should -Be 'a|b c|d|'
        }

        It 'refuse a NUL, which would cut them off' {
            $refusal = Get-Refusal { Enter-Namespace $Set echo "a$([char]0)b" }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "ProgramArgumentInvalid,$Command"
            $refusal.CategoryInfo.Category | Should -Be InvalidArgument
        }
    }

    Context 'programs that cannot be run' {
        BeforeAll {
            [System.IO.File]::WriteAllText("$TestDrive/plain", "just text`n")
            [System.IO.File]::WriteAllText("$TestDrive/text", "just text`n")
            [System.IO.File]::WriteAllText("$TestDrive/script", "#!/no/such/interpreter`n")
            chmod 644 "$TestDrive/plain"
            chmod 755 "$TestDrive/text" "$TestDrive/script"
        }

        It '<Why>: <Category>' -ForEach @(
            @{ Why = 'a path that is missing'; Program = '/no/such/program'; Category = 'ObjectNotFound'; Says = 'ENOENT' }
            @{ Why = 'a name that is nowhere in PATH'; Program = 'isotest-no-such-program'; Category = 'ObjectNotFound'; Says = 'ENOENT' }
            @{ Why = 'a file that is not executable'; Program = 'plain'; Category = 'PermissionDenied'; Says = 'not executable' }
            @{ Why = 'a folder'; Program = '/etc'; Category = 'PermissionDenied'; Says = 'directory' }
            @{ Why = 'a text without an interpreter'; Program = 'text'; Category = 'InvalidType'; Says = '#!' }
            @{ Why = 'a script whose interpreter is missing'; Program = 'script'; Category = 'ObjectNotFound'; Says = 'interpreter' }
            @{ Why = 'a path through a file'; Program = '/etc/passwd/x'; Category = 'ObjectNotFound'; Says = 'no such file' }
        ) {
            $path = if ($Program -in 'plain', 'text', 'script') { "$TestDrive/$Program" } else { $Program }
            $global:LASTEXITCODE = 77
            $refusal = Get-Refusal { Enter-Namespace $Set $path -Environment @{ PATH = '/usr/bin:/bin' } }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceEnterFailed,$Command"
            $refusal.CategoryInfo.Category | Should -Be $Category
            $refusal.Exception.Message | Should -Match ([regex]::Escape($path))
            $refusal.Exception.Message | Should -Match $Says
            $global:LASTEXITCODE | Should -Be 77
        }

        It 'goes on with the next set of the pipeline after one that is refused' {
            $lines = 'isotest-none', $Set.Name | Enter-Namespace -FilePath uname -ArgumentList '-n' -ErrorVariable refused -ErrorAction SilentlyContinue
            $lines | Should -Be 'entered'
            $refused.Count | Should -Be 1
        }
    }

    Context 'stopping' {
        It 'ends the program where the pipeline needs no more' {
            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            Enter-Namespace $Set sh -ArgumentList '-c', 'echo one; echo two; sleep 613.5' | Select-Object -First 1 | Should -Be 'one'
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 15
            Wait-Until -For 'the end of the sleep' { (Measure-Sleeper '613.5') -eq 0 }
        }

        It 'ends the program and its children when the pipeline is stopped: <Why>' -ForEach @(
            @{ Why = 'polite'; Script = 'sleep 614.5 & sleep 614.5'; Mark = '614.5' }
            @{ Why = 'deaf to SIGINT'; Script = 'trap "" INT TERM; sleep 615.5 & sleep 615.5'; Mark = '615.5' }
        ) {
            $shell = New-TestShell "Enter-Namespace $($Set.Name) sh -ArgumentList '-c', '$Script'"
            try {
                $null = $shell.BeginInvoke()
                Wait-Until -For 'the two sleeps' { (Measure-Sleeper $Mark) -eq 2 }
                $watch = [System.Diagnostics.Stopwatch]::StartNew()
                $shell.Stop()
                $watch.Elapsed.TotalSeconds | Should -BeLessThan 10
                $shell.InvocationStateInfo.State | Should -Be Stopped
                Wait-Until -For 'the end of the sleeps' { (Measure-Sleeper $Mark) -eq 0 }
            }
            finally {
                $shell.Dispose()
            }
        }

        It 'ends the program with a PowerShell that is killed' {
            $child = Start-ChildHost "Enter-Namespace $($Set.Name) sh -ArgumentList '-c', 'echo ready; sleep 616.5' | ForEach-Object { Write-Line `$_ }"
            Read-ChildLine $child | Should -Be 'ready'
            Stop-ChildHost $child -Kill
            Wait-Until -For 'the end of the sleep' { (Measure-Sleeper '616.5') -eq 0 }
        }

        It 'runs in several runspaces at once' {
            $shells = 1..4 | ForEach-Object {
                $shell = New-TestShell "1..5 | ForEach-Object { Enter-Namespace $($Set.Name) sh -ArgumentList '-c', 'sleep 0.1; echo runspace $_' }"
                @{ Shell = $shell; Running = $shell.BeginInvoke(); Expected = , "runspace $_" * 5 }
            }
            foreach ($one in $shells) {
                $one.Shell.EndInvoke($one.Running) | Should -Be $one.Expected
                Get-ShellError $one.Shell | Should -BeNullOrEmpty
                $one.Shell.Dispose()
            }
        }
    }

    Context '-Debug' {
        It 'prints the plan by which it enters' {
            $all = Enter-Namespace $Set true -Debug 5>&1
            "$all" | Should -Match "setns\(\`$uts, CLONE_NEWUTS\)"
            "$all" | Should -Match 'execve\('
        }
    }
}
