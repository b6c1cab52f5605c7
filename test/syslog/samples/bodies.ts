import type { Sample } from './sample.ts'

const cef = 'CEF:0|Imperva Inc.|SecureSphere|14.7|Custom|Custom Violation|High|act=Block dst=10.0.0.1 msg=a: b'
const leef = 'LEEF:2.0|Vendor|Product|1.0|EventID|^|src=10.0.0.1^dst=192.0.2.1'
const json = '{"timestamp":"2026-11-21T18:00:00.000000+0000","event_type":"alert","alert":{"signature":"x: y"}}'

export const bodySamples: readonly Sample[] = [
  { name: 'CEF alone', raw: cef, expected: { message: cef, problems: ['no_priority', 'no_timestamp'] } },
  { name: 'CEF behind a PRI', raw: `<14>${cef}`, expected: { priority: 14, message: cef, problems: ['no_timestamp'] } },
  {
    name: 'CEF behind a header',
    raw: `<14>Nov 21 18:00:00 waf1 ${cef}`,
    expected: { priority: 14, timestamp: '2026-11-21T18:00:00Z', hostname: 'waf1', message: cef },
  },
  {
    name: 'CEF behind a date',
    raw: `<14>Nov 21 18:00:00 ${cef}`,
    expected: { priority: 14, timestamp: '2026-11-21T18:00:00Z', message: cef },
  },
  {
    name: 'CEF with a space where none belongs',
    raw: `<14>Nov 21 18:00:00 waf1 CEF: 0|a|b|c|d|e|f|`,
    expected: { priority: 14, timestamp: '2026-11-21T18:00:00Z', hostname: 'waf1', message: 'CEF: 0|a|b|c|d|e|f|' },
  },
  {
    name: 'CEF in RFC 5424',
    raw: `<14>1 2026-11-21T18:00:00Z waf1 app - - - ${cef}`,
    expected: { priority: 14, version: 1, timestamp: '2026-11-21T18:00:00Z', hostname: 'waf1', appName: 'app', message: cef },
  },
  {
    name: 'LEEF behind a header',
    raw: `<14>Nov 21 18:00:00 10.0.0.5 ${leef}`,
    expected: { priority: 14, timestamp: '2026-11-21T18:00:00Z', hostname: '10.0.0.5', message: leef },
  },
  { name: 'LEEF alone', raw: `<14>${leef}`, expected: { priority: 14, message: leef, problems: ['no_timestamp'] } },
  { name: 'JSON alone (Zeek)', raw: json, expected: { message: json, problems: ['no_priority', 'no_timestamp'] } },
  {
    name: 'JSON behind a tag (Suricata)',
    raw: `<141>Nov 21 18:00:00 ids1 suricata[99]: ${json}`,
    expected: {
      priority: 141,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'ids1',
      appName: 'suricata',
      procId: '99',
      message: json,
    },
  },
  {
    name: 'JSON behind a hostname',
    raw: `<141>Nov 21 18:00:00 ids1 ${json}`,
    expected: { priority: 141, timestamp: '2026-11-21T18:00:00Z', hostname: 'ids1', message: json },
  },
  {
    name: 'JSON behind a date',
    raw: `<141>Nov 21 18:00:00 ${json}`,
    expected: { priority: 141, timestamp: '2026-11-21T18:00:00Z', message: json },
  },
  {
    name: 'Suricata fast.log',
    raw: '<141>Nov 21 18:00:00 ids1 suricata: [1:2001219:20] ET SCAN [Classification: x] [Priority: 2] {TCP} 10.0.0.1:22 -> 10.0.0.2:23',
    expected: {
      priority: 141,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'ids1',
      appName: 'suricata',
      message: '[1:2001219:20] ET SCAN [Classification: x] [Priority: 2] {TCP} 10.0.0.1:22 -> 10.0.0.2:23',
    },
  },
  {
    name: 'Zeek TSV',
    raw: '<141>Nov 21 18:00:00 zeek1 conn: 1795284000.123456\tCHhAvVGS1DHFjwGM9\t10.0.0.1\t1024\t-',
    expected: {
      priority: 141,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'zeek1',
      appName: 'conn',
      message: '1795284000.123456\tCHhAvVGS1DHFjwGM9\t10.0.0.1\t1024\t-',
    },
  },
]
