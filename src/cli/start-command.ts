import type { Command, CommandContext } from './command.ts'
import { renderBanner } from './render-banner.ts'

export function startCommand({ terminal, relay, exit }: CommandContext): Command<object> {
  return {
    command: 'start',
    describe: 'Run the relay until SIGTERM or SIGINT; SIGHUP reloads the configuration',
    builder: (yargs) => yargs.example('logrelay start', 'try it on this machine').example('logrelay start --config relay.yaml', ''),
    handler: async ({ config }) => {
      const status = await relay.runRelay({
        configFile: config,
        onStarted: (report) => {
          const banner = renderBanner(report, process.cwd())
          // A sink that writes messages to standard output has it for itself.
          const shared = report.pipelines.some(({ sinks }) => sinks.some(({ destination }) => destination === '-'))
          if (shared) terminal.err(banner)
          // Without a banner the relay runs as well; its log says that it started.
          else terminal.out(banner).catch(() => {})
        },
      })
      exit(status)
    },
  }
}
