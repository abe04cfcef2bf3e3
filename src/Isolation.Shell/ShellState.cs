using System;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell.Commands;

namespace Isolation.Shell;

/// <summary>The commands that a session starts with.</summary>
internal static class ShellState
{
    /// <summary>PowerShell's names for where the cmdlets are at home, so that Microsoft.PowerShell.Utility\Write-Output is found.</summary>
    private static readonly PSModuleInfo s_management = EngineInternals.CreateModule("Microsoft.PowerShell.Management");

    private static readonly PSModuleInfo s_utility = EngineInternals.CreateModule("Microsoft.PowerShell.Utility");

    /// <summary>The shell's own cmdlets, named one by one: looking for them by reflection would cost each start.</summary>
    private static readonly SessionStateCmdletEntry[] s_cmdlets =
    [
        New(s_utility, "Get-Alias", typeof(GetAliasCommand)),
        New(s_utility, "New-Alias", typeof(NewAliasCommand)),
        New(s_utility, "Remove-Alias", typeof(RemoveAliasCommand)),
        New(s_utility, "Set-Alias", typeof(SetAliasCommand)),
        New(s_management, "Get-ChildItem", typeof(GetChildItemCommand)),
        New(s_utility, "Export-Clixml", typeof(ExportClixmlCommand)),
        New(s_utility, "Import-Clixml", typeof(ImportClixmlCommand)),
        New(s_utility, "Measure-Command", typeof(MeasureCommandCommand)),
        New(s_management, "Add-Content", typeof(AddContentCommand)),
        New(s_management, "Clear-Content", typeof(ClearContentCommand)),
        New(s_management, "Get-Content", typeof(GetContentCommand)),
        New(s_management, "Set-Content", typeof(SetContentCommand)),
        New(s_utility, "ConvertFrom-Csv", typeof(ConvertFromCsvCommand)),
        New(s_utility, "ConvertTo-Csv", typeof(ConvertToCsvCommand)),
        New(s_utility, "Export-Csv", typeof(ExportCsvCommand)),
        New(s_utility, "Import-Csv", typeof(ImportCsvCommand)),
        New(s_utility, "Get-Culture", typeof(GetCultureCommand)),
        New(s_utility, "Format-Custom", typeof(FormatCustomCommand)),
        New(s_utility, "Get-Date", typeof(GetDateCommand)),
        New(s_utility, "Write-Debug", typeof(WriteDebugCommand)),
        New(s_utility, "Register-EngineEvent", typeof(RegisterEngineEventCommand)),
        New(s_utility, "Get-Error", typeof(GetErrorCommand)),
        New(s_utility, "Write-Error", typeof(WriteErrorCommand)),
        New(s_utility, "Get-Event", typeof(GetEventCommand)),
        New(s_utility, "New-Event", typeof(NewEventCommand)),
        New(s_utility, "Remove-Event", typeof(RemoveEventCommand)),
        New(s_utility, "Unregister-Event", typeof(UnregisterEventCommand)),
        New(s_utility, "Wait-Event", typeof(WaitEventCommand)),
        New(s_utility, "Get-EventSubscriber", typeof(GetEventSubscriberCommand)),
        New(s_utility, "Invoke-Expression", typeof(InvokeExpressionCommand)),
        New(s_utility, "Out-File", typeof(OutFileCommand)),
        New(s_utility, "Get-FileHash", typeof(GetFileHashCommand)),
        New(s_utility, "Update-FormatData", typeof(UpdateFormatDataCommand)),
        New(s_utility, "New-Guid", typeof(NewGuidCommand)),
        New(s_utility, "Get-Host", typeof(GetHostCommand)),
        New(s_utility, "Read-Host", typeof(ReadHostCommand)),
        New(s_utility, "Write-Host", typeof(WriteHostCommand)),
        New(s_utility, "Write-Information", typeof(WriteInformationCommand)),
        New(s_management, "Clear-Item", typeof(ClearItemCommand)),
        New(s_management, "Copy-Item", typeof(CopyItemCommand)),
        New(s_management, "Get-Item", typeof(GetItemCommand)),
        New(s_management, "Move-Item", typeof(MoveItemCommand)),
        New(s_management, "New-Item", typeof(NewItemCommand)),
        New(s_management, "Remove-Item", typeof(RemoveItemCommand)),
        New(s_management, "Rename-Item", typeof(RenameItemCommand)),
        New(s_management, "Set-Item", typeof(SetItemCommand)),
        New(s_management, "Get-ItemProperty", typeof(GetItemPropertyCommand)),
        New(s_utility, "ConvertFrom-Json", typeof(ConvertFromJsonCommand)),
        New(s_utility, "ConvertTo-Json", typeof(ConvertToJsonCommand)),
        New(s_utility, "Format-List", typeof(FormatListCommand)),
        New(s_management, "Get-Location", typeof(GetLocationCommand)),
        New(s_management, "Pop-Location", typeof(PopLocationCommand)),
        New(s_management, "Push-Location", typeof(PushLocationCommand)),
        New(s_management, "Set-Location", typeof(SetLocationCommand)),
        New(s_utility, "Add-Member", typeof(AddMemberCommand)),
        New(s_utility, "Get-Member", typeof(GetMemberCommand)),
        New(s_utility, "Compare-Object", typeof(CompareObjectCommand)),
        New(s_utility, "Group-Object", typeof(GroupObjectCommand)),
        New(s_utility, "Measure-Object", typeof(MeasureObjectCommand)),
        New(s_utility, "New-Object", typeof(NewObjectCommand)),
        New(s_utility, "Select-Object", typeof(SelectObjectCommand)),
        New(s_utility, "Sort-Object", typeof(SortObjectCommand)),
        New(s_utility, "Tee-Object", typeof(TeeObjectCommand)),
        New(s_utility, "Register-ObjectEvent", typeof(RegisterObjectEventCommand)),
        New(s_utility, "Write-Output", typeof(WriteOutputCommand)),
        New(s_utility, "Get-PSCallStack", typeof(GetPSCallStackCommand)),
        New(s_management, "Get-PSDrive", typeof(GetPSDriveCommand)),
        New(s_management, "New-PSDrive", typeof(NewPSDriveCommand)),
        New(s_management, "Remove-PSDrive", typeof(RemovePSDriveCommand)),
        New(s_management, "Get-PSProvider", typeof(GetPSProviderCommand)),
        New(s_management, "Convert-Path", typeof(ConvertPathCommand)),
        New(s_management, "Join-Path", typeof(JoinPathCommand)),
        New(s_management, "Resolve-Path", typeof(ResolvePathCommand)),
        New(s_management, "Split-Path", typeof(SplitPathCommand)),
        New(s_management, "Test-Path", typeof(TestPathCommand)),
        New(s_utility, "Import-PowerShellDataFile", typeof(ImportPowerShellDataFileCommand)),
        New(s_management, "Get-Process", typeof(GetProcessCommand)),
        New(s_management, "Start-Process", typeof(StartProcessCommand)),
        New(s_management, "Stop-Process", typeof(StopProcessCommand)),
        New(s_management, "Wait-Process", typeof(WaitProcessCommand)),
        New(s_utility, "Write-Progress", typeof(WriteProgressCommand)),
        New(s_utility, "Get-Random", typeof(GetRandomCommand)),
        New(s_utility, "Start-Sleep", typeof(StartSleepCommand)),
        New(s_utility, "Out-String", typeof(OutStringCommand)),
        New(s_utility, "Select-String", typeof(SelectStringCommand)),
        New(s_utility, "ConvertFrom-StringData", typeof(ConvertFromStringDataCommand)),
        New(s_utility, "Format-Table", typeof(FormatTableCommand)),
        New(s_utility, "New-TemporaryFile", typeof(NewTemporaryFileCommand)),
        New(s_utility, "New-TimeSpan", typeof(NewTimeSpanCommand)),
        New(s_utility, "Add-Type", typeof(AddTypeCommand)),
        New(s_utility, "Remove-TypeData", typeof(RemoveTypeDataCommand)),
        New(s_utility, "Update-TypeData", typeof(UpdateTypeDataCommand)),
        New(s_utility, "Get-UICulture", typeof(GetUICultureCommand)),
        New(s_utility, "Get-Unique", typeof(GetUniqueCommand)),
        New(s_utility, "Clear-Variable", typeof(ClearVariableCommand)),
        New(s_utility, "Get-Variable", typeof(GetVariableCommand)),
        New(s_utility, "New-Variable", typeof(NewVariableCommand)),
        New(s_utility, "Remove-Variable", typeof(RemoveVariableCommand)),
        New(s_utility, "Set-Variable", typeof(SetVariableCommand)),
        New(s_utility, "Get-Verb", typeof(GetVerbCommand)),
        New(s_utility, "Write-Verbose", typeof(WriteVerboseCommand)),
        New(s_utility, "Write-Warning", typeof(WriteWarningCommand)),
        New(s_utility, "Format-Wide", typeof(FormatWideCommand)),
    ];

    private static SessionStateCmdletEntry New(PSModuleInfo module, string name, Type type)
    {
        SessionStateCmdletEntry entry = new(name, type, helpFileName: null);
        EngineInternals.SetModule(entry, module);
        return entry;
    }

    internal static InitialSessionState Create()
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        foreach (SessionStateCmdletEntry cmdlet in s_cmdlets)
            state.Commands.Add(cmdlet);
        return state;
    }
}
