import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { shortDir } from '../support/short-dir.ts'
import { fill, filling, fillingQueue } from './fill-and-wait.ts'
import { accountedFor, bulkText, deadline, drain, imbalance, recordingLogger } from './queue-fixtures.ts'

/** Files of the store beside the segments, of the first segment (which is closed) and of the last (which was written to). */
const kinds = {
  'CURRENT of the base': ['base', /^CURRENT$/],
  'MANIFEST of the base': ['base', /^MANIFEST-/],
  'log of the base': ['base', /\.log$/],
  'CURRENT of the last segment': ['last', /^CURRENT$/],
  'MANIFEST of the last segment': ['last', /^MANIFEST-/],
  'log of the last segment': ['last', /\.log$/],
  'CURRENT of the first segment': ['first', /^CURRENT$/],
  'MANIFEST of the first segment': ['first', /^MANIFEST-/],
  'log of the first segment': ['first', /\.log$/],
  'a table': ['tables', /\.ldb$/],
  watermark: ['base', /^watermark\.json$/],
} as const
type Kind = keyof typeof kinds

const damages = {
  flipped: (path: string) => flip(path, 0.5),
  'flipped at the end': (path: string) => flip(path, 0.999),
  cut: (path: string) => truncateSync(path, Math.floor(readFileSync(path).length * 0.6)),
  emptied: (path: string) => truncateSync(path, 0),
  missing: (path: string) => rmSync(path),
}

const total = filling.batches * filling.messages
const filled = Array.from({ length: total }, (_, i) => bulkText(i, filling.size))
/** Damage to these costs no message: a repair, or the store itself, has all there is to know. */
const harmless = /base|CURRENT|MANIFEST|watermark/

t.test('damage of every kind, after a clean stop and after a kill', async (t) => {
  t.jobs = 4 // most of a case is waiting for fsync
  const root = shortDir(t)
  const stopped = join(root, 'stopped')
  const queue = fillingQueue(stopped)
  await queue.start()
  await fill(queue)
  await queue.stop(deadline())
  const killed = join(root, 'killed')
  await fillAndKill(killed)
  const restarted = join(root, 'restarted') // LevelDB has written tables when it opened the segments again
  cpSync(stopped, restarted, { recursive: true })
  const again = fillingQueue(restarted)
  await again.start()
  await again.stop(deadline())
  const cases: PromiseLike<unknown>[] = []
  for (const [life, original] of [
    ['stopped', stopped],
    ['killed', killed],
    ['restarted', restarted],
  ] as const) {
    for (const kind of Object.keys(kinds) as Kind[]) {
      for (const [damage, apply] of Object.entries(damages)) {
        if ((life === 'restarted') !== (kind === 'a table')) continue
        if (life === 'killed' && damage === 'flipped at the end') continue
        const run = t.test(`${kind} ${damage}, ${life}`, { buffered: true }, async (t) => {
          const directory = join(root, `${life}-${kind}-${damage}`.replaceAll(' ', '-'))
          cpSync(original, directory, { recursive: true })
          apply(pick(directory, kind))
          await survives(t, directory, { exact: life !== 'killed' && kind !== 'watermark', whole: harmless.test(kind) })
        })
        cases.push(run)
      }
    }
  }
  await Promise.all(cases)
})

t.test('files that nothing can be made of are set aside, and counted', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const queue = fillingQueue(directory)
  await queue.start()
  await fill(queue)
  const { queueId } = queue.status()
  await queue.stop(deadline())
  for (const name of readdirSync(directory)) if (name !== 'watermark.json') rmSync(join(directory, name), { recursive: true })
  const logger = recordingLogger()
  const again = fillingQueue(directory, logger)
  await again.start()
  const before = filling.delivered * filling.messages
  t.same(again.ledger().sinks.a, { received: total, delivered: before, rejected: 0, queued: 0, dropped: { damaged: total - before } })
  t.same(again.ledger().sinks.b, { received: total, delivered: 0, rejected: 0, queued: 0, dropped: { damaged: total } })
  t.equal(again.status().nextSeq, total, 'no number is given twice')
  t.not(queueId, '')
  t.match(again.status().detail, /messages gone/)
  t.match(logger.lines, [{ level: 'error', code: 'QUEUE_DAMAGED' }])
  await again.stop(deadline())
})

t.test('a second process cannot open the queue, and changes nothing by trying', async (t) => {
  const directory = join(shortDir(t), 'queue')
  const child = await startFilling(directory)
  t.teardown(() => child.kill('SIGKILL'))
  await t.rejects(fillingQueue(directory).start(), { code: 'QUEUE_IN_USE', hint: /data_dir/ })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const queue = fillingQueue(directory)
  await queue.start()
  t.same(await drain(queue, 'b'), filled)
  t.notOk(queue.status().detail)
  await queue.stop(deadline())
})

async function survives(t: Test, directory: string, { exact, whole }: { exact: boolean; whole: boolean }): Promise<void> {
  const logger = recordingLogger()
  const queue = fillingQueue(directory, logger)
  await queue.start()
  t.same(imbalance(queue.ledger()), [], 'balances at once')
  for (const sink of filling.sinks) {
    const got = await drain(queue, sink)
    const numbers = got.map((text) => Number.parseInt(text, 10))
    t.ok(
      got.every((text, i) => text === filled[numbers[i] ?? -1]),
      'no byte is altered',
    )
    t.same(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b),
      'in order, each once',
    )
    const books = queue.ledger().sinks[sink]
    if (books === undefined) throw new Error('the sink has no books')
    t.equal(books.received, accountedFor(books))
    t.equal(books.queued, 0)
    if (exact) t.equal(books.received, total, 'what is gone is counted')
    if (whole) t.equal(numbers.at(-1), total - 1, 'the newest message is there')
    if (whole) t.notOk(books.dropped.damaged, 'nothing is gone')
    if ((books.dropped.damaged ?? 0) > 0) t.match(queue.status().detail, /damaged/)
  }
  await queue.stop(deadline())
}

function pick(directory: string, kind: Kind): string {
  const [where, file] = kinds[kind]
  const segments = readdirSync(join(directory, 'segments')).sort()
  const filesOf = (segment = '') => readdirSync(join(directory, 'segments', segment))
  const choices = {
    base: '..',
    first: segments.find((name) => name.includes('-')),
    last: segments.findLast((name) => !name.includes('-')),
    tables: segments.find((name) => filesOf(name).some((found) => file.test(found))),
  }
  const store = choices[where]
  const name = filesOf(store).find((found) => file.test(found))
  if (store === undefined || name === undefined) throw new Error(`the queue has no ${kind}`)
  return join(directory, 'segments', store, name)
}

function flip(path: string, where: number): void {
  const bytes = readFileSync(path)
  const at = Math.floor(bytes.length * where)
  bytes[at] = (bytes[at] ?? 0) ^ 0x10
  writeFileSync(path, bytes)
}

async function startFilling(directory: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fill-and-wait.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

async function fillAndKill(directory: string): Promise<void> {
  const child = await startFilling(directory)
  child.kill('SIGKILL')
  await once(child, 'exit')
}
