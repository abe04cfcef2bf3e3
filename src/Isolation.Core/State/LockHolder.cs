using System;
using System.Globalization;
using System.IO;
using Isolation.Interop;
using Isolation.Processes;

namespace Isolation.State;

/// <summary>Who holds a lock of flock(2), for the error that says so.</summary>
internal static class LockHolder
{
    /// <summary>The holders of locks on an open file, as text: <c>process 42 (pwsh)</c>; <c>another process</c> where the kernel does not tell.</summary>
    public static string Describe(Descriptor file)
    {
        // A line of proc_locks(5): "1: FLOCK  ADVISORY  WRITE 42 00:1a:1234 0 EOF"; one that waits has "->" after its number.
        string inode = ":" + Sys.Status(file).Inode.ToString(CultureInfo.InvariantCulture);
        try
        {
            foreach (string line in File.ReadLines("/proc/locks"))
            {
                string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 5 && fields[1] == "FLOCK" && fields[5].EndsWith(inode, StringComparison.Ordinal)
                    && int.TryParse(fields[4], CultureInfo.InvariantCulture, out int pid) && pid > 0)
                {
                    return Describe(pid);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not shown here: the text is poorer by a number.
        }

        return "another process";
    }

    private static string Describe(int pid)
    {
        try
        {
            string own = pid == Environment.ProcessId ? ", which is this one," : "";
            return $"process {pid} ({CommandLine.Format(File.ReadAllBytes($"/proc/{pid}/comm").AsSpan().TrimEnd((byte)'\n'))}){own}";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "another process"; // It ended since, or had handed the file on.
        }
    }
}
