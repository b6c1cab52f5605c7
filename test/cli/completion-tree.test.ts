import t from 'tap'
import type { Argv } from 'yargs'
import { type CommandNode, commandTree } from '../../src/cli/completion-tree.ts'
import { describeCli } from '../../src/cli/run-cli.ts'
import { FakeTerminal, fakeRelay, run } from './fake-terminal.ts'

const tree = describeCli({ terminal: new FakeTerminal(), relay: fakeRelay(), exit: () => {} })

function* walk(node: CommandNode): Generator<CommandNode> {
  yield node
  for (const command of node.commands) yield* walk(command)
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ')

t.test('what yargs prints as help is in the tree, command by command, and nothing else', async (t) => {
  const inherited = tree.options.map(({ name }) => name)
  for (const node of walk(tree)) {
    const title = node.path.join(' ')
    const { out } = await run([...node.path.slice(1), '--help'])
    const options = [...out.matchAll(/^(?: {6}| {2}-\w, )--([a-z-]+) /gm)].map(([, name]) => name as string)
    const own = node === tree ? [] : node.options.map(({ name }) => name)
    t.same(options, [...inherited, ...own], `${title}: options`)
    const [, section = ''] = /^Commands:\n(.+?)\n\n/ms.exec(out) ?? []
    const commands = [...section.matchAll(/^ {2}(logrelay [a-z -]+?) (?:[<[][a-z]+[>\]])? +\S/gm)].map(([, path]) => path as string)
    const expected = node.commands.map(({ path }) => path.join(' '))
    t.same(commands, expected, `${title}: commands`)
    const flat = oneLine(out)
    for (const text of [node.description, ...node.options.map(({ description }) => description), ...node.epilogues]) {
      t.ok(flat.includes(oneLine(text)), `${title}: ${text}`)
    }
    for (const { name, description } of node.positionals) t.ok(flat.includes(` ${name} ${oneLine(description)}`), `${title}: ${name}`)
  }
})

t.test('values are kept as they were declared', async (t) => {
  const command = (...path: string[]) => [...walk(tree)].find((node) => node.path.slice(1).join(' ') === path.join(' ')) as CommandNode
  const option = (path: string[], name: string) => command(...path).options.find((one) => one.name === name)
  t.match(option(['deadletter', 'show'], 'limit'), { type: 'number', default: 20, required: false })
  t.match(option(['lb'], 'for'), { type: 'string', required: true })
  t.ok(option(['lb'], 'for')?.choices.includes('haproxy'))
  t.match(option(['plan'], 'rate'), { type: 'array', required: true })
  t.match(option(['queue'], 'raw'), { type: 'boolean', default: false })
  t.same(tree.options.find(({ name }) => name === 'help')?.aliases, ['h'])
  t.match(command('deadletter', 'ls'), { aliases: ['list'], positionals: [{ name: 'pipeline', required: false }] })
  t.match(command('deadletter', 'show').positionals, [{ name: 'pipeline', required: true, description: 'Name of a pipeline' }])
  t.match(tree.description, /^A durable syslog relay/)
})

t.test('what it does not know it does not leave out in silence', async (t) => {
  const refused: [declare: (cli: Argv) => unknown, message: RegExp][] = [
    [(cli) => cli.env('LOGRELAY'), /does not know \.env\(\)/],
    [(cli) => cli.option('a', { hidden: true }), /--a: .* "hidden"/],
    [(cli) => cli.option('a', { type: 'count' }), /--a: .* type count/],
    [(cli) => cli.positional('a', {}), /no place for a/],
    [(cli) => cli.command({ command: 'x [a..]', describe: '', handler: () => {} }), /written \[a\.\.\]/],
    [(cli) => cli.command({ command: 'x', describe: '', builder: {}, handler: () => {} }), /wants a builder/],
    [(cli) => cli.alias('help', 'h'), /no --help to be called h/],
  ]
  for (const [declare, message] of refused) t.throws(() => commandTree('p', declare), message)
})
