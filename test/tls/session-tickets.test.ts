import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ConnectionOptions, connect, createServer, type Server } from 'node:tls'
import { type Test, test } from 'tap'
import { withoutTickets } from '../../src/tls/session-tickets.ts'
import { makeCertificate, type Pem } from '../support/test-certificates.ts'

async function serve(t: Test, pair: Pem): Promise<Server> {
  const server = createServer(pair, (socket) => socket.on('error', () => undefined).resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return server
}

/** Sessions that the server had to offer by the end of a connection, and whether this one was resumed. */
async function connection(server: Server, options: ConnectionOptions): Promise<{ sessions: Buffer[]; resumed: boolean }> {
  const sessions: Buffer[] = []
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  client.on('session', (session: Buffer) => sessions.push(session))
  await once(client, 'secureConnect')
  const resumed = client.isSessionReused()
  client.end('<13>all it has to say\n').resume()
  await once(client, 'close')
  return { sessions, resumed }
}

test('a server sends session tickets unless it is told not to', async (t) => {
  const pair = await makeCertificate('relay')
  const server = await serve(t, pair)
  const talkative = await connection(server, { minVersion: 'TLSv1.3' })
  t.equal(talkative.sessions.length, 2)
  withoutTickets(server)
  const quiet = await connection(server, { minVersion: 'TLSv1.3' })
  t.same(quiet.sessions, [])
  server.setSecureContext(pair)
  withoutTickets(server)
  const renewed = await connection(server, { minVersion: 'TLSv1.3' })
  t.same(renewed.sessions, [])
})

test('a TLS 1.2 client that comes back with a ticket shakes hands anew', async (t) => {
  const server = await serve(t, await makeCertificate('relay'))
  const [session] = (await connection(server, { maxVersion: 'TLSv1.2' })).sessions
  t.ok((await connection(server, { maxVersion: 'TLSv1.2', session })).resumed)
  withoutTickets(server)
  const again = await connection(server, { maxVersion: 'TLSv1.2', session })
  t.notOk(again.resumed)
})

test('what is not a server of this runtime stays as it is', async (t) => {
  const server = await serve(t, await makeCertificate('relay'))
  const unknown = Object.create(server, { _sharedCreds: { value: undefined } }) as Server
  t.doesNotThrow(() => withoutTickets(unknown))
  t.doesNotThrow(() => withoutTickets({} as Server))
})
