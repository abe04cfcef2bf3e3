using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Isolation.Interop;

internal static unsafe partial class Sys
{
    private const short POSIX_SPAWN_SETPGROUP = 0x02;
    private const short POSIX_SPAWN_SETSIGDEF = 0x04;
    private const short POSIX_SPAWN_SETSIGMASK = 0x08;

    // posix_spawnattr_t takes 336 bytes and posix_spawn_file_actions_t 80 in glibc and in musl; sigset_t 128.
    private const int OpaqueSize = 512;

    /// <summary>
    /// Starts a program in a process group of its own, posix_spawn(3), with every disposition the default: .NET ignores SIGPIPE, and a child would
    /// inherit that. It gets no environment: what it forks can be looked at by others.
    /// </summary>
    /// <param name="path">The program; PATH is not searched.</param>
    /// <param name="arguments">Its arguments, its own name first.</param>
    /// <param name="blocked">The signals that it starts with blocked, in all its threads; no others are.</param>
    /// <param name="descriptors">Descriptors that it gets, by the number it sees. Everything else of this process is closed on exec.</param>
    public static int Spawn(string path, IReadOnlyList<string> arguments, ReadOnlySpan<int> blocked, IReadOnlyList<(Descriptor From, int To)> descriptors)
    {
        byte* attributes = stackalloc byte[OpaqueSize];
        byte* actions = stackalloc byte[OpaqueSize];
        ulong* signals = stackalloc ulong[16];
        _ = posix_spawnattr_init(attributes);
        _ = posix_spawn_file_actions_init(actions);
        nint argv = NativeList(arguments);
        try
        {
            new Span<ulong>(signals, 16).Clear();
            foreach (int signal in blocked)
            {
                signals[0] |= 1UL << (signal - 1);
            }

            _ = posix_spawnattr_setsigmask(attributes, signals);
            // All but SIGKILL, SIGSTOP and the two that the C library keeps for its threads.
            signals[0] = ~((1UL << (SIGKILL - 1)) | (1UL << (19 - 1)) | (3UL << (32 - 1)));
            _ = posix_spawnattr_setsigdefault(attributes, signals);
            _ = posix_spawnattr_setpgroup(attributes, 0);
            _ = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
            foreach ((Descriptor from, int to) in descriptors)
            {
                _ = posix_spawn_file_actions_adddup2(actions, from.Number, to);
            }

            int pid;
            int error;
            byte* noEnvironment = null;
            fixed (byte* program = CString(path))
            {
                error = posix_spawn(&pid, program, actions, attributes, (byte**)argv, &noEnvironment);
            }

            return error == 0 ? pid : throw new SyscallException("posix_spawn", (Errno)error, $"start {path}");
        }
        finally
        {
            FreeNativeList(argv);
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    private static nint NativeList(IReadOnlyList<string> items)
    {
        byte** list = (byte**)NativeMemory.AllocZeroed((nuint)items.Count + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < items.Count; i++)
        {
            byte[] text = CString(items[i]);
            list[i] = (byte*)NativeMemory.Alloc((nuint)text.Length);
            text.CopyTo(new Span<byte>(list[i], text.Length));
        }

        return (nint)list;
    }

    private static void FreeNativeList(nint address)
    {
        byte** list = (byte**)address;
        for (byte** item = list; *item != null; item++)
        {
            NativeMemory.Free(*item);
        }

        NativeMemory.Free(list);
    }

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setpgroup(byte* attributes, int group);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, ulong* mask);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, ulong* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* pid, byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment);
}
