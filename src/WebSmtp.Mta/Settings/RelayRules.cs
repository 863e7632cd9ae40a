namespace WebSmtp.Mta.Settings;

/// <summary>Who may send to domains that are not ours.</summary>
public sealed record RelayRules(bool AllowAuthenticated, IReadOnlyList<AddressRange> AllowAddresses);
