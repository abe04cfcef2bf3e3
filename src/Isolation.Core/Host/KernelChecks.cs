using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.Host;

/// <summary>The kernel's version, and the calls that are newer than the oldest that is supported.</summary>
internal static class KernelChecks
{
    private const string Area = "Kernel";

    // Sizes that no version of these calls takes, numbers of descriptors that cannot be open, flags that are not defined: each is refused before
    // anything is done. They are made in a process of their own, since a filter may end who makes a call that it does not know.
    private static readonly PlanArgument s_nothing = PlanArgument.Value(0);
    private static readonly PlanArgument s_noDescriptor = PlanArgument.Value(-1);

    public static IReadOnlyList<HostCheckDefinition> All { get; } =
    [
        new(Area, "Version", true, "Older kernels lack calls that have no replacement.", Version),
        new(Area, "Architecture", true, "The launcher knows the system calls of x64 and arm64 alone.", Architecture),
        Call("memfd_create", 3, 17, true, "Large messages to the launcher, and its log.", null, SyscallNumbers.memfd_create, s_nothing, PlanArgument.Value(-1, "0xffffffff")),
        Call("pidfd_open", 5, 3, false, "Waiting for a process that cannot be taken for another.", "Signals go by pid, after the start time was compared, and ends of processes are polled.", SyscallNumbers.pidfd_open, s_noDescriptor, s_nothing),
        Call("pidfd_send_signal", 5, 1, false, "Signals to a process that cannot be taken for another.", "Signals go by pid, after the start time was compared.", SyscallNumbers.pidfd_send_signal, s_noDescriptor, s_nothing, s_nothing, s_nothing),
        Call("pidfd_getfd", 5, 6, false, "Network namespaces that only a socket keeps, in Get-NamespaceInfo -Deep.", "They are not found, and a warning says so.", SyscallNumbers.pidfd_getfd, s_noDescriptor, s_noDescriptor, s_nothing),
        BirthCgroup(),
        Call("close_range", 5, 9, false, "Closing descriptors quickly.", "Descriptors are closed one by one.", SyscallNumbers.close_range, PlanArgument.Value(1), s_nothing, s_nothing),
        Call("openat2", 5, 6, false, "Mount points over links, which never lead out of their root; containers (planned).", null, SyscallNumbers.openat2, s_noDescriptor, s_nothing, s_nothing, s_nothing),
        Call("open_tree", 5, 2, false, "Mount-FileSystem -SourceOutside: a mount that is handed over as a descriptor; containers (planned).", null, SyscallNumbers.open_tree, s_noDescriptor, s_nothing, PlanArgument.Value(-1, "0xffffffff")),
        Call("mount_setattr", 5, 12, false, "Mount-FileSystem -IdMapNamespace, and read-only binds with all below them; containers (planned).", null, SyscallNumbers.mount_setattr, s_noDescriptor, s_nothing, s_nothing, s_nothing, s_nothing),
        new(Area, "seccomp", false, "Containers (planned): filters of system calls.", Seccomp),
    ];

    private static HostFinding Version(HostView view)
    {
        if (!KernelVersion.TryParse(view.Release, out KernelVersion version))
        {
            return HostFinding.Unknown($"'{view.Release}' is no version");
        }

        return version < KernelVersion.Floor ? HostFinding.Missing($"{view.Release}; {KernelVersion.Floor} is the oldest that is supported", "Install a newer kernel.")
            : version < KernelVersion.ContainerFloor ? HostFinding.Limited(view.Release, "Install a newer kernel.", $"Containers (planned) need {KernelVersion.ContainerFloor}.")
            : HostFinding.Works(view.Release);
    }

    private static HostFinding Architecture(HostView view)
    {
        System.Runtime.InteropServices.Architecture architecture = RuntimeInformation.ProcessArchitecture;
        string name = architecture.ToString().ToLowerInvariant();
        return architecture is System.Runtime.InteropServices.Architecture.X64 or System.Runtime.InteropServices.Architecture.Arm64
            ? HostFinding.Works(name)
            : HostFinding.Missing(name);
    }

    private static HostFinding Seccomp(HostView view)
    {
        if (view.ReadIfThere("/proc/sys/kernel/seccomp/actions_avail") is string actions)
        {
            return HostFinding.Works(actions);
        }

        return view.Caller.SeccompMode is null
            ? HostFinding.Missing("not in this kernel", "Use a kernel with CONFIG_SECCOMP_FILTER; those of Debian have it.")
            : HostFinding.Works("there; its actions are not told");
    }

    private static HostCheckDefinition Call(
        string name, int major, int minor, bool isRequired, string effect, string? fallback, int number, params PlanArgument[] arguments) =>
        new(Area, name, isRequired, effect, view => Judge(view.Try(HostPlans.Probe(name, number, arguments)), major, minor, fallback));

    // struct clone_args grew by its field cgroup with Linux 5.7. An older kernel refuses the longer form with E2BIG; a newer one takes it and refuses
    // the exit signal, so that no process is made either way.
    private static HostCheckDefinition BirthCgroup()
    {
        byte[] arguments = new byte[88];
        BitConverter.TryWriteBytes(arguments.AsSpan(32), ulong.MaxValue);
        BitConverter.TryWriteBytes(arguments.AsSpan(80), 1UL);
        Func<HostView, HostFinding> find = view =>
        {
            Plan plan = HostPlans.Probe(
                "clone3", SyscallNumbers.clone3, PlanArgument.Buffer(arguments, "{exit_signal=0xffffffffffffffff, cgroup=1}"), PlanArgument.Value(arguments.Length));
            SyscallException? refused = view.Try(plan);
            return Judge(
                refused is { Errno: Errno.E2BIG } ? new SyscallException("clone3", Errno.ENOSYS, "") : refused,
                5,
                7,
                "A program moves itself into its control group before it is run; on version 2 that needs write access to the group above.");
        };
        return new(Area, "CLONE_INTO_CGROUP", false, "Starting programs within their control group.", find);
    }

    private static HostFinding Judge(SyscallException? refused, int major, int minor, string? fallback)
    {
        switch (refused?.Errno)
        {
            case Errno.ENOSYS:
                return Without($"not in this kernel; since {major}.{minor}", fallback, "Install a newer kernel.");
            case Errno.EPERM or Errno.EACCES:
                return Without($"refused by a filter ({refused.Errno.Name()})", fallback, "Let the filter (seccomp) that this process runs under allow the call.");
            default:
                return HostFinding.Works("there");
        }
    }

    private static HostFinding Without(string value, string? fallback, string remedy) =>
        fallback is null ? HostFinding.Missing(value, remedy) : HostFinding.Limited(value, remedy, fallback);
}
