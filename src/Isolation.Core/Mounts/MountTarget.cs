using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Isolation.Agent;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.Mounts;

/// <summary>Where a plan about mounts works: the caller's own mount namespace, or that of a set, a process or a file, opened.</summary>
internal sealed class MountTarget : IDisposable
{
    private readonly NamespaceTarget? _opened;
    private readonly Descriptor? _owner;
    private readonly Descriptor? _root;
    private readonly bool _ownsMount;

    private MountTarget(NamespaceTarget? opened, int? processId, string? name)
    {
        _opened = opened;
        ProcessId = processId;
        Name = name;
        _ownsMount = opened?.Types.HasFlag(NamespaceType.Mount) == true;
        try
        {
            if (_ownsMount)
            {
                NamespaceId = Sys.Status(opened![NamespaceType.Mount]).Inode;
                _owner = OwnerOf(opened);
            }

            _root = processId is int pid ? RootOf(pid) : null;
        }
        catch
        {
            _owner?.Dispose();
            throw;
        }
    }

    /// <summary>What it is, for titles and errors: <c>set 'web'</c>, <c>this process</c>.</summary>
    public string Description => _opened?.Description ?? "this PowerShell";

    /// <summary>What the caller named; null for his own namespace.</summary>
    public string? Name { get; }

    /// <summary>The process whose mounts and root are meant; null where none was named.</summary>
    public int? ProcessId { get; }

    /// <summary>The mount namespace; null for the caller's own.</summary>
    public ulong? NamespaceId { get; }

    /// <summary>Whether nothing is entered: the caller's own mounts below his own root.</summary>
    public bool IsOwn => _opened is null;

    /// <summary>What a plan enters.</summary>
    public MountScope Scope => ScopeWith(NamespaceType.None);

    /// <summary>The caller's own mount namespace.</summary>
    public static MountTarget Own() => new(null, null, null);

    /// <summary>Namespaces that were opened, which are disposed with this.</summary>
    /// <param name="opened">With the mount namespace among them, or those of a process.</param>
    /// <param name="processId">The process whose root counts; null for the namespace's root.</param>
    /// <param name="name">What the caller named.</param>
    /// <exception cref="IsolationException"><c>NamespaceTypeNotInSet</c>, <c>NamespaceAccessDenied</c>, <c>ProcessNotFound</c>.</exception>
    public static MountTarget Of(NamespaceTarget opened, int? processId, string name)
    {
        try
        {
            if (!opened.Types.HasFlag(NamespaceType.Mount) && processId is null)
            {
                throw new IsolationException(
                    "NamespaceTypeNotInSet",
                    ErrorKind.InvalidArgument,
                    $"{opened.Description} has no mount namespace: what runs in it sees the host's mounts. Leave -Namespace out for those, or make a set with Mount in -Type.");
            }

            return new MountTarget(opened, processId, name);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>What a plan enters, with some of the other kinds too where the target has them.</summary>
    public MountScope ScopeWith(NamespaceType others)
    {
        NamespaceType types = (_opened?.Types ?? NamespaceType.None) & (others | NamespaceType.Mount) & ~NamespaceType.User;
        return new MountScope(Description, _owner is null ? types : types | NamespaceType.User, _root is not null, _owner is null ? null : FileUser(_owner));
    }

    // Where its map has no root, the host's would stay root to files without a right beyond that: a link of whoever made it could lead to a file of root's.
    private static uint? FileUser(Descriptor owner) =>
        Sys.EffectiveUserId != 0 ? null : Sys.OwnerUidOfNamespace(owner) is uint uid and not 0 ? uid : Sys.Nobody;

    /// <summary>Runs a plan that was made for one of the scopes; <paramref name="inputs"/> come after those of the scope.</summary>
    /// <exception cref="IsolationException"><c>NamespaceAccessDenied</c>: it may not be entered.</exception>
    public PlanOutcome Run(Plan plan, IReadOnlyList<Descriptor> inputs, CancellationToken cancellation, MountScope? scope = null)
    {
        List<Descriptor> all = [];
        foreach (NamespaceType type in ProcessPlans.Order((scope ?? Scope).Types, before: NamespaceType.None))
        {
            all.Add(type == NamespaceType.User ? _owner! : _opened![type]);
        }

        if (_root is not null)
        {
            all.Add(_root);
        }

        all.AddRange(inputs);
        try
        {
            return AgentClient.Current.Run(plan, all, attached: true, cancellation);
        }
        catch (SyscallException exception) when (exception is { Syscall: "setns", Errno: Errno.EPERM })
        {
            throw Denied(exception);
        }
    }

    public void Dispose()
    {
        _owner?.Dispose();
        _root?.Dispose();
        _opened?.Dispose();
    }

    // The right to mount is one over the user namespace that owns the mount namespace, mount_namespaces(7), and not over the one that a process is in.
    private static Descriptor? OwnerOf(NamespaceTarget opened)
    {
        Descriptor? owner = Sys.OwnerOfNamespace(opened[NamespaceType.Mount], out Errno error);
        if (owner is null)
        {
            throw error == Errno.EPERM
                ? new IsolationException(
                    "NamespaceAccessDenied",
                    ErrorKind.PermissionDenied,
                    $"The mount namespace of {opened.Description} belongs to a user namespace that is not below this PowerShell's own. Its mounts can be changed with CAP_SYS_ADMIN there: run PowerShell as root outside.")
                : new SyscallException("ioctl", error, $"find the owner of the mount namespace of {opened.Description}", PlanHints.ForFork(error));
        }

        if (Sys.TryStatus("/proc/self/ns/user", out FileStatus own) && Sys.Status(owner).Inode == own.Inode)
        {
            owner.Dispose();
            return null;
        }

        return owner;
    }

    private static Descriptor RootOf(int pid)
    {
        Errno error = Sys.TryOpen($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/root", OpenFlags.Path, out Descriptor? root);
        return root ?? throw (error is Errno.EACCES or Errno.EPERM
            ? new IsolationException(
                "NamespaceAccessDenied", ErrorKind.PermissionDenied, $"The root of process {pid} may not be opened: it belongs to another user, or has more privilege. Run as root, or as that user.")
            : Sys.IsExhausted(error)
                ? new SyscallException("open", error, $"open the root of process {pid}", PlanHints.ForFork(error))
                : new IsolationException("ProcessNotFound", ErrorKind.NotFound, $"There is no process {pid}, or it ended meanwhile. Get-Process lists those that there are."));
    }

    private IsolationException Denied(SyscallException exception)
    {
        using Descriptor? owner = _ownsMount ? NamespaceOwner.Of(_opened![NamespaceType.Mount]) : null;
        string whose = owner is null ? "its user namespace"
            : $"user namespace {Sys.Status(owner).Inode}, which user {Sys.OwnerUidOfNamespace(owner)?.ToString(CultureInfo.InvariantCulture) ?? "?"} made";
        return new IsolationException(
            "NamespaceAccessDenied",
            ErrorKind.PermissionDenied,
            $"The mount namespace of {Description} may not be entered: it belongs to {whose}, and entering takes CAP_SYS_ADMIN in that one and in the caller's own, and CAP_SYS_CHROOT. Run as root, or as that user.",
            exception);
    }
}
