# IPC objects that ipcmk(1) and perl make, compared with ipcs(1) and read through the files of /proc/sysvipc.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.GetIpcObjectCommand'
    $script:RemoveCommand = 'Isolation.Commands.RemoveIpcObjectCommand'

    function Invoke-Make {
        # Makes an object inside, with the option of ipcmk that says which, and gives its id.
        param($Set, [string[]] $Option)
        $line = Enter-Namespace $Set ipcmk -ArgumentList $Option
        [int]($line -replace '\D')
    }

    # The calls of mq_overview(7) by number, as perl has no function for them: the name without its slash.
    $script:Machine = uname -m
    $script:QueueCall = if ($Machine -eq 'aarch64') { @{ Open = 180; Unlink = 181; Send = 182 } } else { @{ Open = 240; Unlink = 241; Send = 242 } }

    function New-Queue {
        # A POSIX queue of at most 4 messages of 100 bytes, with as many messages in it as are given.
        param($Set, [string] $Name, [string[]] $Message = @(), [string] $Mode = '0640')
        $perl = "umask 0; my `$a = pack('q8', 0, 4, 100); my `$n = '$Name'; my `$q = syscall($($QueueCall.Open), `$n, 0102, $Mode, `$a); die `"mq_open: `$!`" if `$q < 0;"
        foreach ($text in $Message) { $perl += "my `$m = '$text'; syscall($($QueueCall.Send), `$q, `$m, length(`$m), 0, 0) == 0 or die `"mq_send: `$!`";" }
        if ($Set) { Enter-Namespace $Set perl -ArgumentList '-e', $perl } else { perl -e $perl }
        if ($LASTEXITCODE) { throw "perl ended with $LASTEXITCODE" }
    }

    function Read-Ipcs {
        # The lines of ipcs inside, as fields: the second is the id.
        param($Set, [string] $Option)
        Enter-Namespace $Set ipcs -ArgumentList $Option | Where-Object { $_ -match '^0x|^\d' } | ForEach-Object { , ($_ -split '\s+' | Where-Object { $_ }) }
    }
}

