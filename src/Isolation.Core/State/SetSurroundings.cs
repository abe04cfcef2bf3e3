using System;
using System.Collections.Generic;
using Isolation.Entry;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.State;

/// <summary>What a new set is made in: the namespaces of its parent set, and others that it joins. Open while the set is made.</summary>
internal sealed class SetSurroundings : IDisposable
{
    // The kernel's own limit for user and pid namespaces, user_namespaces(7), pid_namespaces(7).
    private const int DeepestNesting = 32;

    private readonly NamespaceTarget _target;
    private readonly Descriptor? _outer;

    private SetSurroundings(NamespaceTarget target)
    {
        _target = target;
        _outer = target.OpenOuterUser();
        List<(NamespaceType, Descriptor)> order = [];
        if (_outer is not null)
        {
            order.Add((NamespaceType.User, _outer));
        }

        foreach (NamespaceType type in ProcessPlans.Order(target.Types, target.BeforeUser))
        {
            order.Add((type, target[type]));
        }

        Order = order;
    }

    /// <summary>Whose the namespaces are, for errors: <c>set 'web' and process 42</c>.</summary>
    public string Description => _target.Description;

    /// <summary>What is entered, one after the other.</summary>
    public IReadOnlyList<(NamespaceType Type, Descriptor Descriptor)> Order { get; }

    /// <summary>The user namespace in which the set is; null for this process's own.</summary>
    public Descriptor? User => Has(NamespaceType.User) ? _target[NamespaceType.User] : null;

    /// <summary>Opens them; null where the set is made in the caller's own.</summary>
    /// <exception cref="IsolationException"><c>NamespaceNotFound</c>, <c>NamespaceSetBroken</c>, <c>NamespaceSetBusy</c>, <c>NamespaceOptionInvalid</c>.</exception>
    public static SetSurroundings? Of(NamespaceSetOptions options, NamespaceStore store)
    {
        if (options.Parent is null && options.Join.Count == 0)
        {
            return null;
        }

        NamespaceTarget whole = NamespaceTarget.Nothing("nothing");
        try
        {
            if (options.Parent is not null)
            {
                NamespaceSet set = store.Get(options.Parent);
                if (!set.IsPersistent && !options.EndsWithOwner)
                {
                    throw Invalid($"Set '{set.Name}' ends with the PowerShell that made it, and what is inside with it. Leave -Name out, or add -KillChild, or choose a parent that lives on.");
                }

                Add(whole, NamespaceTarget.Of(set, NamespaceTypes.Every));
            }

            foreach (Func<NamespaceTarget> open in options.Join)
            {
                Add(whole, open());
            }

            if (options.AsPid1 && whole.Types.HasFlag(NamespaceType.Pid))
            {
                throw Invalid($"-AsPid1 makes the pid namespace with the first program, and that is not done inside another, which {whole.Description} has. Leave it out: the set has an init then.");
            }

            return new SetSurroundings(whole);
        }
        catch
        {
            whole.Dispose();
            throw;
        }
    }

    /// <summary>The kinds that are entered, and not made anew: the set keeps them too.</summary>
    public IEnumerable<(NamespaceType Type, Descriptor Descriptor)> Kept(NamespaceType made)
    {
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            if (!made.HasFlag(type) && Has(type))
            {
                yield return (type, _target[type]);
            }
        }
    }

    /// <summary>Whether a kind is entered.</summary>
    public bool Has(NamespaceType type) => _target.Types.HasFlag(type);

    /// <summary>The refusal where the kernel does not nest them deeper; null where that is not why it refused.</summary>
    public IsolationException? TooDeep(string name, NamespaceType made)
    {
        foreach (NamespaceType type in (ReadOnlySpan<NamespaceType>)[NamespaceType.User, NamespaceType.Pid])
        {
            if (made.HasFlag(type) && Has(type) && Depth(_target[type]) is int depth and >= DeepestNesting)
            {
                return new IsolationException(
                    "NamespaceNestingLimit",
                    ErrorKind.LimitsExceeded,
                    $"Cannot make set '{name}' in {Description}: the kernel nests namespaces of kind {type} {DeepestNesting} deep, and this one is {depth} below the one of this PowerShell. Make it further outside, or without {type}.");
            }
        }

        return null;
    }

    public void Dispose()
    {
        _outer?.Dispose();
        _target.Dispose();
    }

    private static void Add(NamespaceTarget whole, NamespaceTarget target)
    {
        NamespaceType both = whole.Types & target.Types;
        NamespaceSet? unborn = target.NeedsPid1;
        if (both == NamespaceType.None && unborn is null)
        {
            whole.Join(target);
            return;
        }

        string description = target.Description;
        target.Dispose();
        throw unborn is not null
            ? Invalid($"The pid namespace of {description} is made with its first program, and none runs. Start one there first, with: Start-NamespaceProcess {unborn.Name}")
            : Invalid($"Both {whole.Description} and {description} have a namespace of kind {both}, and a set has one of each kind. Name what is meant by its path, such as /proc/PID/ns/net.");
    }

    // How far it is below this process's own of that kind.
    private static int Depth(Descriptor ns)
    {
        int depth = 0;
        List<Descriptor> opened = [];
        ulong own = Sys.TryStatus($"/proc/self/ns/{Sys.TypeOfNamespace(ns).ProcName()}", out FileStatus status) ? status.Inode : 0;
        for (Descriptor? at = ns; at is not null && Sys.Status(at).Inode != own; depth++)
        {
            at = Sys.ParentOfNamespace(at, out _);
            if (at is not null)
            {
                opened.Add(at);
            }
        }

        Sys.DisposeAll(opened);
        return depth;
    }

    private static IsolationException Invalid(string message) => new("NamespaceOptionInvalid", ErrorKind.InvalidArgument, message);
}
