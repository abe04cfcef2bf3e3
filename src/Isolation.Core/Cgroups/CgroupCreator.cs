using System;
using System.Collections.Generic;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Makes cgroups by path, with those above that are missing; after a refusal nothing of them stays.</summary>
internal sealed class CgroupCreator(CgroupHost host)
{
    // How often the way down is gone again when somebody removes a folder on it.
    private const int Attempts = 20;

    // Linux 6.x; the kernel lists its own in /sys/kernel/cgroup/delegate since 4.15.
    private const string DefaultDelegate = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control";

    private readonly List<string> _made = [];
    private readonly List<(string Directory, string Controller)> _enabled = [];

    /// <summary>The hierarchies in which the cgroup is to be made, or the refusal; nothing is changed.</summary>
    /// <exception cref="IsolationException">
    /// <c>CgroupExists</c>, <c>CgroupControllerMissing</c>, <c>CgroupVersionUnsupported</c>, <c>CgroupTypeRefused</c>, <c>CgroupNotDelegated</c>.
    /// </exception>
    public IReadOnlyList<CgroupHierarchy> Plan(CgroupCreation creation)
    {
        string what = $"make the cgroup {creation.Path}";
        List<CgroupHierarchy> places = [];
        foreach (string controller in creation.Controllers ?? [])
        {
            CgroupHierarchy hierarchy = host.RequireHierarchy(controller);
            if (creation.Delegate is not null && hierarchy.Version == CgroupVersion.V1)
            {
                throw NoDelegation($"{what} for another user", $"the {controller} controller is in {hierarchy.MountPoint}, a hierarchy of version 1");
            }

            if (!places.Contains(hierarchy))
            {
                host.Placement.Require(hierarchy, what);
                places.Add(hierarchy);
            }
        }

        if (creation.Controllers is null)
        {
            places.AddRange(Everywhere(creation, what));
        }

        if (creation.Threaded && (host.Unified is null || !places.Contains(host.Unified)))
        {
            throw new IsolationException(
                "CgroupVersionUnsupported",
                ErrorKind.NotSupported,
                $"Cannot {what} as a threaded one: only version 2 tells such apart, and it would be in version 1 alone. There every cgroup takes single threads: Add-CgroupProcess -Thread");
        }

        if (creation.Threaded && CgroupThreads.FirstOther(creation.Controllers ?? []) is string domain)
        {
            throw CgroupThreads.Refuse(what, domain);
        }

        if (host.Placement.Delegated is string delegated && delegated != "/" && !creation.Path.StartsWith(delegated + "/", StringComparison.Ordinal))
        {
            throw CgroupPlacement.NotDelegated(what, $"it would lie outside of {delegated}, the cgroup that belongs to this user");
        }

        foreach (CgroupHierarchy hierarchy in places)
        {
            string directory = hierarchy.DirectoryOf(creation.Path);
            if (creation.Path == "/" || (!creation.Force && host.Files.DirectoryExists(directory)))
            {
                throw new IsolationException(
                    "CgroupExists",
                    ErrorKind.AlreadyExists,
                    $"There is a cgroup {creation.Path} already ({directory}). See it with Get-Cgroup {creation.Path}, or give -Force to take it and make what it lacks.");
            }
        }

        return places;
    }

    /// <summary>Makes the cgroup.</summary>
    /// <exception cref="IsolationException">
    /// <c>CgroupBusy</c>, <c>CgroupControllerNotEnabled</c>, <c>CgroupTypeRefused</c>, <c>CgroupNotDelegated</c>, <c>CgroupLimitFailed</c>.
    /// </exception>
    public CgroupNode Make(CgroupCreation creation)
    {
        List<CgroupDirectory> directories = [];
        try
        {
            foreach (CgroupHierarchy hierarchy in Plan(creation))
            {
                List<string>? needed = creation.Controllers is null ? null : [.. creation.Controllers];
                needed?.RemoveAll(controller => host.HierarchyOf(controller) != hierarchy);
                MakeIn(hierarchy, creation, needed);
                directories.Add(new CgroupDirectory(hierarchy, creation.Path));
            }

            if (creation.Delegate is (uint uid, uint gid))
            {
                Delegate(host.Unified!.DirectoryOf(creation.Path), uid, gid);
            }
        }
        catch (Exception exception) when (exception is IsolationException or SyscallException)
        {
            Undo();
            throw;
        }

        return new CgroupNode(creation.Path, directories);
    }

    private List<CgroupHierarchy> Everywhere(CgroupCreation creation, string what)
    {
        List<CgroupHierarchy> places = [];
        CgroupHierarchy? refused = null;
        foreach (CgroupHierarchy hierarchy in creation.Only ?? host.Hierarchies)
        {
            if (creation.Delegate is not null && hierarchy.Version == CgroupVersion.V1)
            {
                continue;
            }

            if (host.Placement.Covers(hierarchy) && !hierarchy.ReadOnly)
            {
                places.Add(hierarchy);
            }
            else
            {
                refused = hierarchy;
            }
        }

        if (places.Count != 0)
        {
            return places;
        }

        if (refused is not null)
        {
            host.Placement.Require(refused, what);
            throw CgroupRefusal.ExplainMake(refused.DirectoryOf(creation.Path), refused, Errno.EROFS, host);
        }

        throw creation.Delegate is not null && host.Hierarchies.Count != 0
            ? NoDelegation($"{what} for another user", "it would be in version 1 alone")
            : new IsolationException("CgroupControllerMissing", ErrorKind.NotSupported, $"Cannot {what}: {host.CauseOfAbsence("cgroup")}.");
    }

