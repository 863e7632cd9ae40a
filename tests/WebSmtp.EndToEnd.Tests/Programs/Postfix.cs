using System.Globalization;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Programs;

/// <summary>
/// A real Postfix that takes mail for one domain and puts it into folders, on a loopback port, with a queue of its own in a
/// temporary folder that goes with it. Nothing of the machine's own Postfix is used but the programs.
/// </summary>
public sealed class Postfix : IAsyncDisposable
{
    const string Nobody = "65534", Realm = "postfix.example", Chown = "/bin/chown";

    readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("websmtp-postfix-");
    readonly PostfixOptions _options;
    RunningProgram? _master;

    Postfix(PostfixOptions options) => _options = options;

    public int Port { get; } = FreePorts.Next();

    /// <summary>What it logs.</summary>
    public OutputLines Log => _master!.Out;

    /// <summary>Skips the test when it, or what it needs to log clients in, is not installed.</summary>
    public static async Task<Postfix> StartAsync(PostfixOptions options, CancellationToken stop)
    {
        var program = Tool.Need("postfix");
        Assert.SkipUnless(Environment.UserName == "root", "Only root can start Postfix.");
        if (options.Mechanism is not null) NeedMechanisms();
        var postfix = new Postfix(options);
        try
        {
            await postfix.SetUpAsync(stop);
            postfix._master = RunningProgram.Start(program, ["-c", postfix.In("etc"), "start-fg"]);
            await postfix.Log.WaitForAsync(line => line.Contains("daemon started", StringComparison.Ordinal), stop);
            return postfix;
        }
        catch
        {
            await postfix.DisposeAsync();
            throw;
        }
    }

    /// <summary>What lies in the mailbox of a user, as it came here: CRLF again, and without the fields that Postfix put on top.</summary>
    public async Task<IReadOnlyList<ReceivedMail>> MailOfAsync(string user, CancellationToken stop)
    {
        var folder = new DirectoryInfo(In("mail", user, "new"));
        var mails = new List<ReceivedMail>();
        if (!folder.Exists) return mails;
        foreach (var file in folder.GetFiles())
            mails.Add(new("", [user], AsItCame(await File.ReadAllBytesAsync(file.FullName, stop)), false));
        return mails;
    }

    /// <summary>Waits until so much lies in the mailbox of a user.</summary>
    public async Task<IReadOnlyList<ReceivedMail>> WaitForAsync(string user, int count, CancellationToken stop)
    {
        IReadOnlyList<ReceivedMail> mails = [];
        await Eventually.EqualAsync(count, async () => (mails = await MailOfAsync(user, stop)).Count);
        return mails;
    }

