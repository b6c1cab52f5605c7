import { cpus, release, totalmem } from 'node:os'
import type { Installation } from '../relays/relay-under-test.ts'

/** Where, when and with what figures were made. */
export function machine(peers: readonly Installation[]): string {
  const model = cpus()[0]?.model ?? 'unknown processor'
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const installed = peers.flatMap(({ program, version }) => (version === undefined ? [] : [`${program} ${version}`]))
  const date = new Date().toISOString().slice(0, 10)
  return [`${date}, ${cpus().length} cores (${model}), ${memory}, Linux ${release()}, Node.js ${process.versions.node}`, ...installed].join(
    ', ',
  )
}

/** A line for each program that is not here. */
export function missing(peers: readonly Installation[]): string[] {
  return peers.flatMap(({ program, version, hint }) =>
    version === undefined ? [`${program} is not measured, it is not here: ${hint}.`] : [],
  )
}
