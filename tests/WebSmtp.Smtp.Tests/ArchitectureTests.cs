using WebSmtp.Smtp.Server;

namespace WebSmtp.Smtp.Tests;

public sealed class ArchitectureTests
{
    [Fact]
    public void The_protocol_assembly_knows_nothing_of_web_database_or_the_rest_of_us()
    {
        string[] foreign = ["Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore", "Microsoft.Extensions", "WebSmtp", "System.Net.Sockets"];
        Assert.DoesNotContain(typeof(ServerSession).Assembly.GetReferencedAssemblies(),
            reference => foreign.Any(name => reference.Name!.StartsWith(name, StringComparison.Ordinal)));
    }
}
