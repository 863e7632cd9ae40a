using System.Text;

namespace WebSmtp.Cli;

/// <summary>Secrets that somebody types or pipes in. Never from an argument: those can be read by every user of the machine.</summary>
static class Secrets
{
    /// <summary>Asks at the terminal; what is typed is not shown.</summary>
    public static string Ask(string question)
    {
        Console.Error.Write(question);
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key is ConsoleKey.Backspace) typed.Length = Math.Max(0, typed.Length - 1);
            else if (!char.IsControl(key.KeyChar)) typed.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return typed.ToString();
    }

    /// <summary>
    /// One secret for each name, in their order: lines of the file where one is given, lines of standard input where that
    /// was asked for, else typed at the terminal. An empty one stands for none.
    /// </summary>
    /// <param name="from">How standard input is asked for: the option's name, for the message.</param>
    public static IReadOnlyList<string> Read(IReadOnlyList<string> names, string? file, bool standardInput, string from)
    {
        if (file is not null)
        {
            using var reader = Open(file);
            return [.. names.Select(name => Line(reader, name, file))];
        }
        if (standardInput) return [.. names.Select(name => Line(Console.In, name, "standard input"))];
        if (Console.IsInputRedirected)
            throw new CommandException(ExitCode.WrongUsage, $"There is no terminal to ask for the {names[0]}: use {from}.");
        return [.. names.Select(name => Ask($"{char.ToUpperInvariant(name[0])}{name[1..]}: "))];
    }

    static StreamReader Open(string file)
    {
        try
        {
            return new(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.WrongUsage, $"{file} cannot be read: {e.Message}");
        }
    }

    static string Line(TextReader reader, string name, string place) => reader.ReadLine()
        ?? throw new CommandException(ExitCode.WrongUsage, $"There is no {name} in {place}.");
}
