import type { Finding } from '../../../src/app/doctor/finding.ts'
import { DebianMachine } from '../machines/debian-machine.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { installPackage } from './packages.ts'
import { relayStatus } from './service.ts'

const configuration = `
data_dir: /var/lib/logrelay
sinks:
  files: { type: file, path: "/srv/log archive/{pipeline}.log" }
pipelines:
  low:
    source: { type: syslog, device: generic-rfc3164, host: 127.0.0.1, port: 514, max_connections: 500 }
    sinks: [files]
`

export const scenarios: readonly Scenario[] = [
  {
    name: 'a service that wants port 514 and a directory of its own: the commands that doctor says mend it',
    limitMs: 180_000,
    run: mended,
  },
]

/**
 * Nothing is right after the start: the port may not be opened, the sink's directory is not there, nobody has enabled the service. The commands that
 * doctor prints are run as they stand; afterwards it has nothing more to say about them, and a message passes through.
 */
async function mended(room: Room): Promise<string> {
  const machine = await DebianMachine.fresh(room, 'empty', 'machine')
  await machine.boot()
  await installPackage(machine, 'current', 'deb')
  await machine.write('/etc/logrelay/logrelay.yaml', configuration)
  await machine.shell('systemctl start logrelay; true')
  const before = await complaints(machine)
  for (const topic of ['ports', 'service'] as const) {
    if (!before.some((finding) => finding.topic === topic && finding.mend?.includes('logrelay')))
      throw new Error(`nothing about ${topic}: ${told(before)}`)
  }
  const commands: string[] = []
  // One command may show the next thing that is missing.
  for (let round = 0; round < 4; round++) {
    const mends = new Set((await complaints(machine)).flatMap(({ mend }) => (mend === undefined || commands.includes(mend) ? [] : [mend])))
    for (const mend of mends) {
      commands.push(mend)
      await machine.shell(`${mend}; true`)
    }
  }
  const after = await complaints(machine)
  if (after.length > 0) throw new Error(`after ${commands.join(' | ')} doctor still says ${told(after)}`)
  await machine.run('logger', '--server', '127.0.0.1', '--port', '514', '--udp', '--rfc3164', 'through a low port')
  const log = await machine.shell(
    'for i in $(seq 100); do grep -s "through a low port" "/srv/log archive/low.log" && break; sleep 0.1; done',
  )
  if (!log.includes('through a low port')) throw new Error('the message did not come through')
  const { pid } = await relayStatus(machine)
  const capabilities = await machine.shell(`grep CapEff /proc/${pid}/status`)
  // CAP_NET_BIND_SERVICE is number 10 (capability.h).
  if (!/0000000000000400/.test(capabilities)) throw new Error(`the service has other capabilities: ${capabilities}`)
  const limit = await machine.run('systemctl', 'show', '--value', '--property=MemoryMax', 'logrelay')
  return `${before.length} findings mended by ${commands.length} commands; MemoryMax ${Number(limit) / 2 ** 20} MiB`
}

/** What is wrong with the relay and its service. The kernel and the clock are this machine's, and not a container's to change. */
async function complaints(machine: DebianMachine): Promise<Finding[]> {
  const { findings } = JSON.parse(await machine.shell('logrelay doctor --json 2>/dev/null; true')) as { findings: Finding[] }
  return findings.filter(
    ({ topic, state }) => state !== 'ok' && state !== 'unknown' && topic !== 'kernel' && topic !== 'clock' && topic !== 'disk',
  )
}

function told(findings: readonly Finding[]): string {
  return findings.map(({ topic, subject, says, mend }) => `${topic}, ${subject}: ${says} (${mend})`).join('; ')
}
