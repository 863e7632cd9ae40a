using System.CommandLine;
using System.Text.Json.Nodes;

namespace WebSmtp.Cli;

/// <summary>One command at work: its arguments, the server it speaks to, and where it prints.</summary>
sealed class Call(ParseResult parsed, RestClient server, CancellationToken stop)
{
    static readonly Option<string> ServerOption = new("--server")
    {
        Description = "Address of the server. Default: WEBSMTP_URL, else the server that runs on the data directory of WEBSMTP_DATA.",
        HelpName = "url",
        Recursive = true,
    };

    static readonly Option<string> KeyOption = new("--key")
    {
        Description = "API key. Default: WEBSMTP_API_KEY, else the key of the server that runs on the data directory.",
        HelpName = "key",
        Recursive = true,
    };

    static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON as the REST API has it.", Recursive = true };

    /// <summary>Options that every verb has.</summary>
    public static void AddOptions(Command noun)
    {
        noun.Add(ServerOption);
        noun.Add(KeyOption);
        noun.Add(JsonOption);
    }

    /// <summary>Makes a command of a verb.</summary>
    public static Command Verb(string name, string description, Func<Call, Task> run, params Symbol[] symbols)
    {
        var verb = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument) verb.Add(argument);
            else verb.Add((Option)symbol);
        }
        verb.SetAction(async (parsed, stop) =>
        {
            try
            {
                using var server = RestClient.Find(parsed.GetValue(ServerOption), parsed.GetValue(KeyOption));
                await run(new(parsed, server, stop));
                return ExitCode.Done;
            }
            catch (CommandException e)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync(e.Message);
                return e.ExitCode;
            }
        });
        return verb;
    }

    public T Value<T>(Argument<T> argument) => parsed.GetValue(argument)!;
    public T? Value<T>(Option<T> option) => parsed.GetValue(option);
    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };
    public bool WantsJson => parsed.GetValue(JsonOption);

    public Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonNode? body = null) =>
        server.SendAsync(method, path, body, stop);

    public Task<JsonNode?> SendAsync(HttpMethod method, string path, HttpContent content) => server.SendAsync(method, path, content, stop);

    /// <summary>Sends a change, and prints the sentence, or the answer where JSON is wanted.</summary>
    public async Task ChangeAsync(HttpMethod method, string path, JsonNode? body, Func<JsonNode, string> sentence)
    {
        var answer = await SendAsync(method, path, body);
        if (WantsJson) Print(answer ?? new JsonObject());
        else Print(sentence(answer ?? new JsonObject()));
    }

    /// <summary>Gets one resource and prints it whole.</summary>
    public async Task ShowAsync(string path)
    {
        var answer = await SendAsync(HttpMethod.Get, path);
        if (WantsJson) Print(answer!);
        else Output.Details(answer!.AsObject(), parsed.InvocationConfiguration.Output);
    }

    /// <summary>The same for what has a conversation: its lines come last.</summary>
    public async Task ShowConversationAsync(string path)
    {
        var answer = (await SendAsync(HttpMethod.Get, path))!.AsObject();
        if (WantsJson)
        {
            Print(answer);
            return;
        }
        answer.Remove("conversation", out var conversation);
        Output.Details(answer, parsed.InvocationConfiguration.Output);
        if (conversation is not null) Output.Conversation(conversation, parsed.InvocationConfiguration.Output);
    }

    /// <summary>Gets a list, page by page up to <paramref name="max"/> rows, and prints it as a table.</summary>
    public async Task ListAsync(string path, int max, params Column[] columns)
    {
        var rows = new JsonArray();
        long total = 0;
        for (string? cursor = null; rows.Count < max;)
        {
            var query = $"{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit={Math.Min(500, max - rows.Count)}";
            var page = (await SendAsync(HttpMethod.Get, path + query + (cursor is null ? "" : $"&cursor={cursor}")))!;
            foreach (var item in page["items"]!.AsArray()) rows.Add(item!.DeepClone());
            total = page["total"]!.GetValue<long>();
            cursor = page["nextCursor"]?.GetValue<string>();
            if (cursor is null) break;
        }
        if (WantsJson)
        {
            Print(rows);
            return;
        }
        Output.Table(rows, columns, parsed.InvocationConfiguration.Output);
        if (rows.Count < total) Print($"{rows.Count} of {total} shown; --limit shows more.");
    }

    public Task PauseAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System, stop);

    public void Print(string sentence) => parsed.InvocationConfiguration.Output.WriteLine(sentence);
    void Print(JsonNode json) => Print(json.ToJsonString(Output.Indented));
}

/// <summary>The command cannot be done; the message says why, the code is the program's.</summary>
sealed class CommandException(int exitCode, string message) : Exception(message)
{
    public int ExitCode => exitCode;
}
