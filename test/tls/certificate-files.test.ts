import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mock } from 'node:test'
import { type Test, test } from 'tap'
import { CertificateFiles, type CertificateFilesConfig } from '../../src/tls/certificate-files.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { makeCertificate, type Pem, writePair } from '../support/test-certificates.ts'

const defaults = { client_auth: 'required', min_version: 'TLSv1.2' } as const
const never = AbortSignal.timeout(60_000)

function filesOf(t: Test, config: Partial<CertificateFilesConfig>, pollMs = 1_000_000) {
  const logger = new RecordingLogger()
  const files = new CertificateFiles({ ...defaults, ...config }, { dataDir: t.testdirName, logger, pollMs })
  t.teardown(() => files.stop(never))
  return { files, logger }
}

/** The watch alone does not keep a process running. */
function stayAlive(t: Test): void {
  const timer = setInterval(() => undefined, 1000)
  t.teardown(() => clearInterval(timer))
}

const changed = (files: CertificateFiles) => new Promise<void>((resolve) => files.onChange(resolve))
const certOf = (files: CertificateFiles) => String(files.options().cert)

test('a good pair is used as configured', async (t) => {
  const directory = t.testdir({})
  const pair = await makeCertificate('relay')
  const { files, logger } = filesOf(t, { ...writePair(directory, pair), min_version: 'TLSv1.3' })
  t.throws(() => files.options(), { code: 'INTERNAL' })
  await files.start()
  t.match(files.options(), { minVersion: 'TLSv1.3', requestCert: false, rejectUnauthorized: false, ca: undefined })
  t.equal(certOf(files), pair.cert)
  t.same(logger.lines, [])
})

test('client_ca_file turns mutual TLS on', async (t) => {
  const directory = t.testdir({})
  const pair = await makeCertificate('relay')
  const config = { ...writePair(directory, pair), client_ca_file: join(directory, 'cert.pem') }
  const required = filesOf(t, config)
  await required.files.start()
  t.match(required.files.options(), { requestCert: true, rejectUnauthorized: true, ca: Buffer.from(pair.cert) })
  const optional = filesOf(t, { ...config, client_auth: 'optional' })
  await optional.files.start()
  t.match(optional.files.options(), { requestCert: true, rejectUnauthorized: false })
})

test('files that cannot be used stop the start, by name', async (t) => {
  const directory = t.testdir({ 'junk.pem': 'not PEM at all' })
  const good = writePair(join(directory, 'good'), await makeCertificate('good'))
  const other = writePair(join(directory, 'other'), await makeCertificate('other'))
  const junk = join(directory, 'junk.pem')
  const encrypted = join(directory, 'encrypted.pem')
  writeFileSync(encrypted, '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n')
  const cases: [Partial<CertificateFilesConfig>, RegExp][] = [
    [{ ...good, cert_file: join(directory, 'missing.pem') }, /missing\.pem does not exist/],
    [{ ...good, key_file: directory }, /cannot be read: EISDIR/],
    [{ ...good, cert_file: junk }, /junk\.pem holds no PEM certificate/],
    [{ ...good, key_file: junk }, /junk\.pem holds no PEM private key/],
    [{ ...good, key_file: encrypted }, /encrypted\.pem is encrypted/],
    [{ ...good, client_ca_file: junk }, /junk\.pem holds no PEM certificate/],
    [{ ...good, key_file: other.key_file }, /other\/key\.pem does not belong to the certificate in .*good\/cert\.pem/],
    [{ cert_file: good.cert_file }, /tls\.cert_file is set but tls\.key_file is not/],
  ]
  for (const [config, message] of cases) {
    await t.rejects(filesOf(t, config).files.start(), { code: 'TLS_MATERIAL', message })
  }
})

