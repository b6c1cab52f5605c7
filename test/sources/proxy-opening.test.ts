import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'tap'
import { type ProxyDecision, ProxyOpening } from '../../src/sources/proxy-opening.ts'
import { proxyV2 } from '../support/proxy-headers.ts'

const timeoutMs = 10
/** Timers that are set later and last longer come later, however busy the machine is. */
const longer = () => delay(5 * timeoutMs)

const front = { address: '198.51.100.1', port: 10_435 }
/** The client it names is trusted itself, so that a header of its own may follow. */
const header = proxyV2({ command: 'proxy', transport: 'stream', source: { address: '127.9.9.9', port: 51_000 }, destination: front })

function begun({ peer = '127.0.0.1', required = true } = {}) {
  const decisions: ProxyDecision[] = []
  const reading = { paused: false }
  const opening = new ProxyOpening(peer, { required, trusts: (address) => address.startsWith('127.') }, timeoutMs)
  opening.begin({ onDecision: (decision) => decisions.push(decision), paused: () => reading.paused })
  return { decisions, opening, reading }
}

test('a header that has begun and does not come to its end in time is malformed', async (t) => {
  const { decisions, opening } = begun()
  opening.push(header.subarray(0, 20))
  await longer()
  t.match(decisions, [{ kind: 'malformed' }])
})

test('a header that came in pieces is complete, however long the client is silent then', async (t) => {
  const { decisions, opening } = begun()
  opening.push(header.subarray(0, 20))
  opening.push(header.subarray(20))
  await longer()
  t.same(decisions, [])
  opening.push(Buffer.from('<13>one\n'))
  t.match(decisions, [{ kind: 'done', chain: { client: { address: '127.9.9.9' } }, rest: Buffer.from('<13>one\n') }])
})

test('while the connection is not read nothing is late', async (t) => {
  const { decisions, opening, reading } = begun()
  opening.push(header.subarray(0, 20))
  reading.paused = true
  await longer()
  t.same(decisions, [])
  reading.paused = false
  await longer()
  t.match(decisions, [{ kind: 'malformed' }])
})

test('what may still become a header is data when nothing more has come in time', async (t) => {
  const optional = begun({ required: false })
  optional.opening.push(Buffer.from('P'))
  await longer()
  t.match(optional.decisions, [{ kind: 'done', chain: { headers: 0 }, rest: Buffer.from('P') }])
  const required = begun()
  required.opening.push(Buffer.from('P'))
  await longer()
  t.same(required.decisions, [{ kind: 'missing' }])
})

test('who brings nothing may take its time where it is trusted, for balancers send the header with the first byte of the client', async (t) => {
  const trusted = begun()
  const stranger = begun({ peer: '192.0.2.1' })
  await longer()
  t.same(trusted.decisions, [])
  t.same(stranger.decisions, [{ kind: 'missing' }])
})

test('an end decides once, and stops the clock', async (t) => {
  const { decisions, opening } = begun()
  opening.push(header.subarray(0, 20))
  opening.end()
  t.match(decisions, [{ kind: 'malformed' }])
  const stranger = begun({ peer: '192.0.2.1' })
  stranger.opening.end()
  await longer()
  t.equal(decisions.length, 1)
  t.same(stranger.decisions, [])
})
