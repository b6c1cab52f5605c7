import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { profile } from './profile.ts'
import { findRelays } from './relays/all-relays.ts'
import { replaceSection } from './report/figures.ts'
import { machine, missing } from './report/machine.ts'
import { sections } from './scenarios/sections.ts'
import { readSettings } from './settings.ts'

// Processes that wanted to run in the last minute.
const mostLoad = 0.5

/** Runs the benchmarks, or the profile: see bench/README.md for what they measure and for the options. */
const args = process.argv.slice(2)
await (args[0] === '--profile' ? profile(args.slice(1)) : benchmark(args))

async function benchmark(options: string[]): Promise<void> {
  const settings = readSettings(options)
  const { all, peers } = findRelays(settings.relays)
  const page = new URL('README.md', import.meta.url)
  const here = machine(peers)
  console.log([here, ...missing(peers)].join('\n'))
  if ((loadavg()[0] as number) > mostLoad) console.log('the machine is busy with something else: the figures will lie far apart')
  for (const part of settings.parts) {
    console.log(`\n${part}`)
    const table = await sections[part](all, settings, here)
    const runs = settings.runs(part)
    const stamp = `${here}; ${runs === 1 ? 'one run' : `${runs} alternating runs, medians (least..most)`}.`
    // The relays that write documents are others, and their part names them itself; where logrelay is looked at alone, none is missing.
    const absent = part === 'elasticsearch' || part === 'installed' ? [] : missing(peers)
    const section = [stamp, ...absent, '', table].join('\n')
    console.log(`\n${section}`)
    if (settings.write) await writeFile(page, replaceSection(await readFile(page, 'utf8'), part, section))
  }
}
