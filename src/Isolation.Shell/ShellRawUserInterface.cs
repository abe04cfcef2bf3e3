using System;
using System.Management.Automation.Host;

namespace Isolation.Shell;

/// <summary>The terminal's size and cursor. A terminal cannot be read back, so buffer contents are not supported.</summary>
internal sealed class ShellRawUserInterface : PSHostRawUserInterface
{
    private const int WidthWithoutTerminal = 80;
    private const int HeightWithoutTerminal = 24;

    public override ConsoleColor ForegroundColor
    {
        get => Console.ForegroundColor;
        set => Console.ForegroundColor = value;
    }

    public override ConsoleColor BackgroundColor
    {
        get => Console.BackgroundColor;
        set => Console.BackgroundColor = value;
    }

    public override Coordinates CursorPosition
    {
        get => Console.IsOutputRedirected ? default : new Coordinates(Console.CursorLeft, Console.CursorTop);
        set => Console.SetCursorPosition(value.X, value.Y);
    }

    public override Coordinates WindowPosition
    {
        get => default;
        set => throw new NotSupportedException("A terminal has no window position.");
    }

    public override int CursorSize
    {
        get => 100;
        set => throw new NotSupportedException("A terminal's cursor size cannot be set.");
    }

    public override Size BufferSize
    {
        get => WindowSize;
        set => throw new NotSupportedException("A terminal's buffer size cannot be set.");
    }

    public override Size WindowSize
    {
        get => new(Console.WindowWidth > 0 ? Console.WindowWidth : WidthWithoutTerminal, Console.WindowHeight > 0 ? Console.WindowHeight : HeightWithoutTerminal);
        set => throw new NotSupportedException("A terminal's window size cannot be set.");
    }

    public override Size MaxWindowSize => WindowSize;

    public override Size MaxPhysicalWindowSize => WindowSize;

    public override bool KeyAvailable => Console.KeyAvailable;

    public override string WindowTitle
    {
        get => string.Empty;
        set
        {
            if (!Console.IsOutputRedirected)
                Console.Title = value;
        }
    }

    public override KeyInfo ReadKey(ReadKeyOptions options)
    {
        ConsoleKeyInfo key = Console.ReadKey(intercept: options.HasFlag(ReadKeyOptions.NoEcho));
        ControlKeyStates states = 0;
        if (key.Modifiers.HasFlag(ConsoleModifiers.Alt))
            states |= ControlKeyStates.LeftAltPressed;
        if (key.Modifiers.HasFlag(ConsoleModifiers.Control))
            states |= ControlKeyStates.LeftCtrlPressed;
        if (key.Modifiers.HasFlag(ConsoleModifiers.Shift))
            states |= ControlKeyStates.ShiftPressed;
        return new KeyInfo((int)key.Key, key.KeyChar, states, keyDown: options.HasFlag(ReadKeyOptions.IncludeKeyDown));
    }

    public override void FlushInputBuffer()
    {
        while (!Console.IsInputRedirected && Console.KeyAvailable)
            Console.ReadKey(intercept: true);
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle)
        => throw new NotSupportedException("A terminal's contents cannot be read.");

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents)
        => throw new NotSupportedException("A terminal's contents cannot be set.");

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
        // Clear-Host asks for this: the whole screen, blank.
        if (rectangle is not { Left: -1, Top: -1, Right: -1, Bottom: -1 } || fill.Character != ' ')
            throw new NotSupportedException("A terminal's contents cannot be set.");
        Console.Clear();
    }

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill)
        => throw new NotSupportedException("A terminal's contents cannot be scrolled.");
}
