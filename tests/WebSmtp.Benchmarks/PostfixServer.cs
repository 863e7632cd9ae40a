using System.Globalization;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.Benchmarks;

/// <summary>
/// A private Postfix that takes everything from loopback and holds it, its cheapest durable acceptance, or relays it.
/// Nothing of the machine's own Postfix is used but the programs.
/// </summary>
sealed class PostfixServer : MeasuredServer
{
    const string Programs = "/usr/lib/postfix/sbin", Postfix = "/usr/sbin/postfix";

    readonly string _configuration;

    PostfixServer(string configuration, int port)
    {
        _configuration = configuration;
        Port = port;
    }

    public override string Name => "Postfix";

    /// <param name="relayPort">Where everything is relayed to; null: it is held.</param>
    public static async Task<PostfixServer> StartAsync(WorkFolder folder, CancellationToken stop, int? relayPort = null)
    {
        if (!File.Exists(Postfix)) throw new BenchmarkException("Postfix is not installed (Debian package postfix).");
        if (Environment.UserName != "root") throw new BenchmarkException("Postfix can only be started by root.");
        var home = folder.Below("postfix");
        var server = new PostfixServer(folder.Below(Path.Combine("postfix", "etc")), FreePorts.Next());
        foreach (var name in (string[])["spool", "data"]) Directory.CreateDirectory(Path.Combine(home, name));
        await RunAsync("/bin/chown", ["postfix", Path.Combine(home, "data")], stop);
        await File.WriteAllTextAsync(Path.Combine(server._configuration, "main.cf"), MainCf(home, relayPort), stop);
        await File.WriteAllTextAsync(Path.Combine(server._configuration, "master.cf"), MasterCf(server.Port), stop);
        try
        {
            await RunAsync(Postfix, ["-c", server._configuration, "start"], stop);
            // The master process holds a lock on the file, which .NET would respect.
            var pid = await RunAsync("/bin/cat", [Path.Combine(home, "spool", "pid", "master.pid")], stop);
            server.RootProcess = int.Parse(pid.Trim(), CultureInfo.InvariantCulture);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await using var stopping = RunningProgram.Start(Postfix, ["-c", _configuration, "stop"]);
        await stopping.WaitAsync(CancellationToken.None);
    }

    static async Task<string> RunAsync(string file, string[] arguments, CancellationToken stop)
    {
        await using var program = RunningProgram.Start(file, arguments);
        var finished = await program.WaitAsync(stop);
        if (finished.ExitCode != 0) throw new BenchmarkException($"{file} {string.Join(' ', arguments)}: {finished}");
        return finished.Out;
    }

    static string MainCf(string home, int? relayPort) => $"""
        compatibility_level = 3.6
        queue_directory = {home}/spool
        data_directory = {home}/data
        command_directory = /usr/sbin
        daemon_directory = {Programs}
        mail_owner = postfix
        setgid_group = postdrop
        maillog_file_prefixes = {home}
        maillog_file = {home}/mail.log
        myhostname = postfix.bench.example
        mydestination =
        alias_maps =
        local_recipient_maps =
        mynetworks = 127.0.0.0/8
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        biff = no
        # What would slow it down without being part of the comparison.
        smtpd_peername_lookup = no
        smtpd_tls_security_level = none
        in_flow_delay = 0
        default_process_limit = 300
        message_size_limit = 52428800
        smtpd_relay_restrictions = permit_mynetworks, reject
        {(relayPort is { } port
            ? $"relayhost = [127.0.0.1]:{port.ToString(CultureInfo.InvariantCulture)}\ndisable_dns_lookups = yes\nsmtp_host_lookup = native\nsmtp_tls_security_level = none"
            // As WebSmtp holds.
            : "smtpd_end_of_data_restrictions = check_client_access static:HOLD")}

        """;

    static string MasterCf(int port) => $"""
        127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)} inet n - n - - smtpd
        cleanup   unix  n - n - 0 cleanup
        qmgr      unix  n - n 300 1 qmgr
        rewrite   unix  - - n - - trivial-rewrite
        bounce    unix  - - n - 0 bounce
        defer     unix  - - n - 0 bounce
        trace     unix  - - n - 0 bounce
        verify    unix  - - n - 1 verify
        flush     unix  n - n 1000? 0 flush
        proxymap  unix  - - n - - proxymap
        smtp      unix  - - n - - smtp
        relay     unix  - - n - - smtp
        error     unix  - - n - - error
        retry     unix  - - n - - error
        discard   unix  - - n - - discard
        local     unix  - n n - - local
        virtual   unix  - n n - - virtual
        anvil     unix  - - n - 1 anvil
        scache    unix  - - n - 1 scache
        showq     unix  n - n - - showq
        postlog   unix-dgram n - n - 1 postlogd

        """;
}
