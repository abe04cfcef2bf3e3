using System;
using System.IO;
using System.Linq;
using System.Threading;
using Isolation.Interop;
using Isolation.State;
using Xunit;

namespace Isolation.Tests.State;

/// <summary>The mount on the folder of sets, which many may need first at the same time.</summary>
public sealed class StateFolderMountTests
{
    [Fact]
    public void Those_who_need_it_first_at_the_same_time_make_one()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // Mounting takes root.
        }

        int rounds = Environment.GetEnvironmentVariable("ISOLATION_SOAK") is null ? 50 : 2_000;
        for (int round = 0; round < rounds; round++)
        {
            string path = Path.Combine(Path.GetTempPath(), $"isotest-{Guid.NewGuid():n}");
            StateFolder folder = StateFolder.At(path, isRoot: true);
            folder.Ensure();
            using Barrier start = new(8);
            Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => new Thread(() =>
            {
                start.SignalAndWait();
                folder.EnsurePrivateMount();
            }))];
            try
            {
                Array.ForEach(threads, static thread => thread.Start());
                Array.ForEach(threads, static thread => thread.Join());
                Assert.Equal(1, File.ReadAllLines("/proc/self/mountinfo").Count(line => line.Split(' ')[4] == folder.Sets));
            }
            finally
            {
                while (Sys.TryUnmount(folder.Sets) == Errno.None)
                {
                }

                Directory.Delete(path, recursive: true);
            }
        }
    }
}
