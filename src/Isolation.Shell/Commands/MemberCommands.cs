using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Reflection;
using Isolation.Shell;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.New, "Object", DefaultParameterSetName = "Net")]
public sealed class NewObjectCommand : PSCmdlet
{
    [Parameter(ParameterSetName = "Net", Mandatory = true, Position = 0)]
    public string TypeName { get; set; } = string.Empty;

    [Parameter(ParameterSetName = "Net", Position = 1)]
    [Alias("Args")]
    public object?[]? ArgumentList { get; set; }

    [Parameter]
    public IDictionary? Property { get; set; }

    protected override void BeginProcessing()
    {
        if (!LanguagePrimitives.TryConvertTo(TypeName, out Type type))
        {
            PSArgumentException exception = new($"Cannot find type [{TypeName}]: verify that the assembly containing this type is loaded.", nameof(TypeName));
            ThrowTerminatingError(new ErrorRecord(exception, "TypeNotFound", ErrorCategory.InvalidType, null));
        }

        PSObject created = Create(type);
        foreach (DictionaryEntry entry in Property ?? new Hashtable())
            SetMember(created, entry.Key.ToString()!, entry.Value);

        WriteObject(created.BaseObject is PSCustomObject ? created : created.BaseObject);
    }

    private PSObject Create(Type type)
    {
        if (type == typeof(PSObject) || type == typeof(PSCustomObject))
            return ArgumentList is [object argument] ? PSObject.AsPSObject(argument) : new PSObject();

        try
        {
            if (ArgumentList is not { Length: > 0 } && type.IsValueType && type.GetConstructor(Type.EmptyTypes) is null)
                return PSObject.AsPSObject(Activator.CreateInstance(type)!);

            ConstructorInfo[] constructors = type.GetConstructors();
            if (constructors.Length == 0 || (ArgumentList is not { Length: > 0 } && type.GetConstructor(Type.EmptyTypes) is null))
            {
                PSArgumentException exception = new($"A constructor was not found. Cannot find an appropriate constructor for type {TypeName}.", nameof(TypeName));
                ThrowTerminatingError(new ErrorRecord(exception, "CannotFindAppropriateCtor", ErrorCategory.ObjectNotFound, null));
            }

            return PSObject.AsPSObject(EngineInternals.Construct(type, constructors, ArgumentList ?? []));
        }
        catch (MethodException e)
        {
            ThrowTerminatingError(new ErrorRecord(e, "ConstructorInvokedThrowException", ErrorCategory.InvalidOperation, null));
            throw;
        }
    }

    private void SetMember(PSObject target, string name, object? value)
    {
        if (target.BaseObject is PSCustomObject)
        {
            target.Properties.Add(new PSNoteProperty(name, value));
        }
        else if (target.Members[name] is PSMethodInfo method)
        {
            method.Invoke(value);
        }
        else if (target.Properties[name] is PSPropertyInfo property)
        {
            property.Value = value;
        }
        else
        {
            PSArgumentException exception = new($"The member \"{name}\" was not found for the specified .NET object.", nameof(Property));
            WriteError(new ErrorRecord(exception, "InvalidOperationException", ErrorCategory.InvalidOperation, target));
        }
    }
}

