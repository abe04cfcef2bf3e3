using System;
using System.Collections.Generic;
using System.Globalization;
using Isolation.Cgroups;
using Isolation.Interop;
using Isolation.State;

namespace Isolation;

/// <summary>
/// One control group: the folders of the same path in all hierarchies. Apart from name and place each property asks the kernel when it is read, and is
/// null, or empty, once the cgroup is gone.
/// </summary>
public sealed class CgroupInfo
{
    private readonly CgroupHost _host;
    private readonly CgroupNode _node;

    internal CgroupInfo(CgroupHost host, CgroupNode node)
    {
        _host = host;
        _node = node;
    }

    /// <summary>The path from the hierarchies' roots, such as <c>/isolation/web</c>.</summary>
    public string Cgroup => _node.Path;

    /// <summary>The last part of the path; <c>/</c> for the root.</summary>
    public string Name => Cgroup == "/" ? "/" : Cgroup[(Cgroup.LastIndexOf('/') + 1)..];

    /// <summary>The namespace set that the cgroup, or one above it, belongs to; null for any other.</summary>
    public string? Namespace => _host.Placement.SetOf(Cgroup) is string name && NamespaceStore.Current.Exists(name) ? name : null;

    /// <summary>Its folders, one in each hierarchy in which it is, version 2 first.</summary>
    public string[] Path
    {
        get
        {
            string[] paths = new string[_node.Directories.Count];
            for (int i = 0; i < paths.Length; i++)
            {
                paths[i] = _node.Directories[i].FullPath;
            }

            return paths;
        }
    }

    /// <summary>Which versions of cgroups these folders are of.</summary>
    public CgroupVersion Version
    {
        get
        {
            CgroupVersion version = CgroupVersion.None;
            foreach (CgroupDirectory directory in _node.Directories)
            {
                CgroupVersion one = directory.Hierarchy.Version;
                version = version == CgroupVersion.None || version == one ? one : CgroupVersion.Hybrid;
            }

            return version;
        }
    }

    /// <summary>What its folder of version 2 may hold, <c>cgroup.type</c>; null in version 1.</summary>
    public CgroupType? Type => Unified is not CgroupDirectory unified ? null
        : unified.Path == "/" && unified.Hierarchy.Root == "/" ? CgroupType.Domain
        : Read(unified, "cgroup.type") switch
        {
            "domain" => CgroupType.Domain,
            "domain threaded" => CgroupType.DomainThreaded,
            "domain invalid" => CgroupType.DomainInvalid,
            "threaded" => CgroupType.Threaded,
            _ => null,
        };

    /// <summary>
    /// The controllers that it has files of, by their names in version 2: in version 2 those that are on in the cgroup above (<c>cgroup.controllers</c>), in
    /// version 1 those of its hierarchies.
    /// </summary>
    public string[] Controller => Controllers("cgroup.controllers");

    /// <summary>
    /// The controllers that cgroups inside it have: in version 2 those that are on for them (<c>cgroup.subtree_control</c>), in version 1 those of its
    /// hierarchies.
    /// </summary>
    public string[] EnabledController => Controllers("cgroup.subtree_control");

    /// <summary>Whether a process is in it or in one inside it.</summary>
    public bool? IsPopulated
    {
        get
        {
            bool? populated = null;
            foreach (CgroupDirectory directory in _node.Directories)
            {
                if (directory.Hierarchy.Version == CgroupVersion.V2 && Counter(directory, "cgroup.events", "populated") is long number)
                {
                    populated = number != 0;
                }
                else if (_host.Files.DirectoryExists(directory.FullPath))
                {
                    populated = HasProcess(directory.FullPath);
                }

                if (populated == true)
                {
                    break;
                }
            }

            return populated;
        }
    }

