import { relayApi } from './relay-api.ts'
import { runCli } from './run-cli.ts'
import { processTerminal } from './terminal.ts'

// Not awaited: the single executable runs this file as CommonJS, which cannot wait at its top.
void runCli(process.argv.slice(2), { terminal: processTerminal(), relay: relayApi }).then((status) => {
  // What a command printed is written; standard error may not be yet. Whatever else is open ends here: a reader of standard output that stands
  // still, or a disk that hangs, would keep a stopped relay for ever.
  process.stderr.write('', () => process.exit(status))
})
