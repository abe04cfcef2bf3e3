using System;
using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Cgroups;
using Isolation.Completion;
using Isolation.Entry;
using Isolation.State;

namespace Isolation.Commands;

/// <summary>New-Cgroup: makes control groups, with their controllers. Equivalent to <c>cgcreate</c>.</summary>
[Cmdlet(VerbsCommon.New, "Cgroup", SupportsShouldProcess = true)]
[OutputType(typeof(CgroupInfo))]
public sealed class NewCgroupCommand : CgroupCommand
{
    /// <summary>The paths; one without <c>/</c> means a cgroup of this module.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Path")]
    [ValidateNotNullOrEmpty]
    public string[] Cgroup { get; set; } = [];

    /// <summary>The cgroup in which they are made.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public CgroupReference? Parent { get; set; }

    /// <summary>The controllers that they must have; without it all that can be had.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ControllerCompleter))]
    public string[]? Controller { get; set; }

    /// <summary>They hold single threads; version 2.</summary>
    [Parameter]
    public SwitchParameter Threaded { get; set; }

    /// <summary>The user, and after a colon the group, to whom they are given; version 2.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DelegateTo { get; set; }

    /// <summary>Those that are there are taken, and what they lack is made.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string path in Cgroup)
        {
            Guard("CgroupCreateFailed", path, () => Create(path));
        }
    }

    private void Create(string given)
    {
        CgroupCreation creation = Describe(given);
        string path = creation.Path;
        if (Groups.Placement.SetOf(path) is string set && path == CgroupTree.Combine(Groups.Placement.Folder, set) && NamespaceStore.Current.Exists(set))
        {
            throw new IsolationException(
                "CgroupOfSet",
                ErrorKind.AlreadyExists,
                $"{path} is the place of the cgroup of the namespace set '{set}'. It is made, with the set's processes in it, by: Set-CgroupLimit {set} -PidsMax max");
        }

        CgroupCreator creator = new(Groups);
        IReadOnlyList<CgroupHierarchy> places = creator.Plan(creation);
        if (ShouldProcess($"cgroup {path}", $"make in {string.Join(", ", places)}"))
        {
            if (Groups.Placement.OwnerOf(path) is string owner)
            {
                WriteWarning(
                    $"{path} lies in {owner}, which belongs to systemd: that may take controllers away from it, and remove it with what is above. "
                    + $"Give the name without a / to have it in {Groups.Placement.Folder}, which is delegated.");
            }

            WriteObject(new CgroupInfo(Groups, creator.Make(creation)));
        }
    }

    private CgroupCreation Describe(string given)
    {
        List<CgroupHierarchy>? only = null;
        string path = given;
        if (Parent is not null)
        {
            CgroupNode parent = Parent.Resolve(Groups, Sets).Node;
            path = $"{parent.Path}/{given}";
            if (parent.Directories.Count != 0)
            {
                only = [];
                foreach (CgroupDirectory directory in parent.Directories)
                {
                    only.Add(directory.Hierarchy);
                }
            }
        }
        else if (!given.Contains('/', StringComparison.Ordinal))
        {
            path = $"{Groups.Placement.Folder}/{given}";
        }

        path = CgroupPathName.Check(path);
        if (Parent is null && Groups.Locate(path) is (CgroupHierarchy hierarchy, string inside))
        {
            (path, only) = (inside, [hierarchy]);
        }

        return new CgroupCreation(path)
        {
            Only = only,
            Controllers = Controller is null ? null : Array.ConvertAll(Controller, CgroupControllers.SecondName),
            Threaded = Threaded,
            Delegate = DelegateTo is null ? null : NamespaceOwner.Parse(DelegateTo),
            Force = Force,
        };
    }
}
