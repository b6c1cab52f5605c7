import { Authority } from './support/certificates.ts'
import { difference } from './support/compare.ts'
import { datagramText } from './support/datagram-text.ts'
import { difficultMessages, numberedMessages } from './support/difficult-messages.ts'
import { OctetReceiver } from './support/octet-receiver.ts'
import { Relay } from './support/relay.ts'
import type { Room } from './support/room.ts'
import { Rsyslog } from './support/rsyslog.ts'
import type { Delivery, Scenario } from './support/scenario.ts'

// What rsyslog sent is what its own omfile wrote through the same template, as it handed the message to omfwd.

interface Sending {
  readonly messages: readonly Buffer[]
  /** Parameters of omfwd besides target, port and template. */
  readonly forward: string
  readonly template?: string
}

async function send(room: Room, { messages, forward, template }: Sending): Promise<Delivery> {
  const upstream = await OctetReceiver.open(room)
  const relay = await Relay.start(room, { upstream: upstream.port })
  return await through(room, relay, upstream, { messages, forward, template })
}

async function through(room: Room, relay: Relay, upstream: OctetReceiver, sending: Sending & { global?: string }): Promise<Delivery> {
  const rsyslog = await Rsyslog.start(room, {
    global: sending.global,
    template: sending.template,
    actions: `action(type="omfwd" target="127.0.0.1" port="${relay.port}" template="message" ${sending.forward})`,
  })
  await rsyslog.feed(sending.messages)
  const sent = await rsyslog.waitForWritten(sending.messages.length)
  const altered = sending.template === undefined ? difference(sending.messages, sent) : undefined
  if (altered !== undefined) throw new Error(`rsyslog did not send what it was given: ${altered}`)
  await upstream.waitFor(sent.length)
  await relay.settled(sent.length)
  return { sent, arrived: upstream.messages }
}

const singleLines = [...difficultMessages({ lineFeeds: false }), ...numberedMessages(2000)]
const anyBytes = [...difficultMessages({ lineFeeds: true }), ...numberedMessages(2000)]

export const scenarios: readonly Scenario[] = [
  {
    name: 'rsyslog over UDP, messages as they came',
    run: async (room) => {
      const { sent, arrived } = await send(room, { messages: anyBytes, forward: 'protocol="udp"' })
      return { sent: sent.map(datagramText), arrived }
    },
  },
  {
    name: 'rsyslog over TCP, a line feed after each message',
    run: (room) => send(room, { messages: singleLines, forward: 'protocol="tcp" TCP_Framing="traditional"' }),
  },
  {
    name: 'rsyslog over TCP, octet counting, line feeds inside messages',
    run: (room) => send(room, { messages: anyBytes, forward: 'protocol="tcp" TCP_Framing="octet-counted"' }),
  },
  {
    name: "rsyslog over TCP, octet counting, rsyslog's RFC 5424 rewriting",
    run: (room) =>
      send(room, {
        messages: anyBytes,
        forward: 'protocol="tcp" TCP_Framing="octet-counted"',
        template: '<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% %STRUCTURED-DATA% %msg%',
      }),
  },
  {
    name: "rsyslog over UDP, rsyslog's traditional forward format",
    run: (room) =>
      send(room, {
        messages: singleLines,
        forward: 'protocol="udp"',
        template: '<%PRI%>%TIMESTAMP% %HOSTNAME% %syslogtag:1:32%%msg:::sp-if-no-1st-sp%%msg%',
      }),
  },
  { name: "rsyslog over TLS (GnuTLS), octet counting, the relay's certificate and name verified", run: overTls },
  { name: 'rsyslog over mutual TLS (GnuTLS), octet counting', run: overMutualTls },
]

async function overTls(room: Room): Promise<Delivery> {
  const authority = await Authority.create(room)
  const server = await authority.sign('relay.test')
  const upstream = await OctetReceiver.open(room)
  const relay = await Relay.start(room, { upstream: upstream.port, tls: { cert_file: server.certFile, key_file: server.keyFile } })
  return await through(room, relay, upstream, {
    messages: anyBytes,
    forward: tlsForward,
    global: `defaultNetstreamDriverCAFile="${authority.caFile}"`,
  })
}

async function overMutualTls(room: Room): Promise<Delivery> {
  const authority = await Authority.create(room)
  const server = await authority.sign('relay.test')
  const client = await authority.sign('client.test')
  const upstream = await OctetReceiver.open(room)
  const relay = await Relay.start(room, {
    upstream: upstream.port,
    tls: { cert_file: server.certFile, key_file: server.keyFile, client_ca_file: authority.caFile, client_auth: 'required' },
  })
  return await through(room, relay, upstream, {
    messages: anyBytes,
    forward: tlsForward,
    global: `defaultNetstreamDriverCAFile="${authority.caFile}"
      defaultNetstreamDriverCertFile="${client.certFile}" defaultNetstreamDriverKeyFile="${client.keyFile}"`,
  })
}

const tlsForward = `protocol="tcp" TCP_Framing="octet-counted" StreamDriver="gtls" StreamDriverMode="1"
    StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="relay.test"`
