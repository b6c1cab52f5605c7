import { queueMessages } from '../../src/health/control-client.ts'
import { controlSocketPath } from '../../src/health/control-socket.ts'
import type { RelayProcess } from './relay-process.ts'
import { until } from './relay-until.ts'

/**
 * Resolves when the message with this number is on disk. The ledger counts what was received, some of which may still be
 * on its way there; what the queue shows has been written.
 */
export async function untilStored(relay: RelayProcess, seq: number): Promise<void> {
  const socket = controlSocketPath(relay.dataDir)
  await until(`message ${seq} on disk`, async () => {
    for await (const message of queueMessages(socket, 'main', { from: seq, limit: 1 })) return message.seq === seq
    return false
  })
}
