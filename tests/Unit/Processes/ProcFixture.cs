using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Isolation.Tests.Processes;

/// <summary>A folder of the shape of /proc, with processes that a test made up.</summary>
internal sealed class ProcFixture : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("isolation-proc-").FullName;

    public ProcFixture Self(string mountInfo, params (string Kind, ulong Id)[] namespaces)
    {
        Directory.CreateDirectory(Path.Combine(Root, "self"));
        Write("self/mountinfo", mountInfo);
        Links("self/ns", namespaces);
        return this;
    }

    public ProcFixture Process(int pid, int parent, uint uid, string name, string arguments, params (string Kind, ulong Id)[] namespaces)
    {
        Directory.CreateDirectory(Path.Combine(Root, $"{pid}"));
        Write($"{pid}/stat", $"{pid} ({name}) S {parent} {pid} {pid} 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 {pid * 10} 2000000 300 18446744073709551615\n");
        Write($"{pid}/status", $"Name:\t{name}\nState:\tS (sleeping)\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t{parent}\nTracerPid:\t0\n"
            + $"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\nNSpid:\t{pid}\nThreads:\t1\n");
        Write($"{pid}/cmdline", arguments.Length == 0 ? arguments : arguments.Replace(' ', '\0') + "\0");
        Directory.CreateDirectory(Path.Combine(Root, $"{pid}", "task", $"{pid}"));
        Links($"{pid}/ns", namespaces);
        return this;
    }

    public ProcFixture Thread(int pid, int thread, params (string Kind, ulong Id)[] namespaces)
    {
        Links($"{pid}/task/{thread}/ns", namespaces);
        return this;
    }

    public ProcFixture Descriptor(int pid, int number, string target)
    {
        Directory.CreateDirectory(Path.Combine(Root, $"{pid}", "fd"));
        File.CreateSymbolicLink(Path.Combine(Root, $"{pid}", "fd", $"{number}"), target);
        return this;
    }

    public ProcFixture MountInfo(int pid, string content)
    {
        Write($"{pid}/mountinfo", content);
        return this;
    }

    public ProcFixture Link(string path, string target)
    {
        File.CreateSymbolicLink(Path.Combine(Root, path), target);
        return this;
    }

    public ProcFixture Folder(string path)
    {
        Directory.CreateDirectory(Path.Combine(Root, path));
        return this;
    }

    public void Write(string path, string content) => File.WriteAllText(Path.Combine(Root, path), content, Encoding.Latin1);

    public void Remove(string path) => File.Delete(Path.Combine(Root, path));

    public NamespaceInfo[] Scan(NamespaceType types = NamespaceTypes.Every, bool deep = false, IReadOnlyDictionary<NamespaceKey, string>? names = null) =>
        NamespaceScanner.Scan(new ScanOptions { ProcRoot = Root, Types = types, Deep = deep, Names = names });

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private void Links(string folder, (string Kind, ulong Id)[] namespaces)
    {
        Directory.CreateDirectory(Path.Combine(Root, folder));
        foreach ((string kind, ulong id) in namespaces)
        {
            File.CreateSymbolicLink(Path.Combine(Root, folder, kind), $"{kind}:[{id}]");
        }
    }
}
