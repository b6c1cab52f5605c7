import { DebianMachine } from '../machines/debian-machine.ts'
import { packageFile } from '../packages/packages.ts'
import { runProgram } from '../support/program.ts'
import type { Room } from '../support/room.ts'
import type { Delivery, Scenario } from '../support/scenario.ts'
import { filledInUserData } from './cloud-init-data.ts'
import { bootWithCloudInit, seed } from './cloud-machine.ts'
import { receiveFrom, sampleLines, sendTo } from './messages-through.ts'

export const scenarios: readonly Scenario[] = [
  { name: "a relay is replaced: the queue on its disk is delivered by the next machine's relay", run: movedQueue, limitMs: 240_000 },
]

async function movedQueue(room: Room): Promise<Delivery> {
  const disk = await emptyDisk(room)
  const before = await relayWithDisk(room, 'before', disk)
  const lines = sampleLines(1000, 'queued')
  // Nobody receives here: they are stored.
  await sendTo(before, lines)
  await before.stop()

  const after = await relayWithDisk(room, 'after', disk)
  const owner = (await after.run('stat', '--format=%U', '/var/lib/logrelay/queues')).trim()
  if (owner !== 'logrelay') throw new Error(`the queues belong to ${owner}`)
  const arrived = await receiveFrom(after, lines.length)
  await after.stop()
  return { sent: lines.map((line) => Buffer.from(line)), arrived }
}

/** A disk without a file system, as a cloud gives it. */
async function emptyDisk(room: Room): Promise<string> {
  const file = room.path('disk')
  await runProgram('truncate', ['--size=2G', file])
  const { stdout } = await runProgram('losetup', ['--find', '--show', file])
  const device = stdout.toString().trim()
  room.closing(() => runProgram('losetup', ['--detach', device]))
  return device
}

async function relayWithDisk(room: Room, name: string, disk: string): Promise<DebianMachine> {
  const machine = await DebianMachine.fresh(room, 'cloud', name)
  // On every machine the user logrelay gets another number.
  await runProgram('useradd', ['--root', machine.root, '--system', `user-of-${name}`])
  if (name === 'after') await runProgram('useradd', ['--root', machine.root, '--system', 'another'])
  const { userData, package: path } = await filledInUserData(`--data-device=${disk}`)
  await machine.copyIn(await packageFile('current', 'deb'), path)
  await seed(machine, name, userData)
  await bootWithCloudInit(machine, [disk])
  return machine
}
