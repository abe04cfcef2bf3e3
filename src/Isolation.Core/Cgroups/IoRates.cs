namespace Isolation.Cgroups;

/// <summary>One rate of input and output: its names.</summary>
/// <param name="Parameter">As users name it.</param>
/// <param name="Key">The word in <c>io.max</c>.</param>
/// <param name="FirstFile">The file of version 1.</param>
internal sealed record IoRateKind(string Parameter, string Key, string FirstFile);

/// <summary>The rates that can be limited.</summary>
internal static class IoRates
{
    public static readonly IoRateKind ReadBytes = new("IoReadBytesMax", "rbps", "blkio.throttle.read_bps_device");
    public static readonly IoRateKind WriteBytes = new("IoWriteBytesMax", "wbps", "blkio.throttle.write_bps_device");
    public static readonly IoRateKind ReadOperations = new("IoReadOperationsMax", "riops", "blkio.throttle.read_iops_device");
    public static readonly IoRateKind WriteOperations = new("IoWriteOperationsMax", "wiops", "blkio.throttle.write_iops_device");

    public static readonly IoRateKind[] All = [ReadBytes, WriteBytes, ReadOperations, WriteOperations];

    /// <summary>The kind by its parameter's name.</summary>
    public static IoRateKind Of(string parameter) => System.Array.Find(All, kind => kind.Parameter == parameter)!;
}
