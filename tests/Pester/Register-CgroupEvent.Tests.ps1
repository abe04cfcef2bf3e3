# What happens to control groups is made to happen, and the event is waited for. No test looks at the clock but those of the delay.

BeforeDiscovery {
    $isRoot = [int](id -u) -eq 0
    $release = [version]([regex]::Match([System.IO.File]::ReadAllText('/proc/sys/kernel/osrelease'), '^\d+\.\d+').Value)
    $pressure = [System.IO.File]::Exists('/proc/pressure/cpu')
}

BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/CgroupHelpers.ps1
    $script:Started = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()
    $script:Command = 'Isolation.Commands.RegisterCgroupEventCommand'
    $script:Release = [version]([regex]::Match([System.IO.File]::ReadAllText('/proc/sys/kernel/osrelease'), '^\d+\.\d+').Value)

    # CAP_SYS_RESOURCE: without it, also as root, a window of pressure is a multiple of 2 s.
    $script:IsPrivileged = ([Convert]::ToUInt64([regex]::Match([System.IO.File]::ReadAllText('/proc/self/status'), 'CapEff:\s+(\w+)').Groups[1].Value, 16) -band 0x1000000) -ne 0

    function Wait-CgroupEvent {
        # The next event of this name; others that come before are dropped.
        param([string] $Source, [string] $Name)
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        while ($watch.Elapsed.TotalSeconds -lt 30) {
            $found = Wait-Event -SourceIdentifier $Source -Timeout 5
            foreach ($one in $found) {
                Remove-Event -EventIdentifier $one.EventIdentifier
                if ($one.SourceEventArgs.EventName -eq $Name) { return $one.SourceEventArgs }
            }
        }
        throw "No event $Name of $Source within 30 s."
    }

    function Find-Thread {
        # The numbers of this process' threads that wait for events of cgroups.
        foreach ($folder in [System.IO.Directory]::GetDirectories('/proc/self/task')) {
            try { if ([System.IO.File]::ReadAllText("$folder/comm").Trim() -ceq 'cgroup events') { [System.IO.Path]::GetFileName($folder) } } catch { continue }
        }
    }

    function Clear-Subscription {
        foreach ($one in Get-EventSubscriber -ErrorAction Ignore | Where-Object { $_.SourceObject -is [Isolation.CgroupEventSource] }) {
            Unregister-Event -SubscriptionId $one.SubscriptionId
        }
        Get-Event -ErrorAction Ignore | Remove-Event
    }

    function Get-UnifiedFolder { @($Limit.Path | Where-Object { Test-Path "$_/cgroup.events" })[0] }
}

AfterAll {
    Clear-Subscription
    Stop-Started
    Remove-TestLeftover
    if ($IsRoot) { Remove-TestCgroup }
}

