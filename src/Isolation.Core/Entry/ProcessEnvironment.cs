using System;
using System.Collections.Generic;
using System.IO;
using Isolation.Interop;

namespace Isolation.Entry;

/// <summary>The environment of a process, as it was when its program was started: <c>/proc/PID/environ</c>, proc_pid_environ(5).</summary>
internal static class ProcessEnvironment
{
    /// <summary>The variables of the process that a target is of. What is no <c>NAME=value</c> is left out.</summary>
    /// <exception cref="IsolationException"><c>NamespaceAccessDenied</c>, <c>ProcessNotFound</c>.</exception>
    public static IReadOnlyList<(string Name, string Value)> Read(NamespaceTarget target)
    {
        using Descriptor file = target.OpenOfProcess("environ", OpenFlags.ReadOnly);
        using MemoryStream all = new();
        byte[] buffer = new byte[16 * 1024];
        int count;
        while ((count = Sys.ReadSome(file, buffer)) > 0)
        {
            all.Write(buffer, 0, count);
        }

        List<(string Name, string Value)> variables = [];
        ReadOnlySpan<byte> rest = all.GetBuffer().AsSpan(0, (int)all.Length);
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> variable = Bytes.Cut(ref rest, 0);
            int at = variable.IndexOf((byte)'=');
            if (at > 0)
            {
                variables.Add((Bytes.Text(variable[..at]), Bytes.Text(variable[(at + 1)..])));
            }
        }

        return variables;
    }
}
