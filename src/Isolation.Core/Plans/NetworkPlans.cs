using Isolation.Entry;
using Isolation.Interop;

namespace Isolation.Plans;

/// <summary>The plans that reach into a network namespace.</summary>
internal static class NetworkPlans
{
    /// <summary>
    /// Opens a socket for links, addresses and routes there. Requests are sent from outside: the kernel looks at the rights of who opened the socket and of who sends, and the
    /// owner of a user namespace has all in it, user_namespaces(7).
    /// </summary>
    /// <param name="network">The namespace.</param>
    /// <param name="target">What it belongs to, for errors.</param>
    public static Plan OpenRouteSocket(OwnedNamespace network, string target)
    {
        Plan plan = new($"look at the network of {target}");
        network.Enter(plan);
        plan.Send(plan.OpenNetlink(Sys.RouteProtocol));
        plan.Exit();
        return plan;
    }

    /// <summary>Opens <c>/dev/net/tun</c> there: links that are made through it are born in the network namespace in which it was opened, whoever makes them.</summary>
    /// <param name="network">The namespace.</param>
    /// <param name="target">What it belongs to, for errors.</param>
    public static Plan OpenTunnel(OwnedNamespace network, string target)
    {
        Plan plan = new($"make a link in {target}");
        network.Enter(plan);
        PlanSlot tunnel = plan.NewSlot("tun");
        plan.Open(Sys.TunnelDevice, OpenFlags.ReadWrite, tunnel);
        plan.Send(tunnel);
        plan.Exit();
        return plan;
    }
}
