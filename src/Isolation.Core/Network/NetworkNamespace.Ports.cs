namespace Isolation.Network;

/// <content>Ports of bridges.</content>
internal sealed partial class NetworkNamespace
{
    /// <summary>Whether a bridge sends back through one of its ports what came in there. Equivalent to <c>ip link set NAME type bridge_slave hairpin on</c>.</summary>
    /// <exception cref="IsolationException"><c>NetworkPrivilegeMissing</c>.</exception>
    /// <exception cref="Interop.SyscallException">The kernel refused it for another reason.</exception>
    public void SetHairpin(NetworkLink link, bool on) => Do(LinkRequests.Hairpin(link.Index, on), $"change the port {link.Name} of its bridge");
}
