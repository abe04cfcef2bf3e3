namespace Isolation;

/// <summary>How a check of the host went.</summary>
public enum HostCheckStatus
{
    /// <summary>It works.</summary>
    Works,
    /// <summary>It works in part, or a slower way is taken in its place; <see cref="HostCheck.Effect"/> says what that means.</summary>
    Limited,
    /// <summary>It does not work here.</summary>
    Missing,
    /// <summary>It could not be found out; <see cref="HostCheck.Value"/> says why.</summary>
    Unknown,
}

/// <summary>One thing that this module needs of a host, or can use, and how it stands.</summary>
public sealed class HostCheck
{
    internal HostCheck(string area, string name, bool isRequired, HostCheckStatus status, string value, string effect, string? remedy)
    {
        Area = area;
        Name = name;
        IsRequired = isRequired;
        Status = status;
        Value = value;
        Effect = effect;
        Remedy = remedy;
    }

    /// <summary>The part of the host, such as <c>Rootless</c>.</summary>
    public string Area { get; }

    /// <summary>What was checked, such as <c>newuidmap</c>.</summary>
    public string Name { get; }

    /// <summary>How it went.</summary>
    public HostCheckStatus Status { get; }

    /// <summary>Whether namespaces cannot be made and entered without it.</summary>
    public bool IsRequired { get; }

    /// <summary>What was found: a version, a limit, a path, a refusal.</summary>
    public string Value { get; }

    /// <summary>What does not work without it.</summary>
    public string Effect { get; }

    /// <summary>What to do: a Debian package, a setting; null where nothing is to be done, or nothing can be.</summary>
    public string? Remedy { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Area}, {Name}: {Status}";
}
