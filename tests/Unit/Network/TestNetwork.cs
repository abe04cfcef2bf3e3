using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text.Json;
using System.Threading;
using Isolation.Agent;
using Isolation.Interop;
using Isolation.Netlink;
using Isolation.Network;
using Isolation.Plans;
using Xunit;

namespace Isolation.Tests.Network;

/// <summary>A network namespace of a test's own, with a route socket in it, and iproute2 as another reader.</summary>
internal sealed class TestNetwork : IDisposable
{
    private readonly Descriptor _namespace;

    private TestNetwork(Descriptor ns, Descriptor socket)
    {
        _namespace = ns;
        Socket = new NetlinkSocket(socket);
    }

    public NetlinkSocket Socket { get; }

    /// <summary>Makes one; null for an ordinary user, who has no right to one in the own user namespace.</summary>
    public static TestNetwork? Make()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        Plan plan = new("make a network for a test");
        plan.Unshare(NamespaceType.Net);
        PlanSlot ns = plan.NewSlot("ns");
        plan.Open("/proc/self/ns/net", OpenFlags.ReadOnly, ns);
        plan.Send(ns);
        plan.Send(plan.OpenNetlink(Sys.RouteProtocol));
        plan.Exit();
        PlanOutcome outcome = AgentClient.Current.Run(plan, [], attached: false, CancellationToken.None);
        return new TestNetwork(outcome.Descriptors[0], outcome.Descriptors[1]);
    }

    /// <summary>
    /// Compares what is read twice, again while the two differ: IPv6 and the state of links settle by themselves, a moment after each change.
    /// </summary>
    public static void Settled(Action compare)
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                compare();
                return;
            }
            catch (Exception exception) when (exception is Xunit.Sdk.XunitException or InvalidOperationException && tries < 100)
            {
                Thread.Sleep(50);
            }
        }
    }

    public List<NetworkLink> Links => Socket.List(LinkRequests.List(), "list links", LinkReader.Read);

    public NetworkLink Get(string name)
    {
        NetworkLink? found = null;
        Socket.Request(LinkRequests.Get(name), $"look at the link {name}", message => found = LinkReader.Read(message));
        return found!;
    }

    /// <summary>What a program prints inside as JSON.</summary>
    public List<JsonElement> Read(string program)
    {
        using Process process = Process.Start(new ProcessStartInfo("nsenter", $"--net=/proc/{Environment.ProcessId}/fd/{_namespace.Number} {program}") { RedirectStandardOutput = true })!;
        string text = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(30_000));
        Assert.Equal(0, process.ExitCode);
        return text.Length == 0 ? [] : [.. JsonDocument.Parse(text).RootElement.EnumerateArray()];
    }

    public void Dispose()
    {
        Socket.Dispose();
        _namespace.Dispose();
    }
}
