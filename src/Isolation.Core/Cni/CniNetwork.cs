using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Text.Json;
using Isolation.ContainerNetworks;

namespace Isolation.Cni;

/// <summary>
/// A network configuration of CNI, a list of plugins or a single one, as a container network: <c>bridge</c>, <c>macvlan</c> and <c>ipvlan</c> with <c>host-local</c>, followed by <c>portmap</c>
/// and <c>bandwidth</c>. CNI specification 0.1.0 to 1.1.0.
/// </summary>
internal static class CniNetwork
{
    // Such a file has some hundred bytes.
    private const int MostBytes = 1024 * 1024;

    private static readonly string[] s_versions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, <c>.conflist</c> or <c>.conf</c>.</param>
    /// <param name="name">The name of the network; null for that in the file.</param>
    /// <exception cref="IsolationException"><c>CniFileUnreadable</c>, <c>CniSyntaxInvalid</c>, <c>CniFieldInvalid</c>, <c>CniFieldUnsupported</c>, <c>CniPluginUnsupported</c>.</exception>
    public static ContainerNetworkOptions Read(string path, string? name)
    {
        using FileStream? file = Open(path);
        return Parse(ReadAll(file, path), path, name);
    }

    /// <summary>Reads the text of a file.</summary>
    /// <exception cref="IsolationException">Those of <see cref="Read"/>.</exception>
    public static ContainerNetworkOptions Parse(ReadOnlyMemory<byte> json, string path, string? name)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json.Span.StartsWith("\xEF\xBB\xBF"u8) ? json[3..] : json);
        }
        catch (JsonException exception)
        {
            throw new IsolationException(
                "CniSyntaxInvalid", ErrorKind.InvalidData, $"{path} is no JSON, line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}: {exception.Message.Split(" LineNumber:")[0]}", exception);
        }

        using (document)
        {
            CniObject whole = new(document.RootElement, path, "");
            return whole.Has("plugins") ? OfList(whole, name) : OfPlugins(whole.RequiredText("name"), name, [whole], whole);
        }
    }

    private static ContainerNetworkOptions OfList(CniObject list, string? name)
    {
        CheckVersion(list);

        // They are about how a runtime goes on with a network that CNI itself has made.
        list.Accept("cniVersions", "disableCheck", "disableGC", "loadOnlyInlinedPlugins");
        List<CniObject> plugins = list.Objects("plugins");
        if (plugins.Count == 0)
        {
            throw list.Invalid("plugins", "a list with a plugin in it");
        }

        ContainerNetworkOptions options = OfPlugins(list.RequiredText("name"), name, plugins, list);
        list.End();
        return options;
    }

    private static ContainerNetworkOptions OfPlugins(string name, string? other, List<CniObject> plugins, CniObject whole)
    {
        ContainerNetworkOptions options = new() { Name = other ?? name };
        for (int i = 0; i < plugins.Count; i++)
        {
            CniObject plugin = plugins[i];
            string type = plugin.RequiredText("type");
            if (plugin == whole)
            {
                CheckVersion(plugin);
            }
            else
            {
                // A runtime gives each plugin those of the list.
                plugin.Accept("cniVersion", "name");
            }

            options = (type, i == 0) switch
            {
                ("bridge", true) => CniPlugins.Bridge(plugin, options),
                ("macvlan" or "ipvlan", true) => CniPlugins.OnParent(plugin, type, options),
                ("portmap", false) => CniPlugins.PortMap(plugin, options),
                ("bandwidth", false) => CniPlugins.Bandwidth(plugin, options),
                ("bridge" or "macvlan" or "ipvlan" or "portmap" or "bandwidth", _) => throw Plugin(
                    plugin, type, i == 0 ? "it changes a network, and none was made before it. bridge, macvlan or ipvlan comes first" : "the plugin that makes the network comes first, and there is one"),
                _ => throw Plugin(plugin, type, "those that can are bridge, macvlan and ipvlan, each with host-local, and after them portmap and bandwidth"),
            };
            plugin.End();
        }

        return options;
    }

    private static void CheckVersion(CniObject where)
    {
        if (where.Text("cniVersion") is string version && Array.IndexOf(s_versions, version) < 0)
        {
            throw where.Unsupported("cniVersion", $"'{version}' is no version of the CNI specification that is known here, {s_versions[0]} to {s_versions[^1]}.");
        }
    }

    private static IsolationException Plugin(CniObject plugin, string type, string reason) => new(
        "CniPluginUnsupported", ErrorKind.NotSupported, $"The plugin '{type}' ({(plugin.Place.Length == 0 ? "type" : plugin.Place)}) cannot be imported: {reason}.");

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, exception);
        }
    }

    private static ReadOnlyMemory<byte> ReadAll(FileStream file, string path)
    {
        try
        {
            byte[] bytes = new byte[MostBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= MostBytes ? bytes.AsMemory(0, length) : throw new IsolationException(
                "CniFileUnreadable", ErrorKind.InvalidData, $"{path} has more than {MostBytes} bytes, and is no network configuration.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, exception);
        }
    }

    private static IsolationException Unreadable(string path, Exception exception) => new(
        "CniFileUnreadable",
        exception is FileNotFoundException or DirectoryNotFoundException ? ErrorKind.NotFound : ErrorKind.Unavailable,
        $"The network configuration {path} cannot be read: {exception.Message}",
        exception);
}
