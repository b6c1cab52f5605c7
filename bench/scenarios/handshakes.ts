import { checkLedger } from '../../test/real/support/check-ledger.ts'
import { cpuSeconds } from '../load/process-usage.ts'
import { type HandshakesDone, type Load, send, shakeHands, Upstream, unlimited } from '../load/traffic.ts'
import { durable } from '../relays/logrelay.ts'
import { inRoom } from './measured-run.ts'

export interface HandshakesResult extends HandshakesDone {
  readonly lost: number
  /** Processor time of the relay: of all it did, in parts of one core. */
  readonly cores: number
}

export const handshakeRate = 500
export const besideRate = 100_000

/** New TLS connections, each with a full handshake and one message, beside messages over TCP; none of either may be lost. */
export async function measureHandshakes(seconds: number): Promise<HandshakesResult> {
  return await inRoom(async (room) => {
    const upstream = await Upstream.open(room)
    const relay = await durable.start(room, { upstreamPort: upstream.port, format: 'rfc5424', tls: true })
    if (relay.tlsPort === undefined) throw new Error('this relay takes no TLS')
    const messages = besideRate * seconds
    const load: Load = { protocol: 'tcp', first: 0, messages, seconds: unlimited, rate: besideRate, connections: 4 }
    const [cpuBefore, began] = [cpuSeconds(relay.pid), performance.now()]
    const sent = send(room, relay.port, load)
    const done = await shakeHands(room, relay.tlsPort, { first: messages, rate: handshakeRate, seconds })
    await sent
    const cores = (cpuSeconds(relay.pid) - cpuBefore) / ((performance.now() - began) / 1000)
    const { distinct } = await upstream.finished(messages + done.messages, 2000)
    const lost = messages + done.messages - distinct
    if (lost > 0) throw new Error(`${lost} messages lost beside ${done.messages} handshakes`)
    checkLedger((await relay.status()).ledger)
    return { ...done, lost, cores }
  })
}
