using WebSmtp.Cli;
using WebSmtp.Composition;
using WebSmtp.Demo;

// A socket goes on with whoever waits for it on its own thread: a hop to another costs more than most commands do. What may
// block leaves that thread first (ARCHITECTURE.md, "Threads"). Read by the runtime when it makes the first socket.
const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
if (Environment.GetEnvironmentVariable(InlineCompletions) is null) Environment.SetEnvironmentVariable(InlineCompletions, "1");

return await CommandLine.RunAsync(args, ServerProcess.RunAsync, HeldMailDemo.RunAsync);
