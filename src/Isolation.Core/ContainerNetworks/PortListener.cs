using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Text;
using Isolation.Processes;

namespace Isolation.ContainerNetworks;

/// <summary>A socket of this host that takes what comes for a port, proc_pid_net(5).</summary>
/// <param name="Address">Its address; that of all for each.</param>
/// <param name="Port">Its port.</param>
/// <param name="Inode">The socket's number.</param>
internal sealed record PortListener(IPAddress Address, int Port, ulong Inode)
{
    // Of a connection that is waited for, and of UDP without another end: tcp_states.h.
    private const int Listening = 0x0a;
    private const int Unconnected = 7;

    /// <summary>What it hears. A socket at <c>::</c> hears IPv4 too: that it does not is nowhere to be seen, and rare.</summary>
    public IReadOnlyList<PortEndpoint> Endpoints => Address.IsIPv4MappedToIPv6 ? [new(false, Address.MapToIPv4().Equals(IPAddress.Any) ? null : Address.MapToIPv4())]
        : Address.Equals(IPAddress.IPv6Any) ? [new(true, null), new(false, null)]
        : [new(Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6, Address.Equals(IPAddress.Any) ? null : Address)];

    /// <summary>Those of this network namespace.</summary>
    public static List<PortListener> All(string protocol)
    {
        List<PortListener> all = [];
        foreach (string path in (string[])[$"/proc/net/{protocol}", $"/proc/net/{protocol}6"])
        {
            try
            {
                all.AddRange(Parse(File.ReadLines(path), protocol));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A kernel without IPv6 has no such file.
            }
        }

        return all;
    }

    /// <summary>Reads a table of sockets.</summary>
    internal static IEnumerable<PortListener> Parse(IEnumerable<string> lines, string protocol)
    {
        int wanted = protocol == PortRecord.Udp ? Unconnected : Listening;
        foreach (string line in lines)
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 10
                || !int.TryParse(fields[3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int state) || state != wanted
                || !ulong.TryParse(fields[9], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
            {
                continue;
            }

            int colon = fields[1].IndexOf(':', StringComparison.Ordinal);
            if (colon is 8 or 32 && ushort.TryParse(fields[1].AsSpan(colon + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort port))
            {
                yield return new PortListener(ReadAddress(fields[1].AsSpan(0, colon)), port, inode);
            }
        }
    }

    /// <summary>Who has it, for errors; the address where that cannot be found.</summary>
    public string Describe(string protocol)
    {
        string where = new IPEndPoint(Address, Port).ToString();
        return FindOwner() is (int pid, string name) ? $"the process {name} ({pid.ToString(CultureInfo.InvariantCulture)}) listens on {where}/{protocol}" : $"somebody listens on {where}/{protocol}";
    }

    private (int Pid, string Name)? FindOwner()
    {
        byte[] socket = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"socket:[{Inode}]"));
        using ProcTree proc = new();
        foreach (int pid in proc.ProcessIds())
        {
            foreach (int descriptor in proc.Numbers(pid, "fd"u8))
            {
                byte[] file = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"fd/{descriptor}"));
                if (proc.ReadLink(proc.PathOf(pid, file), out _).SequenceEqual(socket))
                {
                    return (pid, Name(pid));
                }
            }
        }

        return null;
    }

    private static string Name(int pid)
    {
        try
        {
            // It may have changed its name to anything.
            string name = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/comm")).Trim();
            return string.Concat(Array.ConvertAll(name.ToCharArray(), static one => char.IsControl(one) ? '?' : one));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "?";
        }
    }

    // Words of 32 bits in the order of this machine.
    private static IPAddress ReadAddress(ReadOnlySpan<char> hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        if (BitConverter.IsLittleEndian)
        {
            for (int i = 0; i < bytes.Length; i += 4)
            {
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i)));
            }
        }

        return new IPAddress(bytes);
    }
}
