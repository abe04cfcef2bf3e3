using System.Globalization;

namespace Isolation;

/// <summary>Huge pages of one size that one control group and those below it use.</summary>
/// <param name="Size">The size of a page, such as <c>2MB</c>.</param>
/// <param name="Current">Bytes in use: <c>hugetlb.SIZE.current</c>, in version 1 <c>hugetlb.SIZE.usage_in_bytes</c>.</param>
/// <param name="Peak">The most bytes that were in use: <c>hugetlb.SIZE.max_usage_in_bytes</c> of version 1. Null in version 2.</param>
/// <param name="ReservationCurrent">Bytes reserved: <c>hugetlb.SIZE.rsvd.current</c>, since Linux 5.7.</param>
/// <param name="Refused">How often one was refused for the limit: <c>max</c> of <c>hugetlb.SIZE.events</c>, in version 1 <c>hugetlb.SIZE.failcnt</c>.</param>
public sealed record HugePageUsage(string Size, long? Current, long? Peak, long? ReservationCurrent, long? Refused)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Size} {Current}");
}
