using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>The folder of a cgroup in which a controller's files are.</summary>
internal sealed class ControllerFolder(string controller, CgroupHierarchy hierarchy, string directory, ICgroupFiles files)
{
    /// <summary>The controller, by its name in version 2.</summary>
    public string Controller { get; } = controller;

    /// <summary>Whether it is a folder of version 1.</summary>
    public bool IsFirst => hierarchy.Version == CgroupVersion.V1;

    /// <summary>A value for a file, and what brings the former state back.</summary>
    public CgroupWrite Write(string parameter, string file, string value, string restore) =>
        new(parameter, Controller, hierarchy, directory, file, value, restore);

    /// <summary>A value for a file of one value, which is restored by writing what it says now.</summary>
    public CgroupWrite Write(string parameter, string file, string value) => Write(parameter, file, value, Read(parameter, file));

    /// <summary>A number for a file of one value.</summary>
    public CgroupWrite Write(string parameter, string file, long value) => Write(parameter, file, Text(value));

    /// <summary>A number or <c>max</c> for a file of one value.</summary>
    public CgroupWrite Write(string parameter, string file, LimitValue<long> value) => Write(parameter, file, value.Value is long number ? Text(number) : "max");

    /// <summary>The path of a file in the folder.</summary>
    public string PathOf(string file) => directory + "/" + file;

    /// <summary>Whether the folder has a file.</summary>
    public bool Has(string file) => files.FileExists(directory + "/" + file);

    /// <summary>What a file says; false where it is not there or may not be read.</summary>
    public bool TryRead(string file, out string text) => files.TryRead(directory + "/" + file, out text) == Errno.None;

    /// <summary>What a file says.</summary>
    /// <exception cref="CgroupRefusedException">It may not be read.</exception>
    public string Read(string parameter, string file)
    {
        Errno error = files.TryRead(directory + "/" + file, out string text);
        return error == Errno.None ? text : throw new CgroupRefusedException(error, Write(parameter, file, "", ""));
    }

    /// <summary>What the same file says in the cgroup above; empty where it cannot be read.</summary>
    public string ReadParent(string file) => files.TryRead(Path.GetDirectoryName(directory) + "/" + file, out string text) == Errno.None ? text : "";

    /// <summary>The words after a key in a file of lines such as <c>254:0 rbps=max wbps=1024</c>; null where no line has the key.</summary>
    public string? ReadLine(string file, string key)
    {
        if (TryRead(file, out string text))
        {
            foreach (string line in text.Split('\n'))
            {
                if (line.StartsWith(key + " ", StringComparison.Ordinal))
                {
                    return line[(key.Length + 1)..].Trim();
                }
            }
        }

        return null;
    }

    /// <summary>What stands between two ends in the names of the folder's files, such as <c>2MB</c> in <c>hugetlb.2MB.max</c>; without another dot in it.</summary>
    public IEnumerable<string> KeysOf(string start, string end)
    {
        foreach (string name in files.FileNames(directory))
        {
            if (name.StartsWith(start, StringComparison.Ordinal) && name.EndsWith(end, StringComparison.Ordinal) && name.Length > start.Length + end.Length
                && name[start.Length..^end.Length] is string key && !key.Contains('.', StringComparison.Ordinal))
            {
                yield return key;
            }
        }
    }

    /// <summary>This folder and all below it.</summary>
    public IEnumerable<ControllerFolder> AndBelow()
    {
        yield return this;
        foreach (string name in files.Subdirectories(directory))
        {
            foreach (ControllerFolder below in new ControllerFolder(Controller, hierarchy, $"{directory}/{name}", files).AndBelow())
            {
                yield return below;
            }
        }
    }

    /// <summary>The refusal of a limit that the version of this folder does not have.</summary>
    /// <param name="parameter">The limit.</param>
    /// <param name="cause">Why, and what there is instead.</param>
    public IsolationException Unsupported(string parameter, string cause) => new(
        "CgroupLimitUnsupported", ErrorKind.NotSupported, $"Cannot set {parameter} of {directory}: {cause}.");

    /// <summary>A number as the kernel takes it.</summary>
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
