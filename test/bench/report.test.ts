import { test } from 'tap'
import { type ChartRow, throughputChart } from '../../bench/report/chart.ts'
import { replaceSection } from '../../bench/report/figures.ts'
import { withSpread } from '../../bench/report/format.ts'
import { indexingTable } from '../../bench/report/indexing-table.ts'
import { installedTables } from '../../bench/report/installed-tables.ts'
import { missing } from '../../bench/report/machine.ts'
import { backlogTable, latencyTable, loadTable, udpTable } from '../../bench/report/tables.ts'
import type { LoadResult } from '../../bench/scenarios/measured-run.ts'
import { readSettings } from '../../bench/settings.ts'

const run = (messagesPerSecond: number, more: Partial<LoadResult> = {}): LoadResult => ({
  ...{ messagesPerSecond, sentPerSecond: 0, cpuMicroseconds: 2, sent: 1000, lost: 0, countedLost: undefined, duplicates: 0 },
  ...{ peakMiB: 100, anonymousMiB: 50, ...more },
})

test('throughput with its spread, and the ratio of each round', async (t) => {
  const rows = loadTable([
    { name: 'logrelay', storage: 'on disk', runs: [run(900_000), run(1_100_000, { peakMiB: 240 }), run(1_000_000)] },
    { name: 'peer', storage: 'in memory', runs: [run(300_000), run(100_000, { lost: 5 }), run(200_000)] },
    { name: 'broken', storage: 'in memory', runs: [] },
  ]).split('\n')
  t.equal(rows.length, 5)
  t.equal(rows[2], '| logrelay | on disk | 1,000,000 (900,000..1,100,000) | 1.00 | 2.00 | 0 | 240 | 50 |')
  t.equal(rows[3], '| peer | in memory | 200,000 (100,000..300,000) | 5.00 (3.00..11.00) | 2.00 | 5 (0.50 %) | 100 | 50 |')
  t.match(rows[4], /^\| broken \| in memory \| failed \|/)
  t.equal(new Set(rows.map((row) => row.split('|').length)).size, 1, 'each row has as many cells')
})

test('documents: the ceilings first, and what is missing or more', async (t) => {
  const ceiling = { connections: 1, ids: false, documentsPerSecond: 40_000, upstreamCpuMicroseconds: 25 }
  const of = (rate: number, more: Partial<LoadResult> = {}) => ({ ...run(rate, more), upstreamCpuMicroseconds: 30 })
  const rows = indexingTable(
    [ceiling, { ...ceiling, connections: 4, ids: true }],
    [
      { name: 'logrelay', storage: 'on disk', runs: [of(30_000), of(30_000)] },
      { name: 'peer', storage: 'in memory', runs: [of(15_000, { lost: 3 }), of(10_000, { lost: -4 })] },
      { name: 'broken', storage: 'in memory', runs: [] },
    ],
  ).split('\n')
  t.equal(rows[2], '| autocannon, 1 connection | ready-made | 40,000 |  |  | 25.00 |  |  |  |  |')
  t.match(rows[3], /^\| autocannon, 4 connections \| ready-made, with ids \|/)
  t.equal(rows[4], '| logrelay | on disk | 30,000 | 1.00 | 2.00 | 30.00 | 0 | 0 | 100 | 50 |')
  t.equal(rows[5], '| peer | in memory | 12,500 (10,000..15,000) | 2.50 (2.00..3.00) | 2.00 | 30.00 | 3 | 4 | 100 | 50 |')
  t.match(rows[6], /^\| broken \| in memory \| failed \|/)
  t.equal(new Set(rows.map((row) => row.split('|').length)).size, 1, 'each row has as many cells')
})

test('of several climbs the one that fell first counts', async (t) => {
  const clean = { rate: 100_000, ...run(100_000) }
  const lossy = { rate: 200_000, ...run(180_000, { lost: 100, countedLost: 99 }) }
  const table = udpTable([
    {
      name: 'a',
      storage: 's',
      runs: [
        [clean, { ...clean, rate: 200_000 }],
        [clean, lossy],
      ],
    },
    { name: 'b', storage: 's', runs: [[clean]] },
    { name: 'c', storage: 's', runs: [[lossy]] },
  ])
  t.match(table, '| a | s | 100,000 | 2.00 | 100 (10 %), 99 of them counted at 200,000/s |')
  t.match(table, '| b | s | 100,000 | 2.00 | higher rates not reached |')
  t.match(table, '| c | s | none |  | 100 (10 %)')
})

