using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Isolation.Cgroups;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>Ending the processes of a real cgroup on a kernel that has no cgroup.kill (before Linux 5.14).</summary>
public sealed class CgroupKillTests
{
    [Theory]
    [InlineData("memory")]
    [InlineData("memory", "pids")]
    [InlineData("memory", "pids", "freezer")]
    public void Ends_processes_that_go_on_forking(params string[] controllers)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // An ordinary user has no cgroup of his own here.
        }

        WithoutKill files = new();
        CgroupHost host = CgroupHost.Read("", files);
        List<string> there = [.. controllers];

        // On version 2 the freezer is in every cgroup and no controller.
        there.RemoveAll(name => host.HierarchyOf(name) is null);
        Cgroup cgroup = Cgroup.ForSet(host, $"isotest-kill-{Guid.NewGuid():n}"[..24]);
        cgroup.EnsureCreated(there);
        Process? forker = null;
        try
        {
            string join = string.Join('\n', Array.ConvertAll([.. cgroup.ProcsPaths], static path => $"echo 0 > '{path}' || exit 99"));
            forker = Process.Start("/bin/sh", ["-c", $"trap '' TERM; {join}\nfor i in 1 2 3 4; do (while :; do sleep 0.01; done) & done; wait"]);
            Assert.True(SpinWait.SpinUntil(() => cgroup.GetProcesses().Count >= 5, TimeSpan.FromSeconds(30)));
            cgroup.Remove(kill: true, TimeSpan.FromSeconds(60));
            Assert.False(cgroup.Exists);
            Assert.True(forker.WaitForExit(30_000));
            Assert.Equal(128 + Sys.SIGKILL, forker.ExitCode);
        }
        finally
        {
            forker?.Kill(entireProcessTree: true);
            if (cgroup.Exists)
            {
                cgroup.Remove(kill: true, TimeSpan.FromSeconds(30));
            }
        }
    }

    /// <summary>The kernel's own files, but for that one.</summary>
    private sealed class WithoutKill : ICgroupFiles
    {
        private static readonly KernelCgroupFiles s_kernel = KernelCgroupFiles.Instance;

        public uint EffectiveUser => s_kernel.EffectiveUser;

        public Errno TryRead(string path, out string text) => s_kernel.TryRead(path, out text);

        public Errno TryWrite(string path, string value) => Path.GetFileName(path) == "cgroup.kill" ? Errno.ENOENT : s_kernel.TryWrite(path, value);

        public Errno TryMakeDirectory(string path) => s_kernel.TryMakeDirectory(path);

        public Errno TryRemoveDirectory(string path) => s_kernel.TryRemoveDirectory(path);

        public bool DirectoryExists(string path) => s_kernel.DirectoryExists(path);

        public bool FileExists(string path) => s_kernel.FileExists(path);

        public IReadOnlyList<string> Subdirectories(string path) => s_kernel.Subdirectories(path);

        public IReadOnlyList<string> FileNames(string path) => s_kernel.FileNames(path);

        public uint? Owner(string path) => s_kernel.Owner(path);

        public bool IsWritable(string path) => s_kernel.IsWritable(path);

        public Errno TryChangeOwner(string path, uint uid, uint gid) => s_kernel.TryChangeOwner(path, uid, gid);

        public void Mark(string path) => s_kernel.Mark(path);

        public bool IsMarked(string path) => s_kernel.IsMarked(path);

        public IReadOnlyList<DeviceRule>? Devices(string directory) => s_kernel.Devices(directory);

        public bool IsDelegated(string path) => s_kernel.IsDelegated(path);

        public (Errno Error, Func<Errno>? Undo) TrySetDevices(string directory, IReadOnlyList<DeviceRule>? rules) => s_kernel.TrySetDevices(directory, rules);

        public bool WaitFor(string path, Func<string, bool> condition, TimeSpan timeout) => s_kernel.WaitFor(path, condition, timeout);
    }
}
