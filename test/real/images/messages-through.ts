import type { DebianMachine } from '../machines/debian-machine.ts'
import { until } from '../support/until.ts'
import { receiverPort } from './cloud-init-data.ts'

// In the machine there is Python, since cloud-init is written in it.

const receiver = `
import socket
server = socket.create_server(('127.0.0.1', ${receiverPort}))
with open('/root/arrived', 'ab', buffering=0) as arrived:
    while True:
        connection, _ = server.accept()
        while data := connection.recv(65536):
            arrived.write(data)
`

const sender = `
import socket, sys
with socket.create_connection(('127.0.0.1', 10435)) as connection:
    connection.sendall(sys.argv[1].encode())
`

const metrics = ['curl', '--silent', '--show-error', '--fail', 'http://127.0.0.1:9440/metrics']

/** Sends lines to the relay in the machine, over TCP, and returns what its sink has received, one message an item. */
export async function messagesThrough(machine: DebianMachine, lines: readonly string[]): Promise<Buffer[]> {
  await sendTo(machine, lines)
  return receiveFrom(machine, lines.length)
}

export async function sendTo(machine: DebianMachine, lines: readonly string[]): Promise<void> {
  await machine.run('python3', '-c', sender, lines.map((line) => `${line}\n`).join(''))
}

/** Takes what the relay in the machine has for its sink, as soon as there are so many messages. */
export async function receiveFrom(machine: DebianMachine, count: number): Promise<Buffer[]> {
  await machine.write('/root/arrived', '')
  await machine.run('systemd-run', '--quiet', '--unit=receiver', 'python3', '-c', receiver)
  const arrived = await until('messages at the sink', async () => {
    const found = octetCounted(await machine.read('/root/arrived'))
    return found.length >= count ? found : undefined
  })
  // A receiver that goes before the relay has settled what it sent would get it again.
  await until('the empty queue', async () => /^logrelay_queue_messages\{.*\} 0$/m.test(await machine.run(...metrics)))
  await machine.run('systemctl', 'stop', 'receiver')
  return arrived
}

/** Frames of RFC 6587 section 3.4.1, as far as they are complete; the messages are ASCII. */
function octetCounted(text: string): Buffer[] {
  const messages: Buffer[] = []
  let at = 0
  for (;;) {
    const space = text.indexOf(' ', at)
    const length = Number(text.slice(at, space))
    if (space < 0 || text.length < space + 1 + length) return messages
    messages.push(Buffer.from(text.slice(space + 1, space + 1 + length)))
    at = space + 1 + length
  }
}

export function sampleLines(count: number, tag: string): string[] {
  return Array.from({ length: count }, (_, n) => `<190>Nov 22 14:00:00 web-1 nginx: ${tag} request ${n} "GET / HTTP/1.1" 200`)
}
