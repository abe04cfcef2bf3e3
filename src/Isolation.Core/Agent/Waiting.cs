using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Isolation.Agent;

/// <summary>
/// What threads wait for, by the number of the request. A dictionary under a lock: the concurrent one is generic code without a native image, which the
/// first request would have to compile.
/// </summary>
internal sealed class Waiting<T>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, TaskCompletionSource<T>> _sources = [];

    /// <summary>Adds a request. The answer only wakes somebody: it needs no thread of the pool, of which there may be none where processes are limited.</summary>
    public TaskCompletionSource<T> Add(int id)
    {
        TaskCompletionSource<T> source = new();
        lock (_lock)
        {
            _sources.Add(id, source);
        }

        return source;
    }

    /// <summary>Takes a request out; null where it is not there.</summary>
    public TaskCompletionSource<T>? Take(int id)
    {
        lock (_lock)
        {
            return _sources.Remove(id, out TaskCompletionSource<T>? source) ? source : null;
        }
    }

    /// <summary>Fails all that wait.</summary>
    public void Fail(Exception exception)
    {
        TaskCompletionSource<T>[] sources;
        lock (_lock)
        {
            sources = [.. _sources.Values];
            _sources.Clear();
        }

        foreach (TaskCompletionSource<T> source in sources)
        {
            source.TrySetException(exception);
        }
    }
}
