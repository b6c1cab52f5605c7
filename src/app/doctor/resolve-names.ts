import { isIP } from 'node:net'
import { untilAbort } from '../../retry/until-abort.ts'
import { connectionError } from '../../sinks/connection-errors.ts'
import { Slots } from './slots.ts'

export interface Resolved {
  readonly addresses: readonly string[]
  readonly ms: number
  /** Why there is none. */
  readonly failure?: string
  /** The name server may still answer: time ran out before its own did. */
  readonly unfinished?: boolean
}

/** getaddrinfo(3) has a thread for itself while it waits, and libuv gives it two. */
const lookupsAtATime = 2
const patienceMs = 5000

/** Looks up each name once; addresses stand for themselves. The promises never reject. */
export function resolveNames(
  names: readonly string[],
  lookup: (name: string) => Promise<readonly string[]>,
  signal: AbortSignal,
): ReadonlyMap<string, Promise<Resolved>> {
  const slots = new Slots(lookupsAtATime)
  return new Map(
    [...new Set(names)].map((name) => [name, isIP(name) === 0 ? slots.run(() => resolveName(name, lookup, signal)) : literal(name)]),
  )
}

async function literal(address: string): Promise<Resolved> {
  return { addresses: [address], ms: 0 }
}

async function resolveName(name: string, lookup: (name: string) => Promise<readonly string[]>, signal: AbortSignal): Promise<Resolved> {
  const began = performance.now()
  const either = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  const taken = () => performance.now() - began
  if (signal.aborted) return { addresses: [], ms: 0, failure: 'there was no time left to look it up', unfinished: true }
  try {
    const addresses = await untilAbort(lookup(name), either)
    if (addresses === undefined) {
      const failure = `the name server did not answer for ${Math.round(taken() / 1000)} s`
      return { addresses: [], ms: taken(), failure, ...(taken() < patienceMs && { unfinished: true }) }
    }
    return addresses.length === 0 ? { addresses, ms: taken(), failure: 'the name has no address' } : { addresses, ms: taken() }
  } catch (error) {
    const { message, hint } = connectionError(error, name, 'connect')
    const words = message.replace(/^cannot connect to .*?: /, '')
    return { addresses: [], ms: taken(), failure: hint === undefined ? words : `${words}. ${hint}` }
  }
}
