# How mounts pass on what is mounted below them, between three mount namespaces: each kind, in both directions.

BeforeAll {
    . $PSScriptRoot/Common.ps1
    $script:Command = 'Isolation.Commands.SetMountPropagationCommand'
    $script:Folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), (New-TestName))
    $null = [System.IO.Directory]::CreateDirectory($Folder)

    function New-Copy {
        # A program in a copy of a set's mount namespace, whose mounts stay peers of those of the set.
        param($Of)
        $copy = Start-NamespaceProcess $Of unshare -ArgumentList '--mount', '--propagation', 'unchanged', 'sleep', '300'
        $own = Get-NamespaceId mnt $Of.InitId
        Wait-Until { (Get-NamespaceId mnt $copy.Id) -ne $own -and [System.IO.File]::ReadAllText("/proc/$($copy.Id)/comm").Trim() -eq 'sleep' } 'the copy of the namespace'
        $copy
    }

    function Test-Mounted {
        # Whether a process sees a mount at a point, as the kernel tells it.
        param($Process, [string] $Point)
        [bool]([System.IO.File]::ReadAllLines("/proc/$Process/mountinfo") | Where-Object { ($_ -split ' ')[4] -ceq $Point })
    }
}

AfterAll {
    Remove-TestLeftover
    [System.IO.Directory]::Delete($Folder, $true)
    Get-TestLeftover | Should -BeNullOrEmpty
}

Describe 'A mount namespace made with -Propagation <Kind>' -ForEach @(
    # It is made in A, whose mount is shared.
    @{ Kind = 'Private'; Shown = 'Private'; AToNew = $false; NewToA = $false }
    @{ Kind = 'Slave'; Shown = 'Slave'; AToNew = $true; NewToA = $false }
    @{ Kind = 'Shared'; Shown = 'Shared'; AToNew = $true; NewToA = $true }
    @{ Kind = 'Unchanged'; Shown = 'Shared'; AToNew = $true; NewToA = $true }
) {
    BeforeAll {
        $script:A = New-TestSet Pid, Mount
        Mount-FileSystem -Type tmpfs $Folder -Namespace $A -ErrorAction Stop
        Set-MountPropagation $Folder Shared -Namespace $A.Name -ErrorAction Stop
        $null = Enter-Namespace $A mkdir -ArgumentList "$Folder/a", "$Folder/b", "$Folder/c"
        # /proc too: what is mounted on it in the new one is to stay there.
        Set-MountPropagation /proc Shared -Namespace $A.Name -ErrorAction Stop
        $script:Proc = @(Get-MountInfo -Namespace $A | Where-Object MountPoint -eq '/proc').Count
        $script:Inner = New-Namespace (New-TestName) -Type Pid, Mount -Parent $A -Propagation $Kind -ErrorAction Stop
    }

    AfterAll {
        Remove-Namespace $A.Name -Recurse -ErrorAction Stop
    }

    It 'has mounts of that kind, and the /proc of its own is seen nowhere else' {
        (Get-MountInfo $Folder -Namespace $Inner).Propagation | Should -Be $Shown
        (Get-MountInfo $Folder -Namespace $A).Propagation | Should -Be 'Shared'
        @(Get-MountInfo -Namespace $A | Where-Object MountPoint -eq '/proc').Count | Should -Be $Proc
        Enter-Namespace $Inner cat -ArgumentList /proc/1/comm | Should -Be 'isolation-init'
        (Get-MountInfo -Namespace $Inner | Where-Object MountPoint -eq '/proc').Count | Should -BeGreaterThan $Proc
    }

    It 'gets what is mounted where it was made: <AToNew>; passes on what is mounted in it: <NewToA>' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $A -ErrorAction Stop
        Test-Mounted $Inner.InitId "$Folder/a" | Should -Be $AToNew
        Mount-FileSystem -Type tmpfs "$Folder/b" -Namespace $Inner -ErrorAction Stop
        Test-Mounted $A.InitId "$Folder/b" | Should -Be $NewToA
    }

    It 'is that of a program''s namespaces too: what it mounts is seen where they were made: <NewToA>' {
        Enter-Namespace -New Mount -Join $A -Propagation $Kind mount -ArgumentList '-t', 'tmpfs', 'none', "$Folder/c"
        $LASTEXITCODE | Should -Be 0
        Test-Mounted $A.InitId "$Folder/c" | Should -Be $NewToA
    }
}

