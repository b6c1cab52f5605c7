import { dirname, join } from 'node:path'
import { budgetInWords, diskBudget } from '../disk-budget.ts'
import { queuesDirectory } from '../paths.ts'
import { directoryBytes } from './directory-bytes.ts'
import { bytesInWords, countInWords } from './figures.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { DiskFacts, Host } from './host.ts'
import { isInstalled, unitName } from './service-state.ts'
import { shellWord } from './shell-word.ts'
import type { Situation } from './situation.ts'

const { ok, warning, problem, unknown } = findingsOf('disk')

/** File systems on which what was synced may be gone (magic numbers of statfs(2), linux/magic.h). */
const doubtful: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'is tmpfs, memory: what is queued is gone after a reboot'],
  [0x858458f6, 'is ramfs, memory: what is queued is gone after a reboot'],
  [0x794c7630, 'is an overlay of a container: what is queued is gone with the container. Mount a volume there'],
  [0x6969, 'is NFS: each fsync waits for the network, and where the server exports it "async" promises nothing'],
  [0xff534d42, 'is CIFS: an fsync promises little'],
  [0xfe534d42, 'is SMB: an fsync promises little'],
  [0x01021997, 'is 9P of a virtual machine: whether an fsync reaches the disk depends on its host'],
  [0x65735546, 'is FUSE: what an fsync means depends on its program'],
])
const fewInodes = 10_000
/** The unit's StateDirectory: systemd makes it. */
const stateDirectory = '/var/lib/logrelay'
/** What the relay opens in data_dir. A mount or a snapshot may add names of its own. */
const opened = ['queues', 'tls', 'control.sock', 'sources', 'logs']

/** The disk of data_dir: whether it holds what the limits allow, and keeps it. */
export async function checkDisk(situation: Situation, signal: AbortSignal): Promise<Finding[]> {
  const { host, config } = situation
  const place = await existingDirectory(host, config.data_dir)
  const facts = await host.disk(place)
  if (facts === undefined) return [unknown(place, 'the file system does not tell its size')]
  return [...(await room(situation, facts, signal)), kind(place, facts), ...inodes(place, facts), ...(await ownership(situation, place))]
}

/** The directory itself, or the nearest one above it that is there. */
export async function existingDirectory(host: Host, directory: string): Promise<string> {
  const above = dirname(directory)
  return above === directory || (await host.stat(directory)) !== undefined ? directory : await existingDirectory(host, above)
}

async function room({ config, relay }: Situation, { freeBytes }: DiskFacts, signal: AbortSignal): Promise<Finding[]> {
  const { data_dir, min_free_disk } = config
  const show = `du -xh --max-depth=3 ${shellWord(data_dir)} | sort -h | tail -n 20`
  if (freeBytes < min_free_disk) {
    const says = `${bytesInWords(freeBytes)} are free, less than min_free_disk (${bytesInWords(min_free_disk)}): no message is taken until there is room`
    return [problem(data_dir, says, show)]
  }
  const queues = relay.status && Object.values(relay.status.pipelines).reduce((sum, { queue }) => sum + queue.bytes, 0)
  const used = queues ?? (await directoryBytes(queuesDirectory(data_dir), signal))
  const budget = diskBudget(config, freeBytes, used)
  const { needed, limits } = budget
  if (!budget.suffices) {
    return [
      warning(data_dir, `${budgetInWords(budget, 'the disk')}. Where the disk is full first, every pipeline stops taking messages`, show),
    ]
  }
  return [
    ok(
      data_dir,
      `${bytesInWords(freeBytes)} free, enough for the limits of all queues (${bytesInWords(limits)}, at most ${bytesInWords(needed)} on disk)`,
    ),
  ]
}

function kind(place: string, { type }: DiskFacts): Finding {
  const why = doubtful.get(type >>> 0)
  if (why === undefined) return ok(`${place}, file system`, 'is one on which an fsync counts')
  return warning(`${place}, file system`, why, `findmnt -T ${shellWord(place)}`)
}

/** File systems without a fixed number of them (btrfs) say 0. */
function inodes(place: string, { inodes: all, freeInodes }: DiskFacts): Finding[] {
  if (all === 0) return []
  const subject = `${place}, inodes`
  if (freeInodes >= fewInodes) return [ok(subject, `${countInWords(freeInodes)} left`)]
  const says = `${countInWords(freeInodes)} left: without one no queue can go on to its next segment, and takes no messages`
  return [(freeInodes < fewInodes / 10 ? problem : warning)(subject, says, `df -i ${shellWord(place)}`)]
}

/** Files of another user, as a relay leaves them that was once started by root, keep the service from starting. */
async function ownership({ host, config, user, service }: Situation, place: string): Promise<Finding[]> {
  const { data_dir } = config
  if (place !== data_dir) {
    if (isInstalled(service) && !isBelow(data_dir, stateDirectory)) {
      const says = `is not there, and the service may make no directory outside of ${stateDirectory}: it cannot start`
      const make = `install -d -m 0700 -o ${shellWord(user.name)} ${shellWord(data_dir)} && systemctl restart ${unitName}`
      return [problem(`${data_dir}, owner`, says, make)]
    }
    const made = isInstalled(service) || user.uid !== host.uid || (await host.mayWrite(place))
    if (made) return [ok(`${data_dir}, owner`, 'is not there yet: the start makes it')]
    const mend = `sudo install -d -m 0700 -o "$(id -u)" ${shellWord(data_dir)}`
    return [problem(`${data_dir}, owner`, `is not there, and user ${user.name} may not make it: the relay cannot start`, mend)]
  }
  const facts = await host.stat(data_dir)
  if (facts === undefined || user.uid === undefined) return []
  const others = user.uid === 0 ? [] : await ownedByOthers(host, data_dir, user.uid)
  if (others.length > 0) {
    const says = `${others[0]}${others.length > 1 ? ` and ${others.length - 1} more` : ''} ${others.length > 1 ? 'are' : 'is'} not of user ${user.name}, who runs the relay: it cannot write there`
    return [problem(`${data_dir}, owner`, says, `chown -R ${shellWord(user.name)} ${shellWord(data_dir)}`)]
  }
  if ((facts.mode & 0o022) !== 0)
    return [
      warning(
        `${data_dir}, owner`,
        'can be written by other users: they may take or change what is queued',
        `chmod 700 ${shellWord(data_dir)}`,
      ),
    ]
  return [ok(`${data_dir}, owner`, `user ${user.name}`)]
}

/** data_dir and what a start opens in it. */
async function ownedByOthers(host: Host, dataDir: string, uid: number): Promise<string[]> {
  const queues = queuesDirectory(dataDir)
  const names = ((await host.list(queues)) ?? []).filter((name) => name !== 'lost+found' && !name.startsWith('.'))
  const paths = [dataDir, ...opened.map((name) => join(dataDir, name)), ...names.map((name) => join(queues, name))]
  const found = await Promise.all(paths.map(async (path) => ({ path, facts: await host.stat(path) })))
  return found.flatMap(({ path, facts }) => (facts === undefined || facts.uid === uid ? [] : [path]))
}

export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}
