import { loadConfig } from '../config/load.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { planBalancer } from '../planning/lb/balancer.ts'
import { type LbTarget, lbTargetNames, lbTargets } from '../planning/lb/lb-targets.ts'
import { parseHost, parsePools } from '../planning/lb/pools.ts'
import type { LbResult } from '../planning/lb/result.ts'
import { type Command, type CommandContext, UsageError } from './command.ts'

interface LbOptions {
  for: LbTarget
  pool: string[]
  name: string
  listen?: string
}

export function lbCommand({ terminal }: CommandContext): Command<LbOptions> {
  return {
    command: 'lb',
    describe: "Write a load balancer's configuration from the relay's own",
    builder: (yargs) =>
      yargs
        // --pool is given once for each pool, so what is given twice may not simply be forgotten here.
        .parserConfiguration({ 'duplicate-arguments-array': true })
        .option('for', { choices: lbTargetNames, demandOption: true, requiresArg: true, describe: 'What to write it for' })
        .option('pool', {
          type: 'string',
          array: true,
          demandOption: true,
          requiresArg: true,
          describe: 'PIPELINE=HOST,HOST: the relays of one pipeline; default=HOST,HOST: those of all others',
        })
        .option('name', { type: 'string', default: 'logrelay', requiresArg: true, describe: 'Begins the name of all that is made' })
        .option('listen', {
          type: 'string',
          requiresArg: true,
          describe: "HAProxy and NGINX: the balancer's address. Default: every address",
        })
        .example('logrelay lb --for haproxy --pool default=relay-1,relay-2', 'every pipeline on the same two nodes')
        .example('logrelay lb --for nginx --pool nginx=10.0.0.1,10.0.0.2 --pool default=10.0.0.3', 'nodes of its own for a busy one')
        .check(checkOptions),
    handler: async (options) => {
      const pools = required(parsePools(options.pool))
      const listen = options.listen === undefined ? undefined : parseHost(options.listen)
      const { config } = await loadConfig(await resolveConfigFile(options.config), { beside: true })
      const balancer = required(planBalancer(config, { name: options.name, listen, pools }))
      await terminal.out(required(lbTargets[options.for](balancer)))
    },
  }
}

function checkOptions(options: LbOptions & { config?: string }): true {
  for (const name of ['for', 'name', 'listen', 'config'] as const) {
    if (Array.isArray(options[name])) throw new UsageError(`--${name} is given twice`)
  }
  if (options.listen === undefined) return true
  if (options.for !== 'haproxy' && options.for !== 'nginx') throw new UsageError('--listen belongs to haproxy and nginx')
  const host = parseHost(options.listen)
  if (host === undefined || host.kind === 'name') throw new UsageError('--listen must be an IPv4 or IPv6 address')
  return true
}

/** Every problem is shown: the first with its hint as the error's own, the others in its message. */
function required<T>(result: LbResult<T>): T {
  if (result.ok) return result.value
  const { problems } = result
  const [only] = problems
  if (problems.length === 1 && only !== undefined) throw new UsageError(only.message, only.hint)
  const lines = problems.map(({ message, hint }) => `\n  ${message}${hint === undefined ? '' : `\n    ${hint}`}`)
  throw new UsageError(`${problems.length} problems${lines.join('')}`)
}
