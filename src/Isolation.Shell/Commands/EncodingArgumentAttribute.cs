using System;
using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace Microsoft.PowerShell.Commands;

/// <summary>Lets an encoding be given by PowerShell's names for it, by code page or by any .NET name.</summary>
internal sealed class EncodingArgumentAttribute : ArgumentTransformationAttribute
{
    internal static Encoding Default { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object plain = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return plain switch
        {
            int codePage => Encoding.GetEncoding(codePage),
            string name => FromName(name),
            _ => plain,
        };
    }

    private static Encoding FromName(string name) => name.ToUpperInvariant() switch
    {
        "ANSI" => Encoding.GetEncoding(CultureInfo.CurrentCulture.TextInfo.ANSICodePage),
        "ASCII" => Encoding.ASCII,
        "BIGENDIANUNICODE" => Encoding.BigEndianUnicode,
        "BIGENDIANUTF32" => new UTF32Encoding(bigEndian: true, byteOrderMark: true),
        "DEFAULT" or "OEM" or "UTF8" or "UTF8NOBOM" => Default,
        "UTF8BOM" => new UTF8Encoding(encoderShouldEmitUTF8Identifier: true),
        "UNICODE" or "STRING" or "UNKNOWN" => Encoding.Unicode,
        "UTF7" => throw new ArgumentTransformationMetadataException("UTF-7 is not supported: it is not secure."),
        "UTF32" => Encoding.UTF32,
        _ when int.TryParse(name, NumberStyles.Integer, CultureInfo.InvariantCulture, out int codePage) => Encoding.GetEncoding(codePage),
        _ => FromNetName(name),
    };

    private static Encoding FromNetName(string name)
    {
        try
        {
            return Encoding.GetEncoding(name);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}
