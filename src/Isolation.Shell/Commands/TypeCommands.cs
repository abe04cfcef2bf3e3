using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.Add, "Type", DefaultParameterSetName = "FromSource")]
[OutputType(typeof(Type))]
public sealed class AddTypeCommand : ProviderCommandBase
{
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "FromSource")]
    public string? TypeDefinition { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "FromPath")]
    public string[]? Path { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "FromLiteralPath")]
    [Alias("PSPath", "LP")]
    public string[]? LiteralPath { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "FromAssemblyName")]
    [Alias("AN")]
    public string[]? AssemblyName { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool IsLiteral => LiteralPath is not null;

    protected override void ProcessRecord()
    {
        if (TypeDefinition is not null)
        {
            PSNotSupportedException exception = new("This shell has no C# compiler: Add-Type takes -Path and -AssemblyName here.");
            ThrowTerminatingError(new ErrorRecord(exception, "SOURCE_NOT_SUPPORTED", ErrorCategory.NotImplemented, null));
        }

        foreach (string name in AssemblyName ?? [])
            Load(name, () => Assembly.Load(new AssemblyName(name)));

        foreach (PathInfo found in (LiteralPath ?? Path ?? []).SelectMany(ResolvePath))
            Load(found.ProviderPath, () => Assembly.LoadFrom(found.ProviderPath));
    }

    private void Load(string name, Func<Assembly> load)
    {
        try
        {
            Assembly assembly = load();
            if (PassThru)
                WriteObject(assembly.GetExportedTypes(), enumerateCollection: true);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or ArgumentException)
        {
            ThrowTerminatingError(new ErrorRecord(new FileNotFoundException($"Cannot add type. The assembly '{name}' could not be found or loaded: {e.Message}", e), "ASSEMBLY_LOAD_FAILED", ErrorCategory.InvalidData, name));
        }
    }
}

/// <summary>What Update-TypeData and Update-FormatData share: files to load.</summary>
public abstract class UpdateDataCommandBase : ProviderCommandBase
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "FileSet")]
    [Alias("PSPath", "Path")]
    [ValidateNotNull]
    public string[] AppendPath { get; set; } = [];

    [Parameter(ParameterSetName = "FileSet")]
    [ValidateNotNull]
    public string[] PrependPath { get; set; } = [];

    private protected void LoadFiles(string what, bool formats)
    {
        List<string> prepended = Confirmed(PrependPath, what);
        List<string> appended = Confirmed(AppendPath, what);
        try
        {
            EngineInternals.UpdateState(this, prepended, appended, formats);
        }
        catch (RuntimeException e)
        {
            WriteError(new ErrorRecord(e, formats ? "FormatXmlUpdateException" : "TypesXmlUpdateException", ErrorCategory.InvalidOperation, null));
        }
    }

    private List<string> Confirmed(string[] paths, string what)
        => [.. paths.SelectMany(ResolvePath).Select(found => found.ProviderPath).Where(path => ShouldProcess($"FileName: {path}", $"Update {what}"))];
}

[Cmdlet(VerbsData.Update, "FormatData", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low, DefaultParameterSetName = "FileSet")]
public sealed class UpdateFormatDataCommand : UpdateDataCommandBase
{
    protected override void ProcessRecord() => LoadFiles("FormatData", formats: true);
}

/// <summary>Lets a type be given for its name, and a short name for the full one.</summary>
internal sealed class TypeNameArgumentAttribute : ArgumentTransformationAttribute
{
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object plain = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (plain is Type type)
            return type.FullName ?? type.Name;
        return plain is string && LanguagePrimitives.TryConvertTo(plain, out Type known) ? known.FullName! : inputData;
    }
}

