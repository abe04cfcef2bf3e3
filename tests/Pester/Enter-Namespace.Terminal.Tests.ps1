# Programs that Enter-Namespace runs on a terminal. tmux is the terminal: it types, and its screen is read.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.EnterNamespaceCommand'

    # Not in TestDrive: what a block makes there is removed with it, and the server would not be found again.
    $script:Folder = [System.IO.Directory]::CreateTempSubdirectory('isotest-tmux-').FullName
    $script:Socket = "$Folder/socket"
    $script:Set = New-TestSet Uts, Pid, Mount -With @{ HostName = 'inside' }

    # The PowerShell that runs this one, at a prompt that can be told from a shell's. Variables as on any machine: the shell inside is /bin/sh with a
    # prompt of its own.
    $path = [Environment]::ProcessPath
    $program = if ([System.IO.Path]::GetFileName($path) -eq 'dotnet') { "$path $([Environment]::GetCommandLineArgs()[0])" } else { $path }
    [System.IO.File]::WriteAllText("$TestDrive/start.ps1", "
        Import-Module '$ModuleManifest'
        `$env:SHELL = '/bin/sh'
        `$env:PS1 = 'inner# '
        `$env:ENV = `$null
        function prompt { 'outer> ' }
        function Write-Mark { [System.IO.File]::WriteAllText(`"$TestDrive/`$(`$args[0])`", `"`$(`$args[1])`") }
    ")
    $script:StartHost = "POWERSHELL_TELEMETRY_OPTOUT=1 $program -NoLogo -NoProfile -NoExit -Command '. $TestDrive/start.ps1'"

    function Invoke-Tmux {
        # A server of the tests' own, without anybody's configuration.
        $said = tmux -u -S $Socket -f /dev/null @args 2>&1
        if ($LASTEXITCODE -ne 0) { throw "tmux ${args}: $said" }
        $said
    }

    function Get-Screen {
        # What a terminal shows, without the empty end.
        param([string] $Terminal = $Terminal)
        (@(Invoke-Tmux capture-pane -p -J -t $Terminal) -join "`n").TrimEnd()
    }

    function Wait-Screen {
        # Waits until a terminal shows something; says what it shows where it does not come.
        param([string] $Pattern, [string] $Terminal = $Terminal)
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        while (($screen = Get-Screen $Terminal) -notmatch $Pattern) {
            if ($watch.Elapsed.TotalSeconds -gt 60) { throw "Waited 60 s in vain for '$Pattern' on the screen:`n$screen" }
            [System.Threading.Thread]::Sleep(50)
        }
    }

    function Send-Line {
        # Types a line.
        param([string] $Line, [string] $Terminal = $Terminal)
        Invoke-Tmux send-keys -t $Terminal -l -- $Line
        Invoke-Tmux send-keys -t $Terminal Enter
    }

    function Send-Key {
        # Types a key by its name, such as C-c.
        param([string] $Key, [string] $Terminal = $Terminal)
        Invoke-Tmux send-keys -t $Terminal $Key
    }

    function Wait-Mark {
        # Waits for a file that what runs on a terminal writes in one go, and gives its content.
        param([string] $Name)
        Wait-Until -For "the file $Name" -Seconds 60 { [System.IO.File]::Exists("$TestDrive/$Name") -and [System.IO.FileInfo]::new("$TestDrive/$Name").Length -gt 0 }
        $text = [System.IO.File]::ReadAllText("$TestDrive/$Name").Trim()
        [System.IO.File]::Delete("$TestDrive/$Name")
        $text
    }

    function Get-Answer {
        # What a shell's command line on a terminal writes.
        param([string] $Line, [string] $Terminal = $Terminal)
        Send-Line "{ $Line; } > $TestDrive/answer.part 2>&1; mv $TestDrive/answer.part $TestDrive/answer" -Terminal $Terminal
        try { Wait-Mark answer } catch { throw "$_ The screen:`n$(Get-Screen $Terminal)" }
    }

    function Open-Terminal {
        # A terminal with a shell, whose modes are noted, and a PowerShell in it. Each has a name of its own.
        param([switch] $WithoutHost)
        $name = 't' + [guid]::NewGuid().ToString('n').Substring(0, 8)
        Invoke-Tmux new-session -d -s $name -x 100 -y 30 "env PS1='shell# ' ENV= /bin/sh"
        Wait-Screen 'shell#$' -Terminal $name
        $script:Modes = Get-Answer 'stty -a' -Terminal $name
        if (-not $WithoutHost) {
            Send-Line $StartHost -Terminal $name
            Wait-Screen 'outer>$' -Terminal $name
        }
        $name
    }

    function Find-Process {
        # The pids of processes on the host with this command line.
        param([string] $Line)
        foreach ($folder in [System.IO.Directory]::GetDirectories('/proc')) {
            if ($folder -match '/(\d+)$') {
                $id = [int]$Matches[1]
                try { if ([System.IO.File]::ReadAllText("$folder/cmdline").TrimEnd([char]0).Replace([char]0, ' ') -eq $Line) { $id } } catch { }
            }
        }
    }

    function Wait-Process {
        # Waits for one process with this command line that is in one of these states, and gives its pid.
        param([string] $Line, [string] $State = '[SRT]')
        Wait-Until -For "$Line in state $State" -Seconds 60 {
            $id = @(Find-Process $Line)
            $id.Count -eq 1 -and [System.IO.File]::ReadAllText("/proc/$id/stat") -cmatch "\) $State "
        }
        Find-Process $Line
    }

    function Wait-End {
        param([string] $Line)
        Wait-Until -For "the end of $Line" -Seconds 60 { -not (Find-Process $Line) }
    }
}

AfterAll {
    $server = [int]"$(tmux -S $Socket display-message -p '#{pid}' 2>$null)"
    $null = tmux -S $Socket kill-server 2>&1
    [System.IO.Directory]::Delete($Folder, $true)
    Wait-Until -For 'the end of the tmux server' -Seconds 60 { $server -eq 0 -or -not (Test-ProcessAlive $server) }
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Enter-Namespace on a terminal' {
    Context 'a shell' {
        BeforeAll {
            $script:Terminal = Open-Terminal
        }

        BeforeEach {
            Send-Line "Clear-Host; Enter-Namespace $($Set.Name)"
            Wait-Screen 'inner#$'
        }

        AfterEach {
            # One that a test has left already is no harm: PowerShell then shows that there is no such command.
            if ((Get-Screen) -match 'inner#$') {
                Send-Line exit
                Wait-Screen 'outer>$'
            }
        }

        It 'opens in the namespaces, on a terminal that is its own' {
            Get-Answer 'readlink /proc/self/ns/uts; hostname; echo $0' | Should -Be "uts:[$($Set.GetId('Uts'))]`ninside`n/bin/sh"
            Get-Answer 'test -t 0 && true < /dev/tty && echo terminal' | Should -Be 'terminal'
            # The shell leads the terminal's session.
            $shell, $session, $name = -split (Get-Answer 'ps -o pid= -o sid= -o tty= -p $$')
            $session | Should -Be $shell
            $name | Should -Match '^pts/\d+$'
        }

        It 'has the modes that a program expects, with the user''s own keys' {
            $inside = Get-Answer 'stty -a'
            # The speed is none that a pseudo-terminal has.
            ($inside -replace '^speed \d+') | Should -Be ($Modes -replace '^speed \d+')
        }

        It 'gives Ctrl+C to its program, not to PowerShell' {
            Send-Line 'sleep 717.25'
            $null = Wait-Process 'sleep 717.25'
            Send-Key C-c
            Wait-End 'sleep 717.25'
            Get-Answer 'hostname' | Should -Be 'inside'
        }

        It 'gives Ctrl+Z to its program, and fg goes on with it' {
            Send-Line 'sleep 718.25'
            $null = Wait-Process 'sleep 718.25'
            Send-Key C-z
            $null = Wait-Process 'sleep 718.25' -State T
            Wait-Screen 'inner#$'
            Send-Line 'fg'
            $null = Wait-Process 'sleep 718.25' -State S
            Send-Key C-c
            Wait-End 'sleep 718.25'
            Wait-Screen 'inner#$'
        }

        It 'runs a full-screen program: less' {
            [System.IO.File]::WriteAllLines("$TestDrive/lines", [string[]](1..500 | ForEach-Object { "this is line $_" }))
            Send-Line "LESS= less $TestDrive/lines"
            Wait-Screen 'this is line 1\n(.*\n)*.*lines$'
            (Get-Screen) | Should -Not -Match 'inner#'
            Send-Key G
            Wait-Screen 'this is line 500\n'
            Send-Key q
            Wait-Screen 'inner#$'
            (Get-Screen) | Should -Not -Match 'this is line'
        }

        It 'follows the window''s size' {
            Invoke-Tmux resize-window -t $Terminal -x 91 -y 33
            Get-Answer 'for i in $(seq 600); do size=$(stty size); [ "$size" = "33 91" ] && break; sleep 0.1; done; echo $size' | Should -Be '33 91'
            Send-Line "sh -c 'trap `"echo changed > $TestDrive/changed.part; mv $TestDrive/changed.part $TestDrive/changed`" WINCH; echo 'ready'; while :; do sleep 0.1; done'"
            Wait-Screen '(?m)^ready$'
            Invoke-Tmux resize-window -t $Terminal -x 100 -y 30
            Wait-Mark changed | Should -Be 'changed'
            Send-Key C-c
            Wait-Screen 'inner#$'
        }

        It 'stops a flood of output at Ctrl+C' {
            Send-Line 'yes flood'
            Wait-Screen '(flood\n){20}'
            Send-Key C-c
            Wait-End 'yes flood'
            Wait-Screen 'inner#$'
        }

        It 'passes every key and byte on, UTF-8 too' {
            $text = "gr$([char]0xfc)n $([char]0x20ac) `$'"
            Send-Line "IFS= read -r line; printf %s `"`$line`" > $TestDrive/typed.part; mv $TestDrive/typed.part $TestDrive/typed"
            Send-Line $text
            Wait-Mark typed | Should -BeExactly $text
        }

        It 'gives its exit code, and the terminal back as it was' {
            Send-Line 'exit 42'
            Wait-Screen 'outer>$'
            Send-Line 'Write-Mark code $LASTEXITCODE'
            Wait-Mark code | Should -Be '42'
            Send-Line "Write-Mark modes ((stty -a) -join [char]10)"
            Wait-Mark modes | Should -Be $Modes
        }

        It 'leaves with Ctrl+D' {
            Send-Key C-d
            Wait-Screen 'outer>$'
        }

        It 'gives 128 + n where a signal ends it' {
            $shell = @(Get-NamespaceProcess $Set | Where-Object Name -EQ sh)
            $shell.Count | Should -Be 1
            sh -c "kill -KILL $($shell.Id)"
            Wait-Screen 'outer>$'
            Send-Line 'Write-Mark code $LASTEXITCODE'
            Wait-Mark code | Should -Be '137'
            Send-Line "Write-Mark modes ((stty -a) -join [char]10)"
            Wait-Mark modes | Should -Be $Modes
        }
    }

    Context 'programs' {
        BeforeAll {
            $script:Terminal = Open-Terminal
            $script:Name = $Set.Name
        }

        BeforeEach {
            Send-Line 'Clear-Host'
            Wait-Screen '^\s*outer>$'
        }

        It 'run on the terminal with -Interactive: top' {
            Send-Line "Enter-Namespace $Name top -Interactive; Write-Mark code `$LASTEXITCODE"
            Wait-Screen 'Tasks:.*\n(.*\n)+.*isolation-init'
            Send-Key q
            Wait-Mark code | Should -Be '0'
            Wait-Screen 'outer>$'
        }

        It 'come down the pipeline one after the other' {
            Send-Line "'$Name', '$Name' | Enter-Namespace -FilePath head -ArgumentList '-n', '1' -Interactive; Write-Mark code both"
            Send-Line 'first'
            Wait-Screen 'first\nfirst'
            Send-Line 'second'
            Wait-Screen 'second\nsecond'
            Wait-Mark code | Should -Be 'both'
        }

        It 'find the size of a window that was resized before' {
            Invoke-Tmux resize-window -t $Terminal -x 77 -y 22
            Send-Line "Enter-Namespace $Name -FilePath sh -ArgumentList '-c', 'stty size > $TestDrive/size.part; mv $TestDrive/size.part $TestDrive/size' -Interactive"
            Wait-Mark size | Should -Be '22 77'
            Invoke-Tmux resize-window -t $Terminal -x 100 -y 30
            Wait-Screen 'outer>$'
        }

        It 'are not stopped by Ctrl+Z where nobody could go on with them' {
            Send-Line "Enter-Namespace $Name sleep 719.25 -Interactive; Write-Mark code `$LASTEXITCODE"
            $null = Wait-Process 'sleep 719.25' -State S
            Send-Key C-z
            Send-Key C-c
            Wait-End 'sleep 719.25'
            Wait-Mark code | Should -Be '130'
        }

        It 'that are missing leave the terminal as it was' {
            Send-Line "try { Enter-Namespace $Name isotest-no-such-program -Interactive -ErrorAction Stop } catch { Write-Mark id `$_.FullyQualifiedErrorId }"
            Wait-Mark id | Should -BeExactly "NamespaceEnterFailed,$Command"
            Send-Line "Write-Mark modes ((stty -a) -join [char]10)"
            Wait-Mark modes | Should -Be $Modes
        }

        It 'write the error of an exit code where the preference says so' {
            Send-Line "`$PSNativeCommandUseErrorActionPreference = `$true; try { Enter-Namespace $Name false -Interactive -ErrorAction Stop } catch { Write-Mark id `$_.FullyQualifiedErrorId }"
            Wait-Mark id | Should -BeExactly "ProgramExitedWithNonZeroCode,$Command"
            Send-Line '$PSNativeCommandUseErrorActionPreference = $false'
        }

        It 'do not share the terminal: TerminalBusy' {
            [System.IO.File]::WriteAllText("$TestDrive/busy.ps1", "
                `$shell = [powershell]::Create()
                `$shell.Runspace = [runspacefactory]::CreateRunspace(`$Host)
                `$shell.Runspace.Open()
                `$null = `$shell.AddScript(`"Import-Module '$ModuleManifest'; Enter-Namespace $Name sh -ArgumentList '-c', ': > $TestDrive/busy; sleep 720.25' -Interactive`").BeginInvoke()
                while (-not [System.IO.File]::Exists('$TestDrive/busy')) { [System.Threading.Thread]::Sleep(20) }
                try { Enter-Namespace $Name -ErrorAction Stop } catch { `$id = `$_.FullyQualifiedErrorId }
                `$shell.Stop()
                Write-Mark id `$id
            ")
            Send-Line ". $TestDrive/busy.ps1"
            Wait-Mark id | Should -BeExactly "TerminalBusy,$Command"
            # The pipeline that was stopped has ended its program, and the terminal is this one's again.
            Wait-End 'sleep 720.25'
            Send-Line "Write-Mark modes ((stty -a) -join [char]10)"
            Wait-Mark modes | Should -Be $Modes
        }

        It 'look for the shell in SHELL, then in /etc/passwd, then in /bin' {
            # In a user namespace that maps root the user is root.
            $entry = (getent passwd root) -split ':' | Select-Object -Last 1
            foreach ($case in @{ Shell = '/bin/dash'; Expected = '/bin/dash' }, @{ Shell = '/no/such/shell'; Expected = $entry }, @{ Shell = 'dash'; Expected = $entry }) {
                Send-Line "Enter-Namespace $Name -Environment @{ SHELL = '$($case.Shell)' }"
                Wait-Screen '[#$] ?$'
                Get-Answer 'echo $0' | Should -Be $case.Expected
                Send-Line 'exit'
                Wait-Screen 'outer>$'
                Send-Line 'Clear-Host'
                Wait-Screen '^\s*outer>$'
            }
        }

        It 'find /bin/sh where the user''s entry inside names a shell that is missing' -Tag Root {
            $own = New-Namespace -Name (New-TestName) -Type Mount
            [System.IO.File]::WriteAllText("$TestDrive/passwd", "root:x:0:0::/:/no/such/shell`n")
            Enter-Namespace $own mount -ArgumentList '--bind', "$TestDrive/passwd", '/etc/passwd'
            Send-Line "Enter-Namespace $($own.Name) -Environment @{ SHELL = `$null }"
            Wait-Screen 'inner#$'
            Get-Answer 'echo $0' | Should -Be '/bin/sh'
            Send-Line 'exit'
            Wait-Screen 'outer>$'
        }

        It 'own their terminal where they run as another user' -Tag Root {
            Send-Line "Enter-Namespace $Name -User daemon -Environment @{ SHELL = '/bin/sh'; PS1 = 'daemon# ' }"
            Wait-Screen 'daemon#$'
            Send-Line 'stat -c "owner %U" $(tty); echo opened > /dev/stderr'
            Wait-Screen 'owner daemon\nopened'
            Send-Line 'exit'
            Wait-Screen 'outer>$'
        }
    }

    Context 'two terminals at once' {
        It 'are each their own' {
            $one = Open-Terminal
            $two = Open-Terminal
            foreach ($terminal in $one, $two) {
                Send-Line "Enter-Namespace $($Set.Name)" -Terminal $terminal
                Wait-Screen 'inner#$' -Terminal $terminal
            }
            Send-Line 'sleep 721.25' -Terminal $one
            $null = Wait-Process 'sleep 721.25'
            Send-Key C-c -Terminal $two
            (Get-Answer 'tty' -Terminal $two) | Should -Match '^/dev/pts/\d+$'
            Find-Process 'sleep 721.25' | Should -HaveCount 1
            Send-Key C-c -Terminal $one
            Wait-End 'sleep 721.25'
            (Get-Answer 'tty' -Terminal $one) | Should -Not -Be (Get-Answer 'tty' -Terminal $two)
        }
    }

    Context 'half a terminal' {
        It 'is none: standard <What> goes elsewhere' -ForEach @(
            @{ What = 'input'; Redirection = '< /dev/null' }
            @{ What = 'output'; Redirection = '> /dev/null' }
        ) {
            $script:Terminal = Open-Terminal -WithoutHost
            Send-Line ($StartHost.Replace(' -NoExit', '').TrimEnd("'") + "; try { Enter-Namespace $($Set.Name) -ErrorAction Stop } catch { Write-Mark id `$_.FullyQualifiedErrorId }' $Redirection")
            Wait-Mark id | Should -BeExactly "ProgramMissing,$Command"
        }
    }

    Context 'what is killed' {
        BeforeEach {
            $script:Terminal = Open-Terminal
            Send-Line 'Write-Mark pid $PID'
            $script:HostId = [int](Wait-Mark pid)
        }

        It 'the agent: an error says so, the terminal is as it was, and the next call works' {
            Send-Line "try { Enter-Namespace $($Set.Name) less -ArgumentList '/etc/passwd' -Interactive -ErrorAction Stop } catch { Write-Mark id `$_.FullyQualifiedErrorId }"
            Wait-Screen '/etc/passwd$|\(END\)$'
            $agent = foreach ($id in [System.IO.Directory]::GetDirectories('/proc') -match '/\d+$' -replace '.*/') {
                try { if ([System.IO.File]::ReadAllText("/proc/$id/stat") -match "^\d+ \(isolation-agent\) \S $HostId ") { [int]$id } } catch { }
            }
            $agent.Count | Should -Be 1
            sh -c "kill -KILL $agent"
            Wait-Mark id | Should -BeExactly "AgentLost,$Command"
            Wait-Screen 'outer>$'
            Invoke-Tmux display-message -p -t $Terminal '#{alternate_on}' | Should -Be '0'
            Send-Line "Write-Mark modes ((stty -a) -join [char]10)"
            Wait-Mark modes | Should -Be $Modes
            Send-Line "Enter-Namespace $($Set.Name)"
            Wait-Screen 'inner#$'
            Get-Answer 'hostname' | Should -Be 'inside'
        }

        It 'PowerShell, by SIG<Signal>: the terminal is as it was, and the program ends' -ForEach @(@{ Signal = 'KILL' }, @{ Signal = 'TERM' }) {
            Send-Line "Enter-Namespace $($Set.Name)"
            Wait-Screen 'inner#$'
            Send-Line 'sleep 722.25'
            $null = Wait-Process 'sleep 722.25'
            sh -c "kill -s $Signal $HostId"
            Wait-End 'sleep 722.25'
            Wait-Until -For 'the modes of before' -Seconds 60 {
                Send-Key C-c
                (Get-Screen) -match '(shell#|outer>)$'
            }
            # PowerShell may end after it prompted: the shell below then takes the line for an error, and stays.
            if ((Get-Screen) -match 'outer>$') { Send-Line '[Environment]::Exit(0)'; Wait-Screen 'shell#$' }
            Get-Answer 'stty -a' | Should -Be $Modes
        }

        It 'the terminal: the program ends with it' {
            Send-Line "Enter-Namespace $($Set.Name)"
            Wait-Screen 'inner#$'
            Send-Line 'sleep 723.25'
            $null = Wait-Process 'sleep 723.25'
            Invoke-Tmux kill-session -t $Terminal
            Wait-End 'sleep 723.25'
        }
    }
}
