using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Admin;
using Xunit.v3;

[assembly: CloseWindows]

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Closes a test's windows when it has ended: a page that nobody looks at any more would go on living, and be paid for by all tests that follow.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class CloseWindowsAttribute : BeforeAfterTestAttribute
{
    static readonly ConcurrentDictionary<string, ConcurrentBag<IBrowserContext>> Windows = new();

    /// <summary>The window belongs to the test that runs.</summary>
    public static void WhenTestEnds(IBrowserContext window) => Windows.GetOrAdd(TestContext.Current.Test!.UniqueID, static _ => []).Add(window);

    /// <inheritdoc/>
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (!Windows.TryRemove(test.UniqueID, out var windows)) return;
        // The next test need not wait for it.
        foreach (var window in windows) _ = window.CloseAsync();
    }
}
