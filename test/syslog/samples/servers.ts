import type { Sample } from './sample.ts'

const access = '192.0.2.7 - - [21/Nov/2026:18:00:00 +0000] "GET /index.html HTTP/1.1" 200 612 "-" "curl/8.5.0"'

export const serverSamples: readonly Sample[] = [
  {
    name: 'nginx',
    raw: `<190>Nov 21 18:00:00 web1 nginx: ${access}`,
    expected: { priority: 190, timestamp: '2026-11-21T18:00:00Z', hostname: 'web1', appName: 'nginx', message: access },
  },
  {
    name: 'nginx: nohostname',
    raw: `<190>Nov 21 18:00:00 nginx: ${access}`,
    expected: { priority: 190, timestamp: '2026-11-21T18:00:00Z', appName: 'nginx', message: access },
  },
  {
    name: 'NILVALUE of RFC 5424 in a BSD header',
    raw: `<190>Nov 21 18:00:00 - nginx[-]: ${access}`,
    expected: { priority: 190, timestamp: '2026-11-21T18:00:00Z', appName: 'nginx', message: access },
  },
  {
    name: 'Apache through logger',
    raw: `<142>Nov 21 18:00:00 web1 httpd[812]: ${access}`,
    expected: { priority: 142, timestamp: '2026-11-21T18:00:00Z', hostname: 'web1', appName: 'httpd', procId: '812', message: access },
  },
  {
    name: 'HAProxy: no hostname',
    raw: '<134>Nov 21 18:00:00 haproxy[123]: 10.0.0.1:33317 [21/Nov/2026:18:00:00.123] fe be/s1 0/0/1/2/3 200 512 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
    expected: {
      priority: 134,
      timestamp: '2026-11-21T18:00:00Z',
      appName: 'haproxy',
      procId: '123',
      message: '10.0.0.1:33317 [21/Nov/2026:18:00:00.123] fe be/s1 0/0/1/2/3 200 512 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
    },
  },
  {
    name: 'F5: the severity that the PRI has already',
    raw: '<133>Nov 21 18:00:00 bigip1 notice mcpd[5554]: 01070638:5: Pool /Common/p member /Common/m:80 monitor status down.',
    expected: {
      priority: 133,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'bigip1',
      appName: 'mcpd',
      procId: '5554',
      message: '01070638:5: Pool /Common/p member /Common/m:80 monitor status down.',
    },
  },
  {
    name: 'F5: a word that the PRI does not say stays',
    raw: '<134>Nov 21 18:00:00 bigip1 notice mcpd[5554]: text',
    expected: { priority: 134, timestamp: '2026-11-21T18:00:00Z', hostname: 'bigip1', message: 'notice mcpd[5554]: text' },
  },
  {
    name: 'F5 ASM: a colon against its value is no tag',
    raw: '<134>Nov 21 18:00:00 bigip1 ASM:unit_hostname="bigip1",violations="x"',
    expected: {
      priority: 134,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'bigip1',
      message: 'ASM:unit_hostname="bigip1",violations="x"',
    },
  },
  {
    name: 'postfix: a slash in the tag',
    raw: '<22>Nov  1 18:00:00 mx1 postfix/smtpd[4711]: connect from unknown[192.0.2.1]',
    expected: {
      priority: 22,
      timestamp: '2026-11-01T18:00:00Z',
      hostname: 'mx1',
      appName: 'postfix/smtpd',
      procId: '4711',
      message: 'connect from unknown[192.0.2.1]',
    },
  },
  {
    name: 'kernel: a day with one space, a message with brackets',
    raw: '<6>Nov 1 18:00:00 host kernel: [   12.345678] eth0: link up',
    expected: {
      priority: 6,
      timestamp: '2026-11-01T18:00:00Z',
      hostname: 'host',
      appName: 'kernel',
      message: '[   12.345678] eth0: link up',
    },
  },
  {
    name: 'parentheses and dots in tags',
    raw: '<86>Nov 21 18:00:00 host sshd(pam_unix)[99]: session opened',
    expected: {
      priority: 86,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'host',
      appName: 'sshd(pam_unix)',
      procId: '99',
      message: 'session opened',
    },
  },
  {
    name: 'a path as tag, its pid without a colon',
    raw: '<78>Nov 21 18:00:00 host /usr/sbin/cron[99] (root) CMD (true)',
    expected: {
      priority: 78,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'host',
      appName: '/usr/sbin/cron',
      procId: '99',
      message: '(root) CMD (true)',
    },
  },
  {
    name: 'no tag',
    raw: '<13>Nov 21 18:00:00 host last message repeated 3 times',
    expected: { priority: 13, timestamp: '2026-11-21T18:00:00Z', hostname: 'host', message: 'last message repeated 3 times' },
  },
  {
    name: 'rsyslog: high precision timestamps, an IPv6 hostname',
    raw: '<13>2026-11-21T18:00:00.123456+01:00 2001:db8::1 app: text',
    expected: {
      priority: 13,
      timestamp: '2026-11-21T18:00:00.123456+01:00',
      hostname: '2001:db8::1',
      appName: 'app',
      message: 'text',
    },
  },
  {
    name: 'a BSD date before an IPv6 hostname that begins like a year',
    raw: '<13>Nov 21 18:00:00 2001:db8::1 app: text',
    expected: { priority: 13, timestamp: '2026-11-21T18:00:00Z', hostname: '2001:db8::1', appName: 'app', message: 'text' },
  },
  {
    name: 'an IPv6 address with its interface',
    raw: '<13>Nov 21 18:00:00 fe80::1%eth0 app: text',
    expected: { priority: 13, timestamp: '2026-11-21T18:00:00Z', hostname: 'fe80::1%eth0', appName: 'app', message: 'text' },
  },
  {
    name: 'a local tag without a hostname and date (/dev/log)',
    raw: '<13>logger[12]: text',
    expected: { priority: 13, appName: 'logger', procId: '12', message: 'text', problems: ['no_timestamp'] },
  },
  {
    name: 'no date, a hostname and a tag that cannot be mistaken',
    raw: '<13>host logger[12]: text',
    expected: { priority: 13, hostname: 'host', appName: 'logger', procId: '12', message: 'text', problems: ['no_timestamp'] },
  },
  {
    name: 'no date and no PRI: only a tag with brackets at the very start is taken',
    raw: 'host logger[12]: text',
    expected: { message: 'host logger[12]: text', problems: ['no_priority', 'no_timestamp'] },
  },
  {
    name: 'no date, a sentence',
    raw: '<13>Disk full on host: act now',
    expected: { priority: 13, message: 'Disk full on host: act now', problems: ['no_timestamp'] },
  },
  {
    name: 'ESXi',
    raw: '<166>2026-11-21T18:00:00.123Z esx01.example.com Hostd: info hostd[2100] [Originator@6876 sub=Vimsvc] Task created',
    expected: {
      priority: 166,
      timestamp: '2026-11-21T18:00:00.123Z',
      hostname: 'esx01.example.com',
      appName: 'Hostd',
      message: 'info hostd[2100] [Originator@6876 sub=Vimsvc] Task created',
    },
  },
]
