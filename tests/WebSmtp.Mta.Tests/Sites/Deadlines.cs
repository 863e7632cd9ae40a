using System.Diagnostics.CodeAnalysis;

[assembly: SuppressMessage("Usage", "xUnit1069", Justification = "The benches pass the test's token on.")]
