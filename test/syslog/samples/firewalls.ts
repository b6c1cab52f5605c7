import type { Sample } from './sample.ts'

const fortinet = 'date=2026-11-21 time=18:00:00 devname="FG-1" devid="FGT60F" logid="0000000013" type="traffic" msg="a b"'
const sonicwall = 'id=firewall sn=0017C5 time="2026-11-21 18:00:00 UTC" fw=192.0.2.9 pri=6 c=1024 m=537 msg="Connection Closed"'

export const firewallSamples: readonly Sample[] = [
  {
    name: 'Fortinet: date, time and zone among the pairs',
    raw: `<189>${fortinet} tz="+0100"`,
    expected: { priority: 189, timestamp: '2026-11-21T18:00:00+01:00', hostname: 'FG-1', message: `${fortinet} tz="+0100"` },
  },
  {
    name: 'Fortinet: nanoseconds since the epoch are surer',
    raw: `<189>${fortinet} eventtime=1795284000123456789 tz="-0500"`,
    expected: {
      priority: 189,
      timestamp: '2026-11-21T18:00:00.123456789Z',
      hostname: 'FG-1',
      message: `${fortinet} eventtime=1795284000123456789 tz="-0500"`,
    },
  },
  {
    name: 'Fortinet: no zone',
    raw: `<189>${fortinet}`,
    timezone: '+02:00',
    expected: { priority: 189, timestamp: '2026-11-21T18:00:00+02:00', hostname: 'FG-1', message: fortinet },
  },
  {
    name: 'Fortinet: a date that is none',
    raw: '<189>date=2026-13-21 time=18:00:00 devname=FG-1',
    expected: { priority: 189, hostname: 'FG-1', message: 'date=2026-13-21 time=18:00:00 devname=FG-1', problems: ['bad_timestamp'] },
  },
  {
    name: 'SonicWall',
    raw: `<134>  ${sonicwall}`,
    expected: { priority: 134, timestamp: '2026-11-21T18:00:00Z', message: sonicwall },
  },
  {
    name: 'Palo Alto: no tag',
    raw: '<14>Nov 21 18:00:00 PA-VM 1,2026/11/21 18:00:00,007051000,TRAFFIC,end,2305',
    expected: {
      priority: 14,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'PA-VM',
      message: '1,2026/11/21 18:00:00,007051000,TRAFFIC,end,2305',
    },
  },
  {
    name: 'Palo Alto: no hostname',
    raw: '<14>Nov 21 18:00:00 1,2026/11/21 18:00:00,007051000,THREAT,url',
    expected: { priority: 14, timestamp: '2026-11-21T18:00:00Z', message: '1,2026/11/21 18:00:00,007051000,THREAT,url' },
  },
  {
    name: 'Palo Alto: IETF format',
    raw: '<14>1 2026-11-21T18:00:00.000+01:00 PA-VM - - - - 1,2026/11/21 18:00:00,007051000,TRAFFIC',
    expected: {
      priority: 14,
      version: 1,
      timestamp: '2026-11-21T18:00:00.000+01:00',
      hostname: 'PA-VM',
      message: '1,2026/11/21 18:00:00,007051000,TRAFFIC',
    },
  },
  {
    name: 'Check Point: what stands for structured data is none',
    raw: '<134>1 2026-11-21T18:00:00Z gw CheckPoint 1234 - [action:"Accept"; flags:"411908"; origin:"10.0.0.1"]',
    expected: {
      priority: 134,
      version: 1,
      timestamp: '2026-11-21T18:00:00Z',
      hostname: 'gw',
      appName: 'CheckPoint',
      procId: '1234',
      message: '[action:"Accept"; flags:"411908"; origin:"10.0.0.1"]',
      problems: ['bad_structured_data'],
    },
  },
  {
    name: 'Juniper SRX: structured',
    raw: '<14>1 2026-11-21T18:00:00.123+01:00 srx1 RT_FLOW - RT_FLOW_SESSION_CREATE [junos@2636.1.1.1.2.40 source-address="10.0.0.1" source-port="1024"]',
    expected: {
      priority: 14,
      version: 1,
      timestamp: '2026-11-21T18:00:00.123+01:00',
      hostname: 'srx1',
      appName: 'RT_FLOW',
      msgId: 'RT_FLOW_SESSION_CREATE',
      structuredData: { 'junos@2636.1.1.1.2.40': { 'source-address': '10.0.0.1', 'source-port': '1024' } },
      message: '',
    },
  },
  {
    name: 'Juniper SRX: standard',
    raw: '<14>Nov 21 2026 18:00:00.123 srx1 RT_FLOW: RT_FLOW_SESSION_CREATE: session created 10.0.0.1/1024->192.0.2.1/443',
    expected: {
      priority: 14,
      timestamp: '2026-11-21T18:00:00.123Z',
      hostname: 'srx1',
      appName: 'RT_FLOW',
      message: 'RT_FLOW_SESSION_CREATE: session created 10.0.0.1/1024->192.0.2.1/443',
    },
  },
  {
    name: 'pfSense: no hostname',
    raw: '<134>Nov 21 18:00:00 filterlog[1234]: 5,,,1000000103,em0,match,block,in,4,0x0,,64,0,0,DF,6,tcp,60',
    expected: {
      priority: 134,
      timestamp: '2026-11-21T18:00:00Z',
      appName: 'filterlog',
      procId: '1234',
      message: '5,,,1000000103,em0,match,block,in,4,0x0,,64,0,0,DF,6,tcp,60',
    },
  },
  {
    name: 'OPNsense: RFC 5424',
    raw: '<134>1 2026-11-21T18:00:00+01:00 fw.example.com filterlog 1234 - [meta sequenceId="7"] 5,,,1000',
    expected: {
      priority: 134,
      version: 1,
      timestamp: '2026-11-21T18:00:00+01:00',
      hostname: 'fw.example.com',
      appName: 'filterlog',
      procId: '1234',
      structuredData: { meta: { sequenceId: '7' } },
      message: '5,,,1000',
    },
  },
]
