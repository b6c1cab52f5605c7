import { test } from 'tap'
import { readCpuProfile } from '../../bench/profiling/cpu-profile.ts'
import { parsePerfScript } from '../../bench/profiling/perf-script.ts'
import { profileTables } from '../../bench/profiling/profile-table.ts'
import { costs, shorten, stepOf } from '../../bench/profiling/steps.ts'

const script = `
MainThread 4711     300
	ffffffff81 _copy_to_iter ([kernel.kallsyms])
	ffffffff82 tcp_recvmsg_locked ([kernel.kallsyms])
	ffffffff83 __x64_sys_read ([kernel.kallsyms])
	    160cc70 uv__read (/opt/node)

MainThread 4711     100
	      25000 __memmove_avx512_unaligned_erms (/usr/lib/libc.so.6)
	    7f0bb045 JS:*'#append file:///opt/logrelay/src/batch/batch-writer.ts:45:11 (/tmp/perf-1.map)
	    7f0bb046 JS:*push file:///opt/logrelay/src/framing/counting-framer.ts:90:9 (/tmp/perf-1.map)

libuv-worker 4712   500
	      81000 ZSTD_compressBlock_fast (/opt/node)

V8 Worker 2 4713    100
	          0 [unknown] ([unknown])

`

test('what perf prints is read: threads, weights, frames', async (t) => {
  const samples = parsePerfScript(script)
  t.strictSame(
    samples.map(({ thread, weight, frames }) => [thread, weight, frames.length]),
    [
      ['MainThread', 300, 4],
      ['MainThread', 100, 3],
      ['libuv-worker', 500, 1],
      ['V8 Worker 2', 100, 1],
    ],
  )
  t.equal(samples[0]?.frames[0], '_copy_to_iter ([kernel.kallsyms])')
  t.strictSame(samples.map(stepOf), ['kernel: TCP read', 'batch', 'compression', 'other'])
})

test('the innermost function that is known decides', async (t) => {
  const step = (...frames: string[]) => stepOf({ thread: 'MainThread', weight: 1, frames })
  t.equal(step('memmove (libc)', 'ext4_write (k)', 'vfs_write (k)', '__x64_sys_write (k)'), 'disk: write and fsync')
  t.equal(step('copy (k)', 'tcp_sendmsg (k)', '__x64_sys_writev (k)', 'JS:*send /x/src/sinks/a.ts:1 (map)'), 'kernel: TCP write')
  t.equal(step('copy (k)', 'udp_recvmsg (k)', '__x64_sys_recvmmsg (k)'), 'kernel: UDP read')
  t.equal(step('v8::internal::MarkCompactCollector::Run (node)', 'JS:*push /x/src/framing/a.ts:1 (map)'), 'garbage collection')
  t.equal(step('leveldb::crc32c::Extend (classic-level.node)'), 'checksums')
  t.equal(step('Cr_z_crc_fold (node)', 'node::(anonymous namespace)::ZlibContext::DoThreadPoolWork (node)'), 'gzip')
  t.equal(step('v8::internal::JsonStringifier::Serialize_ (node)', 'JS:*encode /x/dist/sinks/a.js:1 (map)'), 'JSON')
  t.equal(step('Builtins_StringAdd (node)', 'JS:*toEcs /x/dist/syslog/ecs.js:1 (map)'), 'messages to documents')
  t.equal(step('malloc (libc)', 'leveldb::DBImpl::Get (classic-level.node)'), 'LevelDB')
  t.equal(step('push (file:///x/dist/framing/a.js)', 'node:net (node:net)'), 'framing', 'of a built relay')
  t.equal(stepOf({ thread: 'V8Worker', weight: 1, frames: ['?'] }), 'garbage collection')
})

test('shares add up, and the dearest comes first', async (t) => {
  const found = costs(parsePerfScript(script), stepOf, 1)
  t.strictSame(
    found.map(({ name, share }) => [name, share]),
    [
      ['compression', 0.5],
      ['kernel: TCP read', 0.3],
      ['batch', 0.1],
      ['other', 0.1],
    ],
  )
  t.strictSame(found[0]?.functions, [{ name: 'ZSTD_compressBlock_fast', share: 0.5 }])
  t.strictSame(costs([], stepOf, 1), [])
})

test('names are cut to what a reader needs', async (t) => {
  t.equal(
    shorten("JS:*'#append file:///opt/logrelay/src/batch/batch-writer.ts:45:11 (/tmp/perf-1.map)"),
    '#append src/batch/batch-writer.ts:45',
  )
  t.equal(shorten('v8::internal::Sweeper::RawSweep (/opt/node)'), 'Sweeper::RawSweep')
  t.equal(shorten(`v8::internal::MarkingVisitorBase<${'x'.repeat(90)}>::Process (/opt/node)`), 'MarkingVisitorBase::Process')
  t.equal(shorten('y'.repeat(80)).length, 60)
})

test("Node.js's own profile: idle time is none, and callers are found", async (t) => {
  const callFrame = (functionName: string, url = '') => ({ functionName, url })
  const profile = {
    nodes: [
      { id: 1, callFrame: callFrame('(root)'), children: [2, 4, 5] },
      { id: 2, callFrame: callFrame('push', 'file:///x/src/framing/a.ts'), children: [3] },
      { id: 3, callFrame: callFrame('indexOf') },
      { id: 4, callFrame: callFrame('(idle)') },
      { id: 5, callFrame: callFrame('(garbage collector)') },
    ],
    samples: [3, 4, 5, 2],
    timeDeltas: [10, 1000, 20, 30],
  }
  const samples = readCpuProfile(profile, 'MainThread')
  t.strictSame(samples[0]?.frames, ['indexOf ()', 'push (file:///x/src/framing/a.ts)', '(root) ()'])
  t.strictSame(
    costs(samples, stepOf, 0).map(({ name, share }) => [name, Math.round(share * 60)]),
    [
      ['framing', 40],
      ['garbage collection', 20],
    ],
  )
})

test('the tables give microseconds a message', async (t) => {
  const tables = profileTables(parsePerfScript(script), 2)
  t.match(tables, /\| compression \| `ZSTD_compressBlock_fast` 1\.000 \| 1\.000 \| 50\.0 % \|/)
  t.match(tables, /\| MainThread \|.*\| 0\.800 \| 40\.0 % \|/)
})
