import { FileSink } from '../../src/sinks/file-sink.ts'
import { RecordingLogger } from './recording-logger.ts'
import { numberedMessages, storedBatch } from './sink-batches.ts'

/** Run under `ulimit -f`: sends a batch of 20 lines and one of 2,000 to the file, and prints both answers. */
process.on('SIGXFSZ', () => {}) // The limit's signal would end the process before the write says EFBIG.
const options = { line_feeds: 'escape', max_file_size: 1e9, max_files: 3 } as const
const sink = new FileSink(options, { path: process.argv[2] as string, format: 'raw', logger: new RecordingLogger() })
const signal = new AbortController().signal
await sink.start()
const answers = [await sink.send(storedBatch(numberedMessages(20)), signal), await sink.send(storedBatch(numberedMessages(2000)), signal)]
await sink.stop(signal)
console.log(JSON.stringify(answers.map(({ delivered, retry }) => ({ delivered, code: retry?.error.code }))))
