using System;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;

namespace Isolation.Commands;

/// <summary>What turning controllers on and off have in common.</summary>
public abstract class CgroupControllerCommand : CgroupCommand
{
    /// <summary>The cgroups, for those inside which it counts.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Namespace", "FullName")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference[] Cgroup { get; set; } = [];

    /// <summary>The controllers.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ControllerCompleter))]
    public string[] Controller { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEach(Cgroup, FailureId, node =>
    {
        if (ShouldProcess($"cgroup {node.Path}", $"{Action} {string.Join(", ", Controller)}"))
        {
            Change(Cgroups.Cgroup.ForNode(Groups, node), Array.ConvertAll(Controller, CgroupControllers.SecondName));
        }
    });

    /// <summary>The id of an error for a refused system call.</summary>
    private protected abstract string FailureId { get; }

    /// <summary>What is done, in words.</summary>
    private protected abstract string Action { get; }

    private protected abstract void Change(Cgroup cgroup, string[] controllers);
}

/// <summary>Enable-CgroupController: gives the cgroups inside a cgroup further controllers. Equivalent to writing <c>+memory</c> to <c>cgroup.subtree_control</c>.</summary>
[Cmdlet(VerbsLifecycle.Enable, "CgroupController", SupportsShouldProcess = true)]
public sealed class EnableCgroupControllerCommand : CgroupControllerCommand
{
    /// <summary>The cgroup to which the processes in the cgroup itself are moved first.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference? MoveProcessTo { get; set; }

    private protected override string FailureId => "CgroupEnableFailed";

    private protected override string Action => "turn on";

    private protected override void Change(Cgroup cgroup, string[] controllers) =>
        new CgroupControllerChange(Groups).Enable(cgroup, controllers, MoveProcessTo?.Resolve(Groups, Sets));
}

/// <summary>Disable-CgroupController: takes controllers from the cgroups inside a cgroup. Equivalent to writing <c>-memory</c> to <c>cgroup.subtree_control</c>.</summary>
[Cmdlet(VerbsLifecycle.Disable, "CgroupController", SupportsShouldProcess = true)]
public sealed class DisableCgroupControllerCommand : CgroupControllerCommand
{
    /// <summary>They are turned off in the cgroups inside first.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    private protected override string FailureId => "CgroupDisableFailed";

    private protected override string Action => "turn off";

    private protected override void Change(Cgroup cgroup, string[] controllers) => new CgroupControllerChange(Groups).Disable(cgroup, controllers, Recurse);
}
