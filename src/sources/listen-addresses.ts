import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { RelayError } from '../core/errors.ts'

/** The addresses that a configured host stands for. */
export interface ListenPlan {
  readonly host: string
  readonly addresses: readonly string[]
  /** One address that can be bound is enough: a name may stand for a family that this system does not have. */
  readonly anySuffices: boolean
  /** Taken when none of `addresses` exists here. */
  readonly fallback?: string
}

/** Rejects with PORT_UNAVAILABLE when the name is not known. */
export async function planAddresses(host: string): Promise<ListenPlan> {
  if (host === '::') return { host, addresses: ['::'], anySuffices: false, fallback: '0.0.0.0' }
  if (isIP(host.split('%', 1)[0] as string) !== 0) return { host, addresses: [host], anySuffices: false }
  // Whatever the hosts file says: senders on this machine try both (RFC 6761 6.3).
  if (host === 'localhost') return { host, addresses: ['127.0.0.1', '::1'], anySuffices: true }
  try {
    const found = await lookup(host, { all: true })
    return { host, addresses: [...new Set(found.map(({ address }) => address))], anySuffices: true }
  } catch (cause) {
    throw new RelayError('PORT_UNAVAILABLE', `the host name ${host} to listen on is not known`, {
      cause,
      hint: 'write an address of this machine, or :: for all of them',
    })
  }
}

/**
 * Binds every address of the plan and returns what `bind` gave for each. Rejects with the first failure that the plan does
 * not tolerate, after `release` has undone the others.
 */
export async function bindAll<T>(plan: ListenPlan, bind: (address: string) => Promise<T>, release: (bound: T) => void): Promise<T[]> {
  const bound: T[] = []
  let missing: unknown
  for (const address of plan.addresses) {
    try {
      bound.push(await bind(address))
    } catch (error) {
      const tolerated = isMissingAddress(error) && (plan.anySuffices || plan.fallback !== undefined)
      if (!tolerated) {
        bound.forEach(release)
        throw error
      }
      missing ??= error
    }
  }
  if (bound.length > 0) return bound
  if (plan.fallback === undefined) throw missing
  return [await bind(plan.fallback)]
}

/** The address or its whole family is not there, as opposed to a port that is taken. */
function isMissingAddress(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EINVAL'
}

/** A failed bind in the terms of docs/errors.md. */
export function bindError(error: unknown, protocol: 'TCP' | 'UDP', host: string, port: number): RelayError {
  if (error instanceof RelayError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const where = `${protocol} port ${port} of ${host}`
  const told = (kind: 'PORT_IN_USE' | 'PORT_UNAVAILABLE', text: string, hint: string) => new RelayError(kind, text, { cause: error, hint })
  if (code === 'EADDRINUSE') {
    return told(
      'PORT_IN_USE',
      `${where} is in use by another program`,
      `ss -lntup 'sport = :${port}' shows which one; stop it or choose another port`,
    )
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const hint =
      'ports below 1024 need CAP_NET_BIND_SERVICE: `logrelay unit --write && systemctl restart logrelay` gives it to the service; the default ports do not'
    return told('PORT_UNAVAILABLE', `${where} may not be opened by this user`, hint)
  }
  if (isMissingAddress(error)) {
    return told(
      'PORT_UNAVAILABLE',
      `${host} is not an address of this machine`,
      'ip address shows which ones are; :: listens on all of them',
    )
  }
  return told('PORT_UNAVAILABLE', `${where} cannot be opened: ${error instanceof Error ? error.message : String(error)}`, 'see the cause')
}
