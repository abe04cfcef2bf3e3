using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation.Plans;

/// <summary>A mount to make.</summary>
internal sealed record MountPlanOptions
{
    /// <summary>Where.</summary>
    public required MountScope Scope { get; init; }

    /// <summary>The mount point, from the scope's root or from <see cref="Root"/>.</summary>
    public required string MountPoint { get; init; }

    /// <summary>A folder that stands for the root while the mount point is looked up; null for the scope's.</summary>
    public string? Root { get; init; }

    /// <summary>The file system's type; null for a bind mount.</summary>
    public string? Type { get; init; }

    /// <summary>A word for the file system, or for a bind mount the path to bind.</summary>
    public string Source { get; init; } = "none";

    /// <summary>A block device is passed with the plan, and is the source.</summary>
    public bool DeviceInput { get; init; }

    /// <summary>
    /// The path of that device in the caller's tree; null where it has none. The file system is then opened before anything is entered, where the device
    /// is, and with the rights of the caller.
    /// </summary>
    public string? Device { get; init; }

    /// <summary>The path to bind is looked up before anything is entered.</summary>
    public bool SourceOutside { get; init; }

    /// <summary>What is mounted below the path is bound too.</summary>
    public bool Recursive { get; init; }

    /// <summary>The flags.</summary>
    public MountFlag Flags { get; init; }

    /// <summary>The flags count for what is mounted below too.</summary>
    public bool RecursiveFlags { get; init; }

    /// <summary>The file system's own options, as mount(2) takes them.</summary>
    public string? Data { get; init; }

    /// <summary>A user namespace is passed with the plan, whose id map the mount gets.</summary>
    public bool IdMap { get; init; }

    /// <summary>Without the calls that came after Linux 5.2: openat2, open_tree, move_mount, mount_setattr.</summary>
    public bool OldCalls { get; init; }

    /// <summary>The flags that the mount has on which the source lies, for <see cref="OldCalls"/>: a remount drops what it does not name.</summary>
    public MountFlag SourceFlags { get; init; }
}

/// <summary>
/// The plans about mounts. A mount point is opened first, as a descriptor, with no link followed out of its root; what is then mounted there cannot be
/// led elsewhere by who changes the tree meanwhile.
/// </summary>
internal static class MountPlans
{
    private const long OPEN_TREE_CLONE = 1;
    private const long AT_EMPTY_PATH = 0x1000;
    private const long AT_RECURSIVE = 0x8000;
    private const long MOUNT_ATTR_IDMAP = 0x100000;
    private const long MOUNT_ATTR_NOSYMFOLLOW = 0x200000;

    private static readonly (MountFlag Flag, long Attribute, string Name)[] s_attributes =
    [
        (MountFlag.ReadOnly, 1, "MOUNT_ATTR_RDONLY"), (MountFlag.NoSuid, 2, "MOUNT_ATTR_NOSUID"), (MountFlag.NoDev, 4, "MOUNT_ATTR_NODEV"),
        (MountFlag.NoExec, 8, "MOUNT_ATTR_NOEXEC"), (MountFlag.NoAccessTime, 0x10, "MOUNT_ATTR_NOATIME"),
        (MountFlag.StrictAccessTime, 0x20, "MOUNT_ATTR_STRICTATIME"), (MountFlag.NoDirectoryAccessTime, 0x80, "MOUNT_ATTR_NODIRATIME"), (MountFlag.NoSymlinkFollow, MOUNT_ATTR_NOSYMFOLLOW, "MOUNT_ATTR_NOSYMFOLLOW"),
    ];

    /// <summary>Opens a file of <c>/proc/self</c> inside, such as <c>mountinfo</c>; it shows the scope's mounts, also where no /proc is mounted there.</summary>
    public static Plan OpenOwnFile(MountScope scope, string file)
    {
        ScopedPlan scoped = Begin($"read the mounts of {scope.Target}", scope);
        Plan plan = scoped.Plan;
        PlanSlot self = Enter(scoped, scope);
        PlanSlot opened = plan.NewSlot(file);
        plan.OpenAt(self, file, OpenFlags.ReadOnly, opened, $"open /proc/self/{file}");
        plan.Send(opened);
        plan.Exit();
        return plan;
    }

