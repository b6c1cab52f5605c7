import { fileURLToPath } from 'node:url'
import { DebianMachine } from '../machines/debian-machine.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { until } from '../support/until.ts'
import { installPackage } from './packages.ts'
import { relayStatus } from './service.ts'

const count = 1_000_000
/** One sink that takes everything, and one that is down, so that there is a queue to be kept. */
const configuration = `
data_dir: /var/lib/logrelay
sinks:
  file: { type: file }
  down: { type: syslog, endpoints: ["tcp://127.0.0.1:5140"] }
pipelines:
  relp:
    source: { type: relp, host: 127.0.0.1, port: 2514 }
    sinks: [file]
  held:
    source: { type: syslog, device: nginx, host: 127.0.0.1 }
    sinks: [down]
`
const commands = {
  deb: {
    remove: 'apt-get remove --yes logrelay',
    purge: 'apt-get purge --yes logrelay',
  },
  rpm: {
    remove: 'rpm --erase --nodeps logrelay',
    // RPM knows no purge: this is what docs/install-vm.md says.
    purge: 'rm -rf /var/lib/logrelay /etc/logrelay /etc/systemd/system/logrelay.service.d',
  },
} as const

export const scenarios: readonly Scenario[] = (['deb', 'rpm'] as const).map((kind) => ({
  name: `upgraded from the previous .${kind} while a RELP sender sends ${count} messages, then removed and purged`,
  limitMs: 300_000,
  run: (room: Room) => upgraded(room, kind),
}))

async function upgraded(room: Room, kind: 'deb' | 'rpm'): Promise<string> {
  const machine = await DebianMachine.fresh(room, 'empty', 'machine')
  const { remove, purge } = commands[kind]
  await machine.boot()
  await installPackage(machine, 'previous', kind)
  await machine.write('/etc/logrelay/logrelay.yaml', configuration)
  await machine.run('systemctl', 'enable', '--now', 'logrelay')
  await machine.run('logger', '--server', '127.0.0.1', '--port', '10435', '--tcp', '--rfc5424', 'kept through the upgrade')
  await until('a message in the queue', async () => (await relayStatus(machine)).pipelines.held?.queue.messages === 1)

  const before = (await relayStatus(machine)).pid
  const script = fileURLToPath(new URL('numbered-sender.ts', import.meta.url))
  const sender = await machine.startOutside(process.execPath, script, '2514', String(count))
  await until('the first acknowledged', () => sender.output.includes('the first are acknowledged'))
  const said = await installPackage(machine, 'current', kind)
  if (!said.includes('restarting')) throw new Error(`the upgrade does not say that it restarts: ${said}`)
  const { pid } = await relayStatus(machine)
  if (pid === before) throw new Error('the upgrade did not restart the relay')
  await until('all acknowledged', () => sender.output.includes(`${count} acknowledged`), 120_000)
  const sessions = Number(/acknowledged in (\d+) sessions/.exec(sender.output)?.[1])
  if (!(sessions >= 2)) throw new Error(`the sender was done before the restart: it had ${sessions} session`)
  await until('all delivered', async () => (await relayStatus(machine)).pipelines.relp?.queue.messages === 0)

  const { missing, twice } = audit(await machine.read('/var/lib/logrelay/logs/relp.log'))
  if (missing > 0) throw new Error(`${missing} of ${count} are missing`)
  const kept = (await relayStatus(machine)).pipelines.held?.queue.messages
  if (kept !== 1) throw new Error(`the queue held 1 message before the upgrade, and ${kept} after it`)

  await removed(machine, remove, purge, kind)
  return `${count} acknowledged in ${sessions} sessions, 0 missing, ${twice} twice; the queue was kept by the upgrade and the removal, and is gone after the purge`
}

async function removed(machine: DebianMachine, remove: string, purge: string, kind: 'deb' | 'rpm'): Promise<void> {
  const said = await machine.shell(remove)
  if (!said.includes('/var/lib/logrelay')) throw new Error(`the removal does not say where the queues are: ${said}`)
  const there = (path: string) => machine.shell(`test -e ${path} && echo there || echo gone`)
  if ((await there('/var/lib/logrelay/queues/held')) !== 'there\n') throw new Error('the removal took the queue with it')
  if ((await there('/usr/libexec/logrelay')) !== 'gone\n') throw new Error('the removal left the program')
  if (kind === 'deb' && (await there('/etc/logrelay/logrelay.yaml')) !== 'there\n')
    throw new Error('the removal took the configuration with it')
  const state = await machine.shell('systemctl is-active logrelay; true')
  if (state.trim() === 'active') throw new Error('the relay runs on after its removal')
  // Whoever installs it again hears that it does not run.
  const again = await installPackage(machine, 'current', kind)
  if (!/systemctl (start|enable --now) logrelay/.test(again))
    throw new Error(`a second installation does not say that nothing runs: ${again}`)
  await machine.shell(remove)
  await machine.shell(purge)
  const left = await machine.shell(
    'ls -d /var/lib/logrelay /etc/logrelay /etc/systemd/system/logrelay.service.d /etc/systemd/system/*.wants/logrelay.service 2>/dev/null; true',
  )
  if (left !== '') throw new Error(`the purge left ${left}`)
}

/** How many numbers of the messages never came, and how many more than once. */
function audit(log: string): { missing: number; twice: number } {
  const seen = new Uint32Array(count)
  for (const [, number] of log.matchAll(/ number (\d+)\.$/gm)) seen[Number(number)] = (seen[Number(number)] ?? 0) + 1
  return { missing: seen.filter((times) => times === 0).length, twice: seen.filter((times) => times > 1).length }
}
