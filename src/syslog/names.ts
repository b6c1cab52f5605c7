/** Facility keywords by code: those of POSIX syslog.h, and the usual ones for 12 to 15 (RFC 5424 table 1 has only descriptions). */
export const facilityNames: readonly string[] = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
]

/** Severities by code: the words of RFC 5424 table 2, which are also those of the Elastic Common Schema. */
export const severityNames: readonly string[] = ['Emergency', 'Alert', 'Critical', 'Error', 'Warning', 'Notice', 'Informational', 'Debug']

const severityKeywords: Readonly<Record<string, number>> = {
  emerg: 0,
  panic: 0,
  alert: 1,
  crit: 2,
  err: 3,
  error: 3,
  warning: 4,
  warn: 4,
  notice: 5,
  info: 6,
  debug: 7,
}

/** The code of a syslog.conf keyword such as `notice`. */
export function severityOfKeyword(keyword: string): number | undefined {
  return Object.hasOwn(severityKeywords, keyword) ? severityKeywords[keyword] : undefined
}
