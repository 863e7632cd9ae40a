using WebSmtp.Mta.Events;

namespace WebSmtp.Mta.Collectors;

/// <summary>A run of a collector <c>started</c> or <c>ended</c>, or mail came in (<c>progress</c>).</summary>
public sealed record CollectorEvent(DateTimeOffset At, int SiteId, string Collector, long RunId, string What) : MtaEvent(At, SiteId);
