using System;
using System.Diagnostics;
using System.IO;
using Isolation.Agent;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Agents;

/// <summary>The runtime in a root folder in which there is nothing but itself: no loader, no library, no /proc, no /dev.</summary>
public sealed class EmptyRootTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("isolation-root-").FullName;

    public EmptyRootTests()
    {
        _ = BuiltModule.Root;
        File.Copy(BuiltModule.Runtime, Path.Combine(_root, "isolation-runtime"));
    }

    // chroot(1), which an ordinary user may do in a user namespace.
    private string[] Enter => Environment.IsPrivilegedProcess ? ["chroot", _root] : ["unshare", "--user", "--map-root-user", $"--root={_root}"];

    [Fact]
    public void The_root_is_empty_to_other_programs()
    {
        File.Copy("/bin/true", Path.Combine(_root, "true"));
        (int code, _) = Run("/true");
        Assert.NotEqual(0, code);
    }

    [Fact]
    public void It_starts()
    {
        (int code, string said) = Run("/isolation-runtime", "--version");
        Assert.Equal($"isolation-runtime version {AgentClient.Version}\n", said);
        Assert.Equal(0, code);
    }

    [Fact]
    public void It_says_how_it_is_used()
    {
        (int code, string said) = Run("/isolation-runtime");
        Assert.Contains("Usage: isolation-runtime", said, StringComparison.Ordinal);
        Assert.Equal(64, code);
    }

    [Fact]
    public void The_agent_greets_and_ends_with_its_socket()
    {
        (Descriptor near, Descriptor far) = Sys.PacketSocketPair();
        using PacketSocket socket = new(near);
        int pid;
        using (far)
        using (Descriptor nothing = Sys.Open("/dev/null", OpenFlags.ReadWrite))
        {
            string program = Find(Enter[0]);
            pid = Sys.Spawn(program, [.. Enter, "/isolation-runtime", "agent", AgentClient.AgentArgumentPadding], [Sys.SIGCHLD], [(nothing, 0), (nothing, 1), (nothing, 2), (far, AgentClient.AgentSocket)]);
        }

        Assert.True(Sys.WaitReadable(socket.Number, 60_000));
        AgentReply hello = AgentReply.Parse(Receive(socket));
        Assert.Equal(AgentReply.Hello, hello.Kind);
        Assert.Equal(AgentClient.Version, hello.Version);
        Sys.ShutDown(socket.Number);
        Assert.Equal(0, Sys.WaitChild(null, pid, block: true)!.Value.Code);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static byte[]? Receive(PacketSocket socket) => socket.Receive([], block: true, out _, out _);

    private static string Find(string program)
    {
        foreach (string folder in (string[])["/usr/sbin", "/usr/bin", "/sbin", "/bin"])
        {
            if (File.Exists($"{folder}/{program}"))
            {
                return $"{folder}/{program}";
            }
        }

        throw new FileNotFoundException(program);
    }

    private (int Code, string Said) Run(params string[] command)
    {
        string[] enter = Enter;
        ProcessStartInfo start = new(Find(enter[0]), [.. enter[1..], .. command]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }
}
