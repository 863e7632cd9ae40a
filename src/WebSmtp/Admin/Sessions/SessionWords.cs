using WebSmtp.Admin.Components;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Admin.Sessions;

/// <summary>What is said of sessions on several pages.</summary>
static class SessionWords
{
    public static string Href(SessionView view) => Href(view.Id);
    public static string Href(string id) => $"/sessions/{Uri.EscapeDataString(id)}";

    public static string Purpose(SessionView view) => view.Purpose switch
    {
        SessionPurpose.Delivery => "delivery",
        SessionPurpose.Collection => "held mail",
        SessionPurpose.Collector => "collector",
        _ => "client",
    };

    public static (Tone Tone, IconName Icon, string Words) Outcome(SessionOutcome outcome) => outcome switch
    {
        SessionOutcome.Completed => (Tone.Good, IconName.Good, "in order"),
        SessionOutcome.Refused => (Tone.Bad, IconName.Refuse, "refused"),
        SessionOutcome.Broken => (Tone.Warning, IconName.Unplugged, "broken off"),
        _ => (Tone.Neutral, IconName.Stop, "closed here"),
    };
}
