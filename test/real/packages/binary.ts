import { chmod, chown, copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../support/program.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const nobody = 65_534

export const scenarios: readonly Scenario[] = [
  { name: 'the single executable starts from an empty directory with an empty environment, as nobody', run: startsAnywhere },
  { name: 'the single executable says what to set where its cache directory cannot be used', run: cacheDirectories },
  { name: 'built again, the single executable and its packages are the same bytes', run: builtAgain },
  { name: 'the end-to-end tests against the single executable', limitMs: 600_000, run: endToEnd },
]

/** A copy without its addons beside it, where anybody may run it. */
async function lonelyBinary(room: Room): Promise<string> {
  const binary = process.env.LOGRELAY_BINARY
  if (binary === undefined) throw new Error('LOGRELAY_BINARY is not set: start this through test/real/run.sh, which builds it')
  const copy = room.path('bin/logrelay')
  await chmod(room.dir, 0o755)
  await mkdir(join(copy, '..'))
  await copyFile(binary, copy)
  return copy
}

async function startsAnywhere(room: Room): Promise<string> {
  const binary = await lonelyBinary(room)
  await mkdir(room.path('empty'))
  await chown(room.path('empty'), nobody, nobody)
  const run = async (...args: string[]) => {
    const as = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', 'env', '-i']
    const { stdout } = await runProgram('setpriv', [...as, binary, ...args], { cwd: room.path('empty') })
    return stdout.toString()
  }
  const version = await run('version')
  if (!/^logrelay \d+\.\d+\.\d+ \(commit [0-9a-f]{12}(-dirty)?, Node\.js 24\.\d+\.\d+, linux \w+\)\n$/.test(version))
    throw new Error(version)
  // It needs both addons, threads and a disk.
  const measured = await run('bench-self', '--seconds', '1')
  if (!/messages\/s|msg\/s/.test(measured)) throw new Error(measured)
  return version.trim()
}

/** Each in a mount namespace of its own; the start is what needs the addons. */
async function cacheDirectories(room: Room): Promise<string> {
  const binary = await lonelyBinary(room)
  const cases = {
    'its file system is mounted noexec': 'mount -t tmpfs -o noexec,mode=0700 none "$1" && cache=$1',
    'cannot be written \\(EROFS\\)|cannot be made or read \\(EROFS\\)':
      'mount -t tmpfs -o mode=0700 none "$1" && mount -o remount,ro "$1" && cache=$1/cache',
    'can be written by other users \\(mode 777\\)': 'mkdir "$1/open" && chmod 777 "$1/open" && cache=$1/open',
  }
  for (const [says, prepare] of Object.entries(cases)) {
    const dir = room.path(`cache-${Object.keys(cases).indexOf(says)}`)
    await mkdir(dir)
    const script = `${prepare}; LOGRELAY_CACHE_DIR=$cache "$2" queue --config "$3" 2>&1; echo "exit $?"`
    const { stdout } = await runProgram('unshare', ['--mount', 'bash', '-c', script, 'bash', dir, binary, join(root, 'docs/example.yaml')])
    const said = stdout.toString()
    if (!new RegExp(says).test(said) || !said.includes('Set LOGRELAY_CACHE_DIR') || !said.includes('exit 1'))
      throw new Error(`with ${prepare} it says: ${said}`)
  }
  return `${Object.keys(cases).length} kinds of unusable directories, each named with what to set`
}

async function endToEnd(): Promise<string> {
  const binary = process.env.LOGRELAY_BINARY
  const tap = join(root, 'node_modules/.bin/tap')
  const { stdout } = await runProgram(tap, ['--reporter=tap', 'test/e2e'], { cwd: root, env: { ...process.env, LOGRELAY: binary } })
  const [, total, pass] = /^# \{ total: (\d+), pass: (\d+) \}$/m.exec(stdout.toString()) ?? []
  if (total === undefined || total !== pass) throw new Error(stdout.toString().slice(-2000))
  return `${pass} of ${total} assertions`
}

/** Into another directory, by the command that run.sh has built the first with. */
async function builtAgain(room: Room): Promise<string> {
  const first = process.env.LOGRELAY_PACKAGES
  if (first === undefined) throw new Error('LOGRELAY_PACKAGES is not set: start this through test/real/run.sh, which builds them')
  const script = join(root, 'packaging/packages/build-packages.ts')
  await runProgram(process.execPath, [script, '--target', 'linux-x64', '--compression', '1', '--directory', room.path('again')], {
    cwd: root,
  })
  const [before, after] = await Promise.all([first, room.path('again')].map((directory) => readFile(join(directory, 'SHA256SUMS'), 'utf8')))
  if (before !== after) throw new Error(`the first time: ${before}; the second time: ${after}`)
  return `${before?.trim().split('\n').length} packages`
}
