using System.Collections.Generic;
using System.IO;

namespace Isolation;

/// <summary>Which kinds of namespace this kernel has: those that <c>/proc/self/ns</c> shows, proc_pid_ns(5).</summary>
internal static class KernelNamespaces
{
    private const string Shown = "/proc/self/ns";

    // A kernel does not lose a kind: what was seen once needs no second look.
    private static NamespaceType s_seen;

    /// <summary>The kernel's version, as <c>uname -r</c> gives it.</summary>
    public static string Release
    {
        get
        {
            try
            {
                return File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
            }
            catch (IOException)
            {
                return "of an unknown version";
            }
        }
    }

    /// <summary>Refuses kinds that this kernel lacks, before anything is made.</summary>
    /// <param name="types">The kinds that are wanted.</param>
    /// <param name="folder">Where the kernel shows its kinds; a folder of the same shape in a test.</param>
    /// <exception cref="IsolationException"><c>NamespaceTypeUnsupported</c>.</exception>
    public static void Require(NamespaceType types, string folder = Shown)
    {
        if ((folder == Shown && s_seen.HasFlag(types)) || !Directory.Exists(folder))
        {
            return; // Without proc(5) there is nothing to tell it by; the kernel's own refusal will.
        }

        List<NamespaceType> missing = [];
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            if (types.HasFlag(type) && !File.Exists(Path.Combine(folder, type.ProcName())))
            {
                missing.Add(type);
            }
        }

        if (missing.Count != 0)
        {
            string kinds = string.Join(", ", missing);
            throw new IsolationException(
                "NamespaceTypeUnsupported",
                ErrorKind.NotSupported,
                $"The kernel, Linux {Release}, has no namespaces of kind {kinds}: it was built without {string.Join(", ", missing.ConvertAll(Option))}"
                + $"{(missing.Contains(NamespaceType.Time) ? ", or is older than Linux 5.6, with which Time came" : "")}. Leave {kinds} out of -Type, or boot a kernel that has them.");
        }

        if (folder == Shown)
        {
            s_seen |= types;
        }
    }

    // The options of the kernel's Kconfig; mount namespaces are always there.
    private static string Option(NamespaceType type) => type == NamespaceType.Cgroup ? "CONFIG_CGROUPS" : $"CONFIG_{type.ToString().ToUpperInvariant()}_NS";
}
