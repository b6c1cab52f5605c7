import { join } from 'node:path'
import { type Test, test } from 'tap'
import { groupIdOf } from '../../src/batch/letter-groups.ts'
import type { LetterSelection } from '../../src/core/dead-letter.ts'
import { RelayError } from '../../src/core/errors.ts'
import { ControlServer } from '../../src/health/control-server.ts'
import { deadLetters, dropLetters, replayLetters, sortedLetters } from '../../src/health/letter-client.ts'
import type { LetterOffice } from '../../src/health/letter-routes.ts'
import { sampleLetter, sampleLetters } from '../support/dead-letter-samples.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { sampleStatus } from '../support/sample-status.ts'
import { shortDir } from '../support/short-dir.ts'
import { collect } from './collect.ts'
import { fetchHttp } from './request.ts'

const sorted = { pipeline: 'nginx', sink: 'siem', messages: 3, bytes: 300, evicted: 0, groups: [] }
const unknown = new RelayError('PIPELINE_UNKNOWN', 'no such', { hint: 'there is nginx' })

async function started(t: Test, parts: Partial<LetterOffice> = {}) {
  const asked: unknown[] = []
  const office: LetterOffice = {
    async *sorted(pipeline) {
      asked.push(['sorted', pipeline])
      yield sorted
    },
    async *read(pipeline, sink, selection, from) {
      asked.push(['read', pipeline, sink, selection, from])
      yield* sampleLetters(from, from + 1, from + 2)
    },
    async *replay(pipeline, sink, selection, options) {
      asked.push(['replay', pipeline, sink, selection, options])
      yield { plan: { messages: 1, groups: [], to: 'syslog' } }
      yield { progress: { delivered: 1, refused: 0 } }
    },
    drop: async (pipeline, sink, selection) => asked.push(['drop', pipeline, sink, selection]),
    ...parts,
  }
  const dataDir = join(shortDir(t), 'data')
  const server = new ControlServer({
    dataDir,
    status: sampleStatus,
    browse: () => undefined,
    letters: office,
    drain: () => {},
    log: new RecordingLogger(),
  })
  await server.start()
  t.teardown(() => server.stop(AbortSignal.abort()))
  return { path: server.path, asked, server }
}

test('each question arrives as it was asked, and so does its answer', async (t) => {
  const { path, asked } = await started(t)
  t.strictSame(await collect(sortedLetters(path, undefined)), [sorted])
  t.strictSame(await collect(sortedLetters(path, 'a/b ü')), [sorted])
  const { bytes: _bytes, ...letter } = sampleLetter(0)
  t.strictSame(await collect(deadLetters(path, 'nginx', '@source', { limit: 1, group: '1a2b3c4d', seq: 7 })), [
    { ...letter, group: groupIdOf(letter.code, letter.reason), bytes: Buffer.from('message 0').toString('base64') },
  ])
  t.equal((await collect(deadLetters(path, 'nginx', 'siem', {}))).length, 3)
  t.equal((await collect(replayLetters(path, 'nginx', 'siem', { dryRun: true }))).length, 2)
  await collect(replayLetters(path, 'nginx', 'siem', { dryRun: false, group: '1a2b3c4d' }))
  t.equal(await dropLetters(path, 'nginx', 'siem', {}), 7)
  t.equal(await dropLetters(path, 'nginx', 'siem', { seq: 0 }), 8)
  t.strictSame(asked, [
    ['sorted', undefined],
    ['sorted', 'a/b ü'],
    ['read', 'nginx', '@source', { group: '1a2b3c4d', seq: 7 }, 0],
    ['read', 'nginx', 'siem', {}, 0],
    ['replay', 'nginx', 'siem', {}, { dryRun: true }],
    ['replay', 'nginx', 'siem', { group: '1a2b3c4d' }, { dryRun: false }],
    ['drop', 'nginx', 'siem', {}],
    ['drop', 'nginx', 'siem', { seq: 0 }],
  ])
})

test('errors come before the answer, or as its last line', async (t) => {
  const { path } = await started(t, {
    sorted: () => {
      throw unknown
    },
    async *read() {
      yield sampleLetter(1)
      throw unknown
    },
    replay: () => {
      throw new RelayError('CONTROL_FAILED', 'under way')
    },
    drop: () => Promise.reject(unknown),
  })
  const expected = { code: 'PIPELINE_UNKNOWN', message: 'no such', hint: 'there is nginx' }
  await t.rejects(collect(sortedLetters(path, undefined)), expected)
  const seen: number[] = []
  const reading = async () => {
    for await (const { seq } of deadLetters(path, 'nginx', 'siem', {})) seen.push(seq)
  }
  await t.rejects(reading(), expected)
  t.same(seen, [1])
  await t.rejects(collect(replayLetters(path, 'nginx', 'siem', { dryRun: true })), { code: 'CONTROL_FAILED', message: 'under way' })
  await t.rejects(dropLetters(path, 'nginx', 'siem', {}), expected)
})

test('what is asked wrongly is refused, and deletes nothing', async (t) => {
  const { path, asked } = await started(t)
  const to = { socketPath: path }
  for (const [method, url, status] of [
    ['POST', '/deadletters/nginx/siem/drop', 409],
    ['POST', '/deadletters/nginx/siem/drop?grup=1a2b3c4d', 409],
    ['POST', '/deadletters/nginx/siem/drop?all=1&seq=3', 409],
    ['POST', '/deadletters/nginx/siem/drop?seq=x', 409],
    ['GET', '/deadletters/nginx/siem?from=-1', 409],
    ['GET', '/deadletters/nginx/siem/drop?all=1', 405],
    ['GET', '/deadletters/nginx/siem/replay', 405],
    ['POST', '/deadletters', 405],
    ['GET', '/deadletters/nginx', 404],
    ['POST', '/deadletters/nginx/siem/other', 404],
    ['POST', '/deadletters/nginx/siem/drop/more?all=1', 404],
  ] as const) {
    t.equal((await fetchHttp({ ...to, method, path: url })).status, status, `${method} ${url}`)
  }
  t.strictSame(asked, [])
})

test('whoever leaves ends what was asked for', async (t) => {
  const ended = Promise.withResolvers<void>()
  const { path } = await started(t, {
    async *replay(_pipeline: string, _sink: string, _selection: LetterSelection, _options: object, signal: AbortSignal) {
      yield { progress: { delivered: 0, refused: 0 } }
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      ended.resolve()
    },
  })
  for await (const _ of replayLetters(path, 'nginx', 'siem', { dryRun: false })) break
  await ended.promise
  t.pass()
})
