import type { Sample } from './sample.ts'

const asaText = '%ASA-6-302013: Built inbound TCP connection 7 for outside:192.0.2.1/1234 (192.0.2.1/1234) to inside:10.0.0.1/443'
const iosText = '%SYS-5-CONFIG_I: Configured from console by vty0 (10.0.0.1)'

export const ciscoSamples: readonly Sample[] = [
  {
    name: 'ASA: year, device id',
    raw: `<166>Nov 21 2026 18:00:00 fw1 : ${asaText}`,
    expected: { priority: 166, timestamp: '2026-11-21T18:00:00Z', hostname: 'fw1', message: asaText },
  },
  {
    name: 'ASA: year, no device id',
    raw: `<166>Nov 21 2026 18:00:00: ${asaText}`,
    expected: { priority: 166, timestamp: '2026-11-21T18:00:00Z', message: asaText },
  },
  {
    name: 'ASA: a hostname against the colon is no tag',
    raw: `<166>Nov 21 18:00:00 fw1: ${asaText}`,
    expected: { priority: 166, timestamp: '2026-11-21T18:00:00Z', hostname: 'fw1', message: asaText },
  },
  {
    name: 'ASA: through a relay, no colon',
    raw: `<166>Nov 21 18:00:00 10.1.1.1 ${asaText}`,
    expected: { priority: 166, timestamp: '2026-11-21T18:00:00Z', hostname: '10.1.1.1', message: asaText },
  },
  {
    name: 'ASA: RFC 5424 timestamps',
    raw: `<166>2026-11-21T18:00:00Z fw1 : ${asaText}`,
    expected: { priority: 166, timestamp: '2026-11-21T18:00:00Z', hostname: 'fw1', message: asaText },
  },
  {
    name: 'ASA: no timestamp, the default',
    raw: `<166>${asaText}`,
    expected: { priority: 166, message: asaText, problems: ['no_timestamp'] },
  },
  {
    name: 'ASA: EMBLEM',
    raw: `<166>:Nov 21 18:00:00 UTC: ${asaText}`,
    expected: { priority: 166, timestamp: '2026-11-21T18:00:00Z', message: asaText },
  },
  {
    name: 'ASA: device id without a date',
    raw: `<166>fw1 : ${asaText}`,
    expected: { priority: 166, hostname: 'fw1', message: asaText, problems: ['no_timestamp'] },
  },
  {
    name: 'Firepower',
    raw: '<113>Nov 21 18:00:00 ftd1 SFIMS: Protocol: TCP, SrcIP: 10.0.0.1',
    expected: {
      priority: 113,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'ftd1',
      appName: 'SFIMS',
      message: 'Protocol: TCP, SrcIP: 10.0.0.1',
    },
  },
  {
    name: 'IOS: sequence number, clock never set, milliseconds, zone',
    raw: `<189>001234: *Mar  1 00:00:01.123 UTC: ${iosText}`,
    expected: { priority: 189, timestamp: '2027-03-01T00:00:01.123Z', sequence: 1234, message: iosText },
  },
  {
    name: 'IOS: message counter, hostname, sequence number',
    raw: `<189>45: rtr-1: 000123: Nov 21 18:00:00: ${iosText}`,
    expected: { priority: 189, timestamp: '2026-11-21T18:00:00Z', hostname: 'rtr-1', sequence: 123, message: iosText },
  },
  {
    name: 'IOS: IPv6 origin id, time server lost',
    raw: `<189>45: 2001:db8::1: .Nov 21 18:00:00.5 CEST: ${iosText}`,
    expected: { priority: 189, timestamp: '2026-11-21T18:00:00.5+02:00', hostname: '2001:db8::1', sequence: 45, message: iosText },
  },
  {
    name: 'IOS: a year, and a zone of its own making',
    raw: `<189>45: Nov 21 2026 18:00:00.123 HQ: ${iosText}`,
    timezone: 'Europe/Berlin',
    expected: {
      priority: 189,
      timestamp: '2026-11-21T18:00:00.123+01:00',
      sequence: 45,
      message: iosText,
      problems: ['unknown_zone'],
    },
  },
  {
    name: 'IOS: timestamps disabled',
    raw: `<189>45: ${iosText}`,
    expected: { priority: 189, sequence: 45, message: iosText, problems: ['no_timestamp'] },
  },
  {
    name: 'IOS: debug output with a zone of its own making',
    raw: '<191>45: Nov 21 18:00:00 HQ: AAA/BIND(0000000A): Bind i/f',
    device: 'cisco-ios',
    expected: {
      priority: 191,
      timestamp: '2026-11-21T18:00:00Z',
      appName: 'AAA/BIND(0000000A)',
      sequence: 45,
      message: 'Bind i/f',
      problems: ['unknown_zone'],
    },
  },
  {
    name: 'NX-OS: year first',
    raw: '<189>: 2026 Nov 21 18:00:00 UTC: %ETHPORT-5-IF_UP: Interface Ethernet1/1 is up',
    expected: { priority: 189, timestamp: '2026-11-21T18:00:00Z', message: '%ETHPORT-5-IF_UP: Interface Ethernet1/1 is up' },
  },
  {
    name: 'IOS XR: the node against the date, a process',
    raw: '<189>123: RP/0/RSP0/CPU0:Nov 21 18:00:00.123 : ifmgr[254]: %PKT_INFRA-LINK-3-UPDOWN : Interface down',
    expected: {
      priority: 189,
      timestamp: '2026-11-21T18:00:00.123Z',
      hostname: 'RP/0/RSP0/CPU0',
      appName: 'ifmgr',
      procId: '254',
      sequence: 123,
      message: '%PKT_INFRA-LINK-3-UPDOWN : Interface down',
    },
  },
  {
    name: 'wireless controller: the task',
    raw: '<134>WLC1: *spamApTask1: Nov 21 18:00:00.123: %CAPWAP-3-DTLS_CLOSED_ERR: capwap_ac_sm.c:7075 closed',
    expected: {
      priority: 134,
      timestamp: '2026-11-21T18:00:00.123Z',
      hostname: 'WLC1',
      appName: '*spamApTask1',
      message: '%CAPWAP-3-DTLS_CLOSED_ERR: capwap_ac_sm.c:7075 closed',
    },
  },
  {
    name: 'Meraki: an epoch with a fraction behind a digit that is no version',
    raw: '<134>1 1795284000.123456789 MX84 flows src=10.0.0.1 dst=192.0.2.1 protocol=tcp pattern: allow all',
    device: 'cisco-meraki',
    expected: {
      priority: 134,
      timestamp: '2026-11-21T18:00:00.123456789Z',
      hostname: 'MX84',
      message: 'flows src=10.0.0.1 dst=192.0.2.1 protocol=tcp pattern: allow all',
    },
  },
]
