using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>A case for each way to cut the server's bytes.</summary>
sealed class EachCutAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
        MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Enum.GetValues<ReplyCut>().Select(cut => new TheoryDataRow<ReplyCut>(cut))]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