[Cmdlet(VerbsData.Update, "TypeData", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low, DefaultParameterSetName = "FileSet")]
public sealed class UpdateTypeDataCommand : UpdateDataCommandBase
{
    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNullOrEmpty]
    [ValidateSet("NoteProperty", "AliasProperty", "ScriptProperty", "CodeProperty", "ScriptMethod", "CodeMethod", IgnoreCase = true)]
    public PSMemberTypes MemberType { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNullOrEmpty]
    public string? MemberName { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    public object? Value { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNull]
    public object? SecondValue { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNull]
    public Type? TypeConverter { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNull]
    public Type? TypeAdapter { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNullOrEmpty]
    public string? SerializationMethod { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNull]
    public Type? TargetTypeForDeserialization { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateRange(0, int.MaxValue)]
    public int SerializationDepth { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNullOrEmpty]
    public string? DefaultDisplayProperty { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNullOrEmpty]
    public string? StringSerializationSource { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNullOrEmpty]
    public string[]? DefaultDisplayPropertySet { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNullOrEmpty]
    public string[]? DefaultKeyPropertySet { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [ValidateNotNullOrEmpty]
    public string[]? PropertySerializationSet { get; set; }

    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "DynamicTypeSet")]
    [TypeNameArgument]
    [ValidateNotNullOrEmpty]
    public string TypeName { get; set; } = string.Empty;

    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "TypeDataSet")]
    public TypeData[]? TypeData { get; set; }

    [Parameter(ParameterSetName = "DynamicTypeSet")]
    [Parameter(ParameterSetName = "TypeDataSet")]
    public SwitchParameter Force { get; set; }

    private protected override bool IsForced => Force;

    protected override void ProcessRecord()
    {
        if (ParameterSetName == "FileSet")
        {
            LoadFiles("TypeData", formats: false);
            return;
        }

        foreach (TypeData data in TypeData ?? [CreateData()])
        {
            if (!ShouldProcess($"Type Name: {data.TypeName}", "Update TypeData"))
                continue;

            try
            {
                EngineInternals.GetTypeTable(this).AddType(data);
            }
            catch (RuntimeException e)
            {
                WriteError(new ErrorRecord(e, "TypesDynamicUpdateException", ErrorCategory.InvalidOperation, null));
            }
        }
    }

    private TypeData CreateData()
    {
        TypeData data = new(TypeName)
        {
            IsOverride = Force,
            TypeConverter = TypeConverter,
            TypeAdapter = TypeAdapter,
            SerializationMethod = SerializationMethod,
            TargetTypeForDeserialization = TargetTypeForDeserialization,
            DefaultDisplayProperty = DefaultDisplayProperty,
            StringSerializationSource = StringSerializationSource,
        };
        if (MyInvocation.BoundParameters.ContainsKey(nameof(SerializationDepth)))
            data.SerializationDepth = (uint)SerializationDepth;
        if (DefaultDisplayPropertySet is not null)
            data.DefaultDisplayPropertySet = new PropertySetData(DefaultDisplayPropertySet);
        if (DefaultKeyPropertySet is not null)
            data.DefaultKeyPropertySet = new PropertySetData(DefaultKeyPropertySet);
        if (PropertySerializationSet is not null)
            data.PropertySerializationSet = new PropertySetData(PropertySerializationSet);
        if (MemberName is not null)
            data.Members.Add(MemberName, CreateMember(MemberName));
        return data;
    }

    private TypeMemberData CreateMember(string name)
    {
        switch (MemberType)
        {
            case PSMemberTypes.NoteProperty:
                return new NotePropertyData(name, Value);
            case PSMemberTypes.AliasProperty:
                return SecondValue is null
                    ? new AliasPropertyData(name, LanguagePrimitives.ConvertTo<string>(Value))
                    : new AliasPropertyData(name, LanguagePrimitives.ConvertTo<string>(Value), LanguagePrimitives.ConvertTo<Type>(SecondValue));
            case PSMemberTypes.ScriptProperty:
                return new ScriptPropertyData(name, Value is null ? null : LanguagePrimitives.ConvertTo<ScriptBlock>(Value), SecondValue is null ? null : LanguagePrimitives.ConvertTo<ScriptBlock>(SecondValue));
            case PSMemberTypes.CodeProperty:
                return new CodePropertyData(name, LanguagePrimitives.ConvertTo<MethodInfo>(Value), SecondValue is null ? null : LanguagePrimitives.ConvertTo<MethodInfo>(SecondValue));
            case PSMemberTypes.ScriptMethod:
                return new ScriptMethodData(name, LanguagePrimitives.ConvertTo<ScriptBlock>(Value));
            case PSMemberTypes.CodeMethod:
                return new CodeMethodData(name, LanguagePrimitives.ConvertTo<MethodInfo>(Value));
            default:
                InvalidOperationException exception = new("The MemberType parameter is required for the type of member that is to be added.");
                ThrowTerminatingError(new ErrorRecord(exception, "MemberTypeIsMissing", ErrorCategory.InvalidOperation, null));
                throw exception;
        }
    }
}

[Cmdlet(VerbsCommon.Remove, "TypeData", SupportsShouldProcess = true, DefaultParameterSetName = "RemoveTypeDataSet")]
public sealed class RemoveTypeDataCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "RemoveTypeSet")]
    [TypeNameArgument]
    [ValidateNotNullOrEmpty]
    public string? TypeName { get; set; }

    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "RemoveTypeDataSet")]
    public TypeData? TypeData { get; set; }

    protected override void ProcessRecord()
    {
        string name = TypeName ?? TypeData!.TypeName;
        if (!ShouldProcess($"Type Name: {name}", "Remove TypeData"))
            return;

        try
        {
            EngineInternals.GetTypeTable(this).RemoveType(name);
        }
        catch (RuntimeException e)
        {
            WriteError(new ErrorRecord(e, "TypesDynamicRemoveException", ErrorCategory.InvalidOperation, null));
        }
    }
}
