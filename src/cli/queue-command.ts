import { type ConfigOutline, readOutline } from '../config/outline.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import { RelayError } from '../core/errors.ts'
import type { QueueStatus } from '../core/queue.ts'
import { type Command, type CommandContext, UsageError } from './command.ts'
import type { MessageRange, QueuedMessage } from './relay-api.ts'
import { renderJsonLine } from './render-json.ts'
import { renderMessage, renderQueues } from './render-queue.ts'

interface QueueOptions {
  pipeline?: string
  messages: boolean
  from?: number
  limit: number
  raw: boolean
  json: boolean
}

export function queueCommand(context: CommandContext): Command<QueueOptions> {
  return {
    command: 'queue [pipeline]',
    describe: 'Show queues, or the messages that wait in one, without disturbing them',
    builder: (yargs) =>
      yargs
        .positional('pipeline', { type: 'string', describe: 'Name of a pipeline. Default: all' })
        .option('messages', { type: 'boolean', default: false, describe: 'Print the waiting messages of PIPELINE' })
        .option('from', { type: 'number', requiresArg: true, describe: 'With --messages: number of the first one. Default: the oldest' })
        .option('limit', { type: 'number', requiresArg: true, default: 100, describe: 'With --messages: print at most so many' })
        .option('raw', { type: 'boolean', default: false, describe: 'With --messages: the bytes as received, a line feed after each' })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON; one object a line with --messages' })
        .example('logrelay queue', 'depth, age, cursors and dead letters of every queue')
        .example('logrelay queue nginx --messages --limit 5', 'the five oldest messages that wait')
        .check(checkOptions),
    handler: async ({ config, ...options }) => {
      const outline = await readOutline(await resolveConfigFile(config))
      if (options.messages) return printMessages(context, outline.dataDir, options)
      const queues = await readQueues(context, outline, options.pipeline)
      await context.terminal.out(options.json ? `${JSON.stringify(queues, null, 2)}\n` : renderQueues(queues, Date.now()))
    },
  }
}

function checkOptions({ pipeline, messages, from, limit, raw, json }: QueueOptions): true {
  if (raw && json) throw new UsageError('--raw and --json exclude each other')
  if (messages && pipeline === undefined) throw new UsageError('--messages needs a pipeline', 'logrelay queue PIPELINE --messages')
  if (!messages && (from !== undefined || raw)) throw new UsageError('--from and --raw belong to --messages')
  if (from !== undefined && !isCount(from)) throw new UsageError('--from must be the number of a message: 0, 1, 2, ...')
  if (!isCount(limit) || limit === 0) throw new UsageError('--limit must be a whole number of 1 or more')
  return true
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

async function readQueues(
  { relay, terminal }: CommandContext,
  { dataDir, pipelines }: ConfigOutline,
  pipeline: string | undefined,
): Promise<Record<string, QueueStatus>> {
  try {
    if (pipeline !== undefined) return { [pipeline]: (await relay.getQueue(dataDir, pipeline)).queue }
    const status = await relay.getStatus(dataDir)
    return Object.fromEntries(Object.entries(status.pipelines).map(([name, { queue }]) => [name, queue]))
  } catch (error) {
    sayOffline(error, terminal)
  }
  const queues: Record<string, QueueStatus> = {}
  for (const name of pipeline === undefined ? pipelines : [pipeline]) {
    try {
      queues[name] = (await relay.offlineQueue(dataDir, name)).queue
    } catch (error) {
      // Of all pipelines some may never have run.
      if (pipeline !== undefined || RelayError.from(error).code !== 'PIPELINE_UNKNOWN') throw error
    }
  }
  return queues
}

async function printMessages({ relay, terminal }: CommandContext, dataDir: string, options: QueueOptions): Promise<void> {
  const pipeline = options.pipeline as string
  const range: MessageRange = { limit: options.limit, ...(options.from === undefined ? {} : { from: options.from }) }
  const print = async (messages: AsyncIterable<QueuedMessage>) => {
    for await (const message of messages) {
      if (terminal.closed.aborted) return
      await terminal.out(renderAs(message, options))
    }
  }
  try {
    await print(relay.queueMessages(dataDir, pipeline, range))
  } catch (error) {
    sayOffline(error, terminal)
    await print(relay.offlineMessages(dataDir, pipeline, range))
  }
}

function renderAs(message: QueuedMessage, { raw, json }: QueueOptions): string | Uint8Array {
  if (json) return renderJsonLine(message)
  return raw ? Buffer.concat([Buffer.from(message.bytes, 'base64'), Buffer.from('\n')]) : renderMessage(message)
}

/** One process holds the queues: without a running relay this one opens them, any other error is the command's. */
function sayOffline(error: unknown, terminal: CommandContext['terminal']): void {
  if (!(error instanceof RelayError) || error.code !== 'NOT_RUNNING') throw error
  terminal.err('no relay is running: reading the queues on disk\n')
}