[Cmdlet(VerbsCommon.Add, "Member", DefaultParameterSetName = "TypeNameSet")]
public sealed class AddMemberCommand : PSCmdlet
{
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "MemberSet")]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "TypeNameSet")]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "NotePropertySingleMemberSet")]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "NotePropertyMultiMemberSet")]
    public PSObject InputObject { get; set; } = null!;

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "MemberSet")]
    [Alias("Type")]
    public PSMemberTypes MemberType { get; set; }

    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "MemberSet")]
    public string Name { get; set; } = string.Empty;

    [Parameter(Position = 2, ParameterSetName = "MemberSet")]
    public object? Value { get; set; }

    [Parameter(Position = 3, ParameterSetName = "MemberSet")]
    public object? SecondValue { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "TypeNameSet")]
    [Parameter(ParameterSetName = "MemberSet")]
    [Parameter(ParameterSetName = "NotePropertySingleMemberSet")]
    [Parameter(ParameterSetName = "NotePropertyMultiMemberSet")]
    [ValidateNotNullOrEmpty]
    public string? TypeName { get; set; }

    [Parameter(ParameterSetName = "MemberSet")]
    [Parameter(ParameterSetName = "NotePropertySingleMemberSet")]
    [Parameter(ParameterSetName = "NotePropertyMultiMemberSet")]
    public SwitchParameter Force { get; set; }

    [Parameter(ParameterSetName = "MemberSet")]
    [Parameter(ParameterSetName = "TypeNameSet")]
    [Parameter(ParameterSetName = "NotePropertySingleMemberSet")]
    [Parameter(ParameterSetName = "NotePropertyMultiMemberSet")]
    public SwitchParameter PassThru { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "NotePropertySingleMemberSet")]
    [ValidateNotePropertyName]
    [ValidateNotNullOrEmpty]
    public string NotePropertyName { get; set; } = string.Empty;

    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "NotePropertySingleMemberSet")]
    [AllowNull]
    public object? NotePropertyValue { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "NotePropertyMultiMemberSet")]
    [ValidateNotNullOrEmpty]
    public IDictionary? NotePropertyMembers { get; set; }

    protected override void ProcessRecord()
    {
        bool added = ParameterSetName switch
        {
            "NotePropertySingleMemberSet" => Add(new PSNoteProperty(NotePropertyName, NotePropertyValue)),
            "NotePropertyMultiMemberSet" => AddAll(NotePropertyMembers!),
            "MemberSet" => CreateMember() is PSMemberInfo member && Add(member),
            _ => true,
        };
        if (!added)
            return;

        if (TypeName is not null)
        {
            string name = LanguagePrimitives.TryConvertTo(TypeName, out Type type) ? type.FullName! : TypeName;
            if (!InputObject.TypeNames.Contains(name))
                InputObject.TypeNames.Insert(0, name);
        }

        if (PassThru)
            WriteObject(InputObject);
    }

    private bool AddAll(IDictionary notes)
    {
        foreach (DictionaryEntry entry in notes)
        {
            if (!Add(new PSNoteProperty(LanguagePrimitives.ConvertTo<string>(entry.Key), entry.Value)))
                return false;
        }

        return true;
    }

    private bool Add(PSMemberInfo member)
    {
        if (InputObject.Members[member.Name] is PSMemberInfo existing)
        {
            if (!Force)
            {
                return Fail("MemberAlreadyExists", ErrorCategory.InvalidOperation,
                    $"Cannot add a member with the name \"{member.Name}\" because a member with that name already exists. To overwrite the member anyway, add the Force parameter to your command.");
            }

            if (existing.IsInstance)
                InputObject.Members.Remove(member.Name);
        }

        InputObject.Members.Add(member);
        return true;
    }

    private PSMemberInfo? CreateMember()
    {
        switch (MemberType)
        {
            case PSMemberTypes.NoteProperty:
                return new PSNoteProperty(Name, Value);
            case PSMemberTypes.AliasProperty:
                return SecondValue is null
                    ? new PSAliasProperty(Name, LanguagePrimitives.ConvertTo<string>(Value))
                    : new PSAliasProperty(Name, LanguagePrimitives.ConvertTo<string>(Value), LanguagePrimitives.ConvertTo<Type>(SecondValue));
            case PSMemberTypes.ScriptProperty:
                return new PSScriptProperty(Name, ToScript(Value), ToScript(SecondValue));
            case PSMemberTypes.ScriptMethod:
                return new PSScriptMethod(Name, ToScript(Value));
            case PSMemberTypes.CodeProperty:
                return new PSCodeProperty(Name, LanguagePrimitives.ConvertTo<MethodInfo>(Value), LanguagePrimitives.ConvertTo<MethodInfo>(SecondValue));
            case PSMemberTypes.CodeMethod:
                return new PSCodeMethod(Name, LanguagePrimitives.ConvertTo<MethodInfo>(Value));
            case PSMemberTypes.PropertySet:
                return new PSPropertySet(Name, LanguagePrimitives.ConvertTo<string[]>(Value));
            case PSMemberTypes.MemberSet:
                return Value is null ? new PSMemberSet(Name) : new PSMemberSet(Name, LanguagePrimitives.ConvertTo<PSMemberInfo[]>(Value));
            default:
                Fail("CannotAddMemberType", ErrorCategory.InvalidOperation, $"Cannot add a member with type \"{MemberType}\". Specify a different type for the MemberTypes parameter.");
                return null;
        }
    }

    private static ScriptBlock? ToScript(object? value) => value is null ? null : LanguagePrimitives.ConvertTo<ScriptBlock>(value);

    private bool Fail(string id, ErrorCategory category, string message)
    {
        WriteError(new ErrorRecord(new InvalidOperationException(message), id, category, InputObject));
        return false;
    }
}