AfterAll {
    Remove-TestLeftover
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'Get-IpcObject' {
    BeforeAll {
        $script:Set = New-TestSet Ipc, Uts
        $script:Other = New-TestSet Ipc
        $script:Shm = Invoke-Make $Set '-M', '8192', '-p', '0600'
        $script:Sem = Invoke-Make $Set '-S', '5', '-p', '0640'
        $script:Msg = Invoke-Make $Set '-Q', '-p', '0666'
        Enter-Namespace $Set perl -ArgumentList '-e', "msgsnd($Msg, pack('l! a*', 1, 'hello'), 0) or die `$!; msgsnd($Msg, pack('l! a*', 2, 'you'), 0) or die `$!"
        New-Queue $Set isotest-queue 'first', 'second'
    }

    AfterAll {
        Remove-Namespace $Set, $Other
    }

    It 'has what ipcs says of shared memory' {
        $found = Get-IpcObject $Set -Type SharedMemory
        $found.Count | Should -Be 1
        $found | Should -BeOfType Isolation.SharedMemorySegment
        $fields = Read-Ipcs $Set --shmems
        '0x{0:x8}' -f $found.Key | Should -Be $fields[0]
        $found.Id | Should -Be $fields[1]
        [Convert]::ToString([int]$found.Mode, 8) | Should -Be $fields[3]
        $found.Size | Should -Be $fields[4]
        $found.Attached | Should -Be $fields[5]
        $found.Id | Should -Be $Shm
        $found.Owner | Should -Be ([Environment]::UserName)
        $found.OwnerId | Should -Be (id -u)
        $found.CreatorId | Should -Be (id -u)
        $found.GroupId | Should -Be (id -g)
        $found.IsRemoved | Should -BeFalse
        $found.AttachTime | Should -BeNullOrEmpty
        ([DateTime]::Now - $found.ChangeTime).TotalMinutes | Should -BeLessThan 20
        $found.CreatorProcessId | Should -BeGreaterThan 0
    }

    It 'has what ipcs says of semaphores' {
        $found = Get-IpcObject $Set -Type Semaphore
        $found | Should -BeOfType Isolation.SemaphoreSet
        $fields = Read-Ipcs $Set --semaphores
        '0x{0:x8}' -f $found.Key | Should -Be $fields[0]
        $found.Id | Should -Be $fields[1]
        $found.Id | Should -Be $Sem
        [Convert]::ToString([int]$found.Mode, 8) | Should -Be $fields[3]
        $found.Count | Should -Be 5
    }

    It 'has what ipcs says of message queues, and who sent last' {
        $found = Get-IpcObject $Set -Type MessageQueue
        $found | Should -BeOfType Isolation.MessageQueue
        $fields = Read-Ipcs $Set --queues
        '0x{0:x8}' -f $found.Key | Should -Be $fields[0]
        $found.Id | Should -Be $Msg
        $found.Size | Should -Be $fields[4]
        $found.MessageCount | Should -Be $fields[5]
        $found.MessageCount | Should -Be 2
        $found.Size | Should -Be 8
        $found.SenderProcessId | Should -BeGreaterThan 0
        $found.ReceiverProcessId | Should -BeNullOrEmpty
        $found.SendTime | Should -BeGreaterThan ([DateTime]::Now.AddMinutes(-20))
        $found.ReceiveTime | Should -BeNullOrEmpty
    }

    It 'has POSIX message queues with their limits' {
        $found = Get-IpcObject $Set -Type PosixMessageQueue
        $found | Should -BeOfType Isolation.PosixMessageQueue
        $found.Name | Should -BeExactly '/isotest-queue'
        $found.MessageCount | Should -Be 2
        $found.Size | Should -Be 11
        $found.MaxMessageCount | Should -Be 4
        $found.MaxMessageSize | Should -Be 100
        [Convert]::ToString([int]$found.Mode, 8) | Should -Be 640
        $found.OwnerId | Should -Be (id -u)
        $found.GroupId | Should -Be (id -g)
    }

    It 'has queues whatever they are called, and shows no control character of it' {
        $other = New-TestSet Ipc
        try {
            # A name that would clear the screen, and one that is not UTF-8.
            $perl = "for my `$m (qq(\e[2J), qq(\xff\xfe)) { my `$n = `$m; my `$a = pack('q8', 0, 4, 100); syscall($($QueueCall.Open), `$n, 0102, 0600, `$a) >= 0 or die `"mq_open: `$!`" }"
            Enter-Namespace $other perl -ArgumentList '-e', $perl
            $found = Get-IpcObject $other -Type PosixMessageQueue
            $found.Count | Should -Be 2
            $found.MaxMessageCount | Should -Be 4, 4
            $found.Name | Should -Contain "/`e[2J"
            "$found" | Should -Not -Match '\e'
            $found | Out-String | Should -Not -Match '\e'
            $found | Remove-IpcObject
            Get-IpcObject $other -Type PosixMessageQueue | Should -BeNullOrEmpty
        } finally {
            Remove-Namespace $other
        }
    }

    It 'says which process a queue tells of new messages' {
        # struct sigevent: the value, the signal, SIGEV_SIGNAL.
        $notify = $Machine -eq 'aarch64' ? 184 : 244
        $perl = "`$SIG{USR1} = 'IGNORE'; my `$n = 'isotest-queue'; my `$q = syscall($($QueueCall.Open), `$n, 0, 0, 0); my `$e = pack('q i i x48', 0, 10, 0); syscall($notify, `$q, `$e) == 0 or die `$!; sleep 300"
        $process = Start-NamespaceProcess $Set perl -ArgumentList '-e', $perl
        try {
            Wait-Until { (Get-IpcObject $Set -Type PosixMessageQueue).NotifiedProcessId -eq $process.Id } -For 'the process to be told' -Seconds 30
        } finally {
            Stop-NamespaceProcess $process -Force
        }
        (Get-IpcObject $Set -Type PosixMessageQueue).NotifiedProcessId | Should -BeNullOrEmpty
    }

    It 'gives every kind without -Type, with the namespace they are in' {
        $found = Get-IpcObject $Set
        $found.Type | Should -Be SharedMemory, Semaphore, MessageQueue, PosixMessageQueue
        foreach ($item in $found) {
            $item.NamespaceId | Should -Be $Set.GetId('Ipc')
            $item.Namespace | Should -Be $Set.Name
        }
        "$($found[0])" | Should -BeExactly "shared memory $Shm"
        "$($found[3])" | Should -BeExactly 'POSIX message queue /isotest-queue'
    }

    It 'finds a namespace by <How>' -ForEach @(@{ How = 'name' }, @{ How = 'pipeline' }, @{ How = 'process' }, @{ How = 'pid' }, @{ How = 'path' }, @{ How = 'namespace' }) {
        $process = Start-NamespaceProcess $Set sleep -ArgumentList 300
        try {
            $found = switch ($How) {
                'name' { Get-IpcObject $Set.Name -Type SharedMemory }
                'pipeline' { $Set | Get-IpcObject -Type SharedMemory }
                'process' { $process | Get-IpcObject -Type SharedMemory }
                'pid' { Get-IpcObject $process.Id -Type SharedMemory }
                'path' { Get-IpcObject "/proc/$($process.Id)/ns/ipc" -Type SharedMemory }
                'namespace' { Get-NamespaceInfo -Id $process.Id -Type Ipc | Get-IpcObject -Type SharedMemory }
            }
            $found.Id | Should -Be $Shm
        } finally {
            Stop-NamespaceProcess $process -Force
        }
    }

    It 'sees segments that are attached, and by whom they were last' {
        $process = Start-NamespaceProcess $Set perl -ArgumentList '-e', "my `$b; shmread($Shm, `$b, 0, 1) or die; sleep 300"
        try {
            Wait-Until { (Get-IpcObject $Set -Type SharedMemory).LastProcessId -eq $process.Id } -For 'the read of the segment'
            (Get-IpcObject $Set -Type SharedMemory).AttachTime | Should -Not -BeNullOrEmpty
            (Get-IpcObject $Set -Type SharedMemory).DetachTime | Should -Not -BeNullOrEmpty
        } finally {
            Stop-NamespaceProcess $process -Force
        }
    }

    It 'lists the objects of this process'' own namespace without an argument' {
        $made = [int]((ipcmk -M 4096) -replace '\D')
        try {
            $found = Get-IpcObject -Type SharedMemory | Where-Object Id -EQ $made
            $found.Size | Should -Be 4096
            $found.CreatorId | Should -Be (id -u)
            $found.NamespaceId | Should -Be (Get-NamespaceId ipc)
            (Get-IpcObject $PID -Type SharedMemory).Id | Should -Contain $made
        } finally {
            ipcrm -m $made
        }
    }

    It 'lists the POSIX queues of this process'' own namespace' -Tag Root {
        $name = New-TestName
        New-Queue $null $name one
        try {
            (Get-IpcObject -Type PosixMessageQueue | Where-Object Name -EQ "/$name").MessageCount | Should -Be 1
        } finally {
            Remove-IpcObject -Name $name
        }
        (Get-IpcObject -Type PosixMessageQueue).Name | Should -Not -Contain "/$name"
    }

    It 'says that POSIX queues are not shown, where an ordinary user cannot see them' -Tag User {
        $seen = [System.IO.File]::ReadAllText('/proc/self/mountinfo') -match ' - mqueue '
        $null = Get-IpcObject -Type PosixMessageQueue -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings.Count | Should -Be ($seen ? 0 : 1)
        if (-not $seen) { "$warnings" | Should -BeLike '*CAP_SYS_ADMIN*mount -t mqueue*' }
    }

    It 'takes no queue of another namespace for one of its own: mounted is what was mounted there (<Where>)' -Tag Root -ForEach @(
        @{ Where = 'the same namespace'; Then = 'exec'; Names = '/isotest-mounted'; Warnings = 0 }
        @{ Where = 'another one'; Then = 'exec unshare --ipc'; Names = ''; Warnings = 1 }
    ) {
        $folder = [System.IO.Directory]::CreateTempSubdirectory('isotest-mqueue-').FullName
        chmod 755 $folder
        $perl = "my `$a = pack(q(q8), 0, 4, 100); my `$n = q(isotest-mounted); syscall($($QueueCall.Open), `$n, 0102, 0644, `$a) >= 0 or die"
        $hidden = 'for m in $(grep " - mqueue " /proc/self/mountinfo | cut -d " " -f 5); do umount -l $m; done'
        try {
            $lines = Invoke-ChildHost -Prefix 'unshare', '--mount', '--ipc', 'sh', '-c', "$hidden; mount -t mqueue mqueue $folder && perl -e '$perl' && $Then runuser -u nobody -- `"`$0`" `"`$@`"" -Script '
                $found = Get-IpcObject -Type PosixMessageQueue -WarningVariable warnings -WarningAction SilentlyContinue
                Write-Line "names $($found.Name)"
                Write-Line "warnings $($warnings.Count)"'
            $lines | Should -Be "names $Names", "warnings $Warnings"
        } finally {
            [System.IO.Directory]::Delete($folder)
        }
    }

    It 'shows a user of a set as the caller sees it' -Tag Root {
        $mapped = New-TestSet User, Ipc -With @{ UserMap = '0:100000:65536' }
        try {
            $null = Invoke-Make $mapped '-M', '4096'
            (Get-IpcObject $mapped -Type SharedMemory).OwnerId | Should -Be 100000
            New-Queue $mapped isotest-mapped
            (Get-IpcObject $mapped -Type PosixMessageQueue).OwnerId | Should -Be 100000
        } finally {
            Remove-Namespace $mapped
        }
    }

    It 'shows a table with what every kind has' {
        $table = Get-IpcObject $Set | Out-String -Width 200
        $table | Should -Match 'Type\s+Id\s+Key\s+Owner\s+Mode\s+Bytes\s+Content\s+Namespace'
        $table | Should -Match "SharedMemory\s+$Shm\s+0x[0-9a-f]{8}\s+\w\S*\s+600\s+8192\s+"
        $table | Should -Match 'PosixMessageQueue\s+/isotest-queue\s+-\s+\S+\s+640\s+11\s+2 of 4 messages'
        Get-IpcObject $Set -Type SharedMemory | Format-List | Out-String -Width 200 | Should -Match '(?m)^Attached\s+:'
    }

    It 'refuses <Case>' -ForEach @(
        @{ Case = 'a set without an ipc namespace'; Given = { $without.Name }; Id = 'NamespaceTypeNotInSet'; Category = 'InvalidArgument' }
        @{ Case = 'a namespace of another kind'; Given = { Get-NamespaceInfo $Set -Type Uts }; Id = 'NamespaceTypeNotInSet'; Category = 'InvalidArgument' }
        @{ Case = 'a name that nothing has'; Given = { 'isotest-none' }; Id = 'NamespaceNotFound'; Category = 'ObjectNotFound' }
        @{ Case = 'a process that there is not'; Given = { 2147483647 }; Id = 'ProcessNotFound'; Category = 'ObjectNotFound' }
    ) {
        $without = New-TestSet Uts
        try {
            $argument = & $Given
            $refusal = Get-Refusal { Get-IpcObject $argument }
            $refusal.FullyQualifiedErrorId | Should -BeExactly "$Id,$Command"
            $refusal.CategoryInfo.Category | Should -Be $Category
        } finally {
            Remove-Namespace $without
        }
    }

    It 'goes on after one that is refused' {
        (Get-IpcObject isotest-none, $Set -Type Semaphore -ErrorVariable refused -ErrorAction SilentlyContinue).Id | Should -Be $Sem
        $refused.Count | Should -Be 1
    }

    It 'is told who may look into a namespace of another user' -Tag User {
        # PID 1 is root's, in the ipc namespace of everybody, or in one that is closed to this user.
        $refusal = Get-Refusal { Get-IpcObject 1 }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "NamespaceAccessDenied,$Command"
    }

    It 'completes the kinds and the names of sets' {
        $line = 'Get-IpcObject -Type '
        [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText |
            Should -Be MessageQueue, PosixMessageQueue, Semaphore, SharedMemory
        $line = "Get-IpcObject $($Set.Name.Substring(0, 12))"
        [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Contain $Set.Name
    }
}

Describe 'IPC in namespaces' {
    BeforeAll {
        $script:A = New-TestSet Ipc
        $script:B = New-TestSet Ipc
    }

    AfterAll {
        Remove-Namespace $A, $B
    }

    It 'sysvipc: an object with a key is in its own namespace alone, and the same key makes another elsewhere' {
        $make = { param($set, $size) Enter-Namespace $set perl -ArgumentList '-e', "my `$i = shmget(0x150, $size, 01666); defined `$i or die `$!; my `$s = 'of $size'; shmwrite(`$i, `$s, 0, length `$s) or die `$!; print `$i" }
        $first = & $make $A 4096
        # The key alone, without IPC_CREAT: there is none, neither in the other set nor on the host.
        Enter-Namespace $B perl -ArgumentList '-e', 'print defined shmget(0x150, 1, 0) ? "found" : $!' | Should -Be 'No such file or directory'
        (Get-IpcObject -Type SharedMemory).Key | Should -Not -Contain 0x150
        $second = & $make $B 8192
        (Get-IpcObject $A -Type SharedMemory | Where-Object Key -EQ 0x150).Size | Should -Be 4096
        (Get-IpcObject $B -Type SharedMemory | Where-Object Key -EQ 0x150).Size | Should -Be 8192
        Enter-Namespace $A perl -ArgumentList '-e', "my `$b; shmread($first, `$b, 0, 7); print `$b" | Should -Be 'of 4096'
        Enter-Namespace $B perl -ArgumentList '-e', "my `$b; shmread($second, `$b, 0, 7); print `$b" | Should -Be 'of 8192'
    }

    It 'sysvipc: semaphores and message queues too' {
        Enter-Namespace $A perl -ArgumentList '-e', 'defined semget(0x151, 2, 01666) && defined msgget(0x152, 01666) or die $!'
        (Get-IpcObject $A -Type Semaphore, MessageQueue).Key | Should -Be 0x151, 0x152
        Get-IpcObject $B -Type Semaphore, MessageQueue | Should -BeNullOrEmpty
        Enter-Namespace $B perl -ArgumentList '-e', 'print defined semget(0x151, 0, 0) ? "found" : "none", " ", defined msgget(0x152, 0) ? "found" : "none"' | Should -Be 'none none'
    }

    It 'mqns: a POSIX queue is in its own namespace alone' {
        New-Queue $A isotest-mqns one
        (Get-IpcObject $A -Type PosixMessageQueue).Name | Should -Be /isotest-mqns
        Get-IpcObject $B -Type PosixMessageQueue | Should -BeNullOrEmpty
        Enter-Namespace $B perl -ArgumentList '-e', "my `$n = 'isotest-mqns'; print syscall($($QueueCall.Open), `$n, 0, 0, 0) >= 0 ? 'found' : `$!" | Should -Be 'No such file or directory'
        New-Queue $B isotest-mqns one, two, three
        (Get-IpcObject $A -Type PosixMessageQueue).MessageCount | Should -Be 1
        (Get-IpcObject $B -Type PosixMessageQueue).MessageCount | Should -Be 3
    }

    It 'leaves no mount and no process behind' {
        $before = [System.IO.File]::ReadAllText('/proc/self/mountinfo')
        $null = Get-IpcObject $A
        [System.IO.File]::ReadAllText('/proc/self/mountinfo') | Should -Be $before
    }
}

Describe 'Remove-IpcObject' {
    BeforeEach {
        $script:Set = New-TestSet Ipc
        $script:Shm = Invoke-Make $Set '-M', '4096'
        $script:Sem = Invoke-Make $Set '-S', '1'
        $script:Msg = Invoke-Make $Set '-Q'
        New-Queue $Set isotest-gone
    }

    AfterEach {
        Remove-Namespace $Set
    }

    It 'removes what comes down the pipeline, of every kind, and ipcs sees it no more' {
        Get-IpcObject $Set | Remove-IpcObject | Should -BeNullOrEmpty
        Get-IpcObject $Set | Should -BeNullOrEmpty
        foreach ($option in '--shmems', '--semaphores', '--queues') { Read-Ipcs $Set $option | Should -BeNullOrEmpty }
    }

    It 'removes by id and name, in the namespace that is named' {
        $ours = [int]((ipcmk -M 4096) -replace '\D')
        try {
            Remove-IpcObject -Type SharedMemory -Id $Shm -Namespace $Set
            (Get-IpcObject $Set).Type | Should -Be Semaphore, MessageQueue, PosixMessageQueue
            Remove-IpcObject -Type Semaphore -Id $Sem -Namespace $Set.Name
            Remove-IpcObject -Name isotest-gone -Namespace $Set
            (Get-IpcObject $Set).Id | Should -Be $Msg
            (Get-IpcObject -Type SharedMemory).Id | Should -Contain $ours
            Remove-IpcObject -Type SharedMemory -Id $ours
            (Get-IpcObject -Type SharedMemory).Id | Should -Not -Contain $ours
        } finally {
            ipcrm -m $ours 2>$null
        }
    }

    It 'removes nothing with -WhatIf' {
        Get-IpcObject $Set | Remove-IpcObject -WhatIf
        (Get-IpcObject $Set).Count | Should -Be 4
    }

    It 'says that an object is gone, and goes on' {
        $all = Get-IpcObject $Set -Type SharedMemory, Semaphore
        Enter-Namespace $Set ipcrm -ArgumentList '-m', $Shm
        $all | Remove-IpcObject -ErrorVariable refused -ErrorAction SilentlyContinue
        $refused.Count | Should -Be 1
        $refused[0].FullyQualifiedErrorId | Should -BeExactly "IpcObjectNotFound,$RemoveCommand"
        $refused[0].CategoryInfo.Category | Should -Be ObjectNotFound
        Get-IpcObject $Set -Type Semaphore | Should -BeNullOrEmpty
    }

    It 'removes no object that took the id of one that is gone' {
        $old = Get-IpcObject $Set -Type SharedMemory
        # The namespace of another set may get the number, and its first segment the id: an object as it would be then.
        Enter-Namespace $Set ipcrm -ArgumentList '-m', $Shm
        $new = Invoke-Make $Set '-M', '4096'
        $old | Remove-IpcObject -ErrorAction SilentlyContinue
        (Get-IpcObject $Set -Type SharedMemory).Id | Should -Be $new
    }

    It 'refuses <Case>' -ForEach @(
        @{ Case = 'an id that nothing has'; Arguments = @{ Type = 'Semaphore'; Id = 2147483647 }; Id = 'IpcObjectNotFound' }
        @{ Case = 'a name that nothing has'; Arguments = @{ Name = '/isotest-none' }; Id = 'IpcObjectNotFound' }
    ) {
        $refusal = Get-Refusal { Remove-IpcObject @Arguments -Namespace $Set }
        $refusal.FullyQualifiedErrorId | Should -BeExactly "$Id,$RemoveCommand"
        $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
    }

    It 'refuses the objects of a namespace that is gone' {
        $other = New-TestSet Ipc
        $null = Invoke-Make $other '-M', '4096'
        $item = Get-IpcObject $other -Type SharedMemory
        # Another takes the number of one that is gone, and the objects of that are not meant.
        Remove-Namespace $other
        $refusal = Get-Refusal { $item | Remove-IpcObject }
        $refusal.FullyQualifiedErrorId | Should -BeIn "NamespaceGone,$RemoveCommand", "IpcObjectNotFound,$RemoveCommand"
        $refusal.CategoryInfo.Category | Should -Be ObjectNotFound
    }

    It 'is told that an object of another user is not his to remove' -Tag Root {
        $ours = [int]((ipcmk -M 4096) -replace '\D')
        try {
            $said = runuser -u nobody -- ([Environment]::ProcessPath) -NoProfile -Command "Import-Module '$((Get-Module Isolation).Path)'; try { Remove-IpcObject -Type SharedMemory -Id $ours -ErrorAction Stop } catch { `$_.FullyQualifiedErrorId; `$_.CategoryInfo.Category; `$_.Exception.Message }"
            $said[0] | Should -Be "IpcRemoveFailed,$RemoveCommand"
            $said[1] | Should -Be PermissionDenied
            "$said" | Should -BeLike '*its owner*'
            (Get-IpcObject -Type SharedMemory).Id | Should -Contain $ours
        } finally {
            ipcrm -m $ours
        }
    }
}
