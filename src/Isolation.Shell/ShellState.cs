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
        new("Measure-Command", typeof(MeasureCommandCommand), null),
        new("Format-Custom", typeof(FormatCustomCommand), null),
        new("Write-Debug", typeof(WriteDebugCommand), null),
        new("Write-Error", typeof(WriteErrorCommand), null),
        new("Out-File", typeof(OutFileCommand), null),
        new("Write-Host", typeof(WriteHostCommand), null),
        new("Write-Information", typeof(WriteInformationCommand), null),
        new("Format-List", typeof(FormatListCommand), null),
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
