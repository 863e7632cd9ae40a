using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta;

/// <summary>Everything that this project logs. Numbers are never used again for something else.</summary>
static partial class Log
{
    [LoggerMessage(6001, LogLevel.Information, "Site {Site} ({SiteId}) was created by {By} from {From}")]
    public static partial void SiteCreated(ILogger log, string site, int siteId, string by, string from);

    [LoggerMessage(6002, LogLevel.Information, "Site {Site} ({SiteId}) was changed by {By} from {From}")]
    public static partial void SiteChanged(ILogger log, string site, int siteId, string by, string from);

    [LoggerMessage(6003, LogLevel.Information, "Site {Site} ({SiteId}) is {State} by order of {By} from {From}")]
    public static partial void SiteState(ILogger log, string site, int siteId, SiteState state, string by, string from);

    [LoggerMessage(6004, LogLevel.Warning, "Site {Site} ({SiteId}) could not be started: {Reason}")]
    public static partial void SiteFailed(ILogger log, string site, int siteId, string reason);

    [LoggerMessage(6005, LogLevel.Information,
        "Site {Site} ({SiteId}) was deleted by {By} from {From}; messages: {Messages}, handed to: {Folder}. Its folders stay")]
    public static partial void SiteDeleted(ILogger log, string site, int siteId, long messages, string? folder, string by, string from);

    [LoggerMessage(6006, LogLevel.Information, "smtpServiceVersion is {Version} by order of {By} from {From}")]
    public static partial void ServiceVersion(ILogger log, int version, string by, string from);

    [LoggerMessage(6007, LogLevel.Warning, "The folders of site {Site} ({SiteId}) could not be made: {Reason}")]
    public static partial void MailrootFailed(ILogger log, string site, int siteId, string reason);

    [LoggerMessage(6011, LogLevel.Information, "Domain {Domain} of site {Site} ({SiteId}) was {Act} by {By} from {From}")]
    public static partial void DomainChanged(ILogger log, string domain, string site, int siteId, string act, string by, string from);

    [LoggerMessage(6012, LogLevel.Information, "ETRN name {Name} of site {Site} ({SiteId}) was {Act} by {By} from {From}")]
    public static partial void EtrnNameChanged(ILogger log, string name, string site, int siteId, string act, string by, string from);

    [LoggerMessage(6021, LogLevel.Information, "Account {Account} was {Act} by {By} from {From}")]
    public static partial void AccountChanged(ILogger log, string account, string act, string by, string from);

    [LoggerMessage(6022, LogLevel.Error,
        "The challenge secret of account {Account} was made with another key; CRAM-MD5 fails until its password is set anew")]
    public static partial void ChallengeSecretUnreadable(ILogger log, string account);

    [LoggerMessage(6031, LogLevel.Information, "The first administrator {User} was made")]
    public static partial void FirstUser(ILogger log, string user);

    [LoggerMessage(6032, LogLevel.Information, "The API key given at start is an administrator's key from now on")]
    public static partial void FirstKey(ILogger log);

    [LoggerMessage(6033, LogLevel.Warning, "The API key given at start has only {Length} characters; make it {Needed} or more")]
    public static partial void ShortKey(ILogger log, int length, int needed);

    [LoggerMessage(6034, LogLevel.Information, "{User} logged in from {From}")]
    public static partial void LoggedIn(ILogger log, string user, string from);

    [LoggerMessage(6035, LogLevel.Warning, "Log-in as {User} from {From} was refused, {Failures} in a row; the next one is heard in {Delay}")]
    public static partial void LogInRefused(ILogger log, string user, string from, int failures, TimeSpan delay);

    [LoggerMessage(6038, LogLevel.Information, "API key {Name} ({Id}) was {Act} by {By} from {From}")]
    public static partial void KeyChanged(ILogger log, string name, int id, string act, string by, string from);

    [LoggerMessage(6036, LogLevel.Information, "{User} changed the password")]
    public static partial void PasswordChanged(ILogger log, string user);

    [LoggerMessage(6039, LogLevel.Information, "User {User} was {Act} by {By} from {From}")]
    public static partial void UserChanged(ILogger log, string user, string act, string by, string from);

    [LoggerMessage(6040, LogLevel.Error, "The audit record could not be written: {Act} {Object} by {By} from {From}")]
    public static partial void AuditLost(ILogger log, Exception? exception, string act, string @object, string by, string from);

    [LoggerMessage(6041, LogLevel.Warning, "The time of the last use of API key {Id} could not be written")]
    public static partial void KeyUseLost(ILogger log, Exception exception, int id);
}
