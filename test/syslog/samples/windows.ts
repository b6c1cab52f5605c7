import type { Sample } from './sample.ts'

const snare = 'MSWinEventLog\t1\tSecurity\t42\tSat Nov 21 18:00:00 2026\t4624\tMicrosoft-Windows-Security-Auditing\tN/A'

export const windowsSamples: readonly Sample[] = [
  {
    name: 'Snare',
    raw: `<14>Nov 21 18:00:00 WIN-DC1 ${snare}`,
    expected: { priority: 14, timestamp: '2026-11-21T18:00:00Z', hostname: 'WIN-DC1', message: snare },
  },
  {
    name: 'Snare: a tab behind the hostname',
    raw: `<14>Nov 21 18:00:00 WIN-DC1\t${snare}`,
    expected: { priority: 14, timestamp: '2026-11-21T18:00:00Z', hostname: 'WIN-DC1', message: snare },
  },
  {
    name: 'Snare: no hostname',
    raw: `<14>Nov 21 18:00:00 ${snare}`,
    expected: { priority: 14, timestamp: '2026-11-21T18:00:00Z', message: snare },
  },
  {
    name: 'NXLog: BSD',
    raw: '<14>Nov 21 18:00:00 WIN-DC1 Microsoft-Windows-Security-Auditing[696]: An account was successfully logged on.',
    expected: {
      priority: 14,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'WIN-DC1',
      appName: 'Microsoft-Windows-Security-Auditing',
      procId: '696',
      message: 'An account was successfully logged on.',
    },
  },
  {
    name: 'NXLog: IETF, a backslash that escapes nothing',
    raw: '<14>1 2026-11-21T18:00:00.123456+01:00 WIN-DC1 Microsoft-Windows-Security-Auditing 696 - [NXLOG@14506 EventID="4624" User="CORP\\alice" Path="C:\\\\x"] An account',
    expected: {
      priority: 14,
      version: 1,
      timestamp: '2026-11-21T18:00:00.123456+01:00',
      hostname: 'WIN-DC1',
      appName: 'Microsoft-Windows-Security-Auditing',
      procId: '696',
      structuredData: { 'NXLOG@14506': { EventID: '4624', User: 'CORP\\alice', Path: 'C:\\x' } },
      message: 'An account',
    },
  },
  {
    name: 'a bare bracket in a value is read and marked',
    raw: '<14>1 2026-11-21T18:00:00Z WIN-DC1 app - - [x@1 a="[1]"] text',
    expected: {
      priority: 14,
      version: 1,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'WIN-DC1',
      appName: 'app',
      structuredData: { 'x@1': { a: '[1]' } },
      message: 'text',
      problems: ['bad_structured_data'],
    },
  },
]
