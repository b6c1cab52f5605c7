import { fluentBit } from './fluent-bit.ts'
import { assisted, durable } from './logrelay.ts'
import { findPeer } from './peer-program.ts'
import type { Installation, RelayUnderTest } from './relay-under-test.ts'
import { rsyslog } from './rsyslog.ts'
import { syslogNg } from './syslog-ng.ts'

export interface Relays {
  readonly all: readonly RelayUnderTest[]
  readonly peers: readonly Installation[]
}

/** logrelay in both durabilities, and the peers, with what is missing of them. `wanted` is a part of a name, or several after commas. */
export function findRelays(wanted: string | undefined): Relays {
  const peers = [rsyslog, syslogNg, fluentBit].map(findPeer)
  const all = [durable, assisted, ...peers.flatMap(({ relays }) => relays)]
  const parts = wanted?.split(',').map((part) => part.trim().toLowerCase())
  return { all: all.filter(({ name }) => parts === undefined || parts.some((part) => name.toLowerCase().includes(part))), peers }
}
