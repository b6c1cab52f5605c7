import { fileURLToPath } from 'node:url'
import type { PeerProgram } from './peer-program.ts'

export const fluentBit: PeerProgram = {
  name: 'Fluent Bit',
  command: process.env.FLUENT_BIT ?? 'fluent-bit',
  versionArguments: ['--version'],
  hint: "the package fluent-bit of the project's own repository, or FLUENT_BIT=/path/to/fluent-bit",
  arguments: (configuration) => ['-c', configuration, '-R', fileURLToPath(new URL('../peers/fluent-bit-parsers.conf', import.meta.url))],
  // It has no way to pass a syslog message on as it came: it parses each one and writes it anew.
  formats: { rfc5424: {} },
  configurations: [
    { name: 'Fluent Bit, memory', storage: 'in memory', file: 'fluent-bit-memory.conf' },
    { name: 'Fluent Bit, filesystem', storage: 'on disk, synced', file: 'fluent-bit-disk.conf' },
  ],
}
