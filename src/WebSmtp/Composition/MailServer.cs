using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Pickup;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Statistics;
using WebSmtp.Mta.Trace;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Composition;

/// <summary>Starts and stops the mail side with the host: queue recovery, smart hosts, sites, delivery, in this order; and back.</summary>
sealed class MailServer(
    ServerSettings settings, SmartHostOperations smartHosts, SiteOperations sites, Scheduler scheduler, Collections collections,
    CollectorRunner collectors, PickupWatch pickup, QueueUpkeep upkeep, Operations operations, RejectionLog rejections,
    TraceUpkeep trace, StatisticsUpkeep statistics, ProtocolFiles protocolFiles, Audit audit) : IHostedService
{
    /// <summary>Sessions may take this long to come to a command boundary; then they are cut.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    public async Task StartAsync(CancellationToken stop)
    {
        await audit.StartAsync(stop);
        await upkeep.RecoverAsync(stop);
        await smartHosts.LoadAsync(stop);
        rejections.Start();
        protocolFiles.Start();
        if (await sites.StartAllAsync(settings.FirstSite(), stop) is { } problem)
            throw new SettingsException($"The default site cannot be made as WEBSMTP_SMTP_ADDRESS and WEBSMTP_SMTP_PORT say: {problem.Detail}");
        await scheduler.StartAsync(stop);
        await collectors.StartAsync(stop);
        upkeep.Start();
        pickup.Start();
        trace.Start();
        statistics.Start();
    }

    public async Task StopAsync(CancellationToken stop)
    {
        await pickup.StopAsync();
        // Together: a turned session so ends after the message that is on its way instead of being cut off.
        await Task.WhenAll(
            operations.StopAsync(), collections.StopAsync(Grace), collectors.StopAsync(Grace), sites.ShutDownAsync(Grace));
        await scheduler.StopAsync(stop);
        await upkeep.StopAsync();
        await trace.StopAsync();
        await statistics.StopAsync();
        await rejections.StopAsync();
        await protocolFiles.StopAsync();
        await audit.StopAsync();
    }
}
