import { recordBytes } from '../load/message-layout.ts'
import { directoryBytes, Watch } from '../load/process-usage.ts'
import { type Load, Upstream, unlimited } from '../load/traffic.ts'
import { durable } from '../relays/logrelay.ts'
import { inRoom, type LoadResult, measureLoad } from './measured-run.ts'

export interface PassThroughResult extends LoadResult {
  readonly bytes: number
  /** Of the data directory, sampled while the messages passed. */
  readonly mostDiskMiB: number
  readonly finalDiskMiB: number
}

/** So many bytes through the durable relay as fast as they go: what LevelDB's compaction and its deleted ranges leave on disk. */
export async function passThrough(bytes: number): Promise<PassThroughResult> {
  return await inRoom(async (room) => {
    const upstream = await Upstream.open(room)
    const relay = await durable.start(room, { upstreamPort: upstream.port, format: 'rfc5424' })
    let most = 0
    const watch = new Watch(relay.pid, () => {
      most = Math.max(most, directoryBytes(relay.dataDir))
    })
    const load: Load = { protocol: 'tcp', first: 0, messages: Math.ceil(bytes / recordBytes), seconds: unlimited, rate: 0, connections: 4 }
    const result = await measureLoad(room, relay, upstream, load)
    watch.stop()
    return { ...result, bytes, mostDiskMiB: most / 2 ** 20, finalDiskMiB: directoryBytes(relay.dataDir) / 2 ** 20 }
  })
}
