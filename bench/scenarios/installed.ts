import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../test/real/support/free-port.ts'
import { memory } from '../load/process-usage.ts'
import type { InstalledRuns, InstalledSize } from '../report/installed-tables.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const limitMs = 60_000

/** The ways in which logrelay is on a machine; a way that was not built is left out. `npm run build` makes the second, `build:binary` the third. */
export function installedWays(): { name: string; command: string }[] {
  const checkout = {
    name: `checkout, ${existsSync(join(root, 'dist/cli/main.js')) ? 'built' : 'from sources'}`,
    command: join(root, 'bin/logrelay'),
  }
  const binary = { name: 'single executable', command: join(root, 'dist/logrelay') }
  return [checkout, binary].filter(({ command }) => existsSync(command))
}

/** How long `version` and a start take, and what a relay takes that has nothing to do; each way in turn. */
export async function measureInstalled(runs: number): Promise<InstalledRuns[]> {
  const ways = installedWays().map((way) => ({
    ...way,
    versionMs: [] as number[],
    readyMs: [] as number[],
    residentMiB: [] as number[],
    anonymousMiB: [] as number[],
  }))
  // The first of each is not measured: it fills caches, and the executable writes its libraries down.
  for (let run = 0; run <= runs; run++) {
    for (const way of ways) {
      const versionMs = await timed(way.command, ['version'])
      const started = await measureStart(way.command)
      if (run === 0) continue
      way.versionMs.push(versionMs)
      way.readyMs.push(started.readyMs)
      way.residentMiB.push(started.peakMiB)
      way.anonymousMiB.push(started.anonymousMiB)
    }
  }
  return ways
}

/** What was built below dist. */
export function installedSizes(): InstalledSize[] {
  const found = [
    ['single executable, linux-x64', 'dist/linux-x64/logrelay'],
    ['single executable, linux-arm64', 'dist/linux-arm64/logrelay'],
    ...packages().map((name) => [name, `dist/packages/${name}`]),
  ] as [string, string][]
  return found.flatMap(([name, path]) => (existsSync(join(root, path)) ? [{ name, bytes: statSync(join(root, path)).size }] : []))
}

function packages(): string[] {
  const directory = join(root, 'dist/packages')
  return existsSync(directory) ? readdirSync(directory).filter((name) => /\.(deb|rpm)$/.test(name)) : []
}

async function timed(command: string, args: readonly string[]): Promise<number> {
  const began = performance.now()
  const child = spawn(command, args, { stdio: 'ignore' })
  const [status] = await once(child, 'exit')
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`)
  return performance.now() - began
}

/** From the start of the process until its ports are open, with an empty queue; then its memory. */
async function measureStart(command: string): Promise<{ readyMs: number; peakMiB: number; anonymousMiB: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'logrelay-bench-'))
  try {
    const file = join(directory, 'relay.json')
    const source = { type: 'syslog', host: '127.0.0.1', port: await freePort() }
    const admin = { listen: `127.0.0.1:${await freePort()}` }
    const pipelines = { one: { source, sinks: ['file'] } }
    await writeFile(file, JSON.stringify({ data_dir: join(directory, 'data'), admin, sinks: { file: { type: 'file' } }, pipelines }))
    const began = performance.now()
    // As the service has it.
    const env = { ...process.env, MALLOC_ARENA_MAX: '1' }
    const child = spawn(command, ['start', '--config', file], { stdio: ['ignore', 'pipe', 'ignore'], env })
    await banner(child)
    const readyMs = performance.now() - began
    const used = memory(child.pid as number)
    child.kill('SIGTERM')
    await once(child, 'exit')
    return { readyMs, ...used }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function banner(child: ChildProcess): Promise<void> {
  let text = ''
  const late = setTimeout(() => child.kill('SIGKILL'), limitMs)
  for await (const chunk of child.stdout?.setEncoding('utf8').iterator({ destroyOnReturn: false }) ?? []) {
    text += chunk
    if (text.includes('logrelay is running')) {
      clearTimeout(late)
      child.stdout?.resume()
      return
    }
  }
  clearTimeout(late)
  throw new Error('the relay did not start')
}
