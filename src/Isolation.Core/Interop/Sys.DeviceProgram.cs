using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Isolation.Interop;

/// <summary>bpf(2): programs of the kernel's for the devices of a cgroup.</summary>
internal static unsafe partial class Sys
{
    private const int BPF_PROG_LOAD = 5;
    private const int BPF_PROG_ATTACH = 8;
    private const int BPF_PROG_DETACH = 9;
    private const int BPF_PROG_GET_FD_BY_ID = 13;
    private const int BPF_OBJ_GET_INFO_BY_FD = 15;
    private const int BPF_PROG_QUERY = 16;
    private const int BPF_PROG_TYPE_CGROUP_DEVICE = 15;
    private const int BPF_CGROUP_DEVICE = 6;
    private const int BPF_F_ALLOW_MULTI = 2;
    private const int BPF_F_REPLACE = 4;

    // The most programs of a cgroup, BPF_CGROUP_MAX_PROGS.
    private const int MostPrograms = 64;

    /// <summary>Loads a program for devices. The name is of at most 15 letters, digits and underscores.</summary>
    public static Descriptor? LoadDeviceProgram(ReadOnlySpan<ulong> instructions, string name, out Errno error)
    {
        byte[] licence = CString("MIT");
        fixed (ulong* code = instructions)
        fixed (byte* terms = licence)
        {
            // union bpf_attr, as far as the name and what the kernel checks after it.
            Span<byte> request = stackalloc byte[72];
            request.Clear();
            BinaryPrimitives.WriteInt32LittleEndian(request, BPF_PROG_TYPE_CGROUP_DEVICE);
            BinaryPrimitives.WriteInt32LittleEndian(request[4..], instructions.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(request[8..], (ulong)code);
            BinaryPrimitives.WriteUInt64LittleEndian(request[16..], (ulong)terms);
            Encoding.ASCII.GetBytes(name, request[48..63]);
            BinaryPrimitives.WriteInt32LittleEndian(request[68..], BPF_CGROUP_DEVICE);
            return Make(BPF_PROG_LOAD, request, out error);
        }
    }

    /// <summary>Puts a program on a cgroup beside others, or in the place of one; a device is allowed then where each of them allows it.</summary>
    public static Errno AttachDeviceProgram(Descriptor cgroup, Descriptor program, Descriptor? replaced)
    {
        Span<byte> request = stackalloc byte[20];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request, cgroup.Number);
        BinaryPrimitives.WriteInt32LittleEndian(request[4..], program.Number);
        BinaryPrimitives.WriteInt32LittleEndian(request[8..], BPF_CGROUP_DEVICE);
        BinaryPrimitives.WriteInt32LittleEndian(request[12..], replaced is null ? BPF_F_ALLOW_MULTI : BPF_F_ALLOW_MULTI | BPF_F_REPLACE);
        BinaryPrimitives.WriteInt32LittleEndian(request[16..], replaced?.Number ?? 0);
        return Bpf(BPF_PROG_ATTACH, request) < 0 ? (Errno)errno : Errno.None;
    }

    /// <summary>Takes a program away from a cgroup.</summary>
    public static Errno DetachDeviceProgram(Descriptor cgroup, Descriptor program)
    {
        Span<byte> request = stackalloc byte[16];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request, cgroup.Number);
        BinaryPrimitives.WriteInt32LittleEndian(request[4..], program.Number);
        BinaryPrimitives.WriteInt32LittleEndian(request[8..], BPF_CGROUP_DEVICE);
        return Bpf(BPF_PROG_DETACH, request) < 0 ? (Errno)errno : Errno.None;
    }

    /// <summary>The programs for devices that are on a cgroup itself, with their names.</summary>
    public static IReadOnlyList<(Descriptor Program, string Name)> DevicePrograms(Descriptor cgroup, out Errno error)
    {
        List<(Descriptor, string)> programs = [];
        uint* ids = stackalloc uint[MostPrograms];
        Span<byte> request = stackalloc byte[28];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request, cgroup.Number);
        BinaryPrimitives.WriteInt32LittleEndian(request[4..], BPF_CGROUP_DEVICE);
        BinaryPrimitives.WriteUInt64LittleEndian(request[16..], (ulong)ids);
        BinaryPrimitives.WriteInt32LittleEndian(request[24..], MostPrograms);
        if (Bpf(BPF_PROG_QUERY, request) < 0)
        {
            error = (Errno)errno;
            return programs;
        }

        error = Errno.None;
        int count = BinaryPrimitives.ReadInt32LittleEndian(request[24..]);
        Span<byte> byId = stackalloc byte[12];
        byId.Clear();
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(byId, ids[i]);

            // One that has gone since is left out.
            if (Make(BPF_PROG_GET_FD_BY_ID, byId, out _) is Descriptor program)
            {
                programs.Add((program, NameOfProgram(program)));
            }
        }

        return programs;
    }

    private static string NameOfProgram(Descriptor program)
    {
        const int NameOffset = 64;
        const int NameLength = 16;
        byte* info = stackalloc byte[NameOffset + NameLength];
        new Span<byte>(info, NameOffset + NameLength).Clear();
        Span<byte> request = stackalloc byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(request, program.Number);
        BinaryPrimitives.WriteInt32LittleEndian(request[4..], NameOffset + NameLength);
        BinaryPrimitives.WriteUInt64LittleEndian(request[8..], (ulong)info);
        return Bpf(BPF_OBJ_GET_INFO_BY_FD, request) < 0 ? "" : Encoding.ASCII.GetString(new ReadOnlySpan<byte>(info + NameOffset, NameLength)).TrimEnd('\0');
    }

    private static Descriptor? Make(int command, Span<byte> request, out Errno error)
    {
        long fd = Bpf(command, request);
        error = fd < 0 ? (Errno)errno : Errno.None;
        return fd < 0 ? null : new Descriptor((int)fd);
    }

    private static long Bpf(int command, Span<byte> request)
    {
        fixed (byte* attributes = request)
        {
            return syscall(SyscallNumbers.bpf, command, (nint)attributes, request.Length, 0, 0, 0);
        }
    }
}
