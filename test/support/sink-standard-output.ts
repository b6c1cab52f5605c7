import { FileSink } from '../../src/sinks/file-sink.ts'
import { RecordingLogger } from './recording-logger.ts'
import { numberedMessages, storedBatch } from './sink-batches.ts'

/** Prints two batches of half a mebibyte to standard output, then both answers to standard error. */
const options = { line_feeds: 'escape', max_file_size: 1e9, max_files: 3 } as const
const sink = new FileSink(options, { path: '-', format: 'raw', logger: new RecordingLogger() })
const signal = new AbortController().signal
await sink.start()
const batch = storedBatch(numberedMessages(512, 1024))
const answers = [await sink.send(batch, signal), await sink.send(batch, signal)]
process.stderr.write(JSON.stringify(answers.map(({ delivered, retry }) => ({ delivered, error: retry?.error.message }))))