    /// <summary>Opens the place at a path, which tells the mount that it lies on.</summary>
    public static Plan Locate(MountScope scope, string path, string? root, bool oldCalls)
    {
        ScopedPlan scoped = Begin($"find {path} in {scope.Target}", scope);
        Enter(scoped, scope);
        PlanSlot place = Find(scoped, path, root, oldCalls, "place");
        scoped.Plan.Send(place);
        scoped.Plan.Exit();
        return scoped.Plan;
    }

    /// <summary>Opens a file inside for reading and writing, or only for reading: the source of a file system.</summary>
    public static Plan OpenSource(MountScope scope, string path, bool readOnly)
    {
        ScopedPlan scoped = Begin($"open {path} in {scope.Target}", scope);
        Plan plan = scoped.Plan;
        PlanSlot self = Enter(scoped, scope);
        PlanSlot place = Find(scoped, path, null, oldCalls: false, "place");
        plan.ChangeDirectory(self);
        PlanSlot file = plan.NewSlot("source");
        PlanArgument name = plan.PathOf(place);
        OpenFlags flags = (readOnly ? OpenFlags.ReadOnly : OpenFlags.ReadWrite) | OpenFlags.CloseOnExec | OpenFlags.NonBlock;
        plan.Call("openat", SyscallNumbers.openat, $"open {path}", file, PlanArgument.Value(-100, "AT_FDCWD"), name, PlanArgument.Value(flags.Native(), PlanFlags.Show(flags)), PlanArgument.Value(0));
        plan.Send(file);
        plan.Exit();
        return plan;
    }

