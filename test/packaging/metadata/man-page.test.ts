import t from 'tap'
import { manPage, renderManPage } from '../../../packaging/metadata/man-page.ts'
import type { CommandNode } from '../../../src/cli/completion-tree.ts'
import { describeCli } from '../../../src/cli/run-cli.ts'
import { FakeTerminal, fakeRelay, run } from '../../cli/fake-terminal.ts'
import { plainText } from './plain-roff.ts'

const dateMs = Date.UTC(2026, 10, 22, 23, 59)
const page = await manPage({ dateMs })
const tree = describeCli({ terminal: new FakeTerminal(), relay: fakeRelay(), exit: () => {} })

function* below(node: CommandNode): Generator<CommandNode> {
  for (const command of node.commands) {
    yield command
    yield* below(command)
  }
}

const oneLine = (text: string) => text.replaceAll('`', '').replace(/\s+/g, ' ').trim()

/** What stands below a heading whose title begins with `title`, up to the next one. */
function section(title: string): string {
  const lines = page.split('\n')
  const isHeading = (line: string) => /^\.S[HS] /.test(line)
  const begin = lines.findIndex((line) => isHeading(line) && `${plainText(line.slice(4))} `.startsWith(`${title} `))
  if (begin < 0) throw new Error(`there is no section ${title}`)
  const length = lines.slice(begin + 1).findIndex(isHeading)
  const text = lines.slice(begin + 1, begin + 1 + length).filter((line) => !line.startsWith('.'))
  return oneLine(text.map(plainText).join(' '))
}

t.test('every option of the help of every command is in its section', async (t) => {
  const globals = namesIn((await run(['--help'])).out)
  t.ok(globals.length >= 4)
  for (const name of globals) t.match(section('OPTIONS'), `${name} `)
  for (const node of below(tree)) {
    const title = node.path.join(' ')
    const { out } = await run([...node.path.slice(1), '--help'])
    const text = section(title)
    for (const name of namesIn(out).filter((name) => !globals.includes(name))) t.ok(` ${text}`.includes(` ${name} `), `${title} ${name}`)
    for (const line of out.split('\n\n')[1]?.split('\n') ?? []) t.ok(text.includes(oneLine(line)), `${title}: ${line}`)
    for (const { description, choices, name } of [...node.options, ...node.positionals]) {
      t.ok(text.includes(oneLine(description)), `${title}: ${name}`)
      for (const choice of choices) t.ok(text.includes(choice), `${title}: ${name} may be ${choice}`)
    }
    for (const { command, description } of node.examples) t.ok(text.includes(oneLine(`${command} ${description}`)), command)
    for (const epilogue of node.epilogues) t.ok(text.includes(oneLine(epilogue)), epilogue)
  }
})

t.test('the sections that every page has', async (t) => {
  t.match(page, /^\.TH LOGRELAY 1 2026-11-22 "logrelay \d+\.\d+\.\d+"$/m)
  for (const title of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'FILES', 'SIGNALS', 'ENVIRONMENT', 'EXIT STATUS', 'SEE ALSO']) {
    t.match(page, `\n.SH ${title}\n`)
  }
  t.match(section('FILES'), '/etc/logrelay/logrelay.yaml')
  t.match(section('ENVIRONMENT'), 'LOGRELAY_CACHE_DIR')
  t.equal(await manPage({ dateMs }), page, 'the same bytes every time')
})

t.test('what a value may be, and what it is if nobody says', async (t) => {
  const value = { aliases: [], required: false, choices: [], default: undefined, description: 'What' } as const
  const command = { aliases: [], description: 'C', positionals: [], commands: [], examples: [], epilogues: [] }
  const options: CommandNode['options'] = [
    { ...value, name: 'a', type: 'number', default: 0 },
    { ...value, name: 'bc', type: 'boolean', default: false },
    { ...value, name: 'de', type: 'array', required: true, default: [] },
    { ...value, name: 'fg', type: 'string', choices: ['x', 'y'], default: 'x' },
  ]
  const node = { ...command, path: ['p', 'c'], options }
  const made = renderManPage({ ...command, path: ['p'], options: [], commands: [node] }, { version: '1', dateMs })
  t.match(made, '.SS \\fBp c\\fR [\\fIoptions\\fR]\nC.\n')
  t.match(made, '\\fB\\-a\\fR \\fINUMBER\\fR\nWhat.\nDefault: \\fB0\\fR.\n.TP\n\\fB\\-\\-bc\\fR\nWhat.\n.TP\n')
  t.match(made, '\\fB\\-\\-de\\fR \\fIVALUE\\fR\nWhat.\nMay be repeated.\nRequired.\n.TP\n')
  t.match(made, 'What.\nOne of \\fBx\\fR, \\fBy\\fR.\nDefault: \\fBx\\fR.\n')
})

function namesIn(help: string): string[] {
  return [...help.matchAll(/^(?: {6}| {2}-\w, )(--[a-z-]+) /gm)].map(([, name]) => name as string)
}
