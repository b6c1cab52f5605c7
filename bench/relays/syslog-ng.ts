import type { PeerProgram } from './peer-program.ts'

const libraries = process.env.SYSLOG_NG_LIBRARIES
const modules = process.env.SYSLOG_NG_MODULES

export const syslogNg: PeerProgram = {
  name: 'syslog-ng',
  command: process.env.SYSLOG_NG ?? 'syslog-ng',
  ...(libraries === undefined ? {} : { env: { LD_LIBRARY_PATH: libraries } }),
  versionArguments: ['--version'],
  hint: 'apt-get install syslog-ng-core, or SYSLOG_NG=/path/to/syslog-ng, with SYSLOG_NG_LIBRARIES and SYSLOG_NG_MODULES where it was only unpacked',
  arguments: (configuration, room) => [
    ...['--foreground', '--no-caps', '--cfgfile', configuration, '--persist-file', room.path('persist')],
    ...['--pidfile', room.path('pid'), '--control', room.path('control')],
    ...(modules === undefined ? [] : ['--module-path', modules]),
  ],
  formats: {
    rfc5424: { READ_FORMAT: 'flags(syslog-protocol)', WRITE_FORMAT: 'flags(syslog-protocol)' },
    raw: { READ_FORMAT: 'flags(no-parse)', WRITE_FORMAT: 'template(raw)' },
  },
  configurations: [
    { name: 'syslog-ng, no disk buffer', storage: 'in memory', file: 'syslog-ng-memory.conf', tlsFile: 'syslog-ng-tls.conf' },
    {
      name: 'syslog-ng, disk buffer',
      storage: 'in memory, on disk when that is full',
      file: 'syslog-ng-disk.conf',
      tlsFile: 'syslog-ng-tls.conf',
    },
    {
      name: 'syslog-ng, reliable disk buffer',
      storage: 'on disk, no fsync',
      file: 'syslog-ng-reliable.conf',
      tlsFile: 'syslog-ng-tls.conf',
    },
  ],
}
