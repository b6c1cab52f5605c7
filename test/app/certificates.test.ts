import { join } from 'node:path'
import { test } from 'tap'
import { Certificates, tlsConfigOf } from '../../src/app/certificates.ts'
import { listeningPipelines } from '../../src/config/listening.ts'
import { fileSink, pipeline } from '../support/relay-config.ts'
import { keptLog, parsedConfig } from '../support/relay-in-process.ts'
import { makeCertificate, writePair } from '../support/test-certificates.ts'

const sinks = { file: fileSink() }

test('pipelines that are configured alike share one certificate; one of its own is apart', async (t) => {
  const dir = t.testdir()
  const tls = writePair(join(dir, 'all'), await makeCertificate('all'))
  const own = writePair(join(dir, 'own'), await makeCertificate('own'))
  const pipelines = {
    one: pipeline(['file']),
    two: pipeline(['file']),
    apart: pipeline(['file'], { source: { tls: own } }),
    plain: pipeline(['file'], { source: { transports: ['tcp'], tls: { cert_file: '/none', key_file: '/none' } } }),
  }
  const config = parsedConfig(dir, { sinks, pipelines, tls })
  const certificates = new Certificates(config, keptLog().logger)
  t.teardown(() => certificates.stop())
  await certificates.start()
  const { one, two, apart, plain } = Object.fromEntries(
    listeningPipelines(config).map(([name, each]) => [name, certificates.for(tlsConfigOf(config, each))]),
  )
  t.ok(one)
  t.equal(one, two)
  t.not(one, apart)
  t.equal(plain, undefined, 'files of a source that speaks no TLS are not read')
})

test('what a new configuration does not need stays until it is released', async (t) => {
  const dir = t.testdir()
  const before = parsedConfig(dir, {
    sinks,
    pipelines: { main: pipeline(['file']) },
    tls: writePair(join(dir, 'a'), await makeCertificate('a')),
  })
  const after = { ...before, tls: { ...before.tls, ...writePair(join(dir, 'b'), await makeCertificate('b')) } }
  const certificates = new Certificates(before, keptLog().logger)
  t.teardown(() => certificates.stop())
  await certificates.start()
  await certificates.adopt(after)
  t.ok(certificates.for(before.tls))
  t.ok(certificates.for(after.tls))
  await certificates.release()
  t.equal(certificates.for(before.tls), undefined)
  t.ok(certificates.for(after.tls))
})

test('files that cannot be used are TLS_MATERIAL, and what there was goes on', async (t) => {
  const dir = t.testdir({ broken: { 'cert.pem': 'no certificate', 'key.pem': 'no key' } })
  const config = parsedConfig(dir, {
    sinks,
    pipelines: { main: pipeline(['file']) },
    tls: writePair(join(dir, 'a'), await makeCertificate('a')),
  })
  const certificates = new Certificates(config, keptLog().logger)
  t.teardown(() => certificates.stop())
  await certificates.start()
  const broken = { ...config.tls, cert_file: join(dir, 'broken/cert.pem'), key_file: join(dir, 'broken/key.pem') }
  await t.rejects(certificates.adopt({ ...config, tls: broken }), { code: 'TLS_MATERIAL' })
  await certificates.release()
  t.ok(certificates.for(config.tls))
})
