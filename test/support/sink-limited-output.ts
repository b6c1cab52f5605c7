import { fstatSync, ftruncateSync } from 'node:fs'
import { FileSink } from '../../src/sinks/file-sink.ts'
import { RecordingLogger } from './recording-logger.ts'
import { numberedMessages, storedBatch } from './sink-batches.ts'

/**
 * Run under `ulimit -f`, standard output appended to a file: prints 20 lines and then 2,000, of which not all have room; makes room behind
 * half a line, and prints a line from each of two sinks. Prints all answers to standard error.
 */
process.on('SIGXFSZ', () => {}) // The limit's signal would end the process before the write says EFBIG.
const options = { line_feeds: 'escape', max_file_size: 1e9, max_files: 3 } as const
const [one, two] = [1, 2].map(() => new FileSink(options, { path: '-', format: 'raw', logger: new RecordingLogger() })) as [
  FileSink,
  FileSink,
]
const signal = new AbortController().signal
await one.start()
await two.start()
const answers = [await one.send(storedBatch(numberedMessages(20)), signal)]
const { size } = fstatSync(1)
answers.push(await one.send(storedBatch(numberedMessages(2000)), signal))
ftruncateSync(1, size + 5)
answers.push(await two.send(storedBatch(['after']), signal), await one.send(storedBatch(['that']), signal))
process.stderr.write(JSON.stringify(answers.map(({ delivered, retry }) => ({ delivered, code: retry?.error.code }))))
