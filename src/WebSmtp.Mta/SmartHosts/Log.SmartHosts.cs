using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(7001, LogLevel.Information, "Smart host {Name} was {Act} by {By} from {From}")]
    public static partial void SmartHostChanged(ILogger log, string name, string act, string by, string from);

    [LoggerMessage(7002, LogLevel.Warning, "There is no token to log in to {Host} with: {Reason}")]
    public static partial void NoToken(ILogger log, string host, string reason);

    [LoggerMessage(7003, LogLevel.Error, "The request for a token to log in to {Host} with broke off")]
    public static partial void TokenRequestBroke(ILogger log, Exception trouble, string host);

    [LoggerMessage(7004, LogLevel.Error,
        "The new refresh token of smart host {Name} could not be written to the database; it is lost when the program ends, and then has to be given again")]
    public static partial void RefreshTokenNotKept(ILogger log, Exception trouble, string name);

    [LoggerMessage(7005, LogLevel.Information, "Smart host {Name} was tested by {By} from {From}: {Outcome}")]
    public static partial void SmartHostTested(ILogger log, string name, string by, string from, string outcome);
}
