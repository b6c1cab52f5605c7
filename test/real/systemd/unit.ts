import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseConfig } from '../../../src/config/load.ts'
import { unitDropIn } from '../../../src/planning/unit/unit-drop-in.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'

const execute = promisify(execFile)

/** Tenths: the most that systemd's rating may say. */
const mostExposure = 16

const sink = (path: string) => `sinks: { f: { type: file, path: ${JSON.stringify(path)} } }\n`
const pipeline = (port: number) => `pipelines: { p: { source: { type: syslog, port: ${port} }, sinks: [f] } }\n`
const awkwardPath = '/srv/100% "of" the\\logs'

export const scenarios: readonly Scenario[] = [
  { name: 'systemd rates the unit', run: (room) => rate(room, undefined) },
  { name: 'systemd rates the unit with a port below 1024', run: (room) => rate(room, `${sink('x.log')}${pipeline(514)}`) },
  { name: 'systemd reads the unit', run: (room) => verify(room, undefined) },
  { name: 'systemd reads the unit with every part of its drop-in', run: (room) => verify(room, everything) },
]

/** Everything that a drop-in may have, and a path with all that has to be escaped. */
const everything = `data_dir: /srv/queues of mine\n${sink(`${awkwardPath}/{pipeline}.log`)}${pipeline(601).replace('port:', 'max_connections: 300000, port:')}`

async function rate(room: Room, yaml: string | undefined): Promise<string> {
  const unit = await unitIn(room, yaml)
  const { stdout } = await execute('systemd-analyze', ['security', '--offline=true', '--no-pager', `--threshold=${mostExposure}`, unit])
  return stdout.trim().split('\n').at(-1) ?? ''
}

async function verify(room: Room, yaml: string | undefined): Promise<string> {
  const unit = await unitIn(room, yaml)
  const complained = await verifying(unit, 'info')
  if (complained !== '') throw new Error(complained)
  if (yaml === undefined) return 'without a complaint'
  // At this level systemd tells what it has understood.
  const understood = await verifying(unit, 'debug')
  const read = /ReadWritePaths: (.*)/.exec(understood)?.[1]
  const wanted = `-/srv/queues of mine -${awkwardPath}`
  if (read !== wanted) throw new Error(`ReadWritePaths are ${read}, and should be ${wanted}`)
  if (!understood.includes('RequiresMountsFor: /srv/queues of mine ')) throw new Error('RequiresMountsFor= was read as another path')
  return 'without a complaint, the paths as they are'
}

async function verifying(unit: string, level: 'info' | 'debug'): Promise<string> {
  const env = { ...process.env, SYSTEMD_LOG_LEVEL: level }
  const { stdout, stderr } = await execute('systemd-analyze', ['verify', '--man=no', unit], { env, maxBuffer: 64 * 2 ** 20 })
  return stderr + stdout
}

/** The unit with the drop-in beside it, where they are found together. Its program need not be installed. */
async function unitIn(room: Room, yaml: string | undefined): Promise<string> {
  const text = await readFile(new URL('../../../systemd/logrelay.service', import.meta.url), 'utf8')
  const unit = join(room.dir, 'logrelay.service')
  await writeFile(unit, text.replace('/usr/bin/logrelay', '/bin/true'))
  if (yaml === undefined) return unit
  const parsed = parseConfig(yaml, 'relay.yaml')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  await mkdir(`${unit}.d`)
  await writeFile(join(`${unit}.d`, '50-configuration.conf'), unitDropIn(parsed.config, '/etc/logrelay/logrelay.yaml'))
  return unit
}
