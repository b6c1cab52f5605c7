import type { ParseStreamOptions } from '../app/parse-stream.ts'
import { syslogSourceSchema } from '../config/source-schema.ts'
import type { FramingCounts } from '../core/framing.ts'
import { type Command, type CommandContext, UsageError } from './command.ts'

interface ParseOptions {
  framing: ParseStreamOptions['framing']
  type: string
  timezone: string
}

const framings = ['auto', 'newline', 'octet-counting', 'nul'] as const

export function parseCommand({ terminal }: CommandContext): Command<ParseOptions> {
  return {
    command: 'parse',
    describe: 'Read syslog messages from standard input, print one JSON object a line (Elastic Common Schema)',
    builder: (yargs) =>
      yargs
        .option('framing', {
          choices: framings,
          default: 'auto' as const,
          requiresArg: true,
          describe: 'How messages are told apart (RFC 6587)',
        })
        .option('type', { type: 'string', default: 'generic-rfc5424', requiresArg: true, describe: 'Device type; see logrelay types' })
        .option('timezone', {
          type: 'string',
          default: 'UTC',
          requiresArg: true,
          describe: 'Zone of dates that name none: Europe/Berlin, +02:00',
        })
        .example('logrelay parse --type cisco-asa < asa.log', '')
        .check(checkOptions),
    handler: async ({ framing, type, timezone }) => {
      const { parseStream } = await import('../app/parse-stream.ts')
      const maxMessageBytes = syslogSourceSchema.shape.max_message_size.parse(undefined)
      const lines = parseStream(terminal.input, { framing, device: type, timezone, maxMessageBytes })
      // Not for-await: the counts are what the generator returns.
      for (let next = await lines.next(); ; next = await lines.next()) {
        if (next.done) return terminal.err(renderCounts(next.value, maxMessageBytes))
        await terminal.out(next.value)
        if (terminal.closed.aborted) break
      }
      await lines.return(undefined as never)
    },
  }
}

/** The same rules as for a source in the configuration. */
function checkOptions({ type, timezone }: ParseOptions): true {
  const device = syslogSourceSchema.shape.device.safeParse(type)
  const issue = device.error?.issues[0]
  if (issue !== undefined)
    throw new UsageError(`--type ${type} ${issue.message}`, issue.code === 'custom' ? String(issue.params?.hint) : undefined)
  const zone = syslogSourceSchema.shape.timezone.safeParse(timezone)
  if (!zone.success) throw new UsageError(`--timezone ${timezone}: ${zone.error.issues[0]?.message}`)
  return true
}

function renderCounts(counts: FramingCounts, maxMessageBytes: number): string {
  const notes: string[] = []
  if (counts.truncated > 0) notes.push(`${counts.truncated} messages cut to ${maxMessageBytes} bytes`)
  if (counts.skippedBytes > 0) notes.push(`${counts.skippedBytes} bytes skipped to find the next frame`)
  if (counts.cutOff > 0) notes.push('the input ended inside the last message')
  return notes.map((note) => `logrelay: ${note}\n`).join('')
}
