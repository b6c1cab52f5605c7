import { deviceTypes } from '../config/device-types.ts'
import { readOutline } from '../config/outline.ts'
import { resolveConfigFile } from '../config/resolve-config-file.ts'
import type { Command, CommandContext } from './command.ts'
import { type Candidate, type Completion, completionOf } from './completion-candidates.ts'
import { completionScript, type Shell, shells } from './completion-script.ts'
import type { CommandNode } from './completion-tree.ts'
import type { Terminal } from './terminal.ts'

export function completionCommand({ terminal }: CommandContext): Command<{ shell: Shell }> {
  return {
    command: 'completion <shell>',
    describe: 'Print the script that makes a shell complete commands; the packages install it',
    builder: (yargs) =>
      yargs
        .positional('shell', { choices: shells, demandOption: true, describe: 'Which shell' })
        .example('source <(logrelay completion bash)', 'for this session'),
    handler: ({ shell }) => terminal.out(completionScript(shell)),
  }
}

/** Answers a completion script: a candidate a line, a tab before its description if it has one; `:file` or `:directory` where the shell knows better. */
export async function answerCompletion(tree: CommandNode, words: readonly string[], terminal: Terminal): Promise<number> {
  const completion = completionOf(tree, words)
  const { kind } = completion.expected
  const names = kind === 'file' || kind === 'directory' ? [`:${kind}`] : (await candidatesOf(completion)).map(renderCandidate)
  await terminal.out(names.map((line) => `${line}\n`).join(''))
  return 0
}

async function candidatesOf({ expected, current, config }: Completion): Promise<Candidate[]> {
  const all = await allOf(expected, config)
  return all.filter(({ value }) => value.startsWith(current))
}

async function allOf(expected: Completion['expected'], config: string | undefined): Promise<readonly Candidate[]> {
  if (expected.kind === 'words') return expected.words
  if (expected.kind === 'device') return deviceTypes.map(({ name, sends }) => ({ value: name, description: sends }))
  return expected.kind === 'pipeline' ? (await pipelineNames(config)).map((value) => ({ value, description: '' })) : []
}

/** None where the configuration cannot be read: whoever presses TAB wants no error. Nothing that a shell would take for more than a name. */
async function pipelineNames(config: string | undefined): Promise<string[]> {
  try {
    const { pipelines } = await readOutline(await resolveConfigFile(config))
    return pipelines.filter((name) => /^\w[\w.-]*$/.test(name))
  } catch {
    return []
  }
}

function renderCandidate({ value, description }: Candidate): string {
  return description === '' ? value : `${value}\t${description}`
}