    /// <summary>
    /// Whether all processes in it stand still: <c>cgroup.events</c>, in version 1 <c>freezer.state</c>. Null for the root, and where there is neither.
    /// </summary>
    public bool? IsFrozen
    {
        get
        {
            bool? frozen = null;
            foreach (CgroupDirectory directory in _node.Directories)
            {
                bool? one = directory.Hierarchy.Version == CgroupVersion.V2
                    ? Counter(directory, "cgroup.events", "frozen") is long number ? number != 0 : null
                    : Read(directory, "freezer.state") is string state ? state == "FROZEN" : null;
                frozen = one is null ? frozen : one.Value || frozen == true;
            }

            return frozen;
        }
    }

    /// <summary>How many processes are in it itself, in any of its hierarchies; of a threaded cgroup, those of which a thread is.</summary>
    public int? ProcessCount => Exists ? CgroupMembers.Of(_host, _node).Count : null;

    /// <summary>How many cgroups are inside it, at any depth.</summary>
    public int? DescendantCount
    {
        get
        {
            if (_node.Directories is [{ Hierarchy.Version: CgroupVersion.V2 } only] && Counter(only, "cgroup.stat", "nr_descendants") is long number)
            {
                return (int)number;
            }

            if (!Exists)
            {
                return null;
            }

            int count = -1;
            foreach (CgroupNode inner in new CgroupTree(_host).Walk(_node))
            {
                count++;
            }

            return count;
        }
    }

    /// <summary>How many levels of cgroups may be inside it, <c>cgroup.max.depth</c>; null for no limit, and in version 1.</summary>
    public long? MaxDepth => Limit("cgroup.max.depth");

    /// <summary>How many cgroups may be inside it, <c>cgroup.max.descendants</c>; null for no limit, and in version 1.</summary>
    public long? MaxDescendants => Limit("cgroup.max.descendants");

    /// <summary>The user to whom its first folder belongs: root, or to whom it was delegated.</summary>
    public uint? OwnerUserId => _node.Directories.Count == 0 ? null : _host.Files.Owner(_node.Directories[0].FullPath);

    internal CgroupNode Node => _node;

    /// <inheritdoc/>
    public override string ToString() => Cgroup;

    private CgroupDirectory? Unified =>
        _node.Directories is [{ Hierarchy.Version: CgroupVersion.V2 } first, ..] ? first : null;

    private bool Exists
    {
        get
        {
            foreach (CgroupDirectory directory in _node.Directories)
            {
                if (_host.Files.DirectoryExists(directory.FullPath))
                {
                    return true;
                }
            }

            return false;
        }
    }

    private string? Read(CgroupDirectory directory, string file) =>
        _host.Files.TryRead($"{directory.FullPath}/{file}", out string text) == Errno.None ? text : null;

    private string[] Controllers(string file)
    {
        List<string> controllers = [];
        foreach (CgroupDirectory directory in _node.Directories)
        {
            if (directory.Hierarchy.Version == CgroupVersion.V2)
            {
                controllers.AddRange((Read(directory, file) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries));
                continue;
            }

            foreach (string controller in directory.Hierarchy.Controllers)
            {
                if (!controller.StartsWith("name=", StringComparison.Ordinal) && _host.Files.DirectoryExists(directory.FullPath))
                {
                    controllers.Add(CgroupControllers.SecondName(controller));
                }
            }
        }

        return [.. controllers];
    }

    private long? Limit(string file) =>
        Unified is CgroupDirectory unified && long.TryParse(Read(unified, file), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private long? Counter(CgroupDirectory directory, string file, string key)
    {
        foreach (string line in (Read(directory, file) ?? "").Split('\n'))
        {
            if (line.StartsWith(key + " ", StringComparison.Ordinal)
                && long.TryParse(line.AsSpan(key.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                return number;
            }
        }

        return null;
    }

    private bool HasProcess(string directory)
    {
        if (_host.Files.TryRead(directory + "/cgroup.procs", out string text) == Errno.None && text.Length > 0)
        {
            return true;
        }

        foreach (string child in _host.Files.Subdirectories(directory))
        {
            if (HasProcess($"{directory}/{child}"))
            {
                return true;
            }
        }

        return false;
    }
}
