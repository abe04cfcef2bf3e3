using System.Text;

namespace Isolation.Network;

/// <summary>The names that the kernel takes for links.</summary>
internal static class LinkName
{
    /// <summary>The most bytes of a name, <c>IFNAMSIZ</c> less the NUL after it.</summary>
    public const int MostBytes = 15;

    /// <summary>Refuses what the kernel would not take, with the reason, which it does not give.</summary>
    /// <exception cref="IsolationException"><c>LinkNameInvalid</c>.</exception>
    public static string Check(string name)
    {
        string? cause = name.Length == 0 ? "it is empty"
            : name is "." or ".." ? "it would be a folder of /sys/class/net"
            : Encoding.UTF8.GetByteCount(name) > MostBytes ? $"it has {Encoding.UTF8.GetByteCount(name)} bytes, and the kernel takes {MostBytes} at most"
            : HasForbidden(name) ? "it has '/', ':', '%', a blank or a control character in it"
            : null;
        return cause is null ? name : throw new IsolationException("LinkNameInvalid", ErrorKind.InvalidArgument, $"'{name}' cannot name a link: {cause}.");
    }

    // With % the kernel would take it for a pattern, and number it.
    private static bool HasForbidden(string name)
    {
        foreach (char one in name)
        {
            if (one is '/' or ':' or '%' || char.IsWhiteSpace(one) || char.IsControl(one))
            {
                return true;
            }
        }

        return false;
    }
}
