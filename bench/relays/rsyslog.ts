import type { PeerProgram } from './peer-program.ts'

const program: Pick<PeerProgram, 'command' | 'versionArguments' | 'arguments'> = {
  command: process.env.RSYSLOGD ?? 'rsyslogd',
  versionArguments: ['-v'],
  arguments: (configuration, room) => ['-n', '-f', configuration, '-i', room.path('rsyslog.pid')],
}

export const rsyslog: PeerProgram = {
  name: 'rsyslog',
  ...program,
  hint: 'apt-get install rsyslog rsyslog-gnutls, or RSYSLOGD=/path/to/rsyslogd',
  formats: { rfc5424: { WRITE_FORMAT: 'RSYSLOG_SyslogProtocol23Format' }, raw: { WRITE_FORMAT: 'raw' } },
  configurations: [
    { name: 'rsyslog, memory queue', storage: 'in memory', file: 'rsyslog-memory.conf', tlsFile: 'rsyslog-tls.conf' },
    { name: 'rsyslog, disk queue', storage: 'on disk, no fsync', file: 'rsyslog-disk.conf', tlsFile: 'rsyslog-tls.conf' },
  ],
}

const commonFile = 'rsyslog-elasticsearch-documents.conf'

/** With omelasticsearch for an output. Where that module is missing it ends at once, and its rows say that it failed. */
export const rsyslogIndexing: PeerProgram = {
  name: 'rsyslog, omelasticsearch',
  ...program,
  hint: 'apt-get install rsyslog rsyslog-elasticsearch, or RSYSLOGD=/path/to/rsyslogd',
  formats: { rfc5424: {} },
  configurations: [
    { name: 'rsyslog, memory queue', storage: 'in memory', file: 'rsyslog-elasticsearch-memory.conf', commonFile },
    {
      name: 'rsyslog, disk-assisted queue',
      storage: 'in memory, on disk when that is full',
      file: 'rsyslog-elasticsearch-assisted.conf',
      commonFile,
    },
    { name: 'rsyslog, disk queue', storage: 'on disk, no fsync', file: 'rsyslog-elasticsearch-disk.conf', commonFile },
  ],
}
