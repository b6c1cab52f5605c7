import { RelayError } from '../../core/errors.ts'
import type { Measurement } from '../../planning/sizing-measurement.ts'
import { existingDirectory } from './check-disk.ts'
import { bytesInWords, countInWords } from './figures.ts'
import { type Finding, findingsOf } from './finding.ts'
import type { Host } from './host.ts'
import { shellWord } from './shell-word.ts'

const { ok, warning, problem, unknown } = findingsOf('disk')

/** Fewer a second, and senders that wait for their acknowledgement notice. */
const slowPerSecond = 50

/** Measures in data_dir and leaves nothing there. Rejects with DATA_DIR_UNUSABLE where nothing can be written, with DISK_FULL where too little is free. */
export type MeasureFsync = (directory: string, signal: AbortSignal) => Promise<Measurement['fsync']>

export interface FsyncSituation {
  readonly host: Host
  readonly dataDir: string
  readonly measure: MeasureFsync
  readonly relayRuns: boolean
}

/** How often a second the disk of data_dir can promise that messages are kept. */
export async function checkFsync({ host, dataDir, measure, relayRuns }: FsyncSituation, signal: AbortSignal): Promise<Finding[]> {
  // Before the first start its place is above it.
  const place = await existingDirectory(host, dataDir)
  const subject = `${place}, fsync`
  try {
    const { perSecond, medianMs, p99Ms, bytes } = await measure(place, signal)
    const beside = relayRuns ? ', beside the running relay' : ''
    const figures = `${countInWords(Math.round(perSecond))} a second of ${bytesInWords(bytes)} each (median ${medianMs.toFixed(1)} ms, 99 % ${p99Ms.toFixed(1)} ms)${beside}`
    if (perSecond >= slowPerSecond) return [ok(subject, figures)]
    const says =
      `${figures}: a queue takes about ${bytesInWords(perSecond * bytes)} a second of compressed messages; beyond that senders wait, and UDP is lost. ` +
      'Put data_dir on a faster disk'
    return [warning(subject, says, `findmnt -T ${shellWord(place)}`)]
  } catch (error) {
    if (signal.aborted)
      return [problem(subject, 'one fsync took longer than the whole measurement: the disk stands still', 'dmesg | tail -n 50')]
    const { message, code } = RelayError.from(error)
    const why = code === 'DATA_DIR_UNUSABLE' && host.uid !== 0 ? `${message}; run as root or as the relay's user to measure it` : message
    return [unknown(subject, why)]
  }
}
