import fc from 'fast-check'
import t from 'tap'
import { type PoolDemand, planSizing } from '../../src/planning/sizing.ts'
import type { SizingTerms } from '../../src/planning/sizing-terms.ts'

const gibibyte = 2 ** 30

/** A node does 100,000 a second, half of which stays free; 1,000 bytes a message take 250 on disk. */
const terms: SizingTerms = {
  nodeMessagesPerSecond: 100_000,
  messageBytes: 1000,
  storedBytesPerReceivedByte: 0.25,
  headroom: 0.5,
  failures: { nodes: 1 },
  outageSeconds: 3600,
  minFreeDiskBytes: gibibyte,
}

function pool(messagesPerSecond: number, more: Partial<PoolDemand> = {}): PoolDemand {
  return { name: 'main', pipelines: [{ name: 'p', messagesPerSecond, sinks: 1 }], ...more }
}

function planOne(changed: Partial<SizingTerms>, demand: PoolDemand) {
  const plan = planSizing({ ...terms, ...changed }, [demand])
  const [only] = plan.pools
  if (only === undefined) throw new Error('there is no pool')
  return { plan, pool: only }
}

t.test('the fewest nodes, worked out by hand', async (t) => {
  const { plan, pool: main } = planOne({}, pool(120_000))
  t.match(main, {
    nodes: 4, // ⌈120,000 / 50,000⌉ = 3, and one that may be away
    nodesAway: 1,
    messagesPerSecondPerNode: 30_000,
    messagesPerSecondPerSurvivor: 40_000,
    survivorLoad: 0.4,
    bitsPerSecondInPerSurvivor: 320e6,
    bitsPerSecondOutPerSurvivor: 320e6,
    backlogMessages: 432e6,
    drainSeconds: 2400, // 432,000,000 / (3 × 100,000 − 120,000)
    enoughNodes: true,
    drainsInTime: true,
  })
  // 40,000 × 250 bytes × 3,600 s = 36e9 bytes = 33.5 GiB
  t.match(main.pipelines, [{ maxSizeNeededBytes: 34 * gibibyte, maxSizeBytes: 34 * gibibyte, coversOutage: true }])
  t.equal(main.diskBytesPerNode, Math.ceil((34 * gibibyte * 4) / 3) + gibibyte)
  t.ok(plan.kept)
  t.equal(plan.rmemMaxBytes, null, 'nothing comes over UDP')
})

t.test('nodes that are given are judged', async (t) => {
  const few = planOne({}, pool(120_000, { nodes: 3 }))
  t.match(few.pool, { nodes: 3, nodesNeeded: 4, messagesPerSecondPerSurvivor: 60_000, survivorLoad: 0.6, enoughNodes: false })
  t.notOk(few.plan.kept)
  t.ok(planOne({}, pool(120_000, { nodes: 4 })).plan.kept)
  t.ok(planOne({ failures: { nodes: 0 } }, pool(120_000, { nodes: 3 })).plan.kept, 'a promise that was not made')
})

t.test('a drain in time takes more nodes, unless the upstream is what is slow', async (t) => {
  // 120,000 + 432,000,000 / 1,200 = 480,000 a second: 5 nodes are left.
  t.match(planOne({ drainWithinSeconds: 1200 }, pool(120_000)).pool, { nodes: 6, drainSeconds: 432e6 / 380_000, drainsInTime: true })
  const slow = planOne({ drainWithinSeconds: 1200, upstreamMessagesPerSecond: 200_000 }, pool(120_000))
  t.match(slow.pool, { nodes: 4, drainSeconds: 5400, drainsInTime: false })
  t.notOk(slow.plan.kept)
  const never = planOne({ upstreamMessagesPerSecond: 120_000 }, pool(120_000))
  t.match(never.pool, { drainSeconds: null, drainsInTime: false, enoughNodes: true })
  t.notOk(never.plan.kept)
})

t.test('pools share the upstream as they share the load', async (t) => {
  const { pools } = planSizing({ ...terms, upstreamMessagesPerSecond: 60_000 }, [pool(30_000), pool(10_000)])
  // 45,000 − 30,000 and 15,000 − 10,000: twice as long as the outage.
  t.same(
    pools.map(({ drainSeconds }) => drainSeconds),
    [7200, 7200],
  )
})

t.test('each pipeline has its own queue and every sink its copy', async (t) => {
  const pipelines = [
    { name: 'a', messagesPerSecond: 20_000, sinks: 2, maxSizeBytes: 9e9 },
    { name: 'b', messagesPerSecond: 10_000, sinks: 1, maxSizeBytes: 18e9 },
  ]
  const { plan, pool: main } = planOne({}, { name: 'main', pipelines })
  t.match(main, { nodes: 2, bitsPerSecondInPerSurvivor: 240e6, bitsPerSecondOutPerSurvivor: 400e6 })
  t.match(main.pipelines, [
    { outageCoveredSeconds: 1800, coversOutage: false },
    { outageCoveredSeconds: 7200, coversOutage: true },
  ])
  t.equal(main.diskBytesPerNode, 36e9 + gibibyte)
  t.notOk(plan.kept)
})

