using System.Net;
using System.Net.Http;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>The OpenAPI document, and that what it says works.</summary>
public sealed class DescriptionTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Every_operation_is_described()
    {
        var document = await ReadAsync(await server.ProcessAsync());

        foreach (var (path, methods) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in methods!.AsObject())
            {
                var name = $"{method} {path}";
                Assert.True(operation!["summary"] is not null && operation["description"] is not null && operation["tags"]!.AsArray().Count == 1, name);
                foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
                    Assert.False(string.IsNullOrEmpty(parameter!["description"]?.GetValue<string>()), $"{name}: {parameter["name"]}");
                Assert.All(operation["requestBody"]?["content"]?.AsObject() ?? [], body => Assert.NotNull(body.Value!["example"]));
                if (!path.StartsWith("/api/", StringComparison.Ordinal)) continue;
                Assert.NotNull(operation["security"]);
                Assert.True(operation["responses"]!["401"] is not null && operation["responses"]!["403"] is not null, name);
            }
        }
        foreach (var (name, schema) in document["components"]!["schemas"]!.AsObject())
        {
            foreach (var (member, type) in schema!["properties"]?.AsObject() ?? [])
                Assert.False(string.IsNullOrEmpty(type!["description"]?.GetValue<string>()), $"{name}.{member}");
        }
        var size = document["components"]!["schemas"]!["SiteRequest"]!["properties"]!["settings"]!["properties"]!["maxMessageSize"]!;
        Assert.Equal((33554432, 2147483648), (size["default"]!.GetValue<long>(), size["maximum"]!.GetValue<long>()));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_program_prints_the_document_that_it_publishes()
    {
        var file = Path.GetTempFileName();
        try
        {
            var printed = await Tool.RunAsync("/bin/sh", ["-c", "\"$0\" openapi > \"$1\"", ProgramFiles.Executable, file], Stop,
                new Dictionary<string, string?>(StringComparer.Ordinal) { ["DOTNET_ROOT"] = ProgramFiles.DotnetRoot });

            Assert.True(printed.ExitCode == 0, printed.ToString());
            var document = JsonNode.Parse(await File.ReadAllTextAsync(file, Stop));
            Assert.True(JsonNode.DeepEquals(await ReadAsync(await server.ProcessAsync()), document));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_examples_work_when_they_are_tried()
    {
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        var document = await ReadAsync(own);

        // In an order in which things exist before they are shown and changed.
        foreach (var (method, path) in ((string, string)[])[
            ("post", "/accounts"), ("get", "/accounts"), ("get", "/accounts/{username}"), ("patch", "/accounts/{username}"),
            ("post", "/sites"), ("get", "/sites"), ("get", "/sites/{id}"), ("patch", "/sites/{id}"), ("post", "/sites/{id}/pause"), ("post", "/sites/{id}/continue"),
            ("post", "/sites/{id}/stop"), ("post", "/sites/{id}/start"), ("get", "/sites/{id}/settings/schema"),
            ("post", "/sites/{id}/domains"), ("get", "/sites/{id}/domains"), ("get", "/sites/{id}/domains/{name}"), ("patch", "/sites/{id}/domains/{name}"),
            ("put", "/sites/{id}/etrn-names/{name}"), ("get", "/sites/{id}/etrn-names"), ("get", "/sites/{id}/etrn-names/{name}"),
            ("post", "/sites/{id}/domains/{name}/dequeue"), ("get", "/sites/{id}/queues"), ("get", "/sites/{id}/messages"), ("get", "/sites/{id}/sessions"), ("get", "/log"), ("get", "/sites/{id}/log/files"), ("get", "/sites/{id}/domains/{name}/collections"),
            ("post", "/sites/{id}/collectors"), ("get", "/sites/{id}/collectors"), ("get", "/sites/{id}/collectors/{name}"), ("patch", "/sites/{id}/collectors/{name}"),
            ("post", "/sites/{id}/collectors/{name}/run"), ("get", "/sites/{id}/collectors/{name}/runs"), ("delete", "/sites/{id}/collectors/{name}"),
            ("post", "/sites/{id}/messages/actions"), ("post", "/messages/actions"), ("get", "/messages"), ("post", "/sites/{id}/queues/{domain}/hold"), ("post", "/sites/{id}/queues/{domain}/release"),
            ("post", "/sites/{id}/queues/{domain}/retry"), ("get", "/operations"), ("get", "/trace"), ("get", "/sites/{id}/rejections"),
            ("delete", "/sites/{id}/etrn-names/{name}"), ("delete", "/sites/{id}/domains/{name}"), ("delete", "/accounts/{username}"),
            ("post", "/smarthosts"), ("get", "/smarthosts"), ("get", "/smarthosts/{name}"), ("patch", "/smarthosts/{name}"), ("delete", "/smarthosts/{name}"),
            ("get", "/service"), ("patch", "/service"), ("get", "/service/status"), ("get", "/audit"),
            ("post", "/users"), ("get", "/users"), ("get", "/users/{username}"), ("patch", "/users/{username}"), ("delete", "/users/{username}")])
        {
            var operation = document["paths"]!["/api/v1" + path]![method]!;
            var filled = path;
            foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
            {
                if (parameter!["in"]!.GetValue<string>() == "path")
                    filled = filled.Replace($"{{{parameter["name"]}}}", parameter["example"]!.ToString(), StringComparison.Ordinal);
            }
            var request = operation["requestBody"]?["content"]?["application/json"];
            if (request is not null) Assert.Empty(DescribedShape.Misfits(document, request["schema"]!, request["example"]));
            var body = request?["example"]?.ToJsonString();

            var asked = await own.Api.AskAsync(method.ToUpperInvariant(), filled, body);
            // Its schedule may have been quicker.
            if (asked.Status is HttpStatusCode.Conflict && path.EndsWith("/run", StringComparison.Ordinal)) continue;
            var answer = asked.Success();

            // The example of the answer has the members that the answer has, and both are as described.
            var described = operation["responses"]!.AsObject().First(response => response.Key.StartsWith('2')).Value!["content"]?["application/json"];
            if (described is null) continue;
            Assert.Empty(DescribedShape.Misfits(document, described["schema"]!, answer));
            Assert.Empty(DescribedShape.Misfits(document, described["schema"]!, described["example"]));
            if (described["example"] is not JsonObject members) continue;
            foreach (var (member, _) in members) Assert.True(answer.AsObject().ContainsKey(member), $"{method} {path}: {member}");
        }
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_page_to_try_it_needs_nothing_from_elsewhere()
    {
        using var http = (await server.ProcessAsync()).Stranger();

        var page = await http.GetStringAsync("swagger/index.html", Stop);

        Assert.DoesNotContain("//", page.Replace("<!-- ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.NotEmpty(await http.GetByteArrayAsync("swagger/swagger-ui-bundle.js", Stop));
    }

    static async Task<JsonNode> ReadAsync(WebSmtpProcess server)
    {
        using var http = server.Stranger();
        return JsonNode.Parse(await http.GetStringAsync("swagger/v1/swagger.json", Stop))!;
    }
}
