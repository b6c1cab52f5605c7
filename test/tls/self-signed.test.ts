import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { selfSignedPair } from '../../src/tls/self-signed.ts'
import { makeCertificate } from '../support/test-certificates.ts'

test('made once, for this host and loopback, with a key that only we can read', async (t) => {
  const dataDir = t.testdir({})
  const [paths, same] = await Promise.all([selfSignedPair(dataDir), selfSignedPair(dataDir)])
  t.same(same, paths)
  const text = readFileSync(paths.certFile, 'utf8')
  const certificate = new X509Certificate(text)
  for (const name of ['localhost', hostname()]) t.equal(certificate.checkHost(name), name)
  for (const ip of ['127.0.0.1', '::1']) t.equal(certificate.checkIP(ip), ip)
  t.equal(statSync(paths.keyFile).mode & 0o777, 0o600)
  await selfSignedPair(dataDir)
  t.equal(readFileSync(paths.certFile, 'utf8'), text, 'the same on the next start')
})

test('made anew when expired or when the halves do not match', async (t) => {
  const dataDir = t.testdir({})
  const paths = await selfSignedPair(dataDir)
  const expired = await makeCertificate('old', { notAfter: new Date(Date.now() - 1000) })
  writeFileSync(paths.certFile, expired.cert)
  writeFileSync(paths.keyFile, expired.key)
  await selfSignedPair(dataDir)
  const renewed = new X509Certificate(readFileSync(paths.certFile))
  t.ok(Date.parse(renewed.validTo) > Date.now())
  writeFileSync(paths.keyFile, expired.key)
  await selfSignedPair(dataDir)
  t.not(new X509Certificate(readFileSync(paths.certFile)).serialNumber, renewed.serialNumber)
})

test('a data directory that cannot be written is said so', async (t) => {
  const dataDir = t.testdir({ file: '' })
  await t.rejects(selfSignedPair(join(dataDir, 'file')), { code: 'DATA_DIR_UNUSABLE' })
})
