import { test } from 'tap'
import { checkCertificates } from '../../../src/app/doctor/check-certificates.ts'
import { pipeline, syslogSink } from '../../support/relay-config.ts'
import { makeCertificate } from '../../support/test-certificates.ts'
import { configOf, fakeHost, lines, type Machine } from './fake-host.ts'

const day = 86_400_000
const now = Date.now()
const lasting = (days: number) => makeCertificate('relay', { notAfter: new Date(now + days * day) })
const config = configOf({ tls: { cert_file: '/c.pem', key_file: '/k.pem' } })
const check = async (machine: Machine, one = config) => lines(await checkCertificates(fakeHost({ nowMs: now, ...machine }), one))

test('a certificate by how long it lasts', async (t) => {
  for (const [days, expected] of [
    [31, /^ok \/c\.pem \(sources\): valid until 20\d\d-\d\d-\d\d$/],
    [29, /^warning \/c\.pem \(sources\): expires on .*, in 29 days: then peers that check it refuse to connect.*\$ openssl x509/],
    [0.5, /within a day/],
    [-1, /^problem \/c\.pem \(sources\): expired on /],
  ] as const) {
    const { cert, key } = await lasting(days)
    t.match(await check({ files: { '/c.pem': cert, '/k.pem': key } }), [expected])
  }
  const { cert, key } = await lasting(31)
  t.match(await check({ files: { '/c.pem': cert, '/k.pem': key }, nowMs: now - 10 * day }), [
    /^problem .* is not valid before .* Is the clock right/,
  ])
})

test('of a chain the first to end counts', async (t) => {
  const [leaf, issuer] = [await lasting(90), await lasting(3)]
  t.match(await check({ files: { '/c.pem': leaf.cert + issuer.cert, '/k.pem': leaf.key } }), [/^warning .* in 3 days/])
})

test('keys: another one, and one that everybody may read', async (t) => {
  const [one, other] = [await lasting(90), await lasting(90)]
  t.match((await check({ files: { '/c.pem': one.cert, '/k.pem': other.key } }))[1], /^problem \/k\.pem \(sources\): is not the key/)
  t.match((await check({ files: { '/c.pem': one.cert, '/k.pem': 'nonsense' } }))[1], /^problem/)
  const open = { files: { '/c.pem': one.cert, '/k.pem': one.key }, stats: { '/k.pem': { mode: 0o644 } } }
  t.match((await check(open))[1], /^warning \/k\.pem .*\$ chmod o-rwx \/k\.pem$/)
  t.equal((await check({ ...open, stats: { '/k.pem': { mode: 0o640 } } })).length, 1)
})

test('authorities are of use as long as one of them is', async (t) => {
  const [old, good, soon] = [await lasting(-2), await lasting(90), await lasting(5)]
  const sinks = { siem: { ...syslogSink('tls://127.0.0.1:1'), tls: { ca_file: '/ca.pem' } } }
  const pipelines = { main: pipeline(['siem'], { source: { transports: ['tcp'] } }) }
  const trusting = configOf({ sinks, pipelines } as Parameters<typeof configOf>[0])
  t.match(await check({ files: { '/ca.pem': old.cert + good.cert } }, trusting), [
    /^ok \/ca\.pem \(sink siem\): 2 authorities, .*; 1 of them expired$/,
  ])
  t.match(await check({ files: { '/ca.pem': old.cert + soon.cert } }, trusting), [/^warning .* expiring on .* in 5 days/])
  t.match(await check({ files: { '/ca.pem': old.cert } }, trusting), [/^problem .* no peer's certificate is trusted any more/])
  t.match(await check({ files: { '/ca.pem': 'nonsense' } }, trusting), [/^problem .* holds no certificate in PEM/])
  t.match(await check({}, trusting), [/^unknown .* as a credential of systemd/])
  t.match(await check({ uid: 5 }, trusting), [/^unknown .* cannot be read; run as root/])
})

test('the pair that the relay makes for itself', async (t) => {
  const { cert, key } = await lasting(3)
  const [crt, secret] = ['/srv/relay/tls/self-signed.crt', '/srv/relay/tls/self-signed.key']
  t.match(await check({}, configOf()), [/^ok .*self-signed\.crt \(sources\): is not there yet: the start makes it$/])
  t.match(await check({ files: { [crt]: cert, [secret]: key } }, configOf()), [
    /^warning .* a start makes a new one \$ systemctl restart logrelay$/,
  ])
  const plain = configOf({ pipelines: { main: pipeline(['file'], { source: { transports: ['udp'] } }) } })
  t.same(await check({}, plain), [], 'nobody speaks TLS')
})