Describe '-Propagation' {
    It 'is for a new mount namespace: <Call>' -ForEach @(
        @{ Call = 'New-Namespace' }
        @{ Call = 'Enter-Namespace' }
        @{ Call = 'Start-NamespaceProcess' }
    ) {
        $refusal = Get-Refusal {
            if ($Call -eq 'New-Namespace') { New-Namespace (New-TestName) -Type Uts -Propagation Slave }
            else { & $Call -New Uts -Propagation Slave -FilePath true }
        }
        $refusal.FullyQualifiedErrorId | Should -BeLike 'NamespaceOptionInvalid,*'
        $refusal.Exception.Message | Should -BeLike '*Add Mount to *'
    }

    It 'leaves nothing unchanged where the root is changed' {
        $refusal = Get-Refusal { New-Namespace (New-TestName) -Type Mount -Root $Folder -Propagation Unchanged }
        $refusal.FullyQualifiedErrorId | Should -BeLike 'NamespaceOptionInvalid,*'
    }
}

Describe 'A mount that is <Kind> in one of three namespaces' -ForEach @(
    # A is where it was made, shared; B is a copy in which it becomes of the kind; C is another copy, left shared.
    @{ Kind = 'Shared'; AToB = $true; BToA = $true }
    @{ Kind = 'Private'; AToB = $false; BToA = $false }
    @{ Kind = 'Slave'; AToB = $true; BToA = $false }
    @{ Kind = 'Unbindable'; AToB = $false; BToA = $false }
) {
    BeforeAll {
        $script:A = New-TestSet Pid, Mount
        Mount-FileSystem -Type tmpfs $Folder -Namespace $A -ErrorAction Stop
        Set-MountPropagation $Folder Shared -Namespace $A.Name -ErrorAction Stop
        $null = Enter-Namespace $A mkdir -ArgumentList "$Folder/a", "$Folder/b", "$Folder/c", "$Folder/bind"
        $script:B = New-Copy $A
        $script:C = New-Copy $A
        $script:Changed = Set-MountPropagation $Folder $Kind -Process $B -PassThru -ErrorAction Stop
    }

    It 'has that kind there, and is shared still in the others' {
        $Changed.Propagation | Should -Be $Kind
        (Get-MountInfo $Folder -Process $B).Propagation | Should -Be $Kind
        (Get-MountInfo $Folder -Process $C).Propagation | Should -Be 'Shared'
        (Get-MountInfo $Folder -Namespace $A).Propagation | Should -Be 'Shared'
    }

    It 'gets what is mounted in the first: <AToB>; the third gets it' {
        Mount-FileSystem -Type tmpfs "$Folder/a" -Namespace $A -ErrorAction Stop
        Test-Mounted $A.InitId "$Folder/a" | Should -BeTrue
        Test-Mounted $B.Id "$Folder/a" | Should -Be $AToB
        Test-Mounted $C.Id "$Folder/a" | Should -BeTrue
        Dismount-FileSystem "$Folder/a" -Namespace $A.Name -ErrorAction Stop
        Test-Mounted $A.InitId "$Folder/a" | Should -BeFalse
        Test-Mounted $B.Id "$Folder/a" | Should -BeFalse
        Test-Mounted $C.Id "$Folder/a" | Should -BeFalse
    }

    It 'passes on what is mounted below it: <BToA>' {
        Mount-FileSystem -Type tmpfs "$Folder/b" -Namespace $B -ErrorAction Stop
        Test-Mounted $B.Id "$Folder/b" | Should -BeTrue
        Test-Mounted $A.InitId "$Folder/b" | Should -Be $BToA
        Test-Mounted $C.Id "$Folder/b" | Should -Be $BToA
        Dismount-FileSystem "$Folder/b" -Process $B -ErrorAction Stop
        Test-Mounted $A.InitId "$Folder/b" | Should -BeFalse
    }

    It 'does not stand between the two others' {
        Mount-FileSystem -Type tmpfs "$Folder/c" -Namespace $C -ErrorAction Stop
        Test-Mounted $A.InitId "$Folder/c" | Should -BeTrue
        Test-Mounted $B.Id "$Folder/c" | Should -Be $AToB
        Dismount-FileSystem "$Folder/c" -Process $C -ErrorAction Stop
    }

    It 'is bound elsewhere, but for an unbindable one' {
        if ($Kind -eq 'Unbindable') {
            $refused = Get-Refusal { Mount-FileSystem -Bind $Folder "$Folder/bind" -Namespace $B }
            $refused.FullyQualifiedErrorId | Should -Be 'MountFailed,Isolation.Commands.MountFileSystemCommand'
            "$refused" | Should -Match 'unbindable'
        }
        else {
            Mount-FileSystem -Bind $Folder "$Folder/bind" -Namespace $B -ErrorAction Stop
            Test-Mounted $B.Id "$Folder/bind" | Should -BeTrue
        }
    }

    It 'is linked to the others as its kind says' {
        $mount = Get-MountInfo $Folder -Process $B -Deep
        $first = Get-MountInfo $Folder -Namespace $A
        $third = Get-MountInfo $Folder -Process $C
        $links = switch ($Kind) { 'Shared' { $mount.Peers } 'Slave' { $mount.Masters } }
        if ($Kind -in 'Shared', 'Slave') { foreach ($id in $first.Id, $third.Id) { $links.Id | Should -Contain $id } }
        else { "$($mount.Peers)$($mount.Masters)" | Should -BeNullOrEmpty }
    }
}

