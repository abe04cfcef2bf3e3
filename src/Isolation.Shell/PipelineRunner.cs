using System;
using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Threading;

namespace Isolation.Shell;

/// <summary>Runs one pipeline at a time and lets another thread (Ctrl+C) stop it.</summary>
internal sealed class PipelineRunner
{
    private readonly Lock _gate = new();
    private Pipeline? _running;

    /// <summary>Runs to the end, output and errors rendered by Out-Default; returns what ended it early, if anything did.</summary>
    internal Exception? Run(Pipeline pipeline, TextReader? input = null)
    {
        pipeline.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        pipeline.Commands.Add(new Command("Out-Default", isScript: false, useLocalScope: true)
        {
            MergeUnclaimedPreviousCommandResults = PipelineResultTypes.Error | PipelineResultTypes.Output,
        });
        return Invoke(pipeline, input, out _);
    }

    /// <summary>Runs to the end and returns the output, or null when the pipeline failed.</summary>
    internal Collection<PSObject>? Collect(Pipeline pipeline)
        => Invoke(pipeline, input: null, out Collection<PSObject> output) is null ? output : null;

    /// <summary>Stops the running pipeline; true if there was one. Waits for its cleanup.</summary>
    internal bool Stop()
    {
        Pipeline? running;
        lock (_gate)
            running = _running;

        if (running is null)
            return false;

        running.Stop();
        return true;
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "What a pipeline throws is reported, whatever it is.")]
    private Exception? Invoke(Pipeline pipeline, TextReader? input, out Collection<PSObject> output)
    {
        Pipeline? outer;
        lock (_gate)
        {
            outer = _running;
            _running = pipeline;
        }

        output = [];
        try
        {
            if (input is null)
            {
                output = pipeline.Invoke();
                return null;
            }

            return InvokeWithInput(pipeline, input);
        }
        catch (Exception e)
        {
            return e;
        }
        finally
        {
            lock (_gate)
                _running = outer;
            pipeline.Dispose();
        }
    }

    private static Exception? InvokeWithInput(Pipeline pipeline, TextReader input)
    {
        using ManualResetEventSlim finished = new();
        pipeline.StateChanged += (_, e) =>
        {
            if (e.PipelineStateInfo.State is PipelineState.Completed or PipelineState.Failed or PipelineState.Stopped)
                finished.Set();
        };
        pipeline.InvokeAsync();

        // A pipeline that ends early must not wait for its input's end.
        Thread feeder = new(() => Feed(pipeline, input)) { IsBackground = true, Name = "Standard input" };
        feeder.Start();
        finished.Wait();
        return pipeline.PipelineStateInfo.State == PipelineState.Failed ? pipeline.PipelineStateInfo.Reason : null;
    }

    private static void Feed(Pipeline pipeline, TextReader input)
    {
        try
        {
            while (input.ReadLine() is string line)
                pipeline.Input.Write(line);

            pipeline.Input.Close();
        }
        catch (Exception e) when (e is PipelineClosedException or ObjectDisposedException or IOException)
        {
            // The pipeline has ended and reads no more.
        }
    }
}