    public async ValueTask DisposeAsync()
    {
        if (_master is not null)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"--- Postfix at port {Port} printed\n{_master.Out}\n{_master.Error}");
            // Killed, some of its processes would still write into the folder.
            if (!_master.HasExited) await Tool.RunAsync(Tool.Need("postfix"), ["-c", In("etc"), "stop"], CancellationToken.None);
            await _master.DisposeAsync();
        }
        _home.Delete(recursive: true);
    }

    static void NeedMechanisms() => Assert.SkipUnless(
        Directory.GetDirectories("/usr/lib").Append("/usr/lib").Any(folder => File.Exists(Path.Combine(folder, "sasl2", "libscram.so"))),
        "The mechanisms of Cyrus SASL are missing (Debian package libsasl2-modules); tests/run installs it.");

    static async Task RunAsync(string program, string[] arguments, CancellationToken stop, byte[]? input = null)
    {
        var ended = await Tool.RunAsync(program, arguments, stop, input: input);
        Assert.True(ended.ExitCode == 0, $"{program}: {ended}");
    }

    // The first Received field is the last of its own.
    static byte[] AsItCame(byte[] stored)
    {
        var begin = stored.AsSpan().IndexOf("\nReceived: "u8) + 1;
        do begin += stored.AsSpan(begin).IndexOf((byte)'\n') + 1;
        while (stored[begin] is (byte)' ' or (byte)'\t');
        var came = new MemoryStream(stored.Length);
        foreach (var octet in stored.AsSpan(begin))
        {
            if (octet == '\n') came.WriteByte((byte)'\r');
            came.WriteByte(octet);
        }
        return came.ToArray();
    }

    string In(params string[] path) => Path.Combine([_home.FullName, .. path]);

    async Task SetUpAsync(CancellationToken stop)
    {
        // Its processes are those of several users.
        File.SetUnixFileMode(_home.FullName, (UnixFileMode)0b111_101_101);
        foreach (var folder in (string[])["etc/sasl", "spool", "data", "mail"]) _home.CreateSubdirectory(folder);
        await RunAsync(Chown, ["postfix", In("data")], stop);
        await RunAsync(Chown, [Nobody, In("mail")], stop);
        await File.WriteAllTextAsync(In("etc", "main.cf"), MainCf() + string.Join('\n', [.. Tls(), .. LogIn(), ""]), stop);
        await File.WriteAllTextAsync(In("etc", "master.cf"), MasterCf(), stop);
        if (_options.Authority is { } authority)
        {
            await File.WriteAllTextAsync(In("etc", "own.pem"), authority.Issue(_options.Name), stop);
            await File.WriteAllTextAsync(In("etc", "authority.pem"), authority.Pem, stop);
        }
        if (_options.Mechanism is not { } mechanism) return;
        await File.WriteAllTextAsync(In("etc", "sasl", "smtpd.conf"), $"""
            pwcheck_method: auxprop
            auxprop_plugin: sasldb
            sasldb_path: {Users}
            mech_list: {mechanism}

            """, stop);
        await SetPasswordAsync(_options.Account!, stop);
    }

    string Users => In("etc", "sasl", "users");

    /// <summary>Makes the account, or gives it another password.</summary>
    public async Task SetPasswordAsync(MailAccount account, CancellationToken stop)
    {
        var saslpasswd = Tool.Need("saslpasswd2", "sasl2-bin");
        await RunAsync(saslpasswd, ["-c", "-p", "-f", Users, "-u", Realm, account.Username], stop, SampleMail.Text(account.Password));
        await RunAsync(Chown, ["postfix", Users], stop);
    }

    IEnumerable<string> Tls()
    {
        if (_options.Authority is null) yield break;
        yield return "smtpd_tls_security_level = encrypt";
        yield return "smtpd_tls_loglevel = 1";
        yield return $"smtpd_tls_chain_files = {In("etc", "own.pem")}";
        if (_options.ImplicitTls) yield return "smtpd_tls_wrappermode = yes";
        if (!_options.NeedsClientCertificate) yield break;
        yield return "smtpd_tls_req_ccert = yes";
        yield return $"smtpd_tls_CAfile = {In("etc", "authority.pem")}";
    }

    IEnumerable<string> LogIn()
    {
        if (_options.Mechanism is null) yield break;
        yield return "smtpd_sasl_auth_enable = yes";
        yield return "smtpd_sasl_type = cyrus";
        // Debian's looks there whatever this says.
        yield return $"cyrus_sasl_config_path = {In("etc", "sasl")}";
        yield return $"smtpd_sasl_local_domain = {Realm}";
    }

    string MainCf() => $$"""
        compatibility_level = 3.6
        queue_directory = {{In("spool")}}
        data_directory = {{In("data")}}
        command_directory = /usr/sbin
        daemon_directory = /usr/lib/postfix/sbin
        mail_owner = postfix
        setgid_group = postdrop
        maillog_file = /dev/stdout
        myhostname = {{_options.Name}}
        mydestination =
        alias_maps =
        mynetworks =
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        biff = no
        smtpd_peername_lookup = no
        local_header_rewrite_clients =
        virtual_mailbox_domains = {{_options.Domain}}
        virtual_mailbox_base = {{In("mail")}}
        virtual_mailbox_maps = inline:{ {{Mailboxes()}} }
        virtual_uid_maps = static:{{Nobody}}
        virtual_gid_maps = static:{{Nobody}}
        smtpd_relay_restrictions = {{Senders()}}, reject
        smtpd_recipient_restrictions = check_recipient_access inline:{ {{{PostfixOptions.Busy}}@={{PostfixOptions.BusyReply}}} }, permit

        """;

    string Senders() => _options switch
    {
        { Mechanism: not null } => "permit_sasl_authenticated",
        { NeedsClientCertificate: true } => "permit_tls_all_clientcerts",
        _ => "permit_auth_destination",
    };

    string Mailboxes() => string.Join(", ", _options.Users.Select(user => $"{user}@{_options.Domain}={user}/"));

    string MasterCf() => $"""
        127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)} inet n - n - - smtpd
        cleanup   unix  n - n - 0 cleanup
        qmgr      unix  n - n 300 1 qmgr
        tlsmgr    unix  - - n 1000? 1 tlsmgr
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

/// <summary>What a <see cref="Postfix"/> is like. Users that it was not told of do not exist.</summary>
public sealed record PostfixOptions(string Domain)
{
    /// <summary>A user who cannot take mail now.</summary>
    public const string Busy = "busy";
    public const string BusyReply = "450 4.2.1 Come back later";

    /// <summary>Of the host, in its greeting and its certificate.</summary>
    public string Name => "mx." + Domain;
    public IReadOnlyList<string> Users { get; init; } = ["ann", "bob"];

    /// <summary>Who gave it its certificate; null: no TLS. With TLS nothing is taken in clear.</summary>
    public TestAuthority? Authority { get; init; }

    /// <summary>TLS from the first byte.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>Only clients with a certificate of the same authority are served.</summary>
    public bool NeedsClientCertificate { get; init; }

    /// <summary>The only one that it offers; null: nobody has to log in.</summary>
    public string? Mechanism { get; init; }

    /// <summary>Who may log in.</summary>
    public MailAccount? Account { get; init; }
}