    /// <summary>Mounts. Equivalent to <c>mount</c>, <c>mount --bind</c> and <c>mount --rbind</c>.</summary>
    public static Plan Mount(MountPlanOptions options)
    {
        MountScope scope = options.Scope;
        string what = options.Type ?? options.Source;
        ScopedPlan scoped = Begin($"{(options.Type is null ? "bind" : "mount")} {what} on {options.MountPoint}{Place(scope)}", scope);
        Plan plan = scoped.Plan;
        PlanSlot? device = options.DeviceInput ? plan.Input("device") : null;
        PlanSlot? users = options.IdMap ? plan.Input("idmap") : null;
        PlanSlot? tree = null;
        if (options.Type is null && options.SourceOutside)
        {
            tree = OpenTree(plan, PlanArgument.Value(-100, "AT_FDCWD"), PlanArgument.String(options.Source), options, byPath: true);
        }
        else if (options.Device is not null && !options.OldCalls)
        {
            tree = OpenFileSystem(plan, options);
        }

        PlanSlot self = Enter(scoped, scope);
        if (options.Type is string type && tree is null)
        {
            PlanSlot target = Find(scoped, options.MountPoint, options.Root, options.OldCalls, "target");
            plan.ChangeDirectory(self);
            PlanArgument source = device is PlanSlot open ? plan.PathOf(open) : PlanArgument.String(options.Source);
            MountCall(plan, source, plan.PathOf(target), type, (MountFlags)options.Flags, options.Data, "mount it");
        }
        else if (options.OldCalls)
        {
            BindByPath(scoped, self, options);
        }
        else
        {
            if (tree is null)
            {
                PlanSlot source = Find(scoped, options.Source, null, oldCalls: false, "source");
                tree = OpenTree(plan, PlanArgument.Slot(source), PlanArgument.String(""), options, byPath: false);
            }

            if (options.Type is null)
            {
                Attributes(plan, tree.Value, users, options);
            }

            PlanSlot target = Find(scoped, options.MountPoint, options.Root, oldCalls: false, "target");
            const long F_EMPTY_PATH = 4, T_EMPTY_PATH = 0x40;
            plan.Call("move_mount", SyscallNumbers.move_mount, "put it there", null,
                PlanArgument.Slot(tree.Value), PlanArgument.String(""), PlanArgument.Slot(target), PlanArgument.String(""),
                PlanArgument.Value(F_EMPTY_PATH | T_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH"));
        }

        plan.Exit();
        return plan;
    }

    /// <summary>Unmounts, in the order given. Equivalent to <c>umount</c>, and for several to <c>umount --recursive</c>.</summary>
    public static Plan Unmount(MountScope scope, IReadOnlyList<string> mountPoints, bool lazy, bool force, bool oldCalls)
    {
        ScopedPlan scoped = Begin($"unmount {mountPoints[^1]}{Place(scope)}", scope);
        Plan plan = scoped.Plan;
        Enter(scoped, scope);
        PlanSlot top = Top(scoped);
        foreach (string mountPoint in mountPoints)
        {
            (string folder, string name) = Split(mountPoint);

            // A descriptor of the mount itself would keep it busy. So it is named, below its folder, and the name is not followed where it is a link.
            PlanSlot parent = plan.NewSlot("folder");
            Resolve(plan, top, folder, parent, oldCalls, mayLink: false);
            plan.ChangeDirectory(parent);
            plan.Close(parent);
            long flags = Sys.NoFollowMount | (lazy ? Sys.DetachMount : 0) | (force ? Sys.ForceUnmount : 0);
            plan.Call("umount2", SyscallNumbers.umount2, $"unmount {KernelText.Plain(mountPoint)}", null,
                PlanArgument.String(name), PlanArgument.Value(flags, $"{(lazy ? "MNT_DETACH|" : "")}{(force ? "MNT_FORCE|" : "")}UMOUNT_NOFOLLOW"));
        }

        plan.Exit();
        return plan;
    }

    /// <summary>Changes how a mount passes mounts on. Equivalent to <c>mount --make-shared</c> and the like.</summary>
    public static Plan SetPropagation(MountScope scope, string mountPoint, MountPropagation kind, bool recursive, bool oldCalls)
    {
        ScopedPlan scoped = Begin($"make {mountPoint} {kind}{Place(scope)}", scope);
        Plan plan = scoped.Plan;
        PlanSlot self = Enter(scoped, scope);
        PlanSlot top = Top(scoped);
        PlanSlot target = plan.NewSlot("target");
        Resolve(plan, top, mountPoint, target, oldCalls, mayLink: false);
        plan.ChangeDirectory(self);
        MountCall(
            plan, PlanArgument.String("none"), plan.PathOf(target), null, (MountFlags)kind | (recursive ? MountFlags.Recursive : MountFlags.None), null,
            "change the mount");
        plan.Exit();
        return plan;
    }

    private static string Place(MountScope scope) => scope.Types == NamespaceType.None && !scope.HasRoot ? "" : $" in {scope.Target}";

    private static ScopedPlan Begin(string title, MountScope scope)
    {
        Plan plan = new(KernelText.Plain(title));
        List<(NamespaceType, PlanSlot)> slots = [];
        foreach (NamespaceType type in ProcessPlans.Order(scope.Types, before: NamespaceType.None))
        {
            slots.Add((type, plan.Input(type.ProcName())));
        }

        return new ScopedPlan(plan, slots, scope.HasRoot ? plan.Input("root") : null);
    }

    // Gives /proc/self of the host.
    private static PlanSlot Enter(ScopedPlan scoped, MountScope scope)
    {
        Plan plan = scoped.Plan;
        if (scope.FileUser is uint user)
        {
            plan.SetGroups([], mayFail: true);
            plan.SetFileUser(user);
        }

        foreach ((NamespaceType type, PlanSlot slot) in scoped.Slots)
        {
            if (type != NamespaceType.Mount)
            {
                plan.SetNs(slot, type, scope.Target);
            }

            if (type == NamespaceType.User)
            {
                // What is mounted belongs to root inside, where a root is mapped.
                plan.SetGroups([], mayFail: true);
                plan.SetGroup(0, mayFail: true);
                plan.SetUser(0, mayFail: true);
            }
        }

        if (scope.Types.HasFlag(NamespaceType.Pid))
        {
            // A pid namespace is entered by children only, pid_namespaces(7).
            plan.Fork();
        }

        // After the fork, for it means this process; before the mount namespace, where there may be no /proc.
        PlanSlot self = plan.OpenSelf();
        if (scope.Types.HasFlag(NamespaceType.Mount))
        {
            plan.SetNs(scoped.Slots[^1].Slot, NamespaceType.Mount, scope.Target);
        }

        return self;
    }

    // The place at a path below the scope's root, or below a folder there that stands for the root. No link leads out of it.
    private static PlanSlot Find(ScopedPlan scoped, string path, string? below, bool oldCalls, string name)
    {
        Plan plan = scoped.Plan;
        PlanSlot root = Top(scoped);
        if (below is not null)
        {
            PlanSlot folder = plan.NewSlot("root" + plan.Slots.Count);
            Resolve(plan, root, below, folder, oldCalls);
            root = folder;
        }

        PlanSlot place = plan.NewSlot(name);
        Resolve(plan, root, path, place, oldCalls);
        return place;
    }

    // Where paths begin.
    private static PlanSlot Top(ScopedPlan scoped)
    {
        if (scoped.Root is PlanSlot given)
        {
            return given;
        }

        PlanSlot top = scoped.Plan.NewSlot("top" + scoped.Plan.Slots.Count);
        scoped.Plan.Open("/", OpenFlags.Path, top);
        return top;
    }

    // A mount point as the kernel tells it has no link in it: one that is there now was put there to lead to another mount.
    private static void Resolve(Plan plan, PlanSlot root, string path, PlanSlot result, bool oldCalls, bool mayLink = true)
    {
        if (oldCalls)
        {
            ResolveByName(plan, root, path, result);
            return;
        }

        // struct open_how: flags, mode, resolve; openat2(2).
        const ulong RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4, RESOLVE_IN_ROOT = 0x10;
        byte[] how = new byte[24];
        BitConverter.TryWriteBytes(how, (ulong)(OpenFlags.Path | OpenFlags.CloseOnExec).Native());
        BitConverter.TryWriteBytes(how.AsSpan(16), (mayLink ? RESOLVE_NO_MAGICLINKS : RESOLVE_NO_SYMLINKS) | RESOLVE_IN_ROOT);
        plan.Call("openat2", SyscallNumbers.openat2, $"find {path}", result,
            PlanArgument.Slot(root), PlanArgument.String(path), PlanArgument.Buffer(how, $"{{O_PATH|O_CLOEXEC, RESOLVE_IN_ROOT|RESOLVE_NO_{(mayLink ? "MAGICLINKS" : "SYMLINKS")}}}"), PlanArgument.Value(24));
    }

    // Before Linux 5.6: name by name, where a link is none of the folders that are asked for, and so is refused instead of followed.
    private static void ResolveByName(Plan plan, PlanSlot root, string path, PlanSlot result)
    {
        List<string> names = Names(path);
        PlanSlot folder = root;
        for (int i = 0; i < names.Count; i++)
        {
            bool last = i == names.Count - 1;
            PlanSlot next = last ? result : plan.NewSlot("folder" + plan.Slots.Count);
            plan.OpenAt(folder, names[i], OpenFlags.Path | OpenFlags.NoFollow | (last ? OpenFlags.ReadOnly : OpenFlags.Directory), next, $"find {path}");
            folder = next;
        }

        if (names.Count == 0)
        {
            plan.OpenAt(root, ".", OpenFlags.Path, result, $"find {path}");
        }
    }

    /// <summary>The names in a path from a root, without <c>.</c> and with <c>..</c> applied to the text: there are no links among them.</summary>
    internal static List<string> Names(string path)
    {
        List<string> names = [];
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == ".." && names.Count > 0)
            {
                names.RemoveAt(names.Count - 1);
            }
            else if (name is not ("." or ".."))
            {
                names.Add(name);
            }
        }

        return names;
    }

