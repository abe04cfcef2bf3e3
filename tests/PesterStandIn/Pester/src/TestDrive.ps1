function Get-DriveContent([string] $Directory) {
    foreach ($entry in [System.IO.DirectoryInfo]::new($Directory).EnumerateFileSystemInfos()) {
        $entry.FullName
        # Links are never followed: what they point to does not belong to the test.
        if ($entry -is [System.IO.DirectoryInfo] -and $null -eq $entry.LinkTarget) { Get-DriveContent $entry.FullName }
    }
}

function Remove-DriveEntry([string] $Path) {
    $directory = [System.IO.DirectoryInfo]::new($Path)
    if ($directory.Exists -and $null -eq $directory.LinkTarget) { $directory.Delete($true) } else { [System.IO.File]::Delete($Path) }
}

function Mount-TestDrive([string] $Path) {
    Dismount-TestDrive
    $provider = $ExecutionContext.SessionState.Provider.GetOne('FileSystem')
    $drive = [System.Management.Automation.PSDriveInfo]::new('TestDrive', $provider, $Path, 'Pester test drive', $null)
    $null = $ExecutionContext.SessionState.Drive.New($drive, 'global')
    $global:TestDrive = $Path
}

function Dismount-TestDrive {
    $drives = @($ExecutionContext.SessionState.Drive.GetAll().Where({ $_.Name -eq 'TestDrive' }))
    if ($drives.Count -gt 0) { $ExecutionContext.SessionState.Drive.Remove('TestDrive', $true, 'global') }
    $ExecutionContext.SessionState.PSVariable.Remove('global:TestDrive')
}

function New-TestDrive {
    if (-not $script:Session.Configuration.TestDrive.Enabled.Value) { return }
    $path = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), [guid]::NewGuid().ToString())
    $script:Session.TestDrive = [System.IO.Directory]::CreateDirectory($path).FullName
    Mount-TestDrive $script:Session.TestDrive
}

function Remove-TestDrive {
    $path = $script:Session.TestDrive
    if ($null -eq $path) { return }
    $script:Session.TestDrive = $null
    Dismount-TestDrive
    if ([System.IO.Directory]::Exists($path)) { [System.IO.Directory]::Delete($path, $true) }
}

function Save-TestDrive {
    if ($null -ne $script:Session.TestDrive) { @(Get-DriveContent $script:Session.TestDrive) }
}

# What a block has put on the drive goes with the block.
function Restore-TestDrive([string[]] $Content) {
    if ($null -eq $script:Session.TestDrive) { return }
    $keep = [System.Collections.Generic.HashSet[string]]::new()
    foreach ($path in $Content) { $null = $keep.Add($path) }
    foreach ($path in @(Get-DriveContent $script:Session.TestDrive)) {
        if (-not $keep.Contains($path) -and ([System.IO.File]::Exists($path) -or [System.IO.Directory]::Exists($path) -or
                [System.IO.FileInfo]::new($path).LinkTarget)) {
            Remove-DriveEntry $path
        }
    }
}