t.test('receive buffers', async (t) => {
  const udp = (receiveBufferBytes: number, sockets = 1) =>
    planOne(
      { messageBytes: 300 },
      pool(50_000, { pipelines: [{ name: 'p', messagesPerSecond: 50_000, sinks: 1, udp: { sockets, receiveBufferBytes } }] }),
    )
  // 50,000 × 0.1 s × 1,152 = 5.5 MiB
  const little = udp(4 * 2 ** 20)
  t.same(little.pool.pipelines[0]?.udp, { neededBytes: 6 * 2 ** 20, receiveBufferBytes: 4 * 2 ** 20, lasts: false })
  t.equal(little.plan.rmemMaxBytes, 6 * 2 ** 20)
  t.notOk(little.plan.kept)
  t.match(udp(8 * 2 ** 20).plan, { kept: true, rmemMaxBytes: 8 * 2 ** 20 })
  t.ok(udp(4 * 2 ** 20, 2).plan.kept, 'two sockets, half of it each')
})

const anyTerms: fc.Arbitrary<SizingTerms> = fc.record(
  {
    nodeMessagesPerSecond: fc.integer({ min: 1, max: 5_000_000 }),
    messageBytes: fc.integer({ min: 1, max: 65_536 }),
    storedBytesPerReceivedByte: fc.double({ min: 0.01, max: 2, noNaN: true }),
    headroom: fc.double({ min: 0, max: 0.95, noNaN: true }),
    failures: fc.oneof(fc.record({ nodes: fc.integer({ min: 0, max: 5 }) }), fc.record({ zones: fc.integer({ min: 2, max: 6 }) })),
    outageSeconds: fc.integer({ min: 1, max: 1_000_000 }),
    drainWithinSeconds: fc.integer({ min: 1, max: 1_000_000 }),
    upstreamMessagesPerSecond: fc.integer({ min: 1, max: 5_000_000 }),
    minFreeDiskBytes: fc.integer({ min: 0, max: gibibyte }),
  },
  {
    requiredKeys: [
      'nodeMessagesPerSecond',
      'messageBytes',
      'storedBytesPerReceivedByte',
      'headroom',
      'failures',
      'outageSeconds',
      'minFreeDiskBytes',
    ],
  },
)
const anyRate = fc.integer({ min: 1, max: 10_000_000 })

t.test('what is planned keeps every promise that nodes and disks can keep', async () => {
  fc.assert(
    fc.property(anyTerms, anyRate, (terms, rate) => {
      const { pool: main } = planOne(terms, pool(rate))
      const slowUpstream = terms.upstreamMessagesPerSecond !== undefined
      // With no headroom and no time in which to drain, nothing is left for a drain.
      const drains = main.drainsInTime || slowUpstream || (terms.headroom < 1e-9 && terms.drainWithinSeconds === undefined)
      return main.enoughNodes && main.nodes > main.nodesAway && main.pipelines.every(({ coversOutage }) => coversOutage) && drains
    }),
  )
})

t.test('one node less does not', async () => {
  fc.assert(
    fc.property(anyTerms, anyRate, (terms, rate) => {
      const { pool: main } = planOne(terms, pool(rate))
      const zones = 'zones' in terms.failures ? terms.failures.zones : 0
      // Among a million nodes one is less than floating point is forgiven.
      fc.pre(main.nodes < 1e6 && main.nodes > Math.max(zones, 1 + main.nodesAway) && terms.upstreamMessagesPerSecond === undefined)
      const { pool: fewer } = planOne(terms, pool(rate, { nodes: main.nodes - 1 }))
      return !fewer.enoughNodes || !fewer.drainsInTime
    }),
  )
})

t.test('more failures, more load or less time never take fewer nodes', async () => {
  fc.assert(
    fc.property(anyTerms, anyRate, fc.integer({ min: 0, max: 5 }), anyRate, (terms, rate, nodes, more) => {
      const counts = [
        planOne({ ...terms, failures: { nodes } }, pool(rate)),
        planOne({ ...terms, failures: { nodes: nodes + 1 } }, pool(rate)),
        planOne({ ...terms, failures: { nodes: nodes + 1 } }, pool(rate + more)),
      ].map((one) => one.pool.nodes)
      const relaxed = planOne({ ...terms, drainWithinSeconds: 7200 }, pool(rate)).pool.nodes
      const pressed = planOne({ ...terms, drainWithinSeconds: 3600 }, pool(rate)).pool.nodes
      return counts.every((count, i) => count >= (counts[i - 1] ?? 0)) && pressed >= relaxed
    }),
  )
})