test('latency and backlog', async (t) => {
  t.match(latencyTable([{ name: 'a', storage: 's', runs: [{ p50Ms: 1.26, p99Ms: 20.4, maxMs: 31 }] }]), '| a | s | 1.3 | 20 | 31 |')
  const backlog = { bytes: 2 ** 30, messages: 10, intakeEmpty: 100, intakeFull: 90, intakeDraining: 75, drainRate: 50 }
  const table = backlogTable([{ ...backlog, startSeconds: 0.4, anonymousMiB: 1, peakMiB: 2, lost: 0 }])
  t.match(table, '| backlog on disk, MiB | 1,024 |')
  t.match(table, '| 90 % |')
  t.match(table, '| 75 % |')
})

test('a spread of one value is that value', async (t) => {
  t.equal(withSpread({ median: 2, least: 2, most: 2 }, String), '2')
  t.equal(withSpread({ median: 2, least: 1, most: 3 }, String), '2 (1..3)')
})

test('a section of a page is replaced, again and again, and nothing else', async (t) => {
  const page = 'before\n<!-- tcp: begin -->\nold\n<!-- tcp: end -->\nafter\n<!-- udp: begin -->\n<!-- udp: end -->\n'
  const once = replaceSection(page, 'tcp', '\nnew $& $1\n')
  t.equal(
    once,
    page.replace('old', () => 'new $& $1'),
  )
  t.equal(replaceSection(once, 'tcp', 'new $& $1'), once)
  t.throws(() => replaceSection(page, 'tls', 'x'), /markers <!-- tls: begin -->/)
})

test('a program that is not there is named, with what to do', async (t) => {
  const lines = missing([
    { program: 'here', version: '1.0', hint: 'x', relays: [] },
    { program: 'gone', hint: 'install it', relays: [] },
  ])
  t.strictSame(lines, ['gone is not measured, it is not here: install it.'])
})

test('the chart is well-formed, whatever the names', async (t) => {
  const spread = { median: 5, least: 4, most: 6 }
  const rows: ChartRow[] = ['logrelay', '<a & "b">'].map((name) => ({
    ...{
      name,
      detail: `<${name}>`,
      ours: name === 'logrelay',
      messagesPerSecond: spread,
      cpuMicroseconds: { median: 0, least: 0, most: 0 },
    },
  }))
  const svg = throughputChart('a < b', 'note & more', rows)
  t.strictSame(openElements(svg), [], 'every element is closed')
  t.notMatch(svg, /NaN|undefined|Infinity/)
  t.equal(svg.match(/class="ours"/g)?.length, 2, 'a bar in each panel')
  t.equal(svg.match(/class="spread"/g)?.length, 2, 'a spread only where runs differ')
  t.strictSame(openElements(throughputChart('', '', [])), [])
})

test('installed: medians of each way, and sizes where something was built', async (t) => {
  const way = { name: 'single executable', versionMs: [80, 100, 90], readyMs: [300, 310, 305], residentMiB: [125], anonymousMiB: [66.6] }
  t.match(installedTables([way], []).split('\n')[2], '| single executable | 90 (80..100) | 305 (300..310) | 125 | 67 |')
  t.match(installedTables([way], [{ name: 'x.deb', bytes: 2.5 * 2 ** 20 }]), /\n\n\| file \| MiB \|\n.*\n\| x\.deb \| 2\.5 \|$/)
})

test('options: parts in their order, unknown ones and nonsense refused', async (t) => {
  t.strictSame(readSettings(['--only', 'udp,tcp']).parts, ['tcp', 'udp'])
  t.notOk(readSettings([]).parts.includes('pass-through'))
  t.ok(readSettings(['--long']).parts.includes('pass-through'))
  t.strictSame([readSettings([]).runs('tcp'), readSettings([]).runs('udp'), readSettings(['--runs', '2']).runs('udp')], [3, 1, 2])
  t.strictSame(readSettings(['--documents', '10,20']).documents, [10, 20])
  t.strictSame(readSettings(['--documents', '10']).documents, [10, 10])
  t.throws(() => readSettings(['--documents', '1,2,3']), /one number is wanted, or two/)
  t.throws(() => readSettings(['--only', 'tcp,smoke']), /smoke/)
  t.throws(() => readSettings(['--rates', '100,x']), /above 0/)
})

/** The names of elements that were opened and not closed, in order; throws at a character that XML does not allow there. */
function openElements(xml: string): string[] {
  const open: string[] = []
  for (const [, text = '', tag = ''] of xml.matchAll(/([^<]*)<([^<>]*)>/g)) {
    if (/&(?!#\d+;)/.test(text + tag)) throw new Error(`a bare ampersand: ${text}${tag}`)
    if (!/^\/?[a-z]+(?: [a-zA-Z0-9:-]+="[^"<]*")*\/?$/.test(tag)) throw new Error(`not a tag: ${tag}`)
    if (tag.startsWith('/')) {
      if (open.pop() !== tag.slice(1)) throw new Error(`${tag} closes something else`)
    } else if (!tag.endsWith('/')) open.push(tag.split(' ')[0] ?? '')
  }
  return open
}
