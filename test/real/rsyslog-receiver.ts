import { Authority } from './support/certificates.ts'
import { difficultMessages, numberedMessages } from './support/difficult-messages.ts'
import { freePort } from './support/free-port.ts'
import { sendFrames } from './support/octet-sender.ts'
import { Relay, type RelayOptions } from './support/relay.ts'
import type { Room } from './support/room.ts'
import { Rsyslog } from './support/rsyslog.ts'
import type { Delivery, Scenario } from './support/scenario.ts'
import { until } from './support/until.ts'

// What was sent is what this run gave the relay; what arrived is what rsyslog wrote to its file through a raw template.

const messages = [...difficultMessages({ lineFeeds: true }), ...numberedMessages(2000)]
const retry = { initial: '100ms', max: '1s' }

export const scenarios: readonly Scenario[] = [
  { name: 'rsyslog receives from the relay over TCP, octet counting (imtcp)', run: overTcp },
  { name: 'rsyslog receives from the relay over UDP (imudp)', run: overUdp },
  { name: 'rsyslog receives from the relay over mutual TLS (imtcp, GnuTLS), each side verifying the other', run: overTls },
  { name: 'rsyslog receives from the relay over RELP (imrelp)', run: overRelp },
  { name: 'rsyslog receives from the relay over RELP with mutual TLS (imrelp)', run: overRelpTls },
]

async function overTcp(room: Room): Promise<Delivery> {
  const port = await freePort()
  const rsyslog = await Rsyslog.start(room, {
    inputs: `module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="${port}" ruleset="main")`,
  })
  return await deliver(room, rsyslog, { sink: { type: 'syslog', endpoints: [`tcp://127.0.0.1:${port}`], retry } })
}

async function overUdp(room: Room): Promise<Delivery> {
  const port = await freePort()
  const rsyslog = await Rsyslog.start(room, {
    inputs: `module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="${port}" ruleset="main" rcvbufSize="8m")`,
  })
  return await deliver(room, rsyslog, { sink: { type: 'syslog', endpoints: [`udp://127.0.0.1:${port}`], retry } })
}

async function overTls(room: Room): Promise<Delivery> {
  const authority = await Authority.create(room)
  const stranger = await Authority.create(room, 'stranger')
  const server = await authority.sign('siem.test')
  const client = await authority.sign('relay.test')
  const port = await freePort()
  const rsyslog = await Rsyslog.start(room, {
    global: `defaultNetstreamDriverCAFile="${authority.caFile}"
      defaultNetstreamDriverCertFile="${server.certFile}" defaultNetstreamDriverKeyFile="${server.keyFile}"`,
    inputs: `module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/name" PermittedPeer="relay.test")
      input(type="imtcp" address="127.0.0.1" port="${port}" ruleset="main")`,
  })
  const sink = (caFile: string): RelayOptions['sink'] => ({
    type: 'syslog',
    endpoints: [`tls://127.0.0.1:${port}`],
    tls: { ca_file: caFile, cert_file: client.certFile, key_file: client.keyFile, server_name: 'siem.test' },
    retry,
  })
  // First with an authority that did not sign the receiver's certificate: nothing may leave the queue.
  const distrusting = await Relay.start(room, { sink: sink(stranger.caFile) })
  await sendFrames({ host: '127.0.0.1', port: distrusting.port }, messages)
  await until(
    'the relay to refuse the certificate',
    async () => (await distrusting.status()).sinks.upstream?.error?.code === 'ENDPOINT_TLS',
  )
  const { delivered } = (await distrusting.status()).ledger.sinks.upstream ?? { delivered: -1 }
  if (delivered !== 0) throw new Error(`the relay delivered ${delivered} messages to a receiver it could not verify`)
  await distrusting.stop()
  // The same queue, now with the right one.
  const relay = await Relay.start(room, { sink: sink(authority.caFile) })
  const arrived = await rsyslog.waitForWritten(messages.length)
  await relay.settled(messages.length)
  return { sent: messages, arrived, note: 'refused before with a strange authority, and kept' }
}

async function overRelp(room: Room): Promise<Delivery> {
  const port = await freePort()
  const rsyslog = await Rsyslog.start(room, {
    inputs: `module(load="imrelp" ruleset="main")\ninput(type="imrelp" address="127.0.0.1" port="${port}" maxDataSize="64k")`,
  })
  return await deliver(room, rsyslog, { sink: { type: 'syslog', endpoints: [`relp://127.0.0.1:${port}`], retry } })
}

async function overRelpTls(room: Room): Promise<Delivery> {
  const authority = await Authority.create(room)
  const server = await authority.sign('siem.test')
  const client = await authority.sign('relay.test')
  const port = await freePort()
  const rsyslog = await Rsyslog.start(room, {
    inputs: `module(load="imrelp" ruleset="main")
      input(type="imrelp" address="127.0.0.1" port="${port}" maxDataSize="64k" tls="on" tls.caCert="${authority.caFile}"
        tls.myCert="${server.certFile}" tls.myPrivKey="${server.keyFile}" tls.authMode="name" tls.permittedPeer=["relay.test"])`,
  })
  const tls = { ca_file: authority.caFile, cert_file: client.certFile, key_file: client.keyFile, server_name: 'siem.test' }
  return await deliver(room, rsyslog, { sink: { type: 'syslog', endpoints: [`relps://127.0.0.1:${port}`], tls, retry } })
}

async function deliver(room: Room, rsyslog: Rsyslog, options: RelayOptions): Promise<Delivery> {
  const relay = await Relay.start(room, options)
  await sendFrames({ host: '127.0.0.1', port: relay.port }, messages)
  const arrived = await rsyslog.waitForWritten(messages.length)
  await relay.settled(messages.length)
  return { sent: messages, arrived }
}