Describe 'Set-MountPropagation' {
    BeforeAll {
        $script:Set = New-TestSet Pid, Mount
        Mount-FileSystem -Type tmpfs $Folder -Namespace $Set -ErrorAction Stop
        $null = Enter-Namespace $Set mkdir -ArgumentList "$Folder/x"
        Mount-FileSystem -Type tmpfs "$Folder/x" -Namespace $Set -ErrorAction Stop
    }

    It 'changes one mount, and with -Recurse all below; from the pipeline' {
        Get-MountInfo $Folder -Namespace $Set | Set-MountPropagation -Propagation Shared -ErrorAction Stop
        (Get-MountInfo "$Folder*" -Namespace $Set).Propagation | Should -Be 'Shared', 'Private'
        Set-MountPropagation $Folder Slave -Namespace $Set.Name -ErrorAction Stop
        # Without other peers there is nobody to be a slave of.
        (Get-MountInfo $Folder -Namespace $Set).Propagation | Should -Be 'Private'
        Set-MountPropagation $Folder Shared -Recurse -Namespace $Set.Name -ErrorAction Stop
        (Get-MountInfo "$Folder*" -Namespace $Set).Propagation | Should -Be 'Shared', 'Shared'
    }

    It 'changes nothing with -WhatIf' {
        Set-MountPropagation $Folder Unbindable -Namespace $Set.Name -WhatIf *> $null
        (Get-MountInfo $Folder -Namespace $Set).Propagation | Should -Be 'Shared'
    }

    It 'refuses what is no mount point, and no kind' {
        $refused = Get-Refusal { Set-MountPropagation /etc Shared -Namespace $Set.Name }
        $refused.FullyQualifiedErrorId | Should -Be "MountPointNotMounted,$Command"
        { Set-MountPropagation $Folder None -Namespace $Set.Name } | Should -Throw
    }

    It 'says what an ordinary user lacks to change the host''s' -Tag User {
        $refused = Get-Refusal { Set-MountPropagation /proc Shared }
        $refused.FullyQualifiedErrorId | Should -Be "MountPropagationFailed,$Command"
        $refused.CategoryInfo.Category | Should -Be 'PermissionDenied'
    }
}

Describe 'A set' {
    It 'with another root leaves its host as it was, where the host''s mounts are shared' -Tag Root {
        $name = New-TestName
        $null = [System.IO.Directory]::CreateDirectory("$Folder/proc")
        Invoke-ChildHost -Prefix 'unshare', '--mount', '--propagation', 'shared' -Script "
            `$set = New-Namespace -Name $name -Type Pid, Mount -Root $Folder
            # Without pins: those of others come and go meanwhile.
            `$before = [System.IO.File]::ReadAllLines('/proc/self/mountinfo') -notmatch ' /run/(netns|isolation)'
            Write-Line ((Get-MountInfo -Namespace `$set).MountPoint -join ' ')
            Remove-Namespace `$set
            `$after = [System.IO.File]::ReadAllLines('/proc/self/mountinfo') -notmatch ' /run/(netns|isolation)'
            Write-Line @(`$after | Where-Object { `$_ -notin `$before }).Count @(`$before | Where-Object { `$_ -notin `$after }).Count
            Write-Line ([System.IO.File]::ReadAllText('/proc/self/mountinfo').Contains(' / / '))
        " | Should -Be '/ /proc', '0 0', 'True'
    }

    It 'leaks no mount to its host, where the host''s mounts are shared' -Tag Root {
        $name = New-TestName
        $lines = Invoke-ChildHost -Prefix 'unshare', '--mount', '--propagation', 'shared' -Script "
            Write-Line (Get-MountInfo /proc).Propagation
            `$set = New-Namespace -Name $name -Type Pid, Mount
            # Without pins: those of others come and go meanwhile.
            `$made = @([System.IO.File]::ReadAllLines('/proc/self/mountinfo') -notmatch ' /run/(netns|isolation)').Count
            Mount-FileSystem -Type tmpfs $Folder -Namespace `$set
            Write-Line (Get-MountInfo $Folder -Namespace `$set).FileSystemType
            Write-Line (@([System.IO.File]::ReadAllLines('/proc/self/mountinfo') -notmatch ' /run/(netns|isolation)').Count - `$made)
            Write-Line ([System.IO.File]::ReadAllText('/proc/self/mountinfo').Contains('$Folder'))
            Remove-Namespace `$set
        "
        $lines | Should -Be 'Shared', 'tmpfs', '0', 'False'
    }
}
