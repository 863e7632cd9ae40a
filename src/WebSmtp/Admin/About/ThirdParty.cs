namespace WebSmtp.Admin.About;

/// <summary>What the program is made with, beside .NET itself. A test holds that every package it references is here.</summary>
static class ThirdParty
{
    public static readonly IReadOnlyList<(string Package, string Licence, string For)> Packages =
    [
        ("Cronos", "MIT", "schedules of collectors"),
        ("DnsClient", "Apache-2.0", "MX, A and AAAA records"),
        ("Microsoft.AspNetCore.Components.QuickGrid", "MIT", "the web admin"),
        ("Microsoft.EntityFrameworkCore.Design", "MIT", "migrations; not part of the program"),
        ("Microsoft.EntityFrameworkCore.Relational", "MIT", "the database"),
        ("Microsoft.EntityFrameworkCore.Sqlite", "MIT", "SQLite, with SQLite itself (public domain)"),
        ("Microsoft.Extensions.Hosting.Systemd", "MIT", "running as a systemd service"),
        ("Microsoft.Extensions.Hosting.WindowsServices", "MIT", "running as a Windows service"),
        ("Microsoft.Extensions.Logging.Abstractions", "MIT", "the log"),
        ("MimeKit", "MIT", "writing reports and reading headers"),
        ("Npgsql.EntityFrameworkCore.PostgreSQL", "PostgreSQL", "PostgreSQL"),
        ("Swashbuckle.AspNetCore", "MIT", "the description of the REST API"),
        ("System.CommandLine", "MIT", "the command line"),
    ];
}
