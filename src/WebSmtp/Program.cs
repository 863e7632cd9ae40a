using WebSmtp.Cli;
using WebSmtp.Composition;
using WebSmtp.Demo;

return await CommandLine.RunAsync(args, ServerProcess.RunAsync, HeldMailDemo.RunAsync);
