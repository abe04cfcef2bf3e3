using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.Entry;

/// <summary>
/// One namespace that a plan enters to do something inside, with the user namespace that owns it where only that gives the right to: an ordinary user
/// has capabilities nowhere else, user_namespaces(7).
/// </summary>
internal sealed class OwnedNamespace : IDisposable
{
    private readonly Descriptor _namespace;
    private readonly Descriptor? _owner;
    private readonly NamespaceType _type;
    private readonly string _description;

    /// <summary>Finds the owner of a namespace.</summary>
    /// <param name="ns">The namespace; it stays the caller's.</param>
    /// <param name="type">Its kind.</param>
    /// <param name="description">What it belongs to, for errors: <c>set 'web'</c>.</param>
    /// <exception cref="SyscallException">There is no descriptor left to find out with.</exception>
    public OwnedNamespace(Descriptor ns, NamespaceType type, string description)
    {
        (_namespace, _type, _description) = (ns, type, description);

        // Who may do anything here may do so in the namespaces below, and keeps the own view of user ids.
        Errno error = Errno.None;
        Descriptor? owner = Sys.HasSystemAdministration ? null : Sys.OwnerOfNamespace(ns, out error);
        if (Sys.IsExhausted(error))
        {
            // Otherwise it would be entered without its owner, and be refused for want of rights.
            throw new SyscallException("ioctl", error, $"find the owner of the {type.ProcName()} namespace of {description}", PlanHints.ForFork(error));
        }

        if (owner is not null && Sys.TryStatus("/proc/self/ns/user", out FileStatus own) && Sys.Status(owner).Inode == own.Inode)
        {
            owner.Dispose();
            owner = null;
        }

        _owner = owner;
    }

    /// <summary>Whether the user namespace that owns it is entered too; the ids of users and groups that a file opened inside shows are those of that one then.</summary>
    public bool EntersOwner => _owner is not null;

    /// <summary>What is passed with a plan that begins with <see cref="Enter"/>.</summary>
    public IReadOnlyList<Descriptor> Inputs => _owner is null ? [_namespace] : [_owner, _namespace];

    /// <summary>The plan's first steps.</summary>
    public void Enter(Plan plan)
    {
        PlanSlot? owner = _owner is null ? null : plan.Input("user");
        PlanSlot ns = plan.Input(_type.ProcName());
        if (owner is PlanSlot user)
        {
            plan.SetNs(user, NamespaceType.User, _description);
        }

        plan.SetNs(ns, _type, _description);
    }

    /// <summary>Closes the owner.</summary>
    public void Dispose() => _owner?.Dispose();
}
