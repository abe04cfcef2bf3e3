using System;
using Isolation.Interop;

namespace Isolation.Cgroups;

/// <summary>Rules that are given by the file of a device.</summary>
internal static class DeviceFile
{
    /// <summary>The rule of a text such as <c>/dev/null rw</c>.</summary>
    /// <exception cref="IsolationException"><c>DeviceNotFound</c>, <c>CgroupLimitInvalid</c>.</exception>
    public static DeviceRule Rule(string parameter, string text)
    {
        int space = text.LastIndexOf(' ');
        DeviceAccess access = DeviceAccess.All;
        bool hasAccess = space > 0 && DeviceRule.TryParseAccess(text[(space + 1)..], out access);
        string path = hasAccess ? text[..space].TrimEnd() : text;
        if (!Sys.TryStatus(path, out FileStatus status))
        {
            throw new IsolationException(
                "DeviceNotFound", ErrorKind.NotFound, $"{parameter}: there is no {path}. Give a device's file such as '/dev/null rw', or its numbers such as 'c 1:3 rw'.");
        }

        return status.IsBlockDevice || status.IsCharacterDevice
            ? new DeviceRule(status.IsBlockDevice ? DeviceType.Block : DeviceType.Char, BlockDevice.Major(status.Special), BlockDevice.Minor(status.Special), hasAccess ? access : DeviceAccess.All)
            : throw CgroupLimitText.Invalid(parameter, text, $"{path} is no device");
    }
}