Describe 'Register-CgroupEvent: what happens is told' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach {
        $script:Name = New-LimitedSet
        $script:Limit = Set-CgroupLimit $Name -MemoryMax 32MB -PidsMax 30 -CpuMax max -PassThru
        $script:Id = "source-$Name"
    }

    AfterEach {
        Clear-Subscription
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'a process that is killed for want of memory, with the kernel''s count' {
        Register-CgroupEvent $Name OomKill -SourceIdentifier $Id -ErrorAction Stop
        Wait-Exit (Start-Inside $Limit.Path 'x=$(head -c 200M /dev/zero | tr "\0" x); echo alive') | Should -Be 137
        $happened = Wait-CgroupEvent $Id OomKill
        $happened | Should -BeOfType 'Isolation.CgroupEventArgs'
        $happened.Cgroup | Should -BeExactly "/isolation/$Name"
        $happened.Namespace | Should -BeExactly $Name
        $happened.Count | Should -BeGreaterOrEqual 1
        $happened.Value | Should -BeGreaterOrEqual 1
        $happened.Value | Should -BeLessOrEqual (Read-Counter $Limit.Path 'memory.events', 'memory.oom_control' 'oom_kill')
    }

    It 'a memory limit that was hit' {
        Register-CgroupEvent $Name MemoryMax -SourceIdentifier $Id -ErrorAction Stop
        Wait-Exit (Start-Inside $Limit.Path 'x=$(head -c 200M /dev/zero | tr "\0" x); echo alive') | Should -Be 137
        $happened = Wait-CgroupEvent $Id MemoryMax
        $happened.Value | Should -BeGreaterThan 0
        $happened.Value | Should -BeLessOrEqual (Get-CgroupUsage $Name).MemoryEvents.Max
    }

    It 'memory over MemoryHigh in version 2; version 1 says that it has none' {
        if (@($Limit.Path | Where-Object { Test-Path "$_/memory.high" })) {
            $null = Set-CgroupLimit $Name -MemoryHigh 8MB
            Register-CgroupEvent $Name MemoryHigh -SourceIdentifier $Id
            $null = Start-Inside $Limit.Path 'x=$(head -c 12M /dev/zero | tr "\0" x); sleep 60; :'
            (Wait-CgroupEvent $Id MemoryHigh).Count | Should -BeGreaterThan 0
        }
        else {
            $failure = Get-Refusal { Register-CgroupEvent $Name MemoryHigh -SourceIdentifier $Id }
            $failure.FullyQualifiedErrorId | Should -BeExactly "CgroupEventUnsupported,$Command"
            $failure.CategoryInfo.Category | Should -Be 'NotImplemented'
            Get-EventSubscriber -SourceIdentifier $Id -ErrorAction Ignore | Should -BeNullOrEmpty
        }
    }

    It 'a fork that was refused, where the kernel tells of it' {
        $null = Set-CgroupLimit $Name -PidsMax 3
        $first = -not (Test-Path "$(Split-Path (Find-File $Limit.Path 'pids.max'))/cgroup.controllers")
        if ($first -and $Release -ge [version]'6.11') {
            (Get-Refusal { Register-CgroupEvent $Name PidsMax -SourceIdentifier $Id }).FullyQualifiedErrorId | Should -BeExactly "CgroupEventUnsupported,$Command"
            return
        }
        Register-CgroupEvent $Name PidsMax -SourceIdentifier $Id -ErrorAction Stop
        $null = Start-Inside $Limit.Path 'sleep 60 & sleep 60 & (sleep 60); wait'
        (Wait-CgroupEvent $Id PidsMax).Value | Should -BeGreaterThan 0
        foreach ($process in [System.IO.File]::ReadAllLines((Find-File $Limit.Path 'cgroup.procs'))) { /bin/kill -9 $process }
    }

    It 'the first process and the last' {
        Register-CgroupEvent $Name Populated, Empty -SourceIdentifier $Id -ErrorAction Stop
        $process = Start-Inside $Limit.Path 'exec sleep 60'
        (Wait-CgroupEvent $Id Populated).Count | Should -Be 1
        $process.Kill()
        (Wait-CgroupEvent $Id Empty).Namespace | Should -BeExactly $Name
    }

    It 'standing still and going on' {
        Register-CgroupEvent $Name Frozen, Thawed -SourceIdentifier $Id -ErrorAction Stop
        $null = Start-Inside $Limit.Path 'exec sleep 60'
        [System.IO.File]::WriteAllText("$(Get-UnifiedFolder)/cgroup.freeze", '1')
        $null = Wait-CgroupEvent $Id Frozen
        [System.IO.File]::WriteAllText("$(Get-UnifiedFolder)/cgroup.freeze", '0')
        $null = Wait-CgroupEvent $Id Thawed
    }

    It 'waiting for processors' -Skip:(-not $pressure) {
        $null = Set-CgroupLimit $Name -CpuMax 0.1
        Register-CgroupEvent $Name -Pressure Cpu -Threshold 100ms -Window ('2s', '1s')[[int]$IsPrivileged] -SourceIdentifier $Id -ErrorAction Stop
        1..2 | ForEach-Object { $null = Start-Inside $Limit.Path 'while :; do :; done' }
        $happened = Wait-CgroupEvent $Id Pressure
        $happened.Resource | Should -Be 'Cpu'
        $happened.Value | Should -BeGreaterOrEqual 100000
        # It comes again in the next windows.
        $null = Wait-CgroupEvent $Id Pressure
    }

    It 'its removal, which ends the subscription' {
        Register-CgroupEvent $Name OomKill -SourceIdentifier $Id -ErrorAction Stop
        $other = New-LimitedSet
        $null = Set-CgroupLimit $other -PidsMax 9
        Register-CgroupEvent $Name, $other Empty -SourceIdentifier "$Id-both" -ErrorAction Stop
        Remove-Namespace $Name
        (Wait-CgroupEvent $Id Removed).Namespace | Should -BeExactly $Name
        (Wait-CgroupEvent "$Id-both" Removed).Namespace | Should -BeExactly $Name
        Wait-Until -For 'the end of the subscription' { -not (Get-EventSubscriber -SourceIdentifier $Id -ErrorAction Ignore) }
        # The other still has a cgroup to tell of.
        Get-EventSubscriber -SourceIdentifier "$Id-both" | Should -Not -BeNullOrEmpty
        Remove-Namespace $other
        (Wait-CgroupEvent "$Id-both" Removed).Namespace | Should -BeExactly $other
        Wait-Until -For 'the end of the thread' { -not (Find-Thread) }
    }

    It 'that a cgroup which had processes is empty before it is removed' {
        $process = Start-Inside $Limit.Path 'exec sleep 60'
        Wait-Until -For 'the process' { [System.IO.File]::ReadAllText("$(Get-UnifiedFolder)/cgroup.events") -match 'populated 1' }
        Register-CgroupEvent $Name Empty -SourceIdentifier $Id -ErrorAction Stop
        $process.Kill()
        $process.WaitForExit()
        Remove-Namespace $Name
        $null = Wait-CgroupEvent $Id Empty
        $null = Wait-CgroupEvent $Id Removed
    }

    It 'within 100 ms' {
        Register-CgroupEvent $Name Frozen, Thawed -SourceIdentifier $Id -ErrorAction Stop
        $delays = foreach ($value in 1, 0, 1, 0, 1, 0) {
            $before = [DateTimeOffset]::Now
            [System.IO.File]::WriteAllText("$(Get-UnifiedFolder)/cgroup.freeze", "$value")
            $happened = Wait-CgroupEvent $Id ('Thawed', 'Frozen')[$value]
            ($happened.Time - $before).TotalMilliseconds
        }
        # The machine may be busy, but not each time.
        ($delays | Sort-Object)[0] | Should -BeLessThan 100
    }
}

