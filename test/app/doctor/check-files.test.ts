import { test } from 'tap'
import { checkFiles } from '../../../src/app/doctor/check-files.ts'
import { parseService } from '../../../src/app/doctor/service-state.ts'
import { lines, situationOf } from './fake-host.ts'

const limits = (files: number | string) =>
  `Limit   Soft Limit   Hard Limit   Units\nMax open files            ${files}                 524288               files     \n`
const unit = (files: number) => parseService(`LoadState=loaded\nLimitNOFILE=${files}\n`)

test('the running relay counts before the unit, the unit before this shell', async (t) => {
  const files = { '/proc/7/limits': limits(300_000), '/proc/self/limits': limits(200_000) }
  const service = unit(262_144)
  const check = async (more: Parameters<typeof situationOf>[1]) => lines(await checkFiles(situationOf({ files }, more)))
  t.match(await check({ service, relay: { pid: 7 } }), [/^ok open files: 300,000 \(the running relay, process 7\)/])
  t.match(await check({ service }), [/^ok open files: 262,144 \(LimitNOFILE of logrelay\.service\)/])
  t.match(await check({}), [/^ok open files: 200,000 \(this shell\)/])
  t.match(await check({ relay: { pid: 8 } }), [/\(this shell\)/], 'a process that cannot be seen')
})

test('too few files for connections, and too few for the queues', async (t) => {
  const few = lines(await checkFiles(situationOf({}, { service: unit(4096) })))
  t.match(few, [
    /^warning open files: 4,096 .* sources can hold 3,\d\d\d connections together.*\$ logrelay unit --write && systemctl restart logrelay$/,
  ])
  t.match(lines(await checkFiles(situationOf({}, { service: unit(4096), configFile: '/etc/b.yaml' }))), [
    / \$ logrelay unit --config \/etc\/b\.yaml$/,
  ])
  const fewer = lines(await checkFiles(situationOf({ files: { '/proc/self/limits': limits(256) } })))
  t.match(fewer, [/^problem open files: 256 \(this shell\), queues and sinks alone may need 5\d\d: .*\$ ulimit -n 2\d\d\d\d$/])
})

test('no limit, and no limit to be seen', async (t) => {
  t.match(lines(await checkFiles(situationOf({ files: { '/proc/self/limits': limits('unlimited') } }))), [/^ok open files: unlimited/])
  t.match(lines(await checkFiles(situationOf())), [/^unknown/])
})
