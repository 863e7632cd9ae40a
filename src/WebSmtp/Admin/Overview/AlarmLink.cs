using WebSmtp.Admin.Held;
using WebSmtp.Mta.Alarms;

namespace WebSmtp.Admin.Overview;

/// <summary>Where an alarm is seen to.</summary>
static class AlarmLink
{
    public static (string Href, string Words) Of(Alarm alarm) => alarm.Kind switch
    {
        AlarmKind.SiteFailed => ($"/sites/{alarm.SiteId}", "To the site"),
        AlarmKind.ServiceVersion => ("/sites#version", "To the switch"),
        AlarmKind.NobodyCollects or AlarmKind.HeldLimit or AlarmKind.HostOverdue => (HeldAddress.Of(alarm.SiteId!.Value, alarm.Subject!), "To the domain"),
        AlarmKind.RouteOnHold or AlarmKind.RouteTrouble => ("/routes", "To the routes"),
        AlarmKind.OpenRelay => ($"/sites/{alarm.SiteId}/edit/access#f-settings-relay", "To its relay list"),
        AlarmKind.DiskLow => ("/about", "To the storage"),
    };
}
