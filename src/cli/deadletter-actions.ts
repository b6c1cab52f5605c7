import { RelayError } from '../core/errors.ts'
import { type Command, type CommandContext, exitStatus, UsageError } from './command.ts'
import { type LetterOptions, letterOptions, selectionOf, tellNone } from './deadletter-options.ts'
import { LetterReader, withRelay } from './deadletter-reader.ts'
import type { ReplayPlan, ReplayProgress } from './relay-api.ts'
import { renderPlan, renderProgress } from './render-letters.ts'
import { renderCount } from './render-values.ts'

type ReplayOptions = LetterOptions & { readonly dryRun: boolean }

export function replayCommand(context: CommandContext): Command<LetterOptions & { 'dry-run': boolean }> {
  return {
    command: 'replay <pipeline>',
    describe: 'Send dead letters again; what is delivered is none any more, what is refused again stays',
    builder: (yargs) =>
      letterOptions(yargs).option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Only say what would be sent, and whether the sink works',
      }),
    handler: async ({ config, ...options }) => {
      const reader = await LetterReader.open(context, config)
      await withRelay(async () => {
        const sink = await reader.sinkOf(options, { change: true })
        if (sink === undefined) tellNone(context, options)
        else await replay(context, reader.dataDir, sink, options)
      })
    },
  }
}

async function replay(context: CommandContext, dataDir: string, sink: string, options: ReplayOptions): Promise<void> {
  const { relay, terminal, exit } = context
  const { pipeline, dryRun } = options
  let plan: ReplayPlan | undefined
  let progress: ReplayProgress = { delivered: 0, refused: 0 }
  for await (const step of relay.letters.replay(dataDir, pipeline, sink, { ...selectionOf(options), dryRun })) {
    if ('progress' in step) progress = step.progress
    else {
      plan = step.plan
      if (plan.messages > 0) await terminal.out(renderPlan(pipeline, sink, plan, { dryRun, nowMs: Date.now() }))
    }
  }
  if (plan === undefined) throw new RelayError('CONTROL_FAILED', 'the running relay did not say what it would send')
  if (plan.messages === 0) return tellNone(context, { ...options, sink })
  if (dryRun) return
  await terminal.out(renderProgress(progress, plan.messages))
  if (progress.delivered < plan.messages) exit(exitStatus.failure)
}

export function dropCommand(context: CommandContext): Command<LetterOptions & { all: boolean }> {
  return {
    command: 'drop <pipeline>',
    describe: 'Delete dead letters for good; the ledger goes on counting them as rejected',
    builder: (yargs) =>
      letterOptions(yargs)
        .option('all', { type: 'boolean', default: false, describe: 'All of the sink' })
        .check(({ all, reason, number }) => {
          if (all === (reason === undefined && number === undefined)) return true
          throw new UsageError('say which to delete: --reason ID or --number N, or else --all', '`logrelay deadletter ls` shows the groups')
        }),
    handler: async ({ config, ...options }) => {
      const reader = await LetterReader.open(context, config)
      await withRelay(async () => {
        const { pipeline } = options
        const sink = await reader.sinkOf(options, { change: true })
        const dropped = sink === undefined ? 0 : await context.relay.letters.drop(reader.dataDir, pipeline, sink, selectionOf(options))
        if (dropped === 0) tellNone(context, options)
        else
          await context.terminal.out(
            `${renderCount(dropped)} dead ${dropped === 1 ? 'letter' : 'letters'} of ${pipeline} for sink ${sink} deleted.\n`,
          )
      })
    },
  }
}
