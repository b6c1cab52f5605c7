import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Test, test } from 'tap'
import { endReadShared, readShared } from '../../src/sources/shared-read-buffer.ts'

/** Both ends of a connection. */
async function pair(t: Test): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const far = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
  const near = await new Promise<Socket>((resolve) => server.once('connection', resolve))
  server.close()
  t.teardown(() => {
    near.destroy()
    far.destroy()
  })
  return { near, far }
}

/** The next chunk: its text, and the memory it lies in. */
function nextChunk(socket: Socket): Promise<{ text: string; memory: ArrayBufferLike }> {
  return new Promise((resolve) => readShared(socket, (chunk) => resolve({ text: chunk.toString(), memory: chunk.buffer })))
}

test('all sockets read into one buffer', async (t) => {
  const [a, b] = [await pair(t), await pair(t)]
  const [fromA, fromB] = [nextChunk(a.near), nextChunk(b.near)]
  a.far.write('first')
  b.far.write('second')
  t.equal((await fromA).text, 'first')
  t.equal((await fromB).text, 'second')
  t.equal((await fromA).memory, (await fromB).memory, 'or Node has changed, and each read makes garbage')
})

test('the end, and everything before it, is seen', async (t) => {
  const { near, far } = await pair(t)
  let bytes = 0
  readShared(near, (chunk) => {
    bytes += chunk.length
  })
  far.end(Buffer.alloc(1_000_000))
  await once(near, 'end')
  t.equal(bytes, 1_000_000)
})

test('a paused socket reads nothing, and goes on where it stopped', async (t) => {
  const { near, far } = await pair(t)
  const chunks: string[] = []
  let more = () => {}
  readShared(near, (chunk) => {
    chunks.push(chunk.toString())
    near.pause()
    more()
  })
  const first = new Promise<void>((resolve) => {
    more = resolve
  })
  far.write('one')
  await first
  const second = new Promise<void>((resolve) => {
    more = resolve
  })
  await new Promise((resolve) => far.write('two', resolve))
  t.same(chunks, ['one'])
  near.resume()
  await second
  t.same(chunks, ['one', 'two'])
})

test('another layer takes over: what is unshifted and what follows come as data', async (t) => {
  const { near, far } = await pair(t)
  const chunk = nextChunk(near)
  far.write('hello')
  t.equal((await chunk).text, 'hello')
  endReadShared(near)
  near.pause()
  near.unshift(Buffer.from('hello'))
  const [again] = await once(near.resume(), 'data')
  t.equal(String(again), 'hello')
})

test('a socket without the fields reads as Node does by itself', async (t) => {
  const { near, far } = await pair(t)
  for (const field of Object.getOwnPropertySymbols(near)) if (field.description === 'kBufferCb') Reflect.deleteProperty(near, field)
  const chunk = nextChunk(near)
  far.write('plain')
  t.equal((await chunk).text, 'plain')
})