    private void MakeIn(CgroupHierarchy hierarchy, CgroupCreation creation, List<string>? needed)
    {
        for (int attempt = 1; !TryMakeChain(hierarchy, creation.Path, creation.Threaded, needed); attempt++)
        {
            if (attempt == Attempts)
            {
                throw CgroupRefusal.ExplainMake(hierarchy.DirectoryOf(creation.Path), hierarchy, Errno.ENOENT, host);
            }
        }
    }

    // False where a folder on the way disappeared.
    private bool TryMakeChain(CgroupHierarchy hierarchy, string wanted, bool threaded, List<string>? needed)
    {
        List<string> chain = [];
        string top = host.Placement.Prepare(hierarchy, wanted);
        for (string? at = wanted; at is not null && at != "/" && at != top; at = CgroupPlacement.Parent(at))
        {
            chain.Insert(0, at);
        }

        foreach (string path in chain)
        {
            bool last = path == chain[^1];
            bool second = hierarchy.Version == CgroupVersion.V2;
            string directory = hierarchy.DirectoryOf(path);
            string parent = hierarchy.DirectoryOf(CgroupPlacement.Parent(path)!);
            if (second)
            {
                Enable(hierarchy, parent, directory, threaded && last, needed);
            }

            if (!host.Files.DirectoryExists(directory))
            {
                if (second && !threaded && Type(parent) is "threaded" or "domain threaded" or "domain invalid")
                {
                    throw new IsolationException(
                        "CgroupTypeRefused",
                        ErrorKind.NotSupported,
                        $"Cannot make the cgroup {directory}: the one above it is of type '{Type(parent)}', and only threaded cgroups can be used in it. Give -Threaded, or choose another place.");
                }

                Errno error = host.Files.TryMakeDirectory(directory);
                if (error is Errno.ENOENT or Errno.ENODEV && (path != chain[0] || host.Placement.Unit is not null))
                {
                    return false;
                }

                if (error != Errno.None && !(error == Errno.EEXIST && host.Files.DirectoryExists(directory)))
                {
                    throw CgroupRefusal.ExplainMake(directory, hierarchy, error, host);
                }

                if (error == Errno.None)
                {
                    if (!host.Placement.LeadsTo(path))
                    {
                        host.Files.Mark(directory);
                    }

                    _made.Add(directory);
                }
            }

            if (!second && !CpuSetInheritance.TryFill(host.Files, hierarchy, parent, directory))
            {
                return false;
            }

            if (second && threaded && (last || Type(directory) == "domain invalid") && Type(directory) != "threaded")
            {
                MakeThreaded(directory, parent);
            }
        }

        return true;
    }

    private void MakeThreaded(string directory, string parent)
    {
        Errno error = host.Files.TryWrite(directory + "/cgroup.type", "threaded");
        if (error == Errno.None)
        {
            return;
        }

        host.Files.TryRead(parent + "/cgroup.subtree_control", out string on);
        string cause = error is Errno.EOPNOTSUPP && CgroupThreads.FirstOther(on.Split(' ', StringSplitOptions.RemoveEmptyEntries)) is string domain
            ? $"the {domain} controller is on in {parent}, and it works on whole processes. Turn it off with Disable-CgroupController, or choose another place"
            : error is Errno.EOPNOTSUPP ? $"the cgroup above, of type '{Type(parent)}', holds processes in other cgroups, or this one holds some. Choose another place"
            : $"the kernel refused it ({error.Name()})";
        throw new IsolationException("CgroupTypeRefused", ErrorKind.NotSupported, $"Cannot make {directory} threaded: {cause}.");
    }

    private void Enable(CgroupHierarchy hierarchy, string parent, string child, bool threaded, List<string>? needed)
    {
        CgroupSwitch controllers = new(host);
        string what = $"give the cgroup {child} its controllers";
        if (needed is not null)
        {
            foreach (string controller in controllers.TurnOn(hierarchy, parent, needed, what, threaded))
            {
                _enabled.Add((parent, controller));
            }

            return;
        }

        foreach (string controller in controllers.TurnOnWhatCanBe(parent, threaded))
        {
            _enabled.Add((parent, controller));
        }
    }

    private void Delegate(string directory, uint uid, uint gid)
    {
        if (host.Files.TryRead(host.Root + "/sys/kernel/cgroup/delegate", out string names) != Errno.None)
        {
            names = DefaultDelegate;
        }

        Chown(directory, uid, gid);
        foreach (string name in names.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (host.Files.FileExists($"{directory}/{name}"))
            {
                Chown($"{directory}/{name}", uid, gid);
            }
        }
    }

    private void Chown(string path, uint uid, uint gid)
    {
        Errno error = host.Files.TryChangeOwner(path, uid, gid);
        if (error != Errno.None)
        {
            throw error is Errno.EPERM or Errno.EACCES
                ? CgroupPlacement.NotDelegated($"give {path} to user {uid}", "only root may give files away")
                : new SyscallException("chown", error, $"give {path} to user {uid}");
        }
    }

    private void Undo()
    {
        for (int i = _made.Count - 1; i >= 0; i--)
        {
            _ = host.Files.TryRemoveDirectory(_made[i]);
        }

        for (int i = _enabled.Count - 1; i >= 0; i--)
        {
            _ = host.Files.TryWrite(_enabled[i].Directory + "/cgroup.subtree_control", "-" + _enabled[i].Controller);
        }

        if (host.Placement.Unit is not null)
        {
            host.Placement.Release(host.Hierarchies);
        }
    }

    private string Type(string directory) => host.Files.TryRead(directory + "/cgroup.type", out string type) == Errno.None ? type : "";

    private static IsolationException NoDelegation(string what, string cause) => new(
        "CgroupVersionUnsupported",
        ErrorKind.NotSupported,
        $"Cannot {what}: {cause}, which is never given to ordinary users, for their processes could not be kept from leaving it. Name controllers of version 2.");
}
