import { DebianMachine } from '../machines/debian-machine.ts'
import { packageFile } from '../packages/packages.ts'
import type { Room } from '../support/room.ts'
import type { Delivery, Scenario } from '../support/scenario.ts'
import { filledInUserData } from './cloud-init-data.ts'
import { bootWithCloudInit, seed } from './cloud-machine.ts'
import { messagesThrough, sampleLines } from './messages-through.ts'

export const scenarios: readonly Scenario[] = [
  { name: 'a Debian cloud image becomes a relay at its first boot, and is one after the next', run: firstBoot, limitMs: 240_000 },
]

async function firstBoot(room: Room): Promise<Delivery> {
  const machine = await DebianMachine.fresh(room, 'cloud', 'relay')
  const { userData, package: path } = await filledInUserData()
  await machine.copyIn(await packageFile('current', 'deb'), path)
  await seed(machine, 'relay-1', userData)
  await bootWithCloudInit(machine)
  const first = sampleLines(100, 'first')
  const arrived = await messagesThrough(machine, first)
  await checkInstalled(machine)
  await checkRunAgain(machine)
  await machine.stop()

  // cloud-init is through with this machine: it is systemd that starts the relay now.
  await bootWithCloudInit(machine)
  const second = sampleLines(100, 'second')
  const more = await messagesThrough(machine, second)
  await machine.stop()
  return { sent: [...first, ...second].map((line) => Buffer.from(line)), arrived: [...arrived, ...more], note: 'two boots' }
}

async function checkInstalled(machine: DebianMachine): Promise<void> {
  const state = (await machine.run('systemctl', 'show', '--property=ActiveState,UnitFileState,User', 'logrelay')).trim().split('\n').sort()
  if (state.join() !== 'ActiveState=active,UnitFileState=enabled,User=logrelay') throw new Error(`the service is ${state}`)
  const owner = (await machine.run('stat', '--format=%U:%G %a', '/etc/logrelay/logrelay.yaml')).trim()
  if (owner !== 'root:logrelay 640') throw new Error(`the configuration belongs to ${owner}`)
  const failed = (await machine.run('systemctl', 'list-units', '--failed', '--plain', '--no-legend')).trim()
  if (failed !== '') throw new Error(`failed units: ${failed}`)
}

/** The same steps once more change nothing and restart nothing; a configuration with a mistake changes nothing either. */
async function checkRunAgain(machine: DebianMachine): Promise<void> {
  const setup = '/usr/local/lib/logrelay-setup'
  const process = () => machine.run('systemctl', 'show', '--property=MainPID', 'logrelay')
  const before = await process()
  await machine.run('sh', `${setup}/provision.sh`, `--kernel=${setup}/60-logrelay.conf`, `--config=${setup}/logrelay.yaml`, '--start')
  const good = await machine.read('/etc/logrelay/logrelay.yaml')
  await machine.write('/root/bad.yaml', 'pipelines: { nginx: {} }\n')
  const refused = await machine.run('sh', `${setup}/provision.sh`, '--config=/root/bad.yaml', '--start').then(
    () => false,
    (error: Error) => /has mistakes/.test(error.message),
  )
  if (!refused) throw new Error('a configuration with mistakes was not refused')
  if ((await machine.read('/etc/logrelay/logrelay.yaml')) !== good) throw new Error('a configuration with mistakes was installed')
  if ((await process()) !== before) throw new Error('the relay was restarted although nothing had changed')
}