Describe 'Register-CgroupEvent: subscriptions as PowerShell has them' -Tag Root -Skip:(-not $isRoot) {
    BeforeEach {
        $script:Name = New-LimitedSet
        $script:Limit = Set-CgroupLimit $Name -MemoryMax 32MB -PassThru
        $script:Id = "source-$Name"
        $script:Folder = Get-UnifiedFolder
    }

    AfterEach {
        Clear-Subscription
        Stop-Started
        Remove-TestLeftover
        Remove-TestCgroup
    }

    It 'lists, and ends with Unregister-Event and its thread with it' {
        Register-CgroupEvent $Name -SourceIdentifier $Id | Should -BeNullOrEmpty
        Register-CgroupEvent $Name Populated -SourceIdentifier "$Id-2" -ErrorAction Stop
        $subscriber = Get-EventSubscriber -SourceIdentifier $Id
        $subscriber.SourceObject.Cgroup | Should -BeExactly "/isolation/$Name"
        $subscriber.SourceObject.EventName | Should -Contain 'OomKill'
        @(Find-Thread) | Should -HaveCount 1
        Unregister-Event -SourceIdentifier $Id
        @(Find-Thread) | Should -HaveCount 1
        Unregister-Event -SourceIdentifier "$Id-2"
        Wait-Until -For 'the end of the thread' { -not (Find-Thread) }
        [System.IO.File]::WriteAllText("$Folder/cgroup.freeze", '1')
        [System.IO.File]::WriteAllText("$Folder/cgroup.freeze", '0')
        Get-Event -SourceIdentifier $Id -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'runs an action with the data that were given, as often as was said' {
        $file = "$TestDrive/action"
        $job = Register-CgroupEvent $Name Frozen, Thawed -SourceIdentifier $Id -MessageData $file -MaxTriggerCount 2 -Action {
            [System.IO.File]::AppendAllText($event.MessageData, "$($eventArgs.EventName) ")
        }
        $job | Should -BeOfType ([System.Management.Automation.PSEventJob])
        foreach ($value in 1, 0, 1, 0) {
            [System.IO.File]::WriteAllText("$Folder/cgroup.freeze", "$value")
            Wait-Until -For 'the state' { [System.IO.File]::ReadAllText("$Folder/cgroup.events") -match "frozen $value" }
            # The kernel tells of changes that are less than 10 ms apart as one.
            [System.Threading.Thread]::Sleep(50)
        }
        Wait-Until -For 'two runs' { [System.IO.File]::Exists($file) -and [System.IO.File]::ReadAllText($file) -eq 'Frozen Thawed ' }
        Wait-Until -For 'the end of the subscription' { -not (Get-EventSubscriber -SourceIdentifier $Id -ErrorAction Ignore) }
        [System.IO.File]::ReadAllText($file) | Should -BeExactly 'Frozen Thawed '
    }

    It 'runs the action of a removal too' {
        $file = "$TestDrive/removed"
        $null = Register-CgroupEvent $Name Empty -SourceIdentifier $Id -MessageData $file -Action { [System.IO.File]::WriteAllText($event.MessageData, "$($eventArgs.EventName)") }
        Remove-Namespace $Name
        Wait-Until -For 'the action' { [System.IO.File]::Exists($file) }
        [System.IO.File]::ReadAllText($file) | Should -BeExactly 'Removed'
        Wait-Until -For 'the end of the subscription' { -not (Get-EventSubscriber -SourceIdentifier $Id -ErrorAction Ignore) }
    }

    It 'runs actions in the order in which it happened, the removal last' {
        foreach ($round in 1..$(if ($env:ISOLATION_SOAK) { 300 } else { 5 })) {
            $set = New-LimitedSet
            $file = "$TestDrive/order-$round"
            $process = Start-Inside (Set-CgroupLimit $set -PidsMax 30 -PassThru).Path 'echo inside; exec sleep 60'
            $null = $process.StandardOutput.ReadLine()
            $null = Register-CgroupEvent $set Empty -SourceIdentifier "$Id-$round" -MessageData $file -Action { [System.IO.File]::AppendAllText($event.MessageData, "$($eventArgs.EventName) ") }
            $process.Kill()
            $process.WaitForExit()
            Remove-Namespace $set
            Wait-Until -For 'the end of the subscription' { -not (Get-EventSubscriber -SourceIdentifier "$Id-$round" -ErrorAction Ignore) }
            [System.IO.File]::ReadAllText($file) | Should -BeExactly 'Empty Removed '
        }
    }

    It 'hides a supporting subscription' {
        Register-CgroupEvent $Name Empty -SourceIdentifier $Id -SupportEvent -ErrorAction Stop
        Get-EventSubscriber -SourceIdentifier $Id -ErrorAction Ignore | Should -BeNullOrEmpty
        Get-EventSubscriber -SourceIdentifier $Id -Force | Should -Not -BeNullOrEmpty
        Unregister-Event -SourceIdentifier $Id -Force
        Wait-Until -For 'the end of the thread' { -not (Find-Thread) }
    }

    It 'takes cgroups from the pipeline, many for one subscription' {
        $other = New-LimitedSet
        $null = Set-CgroupLimit $other -PidsMax 9
        Get-Namespace $Name, $other | Register-CgroupEvent -EventName Frozen -SourceIdentifier $Id -ErrorAction Stop
        @(Get-EventSubscriber -SourceIdentifier $Id) | Should -HaveCount 1
        foreach ($one in $other, $Name) {
            $folder = @((Get-CgroupLimit $one).Path | Where-Object { Test-Path "$_/cgroup.freeze" })[0]
            [System.IO.File]::WriteAllText("$folder/cgroup.freeze", '1')
            (Wait-CgroupEvent $Id Frozen).Namespace | Should -BeExactly $one
            [System.IO.File]::WriteAllText("$folder/cgroup.freeze", '0')
        }
    }

    It 'does nothing while nothing happens' {
        Register-CgroupEvent $Name -SourceIdentifier $Id -ErrorAction Stop
        $thread = Find-Thread
        function Get-Switch { [long][regex]::Match([System.IO.File]::ReadAllText("/proc/self/task/$thread/status"), '(?m)^voluntary_ctxt_switches:\s+(\d+)').Groups[1].Value }
        Wait-Until -For 'the thread to wait' { [System.IO.File]::ReadAllText("/proc/self/task/$thread/stat") -match '\) S ' }
        [System.Threading.Thread]::Sleep(500)
        $before = Get-Switch
        [System.Threading.Thread]::Sleep(1500)
        # .NET stops and wakes every thread to collect.
        (Get-Switch) - $before | Should -BeLessThan 8
    }

    It 'ends with the session that made it' {
        $shell = New-TestShell "Register-CgroupEvent $Name -SourceIdentifier inner"
        $null = $shell.Invoke()
        Get-ShellError $shell | Should -BeNullOrEmpty
        @(Find-Thread) | Should -HaveCount 1
        $shell.Runspace.Dispose()
        $shell.Dispose()
        Wait-Until -For 'the end of the thread' { -not (Find-Thread) }
    }

    It 'refuses a source that there is, and watches nothing for it' {
        Register-CgroupEvent $Name Empty -SourceIdentifier $Id -ErrorAction Stop
        $failure = Get-Refusal { Register-CgroupEvent $Name Empty -SourceIdentifier $Id }
        $failure.FullyQualifiedErrorId | Should -BeExactly "SUBSCRIBER_EXISTS,$Command"
        Clear-Subscription
        Wait-Until -For 'the end of the thread' { -not (Find-Thread) }
    }

    It 'says what a cgroup lacks' {
        $bare = New-LimitedSet
        $failure = Get-Refusal { Register-CgroupEvent $bare OomKill }
        $failure.FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        "$failure" | Should -Match 'Set-CgroupLimit'
        # In version 2 a set has each controller that any other set has.
        $cpu = "$(New-TestName)"
        $null = New-Cgroup $cpu -Controller cpu
        try {
            $lacking = if (@(Get-Cgroup $cpu).Controller -contains 'memory') { New-Cgroup inner -Parent $cpu -Controller cpu } else { Get-Cgroup $cpu }
            $failure = Get-Refusal { Register-CgroupEvent $lacking OomKill }
            $failure.FullyQualifiedErrorId | Should -BeExactly "CgroupEventUnsupported,$Command"
            "$failure" | Should -Match 'memory'
        }
        finally { Remove-Cgroup $cpu -Recurse }
        Find-Thread | Should -BeNullOrEmpty
    }

    It 'goes on after one that is not there' {
        $Name, '/isotest-nosuch/x' | Register-CgroupEvent -EventName Empty -SourceIdentifier $Id -ErrorVariable failures -ErrorAction SilentlyContinue
        $failures[0].FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        (Get-EventSubscriber -SourceIdentifier $Id).SourceObject.Cgroup | Should -BeExactly "/isolation/$Name"
    }
}

Describe 'Register-CgroupEvent: input that makes no sense' {
    It 'refuses -Threshold <Threshold> -Window <Window>' -ForEach @(
        @{ Threshold = '150ms'; Window = '100ms' }
        @{ Threshold = '150ms'; Window = '11s' }
        @{ Threshold = 0; Window = '1s' }
        @{ Threshold = -1; Window = '1s' }
        @{ Threshold = '2s'; Window = '1s' }
    ) {
        $failure = Get-Refusal { Register-CgroupEvent / -Pressure Memory -Threshold $Threshold -Window $Window }
        $failure.FullyQualifiedErrorId | Should -BeExactly "PressureTriggerInvalid,$Command"
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
    }

    It 'refuses an event of pressure without a threshold' {
        (Get-Refusal { Register-CgroupEvent / Pressure }).FullyQualifiedErrorId | Should -BeExactly "PressureTriggerInvalid,$Command"
    }

    It 'refuses an event that there is not' {
        (Get-Refusal { Register-CgroupEvent / Explosion }).FullyQualifiedErrorId | Should -BeExactly "CannotConvertArgumentNoMessage,$Command"
    }

    It 'says that the root is never empty' {
        (Get-Refusal { Register-CgroupEvent / Empty }).FullyQualifiedErrorId | Should -BeExactly "CgroupEventUnsupported,$Command"
    }

    It 'says that there is no such cgroup' {
        $failure = Get-Refusal { Register-CgroupEvent /isotest-nosuch Empty }
        $failure.FullyQualifiedErrorId | Should -BeExactly "CgroupNotFound,$Command"
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'completes names of events' {
        $text = 'Register-CgroupEvent / Oom'
        [System.Management.Automation.CommandCompletion]::CompleteInput($text, $text.Length, $null).CompletionMatches.CompletionText | Should -Contain 'OomKill'
    }
}

Describe 'Register-CgroupEvent of the host' -Skip:(-not $pressure) {
    It 'watches pressure, whoever asks; a user who may not have such a window is told which' {
        try {
            if (-not $IsPrivileged -and $Release -lt [version]'6.5') {
                (Get-Refusal { Register-CgroupEvent / -Pressure Cpu -Threshold 1s -Window 2s -SourceIdentifier host }).CategoryInfo.Category | Should -BeIn 'PermissionDenied', 'InvalidArgument'
                return
            }
            Register-CgroupEvent / -Pressure Cpu, Io -Threshold 1500ms -Window 2s -SourceIdentifier host
            (Get-EventSubscriber -SourceIdentifier host).SourceObject.EventName | Should -Be 'Pressure'
            if (-not $IsPrivileged) {
                $failure = Get-Refusal { Register-CgroupEvent / -Pressure Cpu -Threshold 100ms -Window 1s }
                $failure.FullyQualifiedErrorId | Should -BeExactly "PressureTriggerInvalid,$Command"
                "$failure" | Should -Match '-Window 2s'
            }
        }
        finally { Clear-Subscription }
        Wait-Until -For 'the end of the thread' { -not (Find-Thread) }
    }
}
