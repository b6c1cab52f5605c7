/** What may be away at the same time: so many nodes, or all nodes of one of `zones` zones over which they are spread evenly. */
export type Failures = { readonly nodes: number } | { readonly zones: number }

/** How many of `nodes` are gone in the worst case that is planned for: the fullest zone has ⌈nodes / zones⌉. */
export function nodesAway(nodes: number, failures: Failures): number {
  return 'zones' in failures ? Math.ceil(nodes / failures.zones) : failures.nodes
}

/**
 * The fewest nodes of which `survivors` are left: survivors + failures; for a zone survivors + ⌈survivors / (zones − 1)⌉, because
 * the zones that are left have to carry it, and at least one node a zone.
 */
export function nodesFor(survivors: number, failures: Failures): number {
  if (!('zones' in failures)) return survivors + failures.nodes
  return Math.max(failures.zones, survivors + Math.ceil(survivors / (failures.zones - 1)))
}

/** Rounds up, but for what floating point adds: 3 × 0.1 / 0.1 is three nodes. */
export function wholeNodes(quotient: number): number {
  return Math.max(1, Math.ceil(quotient * (1 - 1e-12)))
}
