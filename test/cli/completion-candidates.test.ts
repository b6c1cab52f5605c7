import t from 'tap'
import { completionOf } from '../../src/cli/completion-candidates.ts'
import { describeCli } from '../../src/cli/run-cli.ts'
import { FakeTerminal, fakeRelay } from './fake-terminal.ts'

const tree = describeCli({ terminal: new FakeTerminal(), relay: fakeRelay(), exit: () => {} })

function expectedAt(...words: string[]): string[] | string {
  const { expected } = completionOf(tree, words)
  return expected.kind === 'words' ? expected.words.map(({ value }) => value) : expected.kind
}

t.test('commands, and those below them', async (t) => {
  t.ok(expectedAt('').includes('deadletter'))
  t.same(expectedAt('deadletter', ''), ['ls', 'show', 'replay', 'drop'])
  t.same(expectedAt('--config', 'f.yaml', 'deadletter', ''), ['ls', 'show', 'replay', 'drop'], 'a value is no command')
  t.same(expectedAt('--verbose', 'deadletter', ''), ['ls', 'show', 'replay', 'drop'], 'a switch has no value')
  t.same(expectedAt('--config', 'start', ''), expectedAt(''), 'not even one that is called like one')
  t.same(expectedAt('deadletter', 'list', ''), 'pipeline', 'an alias leads on')
})

t.test('options of the command and of all commands, each once', async (t) => {
  const options = expectedAt('deadletter', 'show', 'p', '--')
  t.same(options.slice(0, 2), ['--sink', '--reason'])
  t.ok(options.includes('--config'))
  t.notOk(expectedAt('deadletter', 'show', 'p', '--limit', '3', '--').includes('--limit'))
  t.notOk(expectedAt('deadletter', 'show', 'p', '--limit=3', '--').includes('--limit'))
  t.notOk(expectedAt('-h', '-').includes('--help'), 'by its letter')
  t.ok(expectedAt('plan', '--rate', '3', '--').includes('--rate'), 'but those that may be repeated')
  t.same(expectedAt('deadletter', 'show', 'p', ''), options, 'where no argument is left')
  t.notOk(expectedAt('types', '--').includes('--limit'), 'nothing of other commands')
})

t.test('values', async (t) => {
  t.equal(expectedAt('--config', ''), 'file')
  t.equal(expectedAt('check', '--config', '/etc/lo'), 'file')
  t.equal(expectedAt('bench-self', '--dir', ''), 'directory')
  t.equal(expectedAt('parse', '--type', ''), 'device')
  t.equal(expectedAt('queue', ''), 'pipeline')
  t.same(expectedAt('parse', '--framing', ''), ['auto', 'newline', 'octet-counting', 'nul'])
  t.same(expectedAt('deadletter', 'show', 'p', '--limit', ''), [], 'nobody knows a number')
  t.same(expectedAt('queue', '--', ''), 'pipeline')
  t.same(expectedAt('queue', '--', '--'), 'pipeline', 'behind -- nothing is an option')
  t.same(expectedAt('queue', '--', 'p', ''), [])
})

t.test('a value behind an equals sign, as bash and as zsh split it', async (t) => {
  for (const words of [['--framing=n'], ['--framing', '=', 'n']]) {
    const { expected, current } = completionOf(tree, ['parse', ...words])
    t.match(expected, { kind: 'words', words: [{ value: 'auto' }, { value: 'newline' }] })
    t.equal(current, 'n')
  }
  t.match(completionOf(tree, ['check', '--config', '=']), { expected: { kind: 'file' }, current: '' })
  t.same(expectedAt('--nonsense=', ''), expectedAt(''))
  t.same(expectedAt('--nonsense='), [])
})

t.test('the configuration that the line names', async (t) => {
  for (const words of [
    ['--config', 'f.yaml', 'queue', ''],
    ['queue', '--config=f.yaml', ''],
    ['queue', '--config', '=', 'f.yaml', ''],
  ]) {
    t.match(completionOf(tree, words), { expected: { kind: 'pipeline' }, config: 'f.yaml' })
  }
  t.match(completionOf(tree, []), { current: '', config: undefined })
})