    private static (string Folder, string Name) Split(string path)
    {
        string whole = path.TrimEnd('/');
        int at = whole.LastIndexOf('/');
        return at < 0 ? ("/", whole.Length == 0 ? "." : whole) : (at == 0 ? "/" : whole[..at], whole[(at + 1)..]);
    }

    private static PlanSlot OpenTree(Plan plan, PlanArgument folder, PlanArgument path, MountPlanOptions options, bool byPath)
    {
        PlanSlot tree = plan.NewSlot("tree");
        long flags = OPEN_TREE_CLONE | (long)OpenFlags.CloseOnExec | (byPath ? 0 : AT_EMPTY_PATH) | (options.Recursive ? AT_RECURSIVE : 0);
        string shown = $"OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC{(byPath ? "" : "|AT_EMPTY_PATH")}{(options.Recursive ? "|AT_RECURSIVE" : "")}";
        plan.Call("open_tree", SyscallNumbers.open_tree, $"copy the mount of {options.Source}", tree, folder, path, PlanArgument.Value(flags, shown));
        return tree;
    }

    private static PlanSlot OpenFileSystem(Plan plan, MountPlanOptions options)
    {
        const MountFlag OfFileSystem = MountFlag.Synchronous | MountFlag.DirectorySynchronous | MountFlag.LazyTime;
        const int SET_FLAG = 0, SET_STRING = 1, CREATE = 6;
        PlanSlot context = plan.NewSlot("fs");
        plan.Call("fsopen", SyscallNumbers.fsopen, $"open a file system of type {options.Type}", context, PlanArgument.String(options.Type), PlanArgument.Value(1, "FSOPEN_CLOEXEC"));
        Configure(SET_STRING, "FSCONFIG_SET_STRING", "source", options.Device);
        foreach ((MountFlag flag, string word) in (ReadOnlySpan<(MountFlag, string)>)[
            (MountFlag.ReadOnly, "ro"), (MountFlag.Synchronous, "sync"), (MountFlag.DirectorySynchronous, "dirsync"), (MountFlag.LazyTime, "lazytime")])
        {
            if (options.Flags.HasFlag(flag))
            {
                Configure(SET_FLAG, "FSCONFIG_SET_FLAG", word, null);
            }
        }

        foreach (string option in (options.Data ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            Configure(equals < 0 ? SET_FLAG : SET_STRING, equals < 0 ? "FSCONFIG_SET_FLAG" : "FSCONFIG_SET_STRING", equals < 0 ? option : option[..equals], equals < 0 ? null : option[(equals + 1)..]);
        }

        Configure(CREATE, "FSCONFIG_CMD_CREATE", null, null);

        // The file system is the host's, and so are the devices that are named in it; whoever owns the namespace may have written them there. A mount made
        // with that owner's rights has none either, mount_namespaces(7).
        MountFlag safe = options.Scope.Types.HasFlag(NamespaceType.User) ? MountFlag.NoDev : MountFlag.None;
        (long set, _, string shown) = AttributesOf((options.Flags | safe) & ~OfFileSystem);
        PlanSlot tree = plan.NewSlot("tree");
        plan.Call("fsmount", SyscallNumbers.fsmount, "make a mount of it", tree, PlanArgument.Slot(context), PlanArgument.Value(1, "FSMOUNT_CLOEXEC"), PlanArgument.Value(set, shown));
        return tree;

        void Configure(int command, string name, string? key, string? value) => plan.Call(
            "fsconfig", SyscallNumbers.fsconfig, key is null ? "make it" : $"set {key}{(value is null ? "" : "=" + value)}", null,
            PlanArgument.Slot(context), PlanArgument.Value(command, name), PlanArgument.String(key), PlanArgument.String(value), PlanArgument.Value(0));
    }

    private static (long Set, bool Times, string Shown) AttributesOf(MountFlag flags)
    {
        const MountFlag Times = MountFlag.NoAccessTime | MountFlag.RelativeAccessTime | MountFlag.StrictAccessTime;
        List<string> names = [];
        long set = 0;
        foreach ((MountFlag flag, long attribute, string name) in s_attributes)
        {
            if (flags.HasFlag(flag) && name.Length > 0)
            {
                set |= attribute;
                names.Add(name);
            }
        }

        return (set, (flags & Times) != 0, names.Count == 0 ? "0" : string.Join('|', names));
    }

    // On the copy, before anybody can see it.
    private static void Attributes(Plan plan, PlanSlot tree, PlanSlot? users, MountPlanOptions options)
    {
        const long ATTR__ATIME = 0x70;
        (long set, bool times, string names) = AttributesOf(options.Flags);
        if (users is not null)
        {
            names = set == 0 ? "MOUNT_ATTR_IDMAP" : names + "|MOUNT_ATTR_IDMAP";
            set |= MOUNT_ATTR_IDMAP;
        }

        long clear = times ? ATTR__ATIME : 0;
        if (set == 0 && clear == 0)
        {
            return;
        }

        // struct mount_attr: what is set, what is cleared, propagation, user namespace; mount_setattr(2).
        byte[] bytes = new byte[32];
        BitConverter.TryWriteBytes(bytes, set);
        BitConverter.TryWriteBytes(bytes.AsSpan(8), clear);
        string shown = $"{{{names}{(clear != 0 ? ", MOUNT_ATTR__ATIME" : "")}{(users is PlanSlot map ? $", ${map.Name}" : "")}}}";
        PlanArgument attributes = PlanArgument.Buffer(bytes, shown);
        if (users is PlanSlot ns)
        {
            plan.PutNumber(ns, attributes, 24);
        }

        bool recursive = options.RecursiveFlags || (options.Recursive && users is not null);
        plan.Call("mount_setattr", SyscallNumbers.mount_setattr, users is null ? "set its flags" : "map its ids", null,
            PlanArgument.Slot(tree), PlanArgument.String(""),
            PlanArgument.Value(AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), recursive ? "AT_EMPTY_PATH|AT_RECURSIVE" : "AT_EMPTY_PATH"),
            attributes, PlanArgument.Value(bytes.Length));
    }

