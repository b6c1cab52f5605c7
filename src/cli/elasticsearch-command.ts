import type { SetupEvent } from '../app/elasticsearch-setup.ts'
import { loadConfig } from '../config/load.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { type Command, type CommandContext, UsageError } from './command.ts'

interface SetupCommandOptions {
  sink?: string
  retention?: string
  'rollover-size': string
  'rollover-age': string
  shards: number
  replicas: number
  'dry-run': boolean
  print: boolean
}

export function elasticsearchCommand(context: CommandContext): Command<object> {
  return {
    command: 'elasticsearch',
    describe: 'Make Elasticsearch or OpenSearch ready for what the relay sends',
    builder: (yargs) =>
      yargs.command(setupCommand(context)).demandCommand(1, 1, 'Name what to do: logrelay elasticsearch setup.', 'One command at a time.'),
    handler: () => undefined,
  }
}

function setupCommand({ terminal }: CommandContext): Command<SetupCommandOptions> {
  return {
    command: 'setup',
    describe: 'Install mappings, an index template and a policy that deletes old indices, for each sink',
    builder: (yargs) =>
      yargs
        .option('sink', { type: 'string', requiresArg: true, describe: 'Name of the sink. Default: all of type elasticsearch' })
        .option('retention', {
          type: 'string',
          requiresArg: true,
          describe: 'Delete what is older: 30d, 12h. Default: nothing is ever deleted',
        })
        .option('rollover-size', {
          type: 'string',
          requiresArg: true,
          default: '50gb',
          describe: 'Data streams: largest shard of an index',
        })
        .option('rollover-age', { type: 'string', requiresArg: true, default: '1d', describe: 'Data streams: begin a new index so often' })
        .option('shards', { type: 'number', requiresArg: true, default: 1, describe: 'Primary shards of an index' })
        .option('replicas', { type: 'number', requiresArg: true, default: 1, describe: 'Copies of each shard' })
        .option('dry-run', {
          type: 'boolean',
          default: false,
          describe: 'Ask the cluster what it is, change nothing, say what would be done',
        })
        .option('print', { type: 'boolean', default: false, describe: 'Print the requests instead of making them' })
        .example('logrelay elasticsearch setup --retention 30d --dry-run', 'what would be installed')
        .check(checkOptions),
    handler: async ({ config, sink, retention, shards, replicas, print, ...options }) => {
      const { config: loaded } = await loadConfig(await resolveConfigFile(config))
      const { setUpElasticsearch } = await import('../app/elasticsearch-setup.ts')
      const dryRun = options['dry-run'] || print
      const asked = {
        retention: lower(retention),
        rolloverSize: options['rollover-size'].toLowerCase(),
        rolloverAge: options['rollover-age'],
      }
      for await (const event of setUpElasticsearch(loaded, { sink, shards, replicas, dryRun, ...asked }, terminal.closed)) {
        await terminal.out(print ? requestText(event) : eventText(event, dryRun))
      }
    },
  }
}

/** `off` says the same as leaving it out. */
function lower(retention: string | undefined): string | undefined {
  return retention === undefined || retention === 'off' ? undefined : retention.toLowerCase()
}

function checkOptions(options: Omit<SetupCommandOptions, 'sink'>): true {
  const { retention, shards, replicas } = options
  if (retention !== undefined && retention !== 'off' && !isTime(retention))
    throw new UsageError('--retention must be a time such as 30d or 12h')
  if (!isTime(options['rollover-age'])) throw new UsageError('--rollover-age must be a time such as 1d or 12h')
  if (!/^[1-9]\d{0,8}(?:mb|gb|tb)$/i.test(options['rollover-size']))
    throw new UsageError('--rollover-size must be a size such as 50gb or 500mb')
  if (!isCount(shards, 1, 1024)) throw new UsageError('--shards must be a number from 1 to 1024')
  if (!isCount(replicas, 0, 100)) throw new UsageError('--replicas must be a number from 0 to 100')
  return true
}

function isTime(text: string): boolean {
  // To Elasticsearch elsewhere M is months, and m minutes.
  return /^[1-9]\d{0,5}(?:[dhDH]|m)$/.test(text)
}

function isCount(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function eventText(event: SetupEvent, dryRun: boolean): string {
  if ('cluster' in event) return `${event.sink}: ${event.cluster} at ${event.endpoint}\n`
  if ('note' in event) return `  note: ${event.note}\n`
  return `  ${dryRun ? 'would install' : 'installed'} ${event.request.words}\n`
}

/** As the consoles of Kibana and OpenSearch Dashboards take it. */
function requestText(event: SetupEvent): string {
  if ('cluster' in event) return `# ${event.sink}: ${event.cluster} at ${event.endpoint}\n`
  if ('note' in event) return `# ${event.note}\n`
  return `PUT ${event.request.path}\n${JSON.stringify(event.request.body, null, 2)}\n\n`
}
