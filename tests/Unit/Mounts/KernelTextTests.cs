using System;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Isolation.Interop;
using Xunit;

namespace Isolation.Tests.Mounts;

public sealed class KernelTextTests
{
    [Theory]
    [InlineData("")]
    [InlineData("/plain")]
    [InlineData("/grüße/日本/😀")]
    public void Utf8_is_text(string text)
    {
        Assert.Equal(text, KernelText.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(Encoding.UTF8.GetBytes(text), KernelText.Encode(text));
    }

    [Fact]
    public void Other_bytes_are_lone_surrogates_and_come_back()
    {
        byte[] name = [(byte)'/', 0xFF, (byte)'a', 0xC3, 0xA4, 0xC3];
        string text = KernelText.Decode(name);
        Assert.Equal("/\udcffaä\udcc3", text);
        Assert.Equal(name, KernelText.Encode(text));
        Assert.Equal([.. name, 0], Sys.CString(text));
    }

    [Fact]
    public void Any_bytes_come_back() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), static bytes => KernelText.Encode(KernelText.Decode(bytes)).AsSpan().SequenceEqual(bytes)));
}
