import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { difficultMessages, numberedMessages } from './support/difficult-messages.ts'
import { lbOutput } from './support/lb-output.ts'
import { OctetReceiver } from './support/octet-receiver.ts'
import { sendFrames } from './support/octet-sender.ts'
import { Program } from './support/program.ts'
import { Relay } from './support/relay.ts'
import type { Room } from './support/room.ts'
import type { Delivery, Scenario } from './support/scenario.ts'
import { untilOpen } from './support/until-open.ts'

// Balancers as `logrelay lb` configures them, at 127.0.0.1, in front of a relay with the same port at 127.0.0.2. The relay
// takes no connection without a PROXY header, so what arrives came through the balancer with one.

export const scenarios: readonly Scenario[] = [
  { name: 'HAProxy as logrelay lb configures it, TCP, one relay of two is gone', run: (room) => overTcp(room, startHaproxy) },
  { name: 'NGINX as logrelay lb configures it, TCP, one relay of two is gone', run: (room) => overTcp(room, startNginx) },
  { name: 'NGINX as logrelay lb configures it, UDP with a PROXY header in every datagram', run: overUdp },
]

const balancer = '127.0.0.1'
const relayHost = '127.0.0.2'
/** Refuses: nobody listens there. */
const goneHost = '127.0.0.3'

async function overTcp(room: Room, start: (room: Room, port: number, pool: string) => Promise<void>): Promise<Delivery> {
  const { upstream, relay } = await startRelay(room)
  await start(room, relay.port, `main=${goneHost},${relayHost}`)
  const sent: Buffer[] = []
  for (let connection = 0; connection < 4; connection++) {
    const messages = difficultMessages({ lineFeeds: true })
    await sendFrames({ host: balancer, port: relay.port }, messages)
    sent.push(...messages)
    // The order holds within a connection alone.
    await upstream.waitFor(sent.length)
  }
  await relay.settled(sent.length)
  return { sent, arrived: upstream.messages, note: '4 connections' }
}

/** Each datagram is a flow of its own, and NGINX's processes take them in any order: order is not compared. */
async function overUdp(room: Room): Promise<Delivery> {
  const { upstream, relay } = await startRelay(room)
  await startNginx(room, relay.port, `main=${relayHost}`)
  const sent = numberedMessages(1000)
  const socket = createSocket('udp4')
  room.closing(() => socket.close())
  for (const [index, message] of sent.entries()) {
    await new Promise<void>((resolve, reject) => {
      socket.send(message, relay.port, balancer, (error) => (error === null ? resolve() : reject(error)))
    })
    // A pace that the socket's buffers at NGINX hold out.
    if (index % 50 === 49) await sleep(5)
  }
  await upstream.waitFor(sent.length)
  await relay.settled(sent.length)
  const inOrder = (messages: readonly Buffer[]) => [...messages].sort(Buffer.compare)
  return { sent: inOrder(sent), arrived: inOrder(upstream.messages), note: 'order not compared' }
}

async function startRelay(room: Room): Promise<{ upstream: OctetReceiver; relay: Relay }> {
  const upstream = await OctetReceiver.open(room)
  const source = { device: 'nginx', host: relayHost, proxy_protocol: 'required' as const, trusted_proxies: ['127.0.0.0/8'] }
  return { upstream, relay: await Relay.start(room, { upstream: upstream.port, source }) }
}

function lbArguments(room: Room, pool: string): string[] {
  return ['--listen', balancer, '--pool', pool, '--config', room.path('logrelay.yaml')]
}

async function startHaproxy(room: Room, port: number, pool: string): Promise<void> {
  // Only root can become another user.
  const asAnybody = (text: string) => (process.getuid?.() === 0 ? text : text.replace(/^ {2}(user|group) .*\n/gm, ''))
  const file = await lbOutput(room, 'haproxy', lbArguments(room, pool), asAnybody)
  await untilOpen(await Program.start(room, 'haproxy', ['-db', '-f', file]), port)
}

async function startNginx(room: Room, port: number, pool: string): Promise<void> {
  const file = await lbOutput(room, 'nginx', lbArguments(room, pool))
  await untilOpen(await Program.start(room, 'nginx', ['-c', file, '-g', `daemon off; pid ${room.path('nginx.pid')};`]), port)
}
