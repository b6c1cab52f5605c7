import { fluentBit } from './fluent-bit.ts'
import { assisted, durable, indexing, indexingPlain } from './logrelay.ts'
import { findPeer, type PeerProgram } from './peer-program.ts'
import type { Installation, RelayUnderTest } from './relay-under-test.ts'
import { rsyslog, rsyslogIndexing } from './rsyslog.ts'
import { syslogNg } from './syslog-ng.ts'

export interface Relays {
  readonly all: readonly RelayUnderTest[]
  readonly peers: readonly Installation[]
}

/** logrelay in both durabilities, and the peers, with what is missing of them. `wanted` is a part of a name, or several after commas. */
export function findRelays(wanted: string | undefined): Relays {
  return find(wanted, [durable, assisted], [rsyslog, syslogNg, fluentBit])
}

/** The same of relays that write documents into Elasticsearch or OpenSearch. */
export function findIndexingRelays(wanted: string | undefined): Relays {
  return find(wanted, [indexing, indexingPlain], [rsyslogIndexing])
}

function find(wanted: string | undefined, own: readonly RelayUnderTest[], programs: readonly PeerProgram[]): Relays {
  const peers = programs.map(findPeer)
  const all = [...own, ...peers.flatMap(({ relays }) => relays)]
  const parts = wanted?.split(',').map((part) => part.trim().toLowerCase())
  return { all: all.filter(({ name }) => parts === undefined || parts.some((part) => name.toLowerCase().includes(part))), peers }
}
