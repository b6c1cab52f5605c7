/** ECS `observer` of a device type. */
export interface Observer {
  readonly vendor: string
  readonly product: string
  /** `firewall`, `proxy`, `ids`, ... as ECS names them. */
  readonly type: string
}

/** A kind of sender: its default port and what parsing may expect of it. */
export interface DeviceType {
  readonly name: string
  /** One per type, all in 10400-10499; nginx = 10435 is part of the contract. */
  readonly port: number
  readonly sends: string
  /** ECS `observer`: what the device is. Left out where the sender is a program or any of many devices. */
  readonly observer?: Observer
  /** Devices that may stop passing traffic when their TCP log server refuses connections. */
  readonly stopsWhenRefused?: boolean
}

/** `logrelay types` prints this table. A port once published is never given to another type. */
export const deviceTypes: readonly DeviceType[] = [
  { name: 'text', port: 10400, sends: 'Lines of any kind, without a syslog header: JSON lines, application logs' },
  { name: 'generic-rfc5424', port: 10401, sends: 'RFC 5424 messages from any sender' },
  { name: 'generic-rfc3164', port: 10402, sends: 'BSD syslog (RFC 3164) from any sender' },
  { name: 'linux', port: 10403, sends: 'Linux hosts: rsyslog, syslog-ng, systemd-journald forwarders' },
  { name: 'windows', port: 10404, sends: 'Windows event logs as forwarded by NXLog or Snare' },
  { name: 'vmware-esxi', port: 10405, sends: 'VMware ESXi and vCenter' },
  { name: 'cef', port: 10406, sends: 'ArcSight Common Event Format' },
  { name: 'leef', port: 10407, sends: 'IBM QRadar Log Event Extended Format' },
  {
    name: 'cisco-asa',
    port: 10410,
    sends: 'Cisco ASA and Firepower (%ASA-6-302013)',
    stopsWhenRefused: true,
    observer: { vendor: 'Cisco', product: 'ASA', type: 'firewall' },
  },
  {
    name: 'cisco-ios',
    port: 10411,
    sends: 'Cisco IOS, IOS XE and NX-OS (%SYS-5-CONFIG_I)',
    stopsWhenRefused: true,
    observer: { vendor: 'Cisco', product: 'IOS', type: 'router' },
  },
  {
    name: 'cisco-meraki',
    port: 10412,
    sends: 'Cisco Meraki',
    stopsWhenRefused: true,
    observer: { vendor: 'Cisco', product: 'Meraki', type: 'firewall' },
  },
  {
    name: 'palo-alto',
    port: 10415,
    sends: 'Palo Alto Networks PAN-OS',
    observer: { vendor: 'Palo Alto Networks', product: 'PAN-OS', type: 'firewall' },
  },
  {
    name: 'fortinet',
    port: 10416,
    sends: 'Fortinet FortiGate (FortiOS)',
    observer: { vendor: 'Fortinet', product: 'FortiGate', type: 'firewall' },
  },
  {
    name: 'checkpoint',
    port: 10417,
    sends: 'Check Point Log Exporter',
    observer: { vendor: 'Check Point', product: 'Log Exporter', type: 'firewall' },
  },
  {
    name: 'juniper-srx',
    port: 10418,
    sends: 'Juniper SRX (Junos structured or standard syslog)',
    observer: { vendor: 'Juniper', product: 'SRX', type: 'firewall' },
  },
  { name: 'sonicwall', port: 10419, sends: 'SonicWall SonicOS', observer: { vendor: 'SonicWall', product: 'SonicOS', type: 'firewall' } },
  {
    name: 'pfsense',
    port: 10420,
    sends: 'pfSense and OPNsense filterlog',
    observer: { vendor: 'Netgate', product: 'pfSense', type: 'firewall' },
  },
  { name: 'f5-bigip', port: 10425, sends: 'F5 BIG-IP', observer: { vendor: 'F5', product: 'BIG-IP', type: 'load balancer' } },
  {
    name: 'imperva',
    port: 10426,
    sends: 'Imperva SecureSphere and WAF Gateway',
    observer: { vendor: 'Imperva', product: 'SecureSphere', type: 'waf' },
  },
  { name: 'haproxy', port: 10433, sends: 'HAProxy' },
  { name: 'apache', port: 10434, sends: 'Apache HTTP Server through logger or rsyslog' },
  { name: 'nginx', port: 10435, sends: 'NGINX access_log and error_log syslog:' },
  {
    name: 'suricata',
    port: 10440,
    sends: 'Suricata EVE JSON and fast.log',
    observer: { vendor: 'OISF', product: 'Suricata', type: 'ids' },
  },
  { name: 'zeek', port: 10441, sends: 'Zeek logs (JSON or TSV)', observer: { vendor: 'Zeek', product: 'Zeek', type: 'ids' } },
  { name: 'aws-cloudtrail', port: 10450, sends: 'AWS CloudTrail events (from S3)' },
  { name: 'aws-vpc-flow', port: 10451, sends: 'AWS VPC flow logs (from S3)' },
  { name: 'aws-elb', port: 10452, sends: 'AWS load balancers: ALB and NLB access logs (from S3)' },
  { name: 'aws-cloudfront', port: 10453, sends: 'AWS CloudFront access logs (from S3)' },
  { name: 'aws-s3-access', port: 10454, sends: 'AWS S3 server access logs (from S3)' },
  { name: 'aws-waf', port: 10455, sends: 'AWS WAF logs (from S3)' },
]

export function deviceType(name: string): DeviceType | undefined {
  return deviceTypes.find((type) => type.name === name)
}

export function isDeviceType(name: string): boolean {
  return deviceType(name) !== undefined
}
