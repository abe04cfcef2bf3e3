using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace Isolation.Processes;

/// <summary>Shares the reading of many files of /proc out to a few threads.</summary>
internal sealed class ProcWork(string root, CancellationToken cancellation)
{
    /// <summary>Looks at so many things, on a few threads where there are many: the time goes by in the kernel.</summary>
    /// <param name="count">How many things there are.</param>
    /// <param name="start">Makes what a thread works with.</param>
    /// <param name="look">Looks at the thing with this number.</param>
    /// <param name="end">Takes what a thread has found; several threads may come to their ends at once.</param>
    public void Share<T>(int count, Func<ProcTree, T> start, Action<T, int> look, Action<T> end)
    {
        const int WorthThreads = 64;
        const int MostThreads = 4;
        ParallelOptions options = new()
        {
            CancellationToken = cancellation,
            MaxDegreeOfParallelism = count < WorthThreads ? 1 : Math.Min(MostThreads, Environment.ProcessorCount),
        };
        try
        {
            Parallel.For(
                0,
                count,
                options,
                () =>
                {
                    ProcTree proc = new(root);
                    return (Proc: proc, State: start(proc));
                },
                (i, _, local) =>
                {
                    look(local.State, i);
                    return local;
                },
                local =>
                {
                    end(local.State);
                    local.Proc.Dispose();
                });
        }
        catch (AggregateException failures) when (failures.InnerException is IsolationException refusal)
        {
            // Which thread it was is nothing to the caller.
            ExceptionDispatchInfo.Throw(refusal);
        }
    }

    /// <summary>Appends what a thread has found to what all have.</summary>
    public static void AddAll<T>(List<T> all, List<T> some)
    {
        lock (all)
        {
            all.AddRange(some);
        }
    }
}
