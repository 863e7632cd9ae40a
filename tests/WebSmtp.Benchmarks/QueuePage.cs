using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace WebSmtp.Benchmarks;

/// <summary>Opens, filters, sorts and pages the queue's pages and lists of a seeded data directory, as a person and a script would.</summary>
static partial class QueuePage
{
    /// <summary>What the process may have in use after all of it.</summary>
    const long MemoryCap = 400L << 20;

    static readonly (string Name, string Path)[] Pages =
    [
        ("destinations", "/queue"), ("destinations of a site", "/queue?site=1"), ("most first", "/queue?sort=messages"), ("oldest first", "/queue?sort=oldest"),
        ("next try first", "/queue?sort=nextTry"), ("destinations by name", "/queue?domain=dest19"), ("messages", "/messages"), ("newest", "/messages?sort=newest"),
        ("next try", "/messages?sort=nextTry"), ("largest", "/messages?sort=largest"), ("a large domain", "/messages?q=domain:dest0.example"),
        ("a large domain, newest", "/messages?q=domain:dest0.example&sort=newest"), ("a small domain", "/messages?q=domain:dest19000.example"),
        ("a domain by next try", "/messages?q=domain:dest19000.example&sort=nextTry"), ("retry", "/messages?q=state:retry"), ("held", "/messages?q=state:held"), ("frozen, newest", "/messages?q=state:frozen&sort=newest"),
        ("older than two days", "/messages?q=older:2d"), ("newer than an hour", "/messages?q=newer:1h"), ("over 1 MiB", "/messages?q=size%3E1M"),
        ("a sender", "/messages?q=from:user77@office7.example"), ("a recipient", "/messages?q=to:person4711@"), ("a subject", "/messages?q=subject:%22Invoice%2012%22"),
        ("a reply", "/messages?q=reply:452"), ("nothing matches", "/messages?q=from:nobody@nowhere.example"), ("domain and reply", "/messages?q=domain:dest0.example+reply:452"),
        ("trace", "/trace"), ("trace, refused", "/trace?what=refused"), ("trace, delivered", "/trace?what=delivered"), ("trace, deferred", "/trace?what=deferred"),
        ("trace, failed", "/trace?what=failed"), ("overview", "/"),
    ];

    public static async Task RunAsync(Options options, CancellationToken stop)
    {
        var data = options.Folder ?? throw new BenchmarkException("Say where the data is: --data DIRECTORY, filled by seed.");
        await using var server = await QueueServer.StartAsync(data, options.Database, stop);
        await LogInAsync(server.Http, stop);
        await GetAsync(server.Http, "/messages", stop);
        var worst = 0.0;
        foreach (var (name, path) in Pages) worst = Math.Max(worst, await MeasureAsync(server.Http, name, path, options.Repeat, stop));

        foreach (var sort in (string[])["oldest", "newest", "nextTry", "largest"])
        {
            var (path, times) = ($"/messages?sort={sort}", new List<double>());
            for (var page = 0; page < 30; page++)
            {
                var (seconds, text) = await GetAsync(server.Http, path, stop);
                times.Add(seconds);
                if (Next().Match(text) is not { Success: true } next) break;
                path = System.Net.WebUtility.HtmlDecode(next.Groups["href"].Value);
            }
            worst = Math.Max(worst, Show($"30 pages on, {sort}", times));
        }
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", QueueServer.Key);
        foreach (var (name, path) in ((string, string)[])[
            ("REST messages", "/api/v1/sites/1/messages?limit=50"), ("REST messages of a domain", "/api/v1/sites/1/messages?domain=dest0.example"),
            ("REST retry", "/api/v1/sites/1/messages?state=retry"), ("REST search of all sites", "/api/v1/messages?q=state:held&sort=newest"),
            ("REST sender", "/api/v1/sites/1/messages?sender=user77@office7.example"), ("REST queues", "/api/v1/sites/1/queues")])
            worst = Math.Max(worst, await MeasureAsync(server.Http, name, path, options.Repeat, stop));
        worst = Math.Max(worst, await WalkAsync(server.Http, 100, stop));
        var (now, peak) = server.Memory();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nslowest {worst * 1000:F0} ms; memory {now >> 20} MiB, at most {peak >> 20} MiB (cap {MemoryCap >> 20} MiB)"));
        if (worst >= 1 || peak > MemoryCap) throw new BenchmarkException("That is more than it may be.");
    }

    static async Task<double> MeasureAsync(HttpClient http, string name, string path, int repeat, CancellationToken stop)
    {
        var times = new List<double>();
        for (var i = 0; i <= repeat; i++) times.Add((await GetAsync(http, path, stop)).Seconds);
        return Show(name, times);
    }

    static async Task<double> WalkAsync(HttpClient http, int pages, CancellationToken stop)
    {
        var (cursor, times) = ("", new List<double>());
        for (var page = 0; page < pages; page++)
        {
            var (seconds, text) = await GetAsync(http, "/api/v1/sites/1/messages?limit=500" + cursor, stop);
            times.Add(seconds);
            using var answer = JsonDocument.Parse(text);
            if (answer.RootElement.GetProperty("nextCursor").GetString() is not { } next) break;
            cursor = "&cursor=" + Uri.EscapeDataString(next);
        }
        return Show($"REST {pages} pages of 500", times);
    }

    static double Show(string name, List<double> times)
    {
        var sorted = times.Order().ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28} first {times[0] * 1000,5:F0} ms, median {sorted[sorted.Count / 2] * 1000,5:F0} ms, slowest {sorted[^1] * 1000,5:F0} ms"));
        return sorted[^1];
    }

    static async Task<(double Seconds, string Text)> GetAsync(HttpClient http, string path, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await http.GetAsync(path, stop);
        var text = await answer.Content.ReadAsStringAsync(stop);
        if (!answer.IsSuccessStatusCode) throw new BenchmarkException($"GET {path}: {(int)answer.StatusCode}\n{text[..Math.Min(500, text.Length)]}");
        return (Stopwatch.GetElapsedTime(began).TotalSeconds, text);
    }

    static async Task LogInAsync(HttpClient http, CancellationToken stop)
    {
        var (_, page) = await GetAsync(http, "/login", stop);
        var fields = Hidden().Matches(page).ToDictionary(field => field.Groups["name"].Value, field => field.Groups["value"].Value, StringComparer.Ordinal);
        fields["username"] = "admin";
        fields["password"] = QueueServer.Password;
        using var form = new FormUrlEncodedContent(fields);
        using var answer = await http.PostAsync("/login", form, stop);
        if (answer.RequestMessage!.RequestUri!.AbsolutePath is "/login") throw new BenchmarkException("The log-in was refused.");
    }

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>[^\"]+)\" value=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Hidden();

    [GeneratedRegex("rel=\"next\" href=\"(?<href>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Next();
}
