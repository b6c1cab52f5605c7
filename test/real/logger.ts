import { writeFile } from 'node:fs/promises'
import { difficultMessages } from './support/difficult-messages.ts'
import { OctetReceiver } from './support/octet-receiver.ts'
import { runProgram } from './support/program.ts'
import { Relay } from './support/relay.ts'
import type { Room } from './support/room.ts'
import type { Delivery, Scenario } from './support/scenario.ts'

// What logger sent is what its own option --stderr printed beside: the whole message, with the count where there is one.

type Over = 'udp' | 'tcp' | 'tcp with octet counting'
type Format = 'rfc3164' | 'rfc5424'

const transportOptions: Record<Over, readonly string[]> = {
  udp: ['--udp'],
  tcp: ['--tcp'],
  'tcp with octet counting': ['--tcp', '--octet-count'],
}

export const scenarios: readonly Scenario[] = (['udp', 'tcp', 'tcp with octet counting'] as const).flatMap((over) =>
  (['rfc3164', 'rfc5424'] as const).map((format) => ({
    name: `logger --${format} over ${over}`,
    run: (room: Room) => sendAll(room, over, format),
  })),
)

async function sendAll(room: Room, over: Over, format: Format): Promise<Delivery> {
  const upstream = await OctetReceiver.open(room)
  const relay = await Relay.start(room, { upstream: upstream.port })
  const sent: Buffer[] = []
  for (const call of await calls(room, over, format)) {
    const to = ['--stderr', '--server', '127.0.0.1', '--port', String(relay.port), ...transportOptions[over], `--${format}`]
    const { stderr } = await runProgram('logger', [...to, ...call.options], { stdin: call.stdin })
    sent.push(...(over === 'tcp with octet counting' ? countedMessages(stderr) : printedMessages(stderr)))
    // Each call has a connection of its own, and the relay promises order within one.
    await upstream.waitFor(sent.length)
  }
  await relay.settled(sent.length)
  return { sent, arrived: upstream.messages }
}

interface Call {
  readonly options: readonly string[]
  readonly stdin?: Buffer
}

async function calls(room: Room, over: Over, format: Format): Promise<Call[]> {
  const file = room.path('lines.txt')
  const lines = difficultMessages({ lineFeeds: false }).map((message) => message.subarray(message.indexOf('>') + 1))
  await writeFile(file, Buffer.concat([...lines, ...numbered(500)].flatMap((line) => [line, Buffer.from('\n')])))
  const structured = [
    '--msgid',
    'ID47',
    '--sd-id',
    'ex@32473',
    '--sd-param',
    'a="b \\"quoted\\" \\]"',
    '--sd-id',
    'z@1',
    '--sd-param',
    'c=""',
  ]
  return [
    { options: ['--tag', 'app', '--priority', 'local0.info', '--', 'an ordinary message, %s %d, Grüße 日本語'] },
    { options: ['--id=4711', '--tag', 'app', '--', '-'] },
    { options: ['--size', '32KiB', '--tag', 'app', '--file', file] },
    {
      options: ['--tag', 'app', '--prio-prefix'],
      stdin: Buffer.from('<3>an error\n<190>a note\n\nno prefix\nthe end without a line feed'),
    },
    ...(format === 'rfc5424' ? [{ options: [...structured, '--tag', 'app', '--', 'with structured data'] }] : []),
    ...(format === 'rfc5424' ? [{ options: ['--rfc5424=notime,nohost', '--tag', 'app', '--', 'without time and host'] }] : []),
    // Where a line feed ends a message, a message cannot hold one.
    ...(over === 'tcp' ? [] : [{ options: ['--tag', 'app', '--', 'one\ntwo\n\nfour'] }]),
  ]
}

function numbered(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => Buffer.from(`line ${i} of a file`))
}

/** `12 <13>1 - …` and a line feed, again and again. */
function countedMessages(printed: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at < printed.length; ) {
    const start = printed.indexOf(' ', at) + 1
    const end = start + Number(printed.toString('latin1', at, start))
    messages.push(printed.subarray(start, end))
    at = end + 1
  }
  return messages
}

/** A message and a line feed, again and again: every message begins with its priority, no line within one does. */
function printedMessages(printed: Buffer): Buffer[] {
  const texts = printed.toString('latin1').split(/\n(?=<\d{1,3}>|$)/)
  return texts.slice(0, -1).map((text) => Buffer.from(text, 'latin1'))
}
