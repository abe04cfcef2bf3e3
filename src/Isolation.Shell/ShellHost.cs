using System;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;

namespace Isolation.Shell;

/// <summary>What the engine sees of the shell: $Host.</summary>
internal sealed class ShellHost : PSHost, IHostSupportsInteractiveSession
{
    private readonly Session _session;

    internal ShellHost(Session session, bool interactive)
    {
        _session = session;
        Terminal = new ShellUserInterface(interactive);
        // Write-Error's colours and the like: scripts read and set them at $Host.PrivateData.
        PrivateData = new PSObject();
    }

    public override string Name => "IsolationShell";

    public override Version Version { get; } = Version.Parse(Program.ShellVersion);

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => Terminal;

    public override CultureInfo CurrentCulture { get; } = CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture { get; } = CultureInfo.CurrentUICulture;

    public override PSObject PrivateData { get; }

    public bool IsRunspacePushed => _session.IsRunspacePushed;

    public Runspace Runspace => _session.CurrentRunspace;

    internal ShellUserInterface Terminal { get; }

    /// <summary>The code of the exit statement that ended the session, or null.</summary>
    internal int? ExitCode { get; set; }

    public override void SetShouldExit(int exitCode) => _session.Exit(exitCode);

    public override void EnterNestedPrompt() => _session.EnterNestedPrompt();

    public override void ExitNestedPrompt() => _session.ExitNestedPrompt();

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    public void PushRunspace(Runspace runspace) => _session.PushRunspace(runspace);

    public void PopRunspace() => _session.PopRunspace();
}
