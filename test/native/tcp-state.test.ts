import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Test, test } from 'tap'
import { bindTcpState } from '../../src/native/tcp-state.ts'

const read = bindTcpState()

async function pair(t: Test): Promise<{ fd: number; client: Socket; server: Socket }> {
  const listener = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [[server]] = (await Promise.all([once(listener, 'connection'), once(client, 'connect')])) as [[Socket], unknown]
  t.teardown(() => {
    client.destroy()
    server.destroy()
    listener.close()
  })
  return { fd: (client as unknown as { _handle: { fd: number } })._handle.fd, client, server }
}

test('the kernel of the peer acknowledges what was written, read or not', async (t) => {
  const { fd, client } = await pair(t)
  const before = read?.(fd)
  if (before === undefined) return void t.equal(process.platform === 'linux', false, 'Linux tells')
  t.equal(before.unacked, 0)
  t.ok(before.window > 0)
  await new Promise((written) => client.write(Buffer.alloc(20_000), written))
  const after = read?.(fd)
  t.equal(after?.unacked, 0)
  t.equal((after?.acked ?? 0) - before.acked, 20_000)
  t.ok((after?.heardMsAgo ?? -1) >= 0)
})

test('more than the peer takes waits in the kernel, and the window tells', async (t) => {
  const { fd, client } = await pair(t)
  if (read === undefined) return
  let written = 0
  while (client.write(Buffer.alloc(65_536), () => (written += 65_536)) || client.writableLength < 16 * 65_536);
  while ((read(fd)?.window ?? 0) > 0) await new Promise((resolve) => setImmediate(resolve))
  const state = read(fd)
  t.ok((state?.unacked ?? 0) > 0)
  t.equal(state?.window, 0)
  t.ok((state?.unacked ?? 0) + (state?.acked ?? 0) >= written, 'its end on the wire is behind what is written')
})

test('a descriptor that is no TCP connection', (t) => {
  t.equal(read?.(-1), undefined)
  t.end()
})
