using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Xml;

namespace WebSmtp.Api;

/// <summary>How the REST API writes and reads JSON: camelCase, UTC with Z, ISO 8601 durations, nothing guessed.</summary>
static class ApiJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        TypeInfoResolver = ApiJsonContext.Default,
        Converters = { new UtcTimeConverter(), new DurationConverter(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        // Answers are application/json, never put into a page: "<" and "é" may stay readable.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A time as ISO 8601 in UTC.</summary>
    sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture));
    }

    /// <summary>A span of time as ISO 8601 duration, <c>PT15M</c>.</summary>
    sealed class DurationConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Durations.TryParse(reader.GetString(), out var read) ? read : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteStringValue(XmlConvert.ToString(value));
    }
}

/// <summary>ISO 8601 durations as text.</summary>
static class Durations
{
    public static bool TryParse(string? text, out TimeSpan read)
    {
        read = default;
        if (text is null or { Length: > 40 }) return false;
        try
        {
            read = XmlConvert.ToTimeSpan(text);
            return read >= TimeSpan.Zero;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return false;
        }
    }
}

[JsonSerializable(typeof(ProblemResponse))]
[JsonSerializable(typeof(ServiceResponse))]
[JsonSerializable(typeof(ServiceRequest))]
[JsonSerializable(typeof(Listed<SiteResponse>))]
[JsonSerializable(typeof(SiteRequest))]
[JsonSerializable(typeof(SiteDeletionResponse))]
[JsonSerializable(typeof(DrainResponse))]
[JsonSerializable(typeof(SiteCheckRequest))]
[JsonSerializable(typeof(SiteCheckResponse))]
[JsonSerializable(typeof(IReadOnlyList<SettingResponse>))]
[JsonSerializable(typeof(Listed<DomainResponse>))]
[JsonSerializable(typeof(DomainRequest))]
[JsonSerializable(typeof(DomainDnsResponse))]
[JsonSerializable(typeof(DequeueResponse))]
[JsonSerializable(typeof(Listed<EtrnNameResponse>))]
[JsonSerializable(typeof(EtrnNameRequest))]
[JsonSerializable(typeof(Listed<AccountResponse>))]
[JsonSerializable(typeof(AccountRequest))]
[JsonSerializable(typeof(Listed<UserResponse>))]
[JsonSerializable(typeof(UserRequest))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(Listed<KeyResponse>))]
[JsonSerializable(typeof(NewKeyResponse))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(Listed<CollectorResponse>))]
[JsonSerializable(typeof(Listed<CollectorRunResponse>))]
[JsonSerializable(typeof(CollectorRequest))]
[JsonSerializable(typeof(Listed<KeptSmartHostResponse>))]
[JsonSerializable(typeof(KeptSmartHostRequest))]
[JsonSerializable(typeof(SmartHostTestRequest))]
[JsonSerializable(typeof(SmartHostTestResponse))]
[JsonSerializable(typeof(Listed<QueueResponse>))]
[JsonSerializable(typeof(Listed<MessageResponse>))]
[JsonSerializable(typeof(SubmissionRequest))]
[JsonSerializable(typeof(SubmissionResponse))]
[JsonSerializable(typeof(TraceResponse))]
[JsonSerializable(typeof(RedirectRequest))]
[JsonSerializable(typeof(ActionRequest))]
[JsonSerializable(typeof(SearchActionRequest))]
[JsonSerializable(typeof(OperationStartedResponse))]
[JsonSerializable(typeof(Listed<OperationResponse>))]
[JsonSerializable(typeof(Listed<FoundEventResponse>))]
[JsonSerializable(typeof(Listed<RejectionResponse>))]
[JsonSerializable(typeof(Listed<SessionResponse>))]
[JsonSerializable(typeof(SessionsClosedResponse))]
[JsonSerializable(typeof(LogResponse))]
[JsonSerializable(typeof(Listed<LogFileResponse>))]
[JsonSerializable(typeof(Listed<MessageConversationResponse>))]
[JsonSerializable(typeof(Listed<CollectionResponse>))]
[JsonSerializable(typeof(SimulationRequest))]
[JsonSerializable(typeof(SimulationResponse))]
[JsonSerializable(typeof(Listed<RouteStateResponse>))]
[JsonSerializable(typeof(CollectorRunDetailsResponse))]
[JsonSerializable(typeof(RouteRetryRequest))]
[JsonSerializable(typeof(TrafficResponse))]
[JsonSerializable(typeof(Listed<AlarmResponse>))]
[JsonSerializable(typeof(Listed<AuditResponse>))]
[JsonSerializable(typeof(EventResponse))]
[JsonSerializable(typeof(StatusResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(JsonObject))]
sealed partial class ApiJsonContext : JsonSerializerContext;
