import t from 'tap'
import { serviceDataDir, writtenDirectories } from '../../../src/planning/unit/service-paths.ts'
import { unitConfig } from './unit-config.ts'

t.test('a relative data_dir begins where the service runs', async (t) => {
  t.equal(serviceDataDir(unitConfig({ data_dir: 'queues' })), '/var/lib/logrelay/queues')
  t.same(writtenDirectories(unitConfig({ data_dir: 'queues' })), [])
  t.equal(serviceDataDir(unitConfig({ data_dir: '/data' })), '/data')
})

t.test('each directory once, with the key that names it', async (t) => {
  const sinks = {
    a: { type: 'file' as const, path: '/srv/one/{pipeline}.log' },
    b: { type: 'file' as const, path: '/srv/one/other.log' },
    c: { type: 'file' as const, path: '/srv/{pipeline}/c.log' },
    unused: { type: 'file' as const, path: '/srv/unused/x.log' },
  }
  const source = { type: 'syslog' as const, port: 1 }
  const config = unitConfig({ sinks, pipelines: { p: { source, sinks: ['a', 'b', 'c'] }, q: { source, sinks: ['c'] } } })
  t.same(writtenDirectories(config), [
    { path: '/srv/one', key: 'sinks.a.path' },
    { path: '/srv/p', key: 'sinks.c.path' },
    { path: '/srv/q', key: 'sinks.c.path' },
  ])
})

t.test('paths that the service cannot use', async (t) => {
  const problemOf = (path: string) => writtenDirectories(unitConfig({ sink: { type: 'file', path } }))[0]?.problem
  for (const path of ['/home/x/l', '/root/l', '/run/user/1000/l']) t.equal(problemOf(path), 'hidden', path)
  for (const path of ['/tmp/l', '/var/tmp/x/l']) t.equal(problemOf(path), 'temporary', path)
  for (const path of ['/homes/l', '/srv/home/l', '/l']) t.equal(problemOf(path), undefined, path)
})
