using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell.Commands;

namespace Isolation.Shell;

/// <summary>The commands that a session starts with.</summary>
internal static class ShellState
{
    /// <summary>The shell's own cmdlets, named one by one: looking for them by reflection would cost each start.</summary>
    private static readonly SessionStateCmdletEntry[] s_cmdlets =
    [
        new("Get-ChildItem", typeof(GetChildItemCommand), null),
        new("Measure-Command", typeof(MeasureCommandCommand), null),
        new("Add-Content", typeof(AddContentCommand), null),
        new("Clear-Content", typeof(ClearContentCommand), null),
        new("Get-Content", typeof(GetContentCommand), null),
        new("Set-Content", typeof(SetContentCommand), null),
        new("Format-Custom", typeof(FormatCustomCommand), null),
        new("Write-Debug", typeof(WriteDebugCommand), null),
        new("Write-Error", typeof(WriteErrorCommand), null),
        new("Out-File", typeof(OutFileCommand), null),
        new("Write-Host", typeof(WriteHostCommand), null),
        new("Write-Information", typeof(WriteInformationCommand), null),
        new("Clear-Item", typeof(ClearItemCommand), null),
        new("Copy-Item", typeof(CopyItemCommand), null),
        new("Get-Item", typeof(GetItemCommand), null),
        new("Invoke-Item", typeof(InvokeItemCommand), null),
        new("Move-Item", typeof(MoveItemCommand), null),
        new("New-Item", typeof(NewItemCommand), null),
        new("Remove-Item", typeof(RemoveItemCommand), null),
        new("Rename-Item", typeof(RenameItemCommand), null),
        new("Set-Item", typeof(SetItemCommand), null),
        new("Get-ItemProperty", typeof(GetItemPropertyCommand), null),
        new("Format-List", typeof(FormatListCommand), null),
        new("Get-Location", typeof(GetLocationCommand), null),
        new("Pop-Location", typeof(PopLocationCommand), null),
        new("Push-Location", typeof(PushLocationCommand), null),
        new("Set-Location", typeof(SetLocationCommand), null),
        new("Add-Member", typeof(AddMemberCommand), null),
        new("Get-Member", typeof(GetMemberCommand), null),
        new("Compare-Object", typeof(CompareObjectCommand), null),
        new("Group-Object", typeof(GroupObjectCommand), null),
        new("Measure-Object", typeof(MeasureObjectCommand), null),
        new("New-Object", typeof(NewObjectCommand), null),
        new("Select-Object", typeof(SelectObjectCommand), null),
        new("Sort-Object", typeof(SortObjectCommand), null),
        new("Tee-Object", typeof(TeeObjectCommand), null),
        new("Write-Output", typeof(WriteOutputCommand), null),
        new("Get-PSDrive", typeof(GetPSDriveCommand), null),
        new("New-PSDrive", typeof(NewPSDriveCommand), null),
        new("Remove-PSDrive", typeof(RemovePSDriveCommand), null),
        new("Get-PSProvider", typeof(GetPSProviderCommand), null),
        new("Convert-Path", typeof(ConvertPathCommand), null),
        new("Join-Path", typeof(JoinPathCommand), null),
        new("Resolve-Path", typeof(ResolvePathCommand), null),
        new("Split-Path", typeof(SplitPathCommand), null),
        new("Test-Path", typeof(TestPathCommand), null),
        new("Write-Progress", typeof(WriteProgressCommand), null),
        new("Out-String", typeof(OutStringCommand), null),
        new("Format-Table", typeof(FormatTableCommand), null),
        new("Get-Unique", typeof(GetUniqueCommand), null),
        new("Clear-Variable", typeof(ClearVariableCommand), null),
        new("Get-Variable", typeof(GetVariableCommand), null),
        new("New-Variable", typeof(NewVariableCommand), null),
        new("Remove-Variable", typeof(RemoveVariableCommand), null),
        new("Set-Variable", typeof(SetVariableCommand), null),
        new("Write-Verbose", typeof(WriteVerboseCommand), null),
        new("Write-Warning", typeof(WriteWarningCommand), null),
        new("Format-Wide", typeof(FormatWideCommand), null),
    ];

    internal static InitialSessionState Create()
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        foreach (SessionStateCmdletEntry cmdlet in s_cmdlets)
            state.Commands.Add(cmdlet);
        return state;
    }
}
