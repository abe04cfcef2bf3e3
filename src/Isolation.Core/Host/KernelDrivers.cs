using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using Isolation.Interop;

namespace Isolation.Host;

/// <summary>How a kernel has a driver.</summary>
internal enum DriverState
{
    /// <summary>Nothing on this host says.</summary>
    Unknown,
    /// <summary>It is in the kernel, or loaded.</summary>
    Present,
    /// <summary>It is a module that the kernel loads when it is first asked for.</summary>
    Loadable,
    /// <summary>It is configured as a module, and the module's file is not on this host.</summary>
    NotInstalled,
    /// <summary>The kernel was built without it.</summary>
    Absent,
}

/// <summary>
/// Which drivers a kernel has, told without loading any: <c>/sys/module</c>, the lists of <c>/lib/modules/RELEASE</c>, and the kernel's configuration
/// where it is shown.
/// </summary>
internal sealed class KernelDrivers
{
    private readonly HostView _view;
    private readonly Lazy<string?> _builtIn;
    private readonly Lazy<string?> _modules;
    private readonly Lazy<Dictionary<string, string>?> _configuration;

    public KernelDrivers(HostView view)
    {
        _view = view;
        _builtIn = new(() => Read("modules.builtin"));
        _modules = new(() => Read("modules.dep"));
        _configuration = new(ReadConfiguration);
    }

    /// <summary>How this kernel has a driver.</summary>
    /// <param name="module">The module's name, such as <c>sch_tbf</c>.</param>
    /// <param name="option">The option of the configuration, such as <c>CONFIG_NET_SCH_TBF</c>.</param>
    public DriverState Find(string module, string option)
    {
        if (_view.Files.DirectoryExists($"{_view.Root}/sys/module/{module}") || Lists(_builtIn.Value, module))
        {
            return DriverState.Present;
        }

        if (Lists(_modules.Value, module))
        {
            return DriverState.Loadable;
        }

        if (_configuration.Value is { } configuration)
        {
            return configuration.GetValueOrDefault(option) switch
            {
                "y" => DriverState.Present,
                "m" => DriverState.NotInstalled,
                _ => DriverState.Absent,
            };
        }

        // Both lists together are complete; one alone is not.
        return _builtIn.Value is not null && _modules.Value is not null ? DriverState.Absent : DriverState.Unknown;
    }

    // kernel/net/sched/sch_tbf.ko, in modules.dep with its compression's suffix, a colon and what it needs. A file's name may have - for _.
    private static bool Lists(string? text, string module)
    {
        if (text is null)
        {
            return false;
        }

        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> path = line;
            int colon = path.IndexOf(':');
            path = colon < 0 ? path : path[..colon];
            ReadOnlySpan<char> name = path[(path.LastIndexOf('/') + 1)..];
            int end = name.IndexOf(".ko", StringComparison.Ordinal);
            if (end == module.Length && IsSame(name[..end], module))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsSame(ReadOnlySpan<char> file, string module)
    {
        for (int i = 0; i < file.Length; i++)
        {
            if (file[i] != module[i] && !(file[i] == '-' && module[i] == '_'))
            {
                return false;
            }
        }

        return true;
    }

    private string? Read(string list) =>
        _view.Files.TryRead($"{_view.Root}/lib/modules/{_view.Release}/{list}", out string text) == Errno.None ? text : null;

    private Dictionary<string, string>? ReadConfiguration()
    {
        try
        {
            string compressed = _view.Root + "/proc/config.gz";
            if (File.Exists(compressed))
            {
                using StreamReader reader = new(new GZipStream(File.OpenRead(compressed), CompressionMode.Decompress));
                return Parse(reader);
            }

            string plain = $"{_view.Root}/boot/config-{_view.Release}";
            if (File.Exists(plain))
            {
                using StreamReader reader = new(plain);
                return Parse(reader);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // Debian's is readable by root alone on some hosts; the lists of modules say enough.
            return null;
        }

        return null;
    }

    private static Dictionary<string, string> Parse(TextReader reader)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        while (reader.ReadLine() is string line)
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && line.StartsWith("CONFIG_", StringComparison.Ordinal))
            {
                options[line[..equals]] = line[(equals + 1)..];
            }
        }

        return options;
    }
}