test('reload takes a new pair, keeps the old one for a broken one, and says so', async (t) => {
  const directory = t.testdir({})
  const [first, second] = await Promise.all([makeCertificate('first'), makeCertificate('second')])
  const config = writePair(directory, first)
  const { files, logger } = filesOf(t, config)
  await files.start()
  let changes = 0
  const unsubscribe = files.onChange(() => changes++)

  writeFileSync(config.cert_file, second.cert) // the key still is the first one's
  await files.reload()
  t.equal(certOf(files), first.cert)
  t.match(logger.messages('error'), [/the old ones stay in use: the key in .* does not belong to the certificate/])
  t.equal(changes, 0)

  writeFileSync(config.key_file, second.key)
  await files.reload()
  t.equal(certOf(files), second.cert)
  await files.reload()
  t.equal(changes, 1, 'reading the same again is no change')

  rmSync(config.key_file)
  await files.reload()
  t.equal(certOf(files), second.cert)
  t.match(logger.messages('error').at(-1), /key\.pem does not exist/)
  unsubscribe()
  writePair(directory, first)
  await files.reload()
  t.equal(certOf(files), first.cert)
  t.equal(changes, 1, 'unsubscribed')
})

test('changes are seen without being told: a rename over the files, and a symlink that turns to another directory', async (t) => {
  const directory = t.testdir({})
  const pairs = (await Promise.all(['a', 'b', 'c'].map((name) => makeCertificate(name)))) as [Pem, Pem, Pem]
  for (const [index, name] of ['a', 'b', 'c'].entries()) writePair(join(directory, name), pairs[index] as Pem)
  const live = join(directory, 'live')
  symlinkSync('a', live)
  const { files, logger } = filesOf(t, { cert_file: join(live, 'cert.pem'), key_file: join(live, 'key.pem') }, 5)
  stayAlive(t)
  await files.start()

  const swapped = changed(files)
  symlinkSync('b', join(directory, 'live.new'))
  renameSync(join(directory, 'live.new'), live)
  await swapped
  t.equal(certOf(files), pairs[1].cert)

  const renamed = changed(files)
  renameSync(join(directory, 'c', 'key.pem'), join(directory, 'b', 'key.pem'))
  renameSync(join(directory, 'c', 'cert.pem'), join(directory, 'b', 'cert.pem'))
  await renamed
  t.equal(certOf(files), pairs[2].cert)
  t.same(logger.messages('error'), [])
})

test('a broken pair is doubted at the first look and complained about once when it stays', async (t) => {
  const directory = t.testdir({})
  const config = writePair(directory, await makeCertificate('good'))
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  for (const [looks, complaints] of [
    [1, 0],
    [2, 1],
    [4, 1],
  ] as const) {
    writePair(directory, await makeCertificate('good'))
    const { files, logger } = filesOf(t, config, 1000)
    await files.start()
    writeFileSync(config.cert_file, 'half a file')
    for (let i = 0; i < looks; i++) mock.timers.tick(1000)
    await files.stop()
    t.equal(logger.messages('error').length, complaints, `${looks} looks`)
  }
})

test('a broken pair that becomes whole again is taken', async (t) => {
  const directory = t.testdir({})
  const config = writePair(directory, await makeCertificate('good'))
  const { files } = filesOf(t, config, 5)
  stayAlive(t)
  await files.start()
  writeFileSync(config.cert_file, 'half a file')
  await files.reload()
  const recovered = changed(files)
  const better = await makeCertificate('better')
  writePair(directory, better)
  await recovered
  t.equal(certOf(files), better.cert)
})

test('a certificate that expires soon or has expired is told of', async (t) => {
  const directory = t.testdir({})
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
  const soon = filesOf(t, writePair(join(directory, 'soon'), await makeCertificate('soon', { notAfter: inDays(10) })))
  await soon.files.start()
  t.match(soon.logger.messages('warn'), [/expires in 10 days/])
  const gone = filesOf(t, writePair(join(directory, 'gone'), await makeCertificate('gone', { notAfter: inDays(-1) })))
  await gone.files.start()
  t.match(gone.logger.messages('error'), [/has expired/])
})

test('without files a self-signed pair is made; stopping before the start and twice is fine', async (t) => {
  t.testdir({})
  const { files } = filesOf(t, {})
  await files.stop(never)
  await files.start()
  t.match(certOf(files), /BEGIN CERTIFICATE/)
  await files.stop(never)
  await files.stop(never)
})
