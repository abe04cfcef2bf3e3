using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using Isolation.Interop;
using Isolation.Json;
using Isolation.Processes;

namespace Isolation.Cgroups;

/// <summary>Asks systemd, the system's or a user's, over its bus: <c>busctl --json=short call</c>.</summary>
/// <param name="host">The host.</param>
/// <param name="ofUser">Whether the user's own is asked.</param>
internal sealed class SystemdBus(CgroupHost host, bool ofUser)
{
    private const string Destination = "org.freedesktop.systemd1";
    private const string ManagerPath = "/org/freedesktop/systemd1";
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    /// <summary>The path by which the bus knows our unit: what is no letter and no digit is written as _ and two hexadecimal digits.</summary>
    public const string UnitPath = ManagerPath + "/unit/isolation_2eservice";

    /// <summary>Calls a method of systemd's manager.</summary>
    /// <returns>Why it was refused, in systemd's words; null when it was done.</returns>
    /// <exception cref="IsolationException"><c>SystemdUnreachable</c>.</exception>
    public string? TryCall(string method, string signature, params IReadOnlyList<string> arguments)
    {
        CommandResult result = Run(["call", Destination, ManagerPath, Destination + ".Manager", method, signature, .. arguments]);
        return result.ExitCode == 0 ? null : Words(result.Error);
    }

    /// <summary>A property of our unit, a text; empty where systemd does not tell.</summary>
    /// <exception cref="IsolationException"><c>SystemdUnreachable</c>.</exception>
    public string Property(string type, string name)
    {
        CommandResult result = Run(["get-property", Destination, UnitPath, type, name]);
        return result.ExitCode == 0 ? ParseText(result.Output) ?? "" : "";
    }

    /// <summary>The text in a reply such as <c>{"type":"s","data":"active"}</c>; null where it is none.</summary>
    public static string? ParseText(string reply)
    {
        try
        {
            Utf8JsonReader reader = new(Encoding.UTF8.GetBytes(reply.Trim()));
            string? type = null;
            string? data = null;
            JsonFields.Begin(ref reader);
            while (JsonFields.Next(ref reader))
            {
                bool isType = reader.ValueTextEquals("type"u8);
                bool isData = reader.ValueTextEquals("data"u8);
                reader.Read();
                if ((isType || isData) && reader.TokenType == JsonTokenType.String)
                {
                    (type, data) = isType ? (reader.GetString(), data) : (type, reader.GetString());
                }
                else
                {
                    reader.Skip();
                }
            }

            return type is "s" or "o" ? data : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private CommandResult Run(IReadOnlyList<string> arguments)
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["LC_ALL"] = "C" };
        string folder = $"/run/user/{host.Files.EffectiveUser}";
        if (ofUser && string.IsNullOrEmpty(host.Commands.Variable("XDG_RUNTIME_DIR")) && host.Files.DirectoryExists(host.Root + folder))
        {
            // Who came by runuser(1) or su(1) has it all the same.
            environment["XDG_RUNTIME_DIR"] = folder;
        }

        if (ofUser && host.Commands.Variable("DBUS_SESSION_BUS_ADDRESS") is "")
        {
            // Set and empty is no address; what busctl would take without it.
            string place = environment.GetValueOrDefault("XDG_RUNTIME_DIR") ?? host.Commands.Variable("XDG_RUNTIME_DIR") ?? folder;
            environment["DBUS_SESSION_BUS_ADDRESS"] = $"unix:path={place}/bus";
        }

        CommandResult? run = host.Commands.Run("busctl", [ofUser ? "--user" : "--system", "--json=short", "--timeout=25", .. arguments], environment, s_timeout);
        if (run is not CommandResult result)
        {
            throw Unreachable("there is no busctl", "It comes with systemd 221 and newer: look whether it is installed");
        }

        // Said before anything was asked.
        if (result.ExitCode != 0 && !result.Error.Contains("Call failed: ", StringComparison.Ordinal) && arguments[0] == "call")
        {
            throw Unreachable(
                Words(result.Error),
                ofUser
                    ? "It is reached by DBUS_SESSION_BUS_ADDRESS, or by the file bus in XDG_RUNTIME_DIR, which a login sets: log in anew, install dbus-user-session, or as root: loginctl enable-linger USER"
                    : "It is reached by /run/dbus/system_bus_socket: look at it with systemctl status dbus.socket");
        }

        return result;
    }

    private static string Words(string error)
    {
        string text = error.Trim().ReplaceLineEndings(" ");
        int start = text.IndexOf("Call failed: ", StringComparison.Ordinal);
        return text.Length == 0 ? "it did not say why" : start < 0 ? text : text[(start + "Call failed: ".Length)..];
    }

    private IsolationException Unreachable(string cause, string nextStep) => new(
        "SystemdUnreachable",
        ErrorKind.Unavailable,
        $"{(ofUser ? "The user's systemd" : "systemd")}, which owns the control groups of this host, cannot be asked for a place for those of this module: {cause.TrimEnd('.')}. {nextStep}.");
}
