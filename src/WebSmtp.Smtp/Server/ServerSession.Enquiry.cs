namespace WebSmtp.Smtp.Server;

/// <summary>HELP. RFC 5321 section 4.1.1.8. (VRFY tells nothing, on purpose: section 7.3.)</summary>
public sealed partial class ServerSession
{
    Reply Help() => ReplyCatalog.Help(VerbRules.All.Keys.Order().Where(IsServed).Select(verb => VerbNames[(int)verb]));
}
