import { escapeControl } from '../config/escape-control.ts'
import type { Measurement } from '../planning/sizing-measurement.ts'
import { renderTable } from './render-table.ts'
import { renderBytes, renderCount } from './render-values.ts'

/** What `logrelay bench-self` found, for people. */
export function renderMeasurement(measurement: Measurement): string {
  const { version, machine, directory, seconds, messageBytes, fsync } = measurement
  const memory = renderBytes(machine.memoryBytes)
  const on = `${machine.processors} × ${machine.processorModel}, ${memory}, ${machine.system}; in ${directory}`
  const rows = [
    [
      'messages/s',
      renderCount(Math.round(measurement.messagesPerSecond)),
      `received, fsynced and delivered; ${messageBytes} bytes each, ${seconds} s`,
    ],
    ['processor time', `${measurement.cpuMicrosecondsPerMessage.toFixed(2)} µs`, "a message, the relay's alone"],
    ['compression', measurement.storedBytesPerReceivedByte.toFixed(2), 'bytes on disk for each byte received; your logs may differ'],
    ['peak memory', renderBytes(measurement.peakMemoryBytes), 'of the process, sender and receiver included'],
    ['fsyncs/s', renderCount(Math.round(fsync.perSecond)), `of ${renderBytes(fsync.bytes)}, one after the other`],
    ['fsync, median', `${fsync.medianMs.toFixed(2)} ms`, ''],
    ['fsync, 99 %', `${fsync.p99Ms.toFixed(2)} ms`, 'within this time'],
  ]
  const table = renderTable([{ title: 'FIGURE' }, { title: 'VALUE', align: 'right' }, { title: '' }], rows)
  const note = `Sender, relay and receiver shared ${machine.processors === 1 ? 'one processor' : `${machine.processors} processors`}: a relay that has them for itself does more.\n`
  return `logrelay ${version} on ${escapeControl(on)}\n\n${table}\n${note}`
}