    private static void BindByPath(ScopedPlan scoped, PlanSlot self, MountPlanOptions options)
    {
        Plan plan = scoped.Plan;
        PlanSlot source = Find(scoped, options.Source, null, oldCalls: true, "source");
        PlanSlot target = Find(scoped, options.MountPoint, options.Root, oldCalls: true, "target");
        plan.ChangeDirectory(self);
        MountFlags recursive = options.Recursive ? MountFlags.Recursive : MountFlags.None;
        MountCall(plan, plan.PathOf(source), plan.PathOf(target), null, MountFlags.Bind | recursive, null, "put it there");
        if (options.Flags != MountFlag.None)
        {
            // The bind is on top of what was opened, so it is looked for again.
            PlanSlot made = Find(scoped, options.MountPoint, options.Root, oldCalls: true, "made");
            MountCall(
                plan, PlanArgument.String("none"), plan.PathOf(made), null, MountFlags.Remount | MountFlags.Bind | (MountFlags)(options.Flags | options.SourceFlags), null,
                "set its flags");
        }
    }

    private static void MountCall(Plan plan, PlanArgument source, PlanArgument target, string? type, MountFlags flags, string? data, string attempt) =>
        plan.Call("mount", SyscallNumbers.mount, attempt, null,
            source, target, PlanArgument.String(type), PlanArgument.Value((long)flags, PlanFlags.Show(flags)), PlanArgument.String(data));
}
