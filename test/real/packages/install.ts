import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DebianMachine } from '../machines/debian-machine.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { until } from '../support/until.ts'
import { packageFile } from './packages.ts'
import { confinement, relayStatus } from './service.ts'

const readme = fileURLToPath(new URL('../../../README.md', import.meta.url))
const kinds = { deb: 'Debian', rpm: 'Fedora' } as const

export const scenarios: readonly Scenario[] = [
  {
    name: "the README's three lines for Debian, as they stand, in an empty root",
    limitMs: 240_000,
    run: (room) => followed(room, 'deb', (line) => line),
  },
  {
    name: "the README's three lines for RPM, in an empty root of Debian with rpm in the place of dnf",
    limitMs: 240_000,
    // rpm knows nothing of what Debian's packages have installed.
    run: (room) => followed(room, 'rpm', (line) => line.replace(/^dnf install /, 'rpm --install --nodeps ')),
  },
]

/**
 * A root with Debian's base and systemd alone; the package, and the README's own configuration saved beside it. As installed nothing listens. After
 * the three lines the relay runs under its unit, takes messages, and keeps them, for the SIEM of the example does not exist;
 * with a sink that does, they arrive.
 */
async function followed(room: Room, kind: keyof typeof kinds, asHere: (line: string) => string): Promise<string> {
  const machine = await DebianMachine.fresh(room, 'empty', 'machine')
  const file = await packageFile('current', kind)
  await machine.copyIn(file, `/root/${basename(file)}`)
  const { yaml, lines } = installSection(await readFile(readme, 'utf8'), kind)
  await machine.write('/root/logrelay.yaml', yaml)
  await machine.boot()
  const [install, configure, start] = lines as [string, string, string]

  const said = await machine.shell(`cd /root && ${asHere(install)}`)
  if (!said.includes('systemctl enable --now logrelay')) throw new Error(`the installation does not say what comes next: ${said}`)
  await listensNowhere(machine)
  await machine.shell(`cd /root && ${configure}`)
  await machine.shell(`cd /root && ${start}`)

  const confined = await confinement(machine)
  await machine.run('logger', '--server', '127.0.0.1', '--port', '10435', '--udp', '--rfc5424', 'through the package')
  await machine.run('logger', '--server', '127.0.0.1', '--port', '10435', '--tcp', '--rfc5424', 'and over TCP')
  await until('both messages in the queue', async () => (await relayStatus(machine)).pipelines.nginx?.queue.messages === 2)
  await machine.write('/etc/logrelay/logrelay.yaml', yaml.replace(/type: syslog\n +endpoints: .*\n/, 'type: file\n'))
  await machine.run('systemctl', 'reload', 'logrelay')
  const log = await until('an empty queue', async () => {
    const { pipelines } = await relayStatus(machine)
    return pipelines.nginx?.queue.messages === 0 && machine.read('/var/lib/logrelay/logs/nginx.log')
  })
  if (!/through the package\n.*and over TCP\n$/.test(log)) throw new Error(`the file sink has ${log}`)
  return `${lines.length} lines, then a message each over UDP and TCP; ${confined}`
}

/** Neither enabled nor active, and a start of what is all comments says so and opens no port. */
async function listensNowhere(machine: DebianMachine): Promise<void> {
  const state = await machine.shell('systemctl is-enabled logrelay; systemctl is-active logrelay; true')
  if (state !== 'disabled\ninactive\n') throw new Error(`after the installation the service is ${state}`)
  await machine.shell('systemctl start logrelay; true')
  // Nothing else is in this network. Each of these has a line of titles.
  const sockets = await machine.shell('cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6')
  if (sockets.trim().split('\n').length !== 4) throw new Error(`without a configuration something listens: ${sockets}`)
  const journal = await machine.run('journalctl', '-u', 'logrelay', '-o', 'cat')
  if (!/logrelay\.yaml.*all comments/.test(journal))
    throw new Error(`a start without a configuration does not say why it fails: ${journal}`)
  await machine.run('systemctl', 'stop', 'logrelay')
}

/** The README's first configuration, and the lines for this kind of package. */
function installSection(text: string, kind: keyof typeof kinds): { yaml: string; lines: string[] } {
  const yaml = /^```yaml\n(data_dir: [\s\S]*?)^```$/m.exec(text)?.[1]
  const section = new RegExp(`^\\*\\*[^\\n]*${kinds[kind]}[\\s\\S]*?\`\`\`sh\\n([\\s\\S]*?)\`\`\``, 'm').exec(text)?.[1]
  const lines = section?.trim().split('\n') ?? []
  if (yaml === undefined || lines.length !== 3) throw new Error(`README.md has no three lines for ${kinds[kind]}: ${lines.join(' | ')}`)
  return { yaml, lines }
}
