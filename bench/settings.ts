import { parseArgs } from 'node:util'

/** The benchmark's parts, in the order in which they run. */
export const parts = [
  'tcp',
  'tls',
  'handshakes',
  'udp',
  'latency',
  'backlog',
  'admin',
  'tcp-raw',
  'pass-through',
  'elasticsearch',
  'installed',
] as const
// These run only with --long, or when they are named.
const longParts: readonly Part[] = ['tcp-raw', 'pass-through', 'elasticsearch', 'installed']
// They compare relays by throughput.
const comparedParts: readonly Part[] = ['tcp', 'elasticsearch']
export type Part = (typeof parts)[number]

const defaultRates = [25_000, 50_000, 75_000, 100_000, 150_000, 200_000, 300_000, 400_000, 500_000]

export interface Settings {
  readonly parts: readonly Part[]
  /** Runs of a part, by default three where relays are compared by throughput and one elsewhere. */
  readonly runs: (part: Part) => number
  /** Parts of the names of the relays to be measured; all when undefined. */
  readonly relays: string | undefined
  readonly seconds: number
  readonly rates: readonly number[]
  readonly latencyMessages: number
  readonly backlogBytes: number
  readonly passThroughBytes: number
  /** Of a run: into a real node, and into an upstream that only counts. */
  readonly documents: readonly [stored: number, counted: number]
  readonly write: boolean
}

export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      long: { type: 'boolean', default: false },
      relays: { type: 'string' },
      runs: { type: 'string' },
      seconds: { type: 'string', default: '4' },
      rates: { type: 'string', default: defaultRates.join(',') },
      messages: { type: 'string', default: '200' },
      backlog: { type: 'string', default: '1024' },
      through: { type: 'string', default: '10240' },
      documents: { type: 'string', default: '200000,400000' },
      write: { type: 'boolean', default: false },
    },
  })
  const runs = values.runs === undefined ? undefined : positive('runs', values.runs)
  return {
    parts: values.only === undefined ? parts.filter((part) => values.long || !longParts.includes(part)) : readParts(values.only),
    runs: (part) => runs ?? (part === 'installed' ? 15 : comparedParts.includes(part) ? 3 : 1),
    relays: values.relays,
    seconds: positive('seconds', values.seconds),
    rates: values.rates.split(',').map((rate) => positive('rates', rate)),
    latencyMessages: positive('messages', values.messages),
    backlogBytes: positive('backlog', values.backlog) * 2 ** 20,
    passThroughBytes: positive('through', values.through) * 2 ** 20,
    documents: readDocuments(values.documents),
    write: values.write,
  }
}

function readParts(list: string): Part[] {
  const names = list.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !parts.some((part) => part === name))
  if (unknown.length > 0) throw new Error(`--only ${unknown.join(',')}: there is ${parts.join(', ')}`)
  return parts.filter((part) => names.includes(part))
}

function readDocuments(list: string): [number, number] {
  const [stored, counted, ...more] = list.split(',').map((count) => positive('documents', count))
  if (stored === undefined || more.length > 0) throw new Error(`--documents ${list}: one number is wanted, or two`)
  return [stored, counted ?? stored]
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} ${text}: a number above 0 is wanted`)
  return value
}
