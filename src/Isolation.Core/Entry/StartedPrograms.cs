using System.Collections.Concurrent;

namespace Isolation.Entry;

/// <summary>The programs that this process started in the background, so that whoever finds one again knows its exit code and output.</summary>
internal static class StartedPrograms
{
    private static readonly ConcurrentDictionary<ProcessIdentity, NamespaceProcess> s_started = new();

    public static void Add(NamespaceProcess process) => s_started[process.Identity] = process;

    /// <summary>The object that Start-NamespaceProcess gave for a process; <paramref name="found"/> itself for others.</summary>
    public static NamespaceProcess Known(NamespaceProcess found)
    {
        if (s_started.TryGetValue(found.Identity, out NamespaceProcess? started))
        {
            found.Program = started.Program;
            found.IsDetached = started.IsDetached;
            found.StandardOutput = started.StandardOutput;
            found.StandardError = started.StandardError;
            found.Namespace ??= started.Namespace;
        }

        return found;
    }
}
