import { once } from 'node:events'
import { connect } from 'node:net'
import type { Program } from './program.ts'
import { until } from './until.ts'

/** Waits until the program accepts TCP connections on 127.0.0.1; fails at once when it ends instead. */
export async function untilOpen(program: Program, port: number): Promise<void> {
  await until(`${program.name} to open port ${port}`, async () => {
    if (!program.alive) throw new Error(`${program.name} ended instead of opening its port`)
    return await accepts(port)
  })
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
