namespace Isolation;

/// <summary>The limits of one control group for huge pages of one size. Null means none.</summary>
/// <param name="Size">The size, such as <c>2MB</c>.</param>
/// <param name="Max">Bytes that may be used: <c>hugetlb.SIZE.max</c>, in version 1 <c>hugetlb.SIZE.limit_in_bytes</c>.</param>
/// <param name="ReservationMax">Bytes that may be reserved: <c>hugetlb.SIZE.rsvd.max</c>, in version 1 <c>hugetlb.SIZE.rsvd.limit_in_bytes</c>.</param>
public sealed record HugePageLimit(string Size, long? Max, long? ReservationMax)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Size} {Max?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "max"}";
}
