import type { RelayStatus } from '../../../src/core/status.ts'
import type { DebianMachine } from '../machines/debian-machine.ts'

/** As its own user sees it. */
export async function relayStatus(machine: DebianMachine): Promise<RelayStatus> {
  return JSON.parse(await machine.run('runuser', '-u', 'logrelay', '--', 'logrelay', 'status', '--json'))
}

/** What the kernel says of the running service: whose it is, and that the unit's restrictions hold it. */
export async function confinement(machine: DebianMachine): Promise<string> {
  const { pid } = await relayStatus(machine)
  const text = await machine.run('cat', `/proc/${pid}/status`)
  const user = (await machine.run('stat', '--format=%U', `/proc/${pid}`)).trim()
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1]
  const found = { user, CapEff: field('CapEff'), NoNewPrivs: field('NoNewPrivs'), Seccomp: field('Seccomp') }
  const wanted = { user: 'logrelay', CapEff: '0000000000000000', NoNewPrivs: '1', Seccomp: '2' }
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`the service runs with ${JSON.stringify(found)}`)
  return 'as user logrelay, no capability, seccomp on'
}
