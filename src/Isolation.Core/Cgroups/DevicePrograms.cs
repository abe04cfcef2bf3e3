using System;
using System.Collections.Generic;
using System.Text;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>The list of allowed devices of a cgroup of version 2: a program of ours on it, beside those of others.</summary>
internal static class DevicePrograms
{
    // By it ours is known among others' programs, such as systemd's, which stay.
    private const string Name = "isolation_dev";

    // The kernel gives a program's instructions and not what was meant with them: that is kept beside it.
    private const string Attribute = "trusted.isolation.devices";

    /// <summary>Puts a list on a cgroup in the place of the one that it has; null takes it away.</summary>
    /// <param name="directory">The cgroup's folder.</param>
    /// <param name="rules">The list.</param>
    /// <param name="undo">Brings the former state back; null where nothing was changed.</param>
    public static Errno TrySet(string directory, IReadOnlyList<DeviceRule>? rules, out Func<Errno>? undo)
    {
        undo = null;
        Errno error = Sys.TryOpen(directory, OpenFlags.ReadOnly | OpenFlags.Directory, out Descriptor? cgroup);
        if (error != Errno.None)
        {
            return error;
        }

        Descriptor? former = Find(cgroup!, out error);
        Descriptor? program = null;
        if (error == Errno.None && rules is not null)
        {
            program = Sys.LoadDeviceProgram(DeviceProgram.Build(rules), Name, out error);
        }

        if (error == Errno.None)
        {
            error = Replace(cgroup!, former, program);
        }

        byte[]? before = Sys.Attribute(directory, Attribute);

        if (error != Errno.None)
        {
            former?.Dispose();
            program?.Dispose();
            cgroup!.Dispose();
            return error;
        }

        Note(directory, rules is null ? null : Encoding.ASCII.GetBytes(string.Join('\n', rules)));

        // The descriptors live as long as a way back may be asked for.
        undo = () =>
        {
            Note(directory, before);
            return Replace(cgroup!, program, former);
        };
        return Errno.None;
    }

    /// <summary>The list of a cgroup; null where it has none of ours, or the caller may not know, bpf(2).</summary>
    public static IReadOnlyList<DeviceRule>? Read(string directory)
    {
        if (Sys.Attribute(directory, Attribute) is not byte[] text || Sys.TryOpen(directory, OpenFlags.ReadOnly | OpenFlags.Directory, out Descriptor? cgroup) != Errno.None)
        {
            return null;
        }

        using (cgroup)
        {
            // Somebody may have taken it away.
            using Descriptor? program = Find(cgroup!, out _);
            return program is null ? null : DeviceWrites.Parse(Encoding.ASCII.GetString(text));
        }
    }

    private static void Note(string directory, byte[]? rules)
    {
        if (rules is null)
        {
            Sys.RemoveAttribute(directory, Attribute);
        }
        else
        {
            _ = Sys.TrySetAttribute(directory, Attribute, rules);
        }
    }

    private static Errno Replace(Descriptor cgroup, Descriptor? former, Descriptor? program)
    {
        if (program is null)
        {
            return former is null ? Errno.None : Sys.DetachDeviceProgram(cgroup, former);
        }

        Errno error = Sys.AttachDeviceProgram(cgroup, program, former);
        if (error != Errno.EINVAL || former is null)
        {
            return error;
        }

        // Before Linux 5.6 none is replaced: for a moment both hold, which allows what both do.
        error = Sys.AttachDeviceProgram(cgroup, program, replaced: null);
        return error == Errno.None ? Sys.DetachDeviceProgram(cgroup, former) : error;
    }

    private static Descriptor? Find(Descriptor cgroup, out Errno error)
    {
        Descriptor? found = null;
        foreach ((Descriptor program, string name) in Sys.DevicePrograms(cgroup, out error))
        {
            if (found is null && name == Name)
            {
                found = program;
            }
            else
            {
                program.Dispose();
            }
        }

        return found;
    }
}
