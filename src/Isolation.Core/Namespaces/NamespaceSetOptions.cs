using System;
using System.Text;

namespace Isolation;

/// <summary>What a new set is to be.</summary>
internal sealed record NamespaceSetOptions
{
    /// <summary>Its name; null for a set that ends with this process.</summary>
    public string? Name { get; init; }

    public required NamespaceType Types { get; init; }

    public string? HostName { get; init; }

    public string? DomainName { get; init; }

    public bool MapRootUser { get; init; }

    public bool AsPid1 { get; init; }

    /// <summary>Refuses what cannot be meant, before anything is made.</summary>
    /// <exception cref="IsolationException"><c>NamespaceNameInvalid</c>, <c>NamespaceTypeInvalid</c>, <c>NamespaceOptionInvalid</c>.</exception>
    public void Check()
    {
        if (Name is not null)
        {
            NamespaceName.Check(Name);
        }

        if ((Types & NamespaceTypes.Every) == NamespaceType.None || (Types & ~NamespaceTypes.Every) != NamespaceType.None)
        {
            throw new IsolationException(
                "NamespaceTypeInvalid", ErrorKind.InvalidArgument, $"'{Types}' is no kind of namespace. Give one or more of {string.Join(", ", NamespaceTypes.All)}.");
        }

        CheckHostName(HostName, "-HostName");
        CheckHostName(DomainName, "-DomainName");
        if (AsPid1 && !Types.HasFlag(NamespaceType.Pid))
        {
            throw Invalid("-AsPid1 makes the first program PID 1 of a new pid namespace, and none is asked for. Add Pid to -Type.");
        }

        if (MapRootUser && !Types.HasFlag(NamespaceType.User))
        {
            throw Invalid("-MapRootUser maps a user of a new user namespace, and none is asked for. Add User to -Type.");
        }
    }

    private void CheckHostName(string? name, string parameter)
    {
        if (name is null)
        {
            return;
        }

        if (!Types.HasFlag(NamespaceType.Uts))
        {
            throw Invalid($"{parameter} is for a new uts namespace, and none is asked for: the host's own name would change. Add Uts to -Type.");
        }

        // __NEW_UTS_LEN, uname(2).
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > 64 || name.AsSpan().IndexOfAny('\0', '\n', '/') >= 0)
        {
            throw Invalid($"{parameter} '{name.ReplaceLineEndings(" ")}' is not a name of 1 to 64 bytes without '/' and line ends, sethostname(2).");
        }
    }

    private static IsolationException Invalid(string message) => new("NamespaceOptionInvalid", ErrorKind.InvalidArgument, message);
}