/// <summary>Keeps "Add-Member ScriptProperty x {}" from meaning a note property of the name ScriptProperty.</summary>
internal sealed class ValidateNotePropertyNameAttribute : ValidateArgumentsAttribute
{
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is string name && Enum.TryParse(name, ignoreCase: true, out PSMemberTypes type) && Enum.IsDefined(type))
            throw EngineInternals.RejectBinding($"The parameter cannot be processed because the name '{name}' is that of a member type.");
    }
}

/// <summary>One member that Get-Member found.</summary>
public sealed class MemberDefinition
{
    public MemberDefinition(string typeName, string name, PSMemberTypes memberType, string definition)
    {
        TypeName = typeName;
        Name = name;
        MemberType = memberType;
        Definition = definition;
    }

    public string TypeName { get; }

    public string Name { get; }

    public PSMemberTypes MemberType { get; }

    public string Definition { get; }

    public override string ToString() => Definition;
}

[Cmdlet(VerbsCommon.Get, "Member")]
public sealed class GetMemberCommand : PSCmdlet
{
    private readonly HashSet<string> _seen = [];
    private bool _any;

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    [Parameter]
    [Alias("Type")]
    public PSMemberTypes MemberType { get; set; } = PSMemberTypes.All;

    [Parameter]
    public PSMemberViewTypes View { get; set; } = PSMemberViewTypes.Adapted | PSMemberViewTypes.Extended;

    [Parameter]
    public SwitchParameter Static { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        if (InputObject is null || InputObject == AutomationNull.Value)
            return;

        _any = true;
        string typeName = InputObject.TypeNames.FirstOrDefault() ?? string.Empty;
        IEnumerable<PSMemberInfo> members;
        if (Static)
        {
            Type type = InputObject.BaseObject as Type ?? InputObject.BaseObject.GetType();
            typeName = type.FullName ?? type.Name;
            members = EngineInternals.StaticMembers(type);
        }
        else
        {
            members = MembersInView();
        }

        if (!_seen.Add(typeName))
            return;

        foreach (string name in Name)
        {
            WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            foreach (PSMemberInfo member in members
                .Where(member => (member.MemberType & MemberType) != 0 && (Force || !IsAccessor(member)) && pattern.IsMatch(member.Name))
                .OrderBy(member => member.MemberType.ToString(), StringComparer.OrdinalIgnoreCase)
                .ThenBy(member => member.Name, StringComparer.OrdinalIgnoreCase))
            {
                WriteObject(new MemberDefinition(typeName, member.Name, member.MemberType, member.ToString()!));
            }
        }
    }

    protected override void EndProcessing()
    {
        if (_any)
            return;

        InvalidOperationException exception = new("You must specify an object for the Get-Member cmdlet.");
        WriteError(new ErrorRecord(exception, "NoObjectInGetMember", ErrorCategory.CloseError, null));
    }

    private PSMemberInfoCollection<PSMemberInfo> MembersInView() => View switch
    {
        PSMemberViewTypes.Base => ((PSMemberSet)InputObject!.Members["psbase"]).Members,
        PSMemberViewTypes.Adapted => ((PSMemberSet)InputObject!.Members["psadapted"]).Members,
        PSMemberViewTypes.Extended => ((PSMemberSet)InputObject!.Members["psextended"]).Members,
        _ => InputObject!.Members,
    };

    private static bool IsAccessor(PSMemberInfo member)
        => member is PSMethod && (member.Name.StartsWith("get_", StringComparison.Ordinal) || member.Name.StartsWith("set_", StringComparison.Ordinal)
            || member.Name.StartsWith("add_", StringComparison.Ordinal) || member.Name.StartsWith("remove_", StringComparison.Ordinal)
            || member.Name.StartsWith("op_", StringComparison.Ordinal));
}
