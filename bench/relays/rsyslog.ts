import type { PeerProgram } from './peer-program.ts'

export const rsyslog: PeerProgram = {
  name: 'rsyslog',
  command: process.env.RSYSLOGD ?? 'rsyslogd',
  versionArguments: ['-v'],
  hint: 'apt-get install rsyslog rsyslog-gnutls, or RSYSLOGD=/path/to/rsyslogd',
  arguments: (configuration, room) => ['-n', '-f', configuration, '-i', room.path('rsyslog.pid')],
  formats: { rfc5424: { WRITE_FORMAT: 'RSYSLOG_SyslogProtocol23Format' }, raw: { WRITE_FORMAT: 'raw' } },
  configurations: [
    { name: 'rsyslog, memory queue', storage: 'in memory', file: 'rsyslog-memory.conf', tlsFile: 'rsyslog-tls.conf' },
    { name: 'rsyslog, disk queue', storage: 'on disk, no fsync', file: 'rsyslog-disk.conf', tlsFile: 'rsyslog-tls.conf' },
  ],
}
