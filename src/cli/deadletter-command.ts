import { type Command, type CommandContext, UsageError } from './command.ts'
import { dropCommand, replayCommand } from './deadletter-actions.ts'
import { type LetterOptions, letterOptions, selectionOf, tellNone } from './deadletter-options.ts'
import { LetterReader } from './deadletter-reader.ts'
import type { ShownLetter } from './relay-api.ts'
import { renderJsonLine } from './render-json.ts'
import { renderLetter, renderLetterGroups } from './render-letters.ts'

/** `logrelay deadletter`: messages that a sink refused for good, and what is to become of them. */
export function deadletterCommand(context: CommandContext): Command<object> {
  return {
    command: 'deadletter',
    describe: 'Show dead letters (messages that a sink refused for good), send them again, or delete them',
    builder: (yargs) =>
      yargs
        .command(listCommand(context))
        .command(showCommand(context))
        .command(replayCommand(context))
        .command(dropCommand(context))
        .demandCommand(1, 1, 'Say what to do with them: ls, show, replay or drop.', 'One thing at a time.')
        .example('logrelay deadletter ls', 'how many there are, and why')
        .example('logrelay deadletter show nginx --limit 3', 'the three oldest, as they were received')
        .example('logrelay deadletter replay nginx --dry-run', 'what would be sent again, and whether the sink works')
        .example('logrelay deadletter replay nginx --reason 1a2b3c4d', 'send a group again, once its cause is gone'),
    handler: () => undefined,
  }
}

function listCommand(context: CommandContext): Command<{ pipeline?: string; sink?: string; json: boolean }> {
  return {
    command: ['ls [pipeline]', 'list [pipeline]'],
    describe: 'How many dead letters there are, by sink and reason',
    builder: (yargs) =>
      yargs
        .positional('pipeline', { type: 'string', describe: 'Name of a pipeline. Default: all' })
        .option('sink', { type: 'string', requiresArg: true, describe: 'Only those of this sink' })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON: an object a line, one for each sink' }),
    handler: async ({ config, pipeline, sink, json }) => {
      const reader = await LetterReader.open(context, config)
      const sorted = (await reader.groups(pipeline)).filter((one) => sink === undefined || one.sink === sink)
      await context.terminal.out(json ? sorted.map(renderJsonLine).join('') : renderLetterGroups(sorted, Date.now()))
    },
  }
}

function showCommand(context: CommandContext): Command<LetterOptions & { limit: number; raw: boolean; json: boolean }> {
  return {
    command: 'show <pipeline>',
    describe: 'Print dead letters: the message, why it was refused, when, and from whom it came',
    builder: (yargs) =>
      letterOptions(yargs)
        .option('limit', { type: 'number', requiresArg: true, default: 20, describe: 'Print at most so many' })
        .option('raw', { type: 'boolean', default: false, describe: 'The bytes as received, a line feed after each' })
        .option('json', { type: 'boolean', default: false, describe: 'One JSON object a line' })
        .check(({ limit, raw, json }) => {
          if (raw && json) throw new UsageError('--raw and --json exclude each other')
          if (!Number.isSafeInteger(limit) || limit < 1) throw new UsageError('--limit must be a whole number of 1 or more')
          return true
        }),
    handler: async ({ config, ...options }) => {
      const { terminal } = context
      const reader = await LetterReader.open(context, config)
      const sink = await reader.sinkOf(options, { change: false })
      if (sink === undefined) return tellNone(context, options)
      let shown = 0
      for await (const letter of reader.read(options.pipeline, sink, { ...selectionOf(options), limit: options.limit })) {
        if (terminal.closed.aborted) return
        await terminal.out(renderAs(letter, options))
        shown++
      }
      if (shown === 0) tellNone(context, options)
    },
  }
}

function renderAs(letter: ShownLetter, { raw, json }: { raw: boolean; json: boolean }): string | Uint8Array {
  if (json) return renderJsonLine(letter)
  return raw ? Buffer.concat([Buffer.from(letter.bytes, 'base64'), Buffer.from('\n')]) : renderLetter(letter)
}
