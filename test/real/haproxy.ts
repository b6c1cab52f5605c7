import { writeFile } from 'node:fs/promises'
import { DatagramReceiver } from './support/datagram-receiver.ts'
import { datagramText } from './support/datagram-text.ts'
import { freePort } from './support/free-port.ts'
import { assortedRequests, sendRequests, untilLastLogged } from './support/http-requests.ts'
import { OctetReceiver } from './support/octet-receiver.ts'
import { Program } from './support/program.ts'
import { Relay } from './support/relay.ts'
import type { Room } from './support/room.ts'
import type { Delivery, Scenario } from './support/scenario.ts'
import { untilOpen } from './support/until-open.ts'

// What HAProxy sent is what a receiver beside the relay got: HAProxy sends each line to both. Over UDP the header of
// rfc5424 gets its microseconds for each receiver anew, so there a recorder stands between and passes each datagram on.

const requestCount = 400

export const scenarios: readonly Scenario[] = [
  { name: 'HAProxy log over UDP, format rfc3164', run: (room) => serve(room, besideOverUdp) },
  { name: 'HAProxy log over UDP, format rfc5424, recorded on the way', run: (room) => serve(room, recordedOverUdp) },
  {
    name: 'HAProxy ring over TCP, octet counting, format rfc5424',
    run: (room) => serve(room, (relayPort) => besideInRing(room, relayPort, 'rfc5424', 'octet-count')),
  },
  {
    name: 'HAProxy ring over TCP, a line feed after each message, format rfc3164',
    run: (room) => serve(room, (relayPort) => besideInRing(room, relayPort, 'rfc3164', 'legacy')),
  },
]

interface Logging {
  /** Sections of the configuration, and lines of its global one. */
  readonly sections?: string
  readonly logs: string
  readonly witness: { readonly messages: readonly Buffer[] }
  /** The message in what the witness got. */
  readonly text: (received: Buffer) => Buffer
}

async function besideOverUdp(relayPort: number, room: Room): Promise<Logging> {
  const witness = await DatagramReceiver.open(room)
  const logs = [relayPort, witness.port].map((port) => `  log 127.0.0.1:${port} len 4096 format rfc3164 local0`)
  return { logs: logs.join('\n'), witness, text: datagramText }
}

async function recordedOverUdp(relayPort: number, room: Room): Promise<Logging> {
  const witness = await DatagramReceiver.open(room, relayPort)
  return { logs: `  log 127.0.0.1:${witness.port} len 4096 format rfc5424 local0`, witness, text: datagramText }
}

/** A ring keeps each line once, header and all, and has both receivers as its servers. */
async function besideInRing(room: Room, relayPort: number, format: string, protocol: 'octet-count' | 'legacy'): Promise<Logging> {
  const witness = await OctetReceiver.open(room)
  const sections = `
ring lines
  format ${format}
  maxlen 4096
  size 1048576
  timeout connect 5s
  timeout server 10s
  server relay 127.0.0.1:${relayPort} log-proto ${protocol}
  server witness 127.0.0.1:${witness.port} log-proto octet-count
`
  return { sections, logs: '  log ring@lines len 4096 local0', witness, text: (message) => message }
}

async function serve(room: Room, prepare: (relayPort: number, room: Room) => Promise<Logging>): Promise<Delivery> {
  const upstream = await OctetReceiver.open(room)
  const relay = await Relay.start(room, { upstream: upstream.port, source: { device: 'haproxy' } })
  const logging = await prepare(relay.port, room)
  const port = await startHaproxy(room, logging)
  await sendRequests(port, assortedRequests(requestCount))
  await untilLastLogged(logging.witness)
  const sent = logging.witness.messages.map(logging.text)
  await upstream.waitFor(sent.length)
  await relay.settled(sent.length)
  return { sent, arrived: upstream.messages, note: `${requestCount} requests` }
}

/** Starts HAProxy and returns the port it serves on. */
async function startHaproxy(room: Room, { sections = '', logs }: Logging): Promise<number> {
  const port = await freePort()
  const file = room.path('haproxy.cfg')
  await writeFile(file, configuration(port, sections, logs))
  const haproxy = await Program.start(room, 'haproxy', ['-db', '-f', file])
  await untilOpen(haproxy, port)
  return port
}

/** One thread, so that both receivers see the lines in one order. */
function configuration(port: number, sections: string, logs: string): string {
  return `
global
  nbthread 1
${logs}
${sections}
defaults
  mode http
  log global
  option httplog
  option dontlognull
  timeout client 10s
  timeout server 10s
  timeout connect 10s
frontend web
  bind 127.0.0.1:${port}
  capture request header User-Agent len 512
  http-request return status 404 content-type text/plain string "not here"
`
}
