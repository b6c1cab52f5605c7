import { type AwsRecord, epochTime, type Fields, integer, ip, pruned, related, word } from './values.ts'
import { defaultVpcFlowColumns } from './vpc-flow-columns.ts'

/** IANA's protocol numbers that occur, by the names that ECS has for them. */
const transports: ReadonlyMap<string, string> = new Map([
  ['1', 'icmp'],
  ['2', 'igmp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['41', 'ipv6'],
  ['47', 'gre'],
  ['50', 'esp'],
  ['51', 'ah'],
  ['58', 'ipv6-icmp'],
  ['89', 'ospf'],
  ['103', 'pim'],
  ['112', 'vrrp'],
  ['132', 'sctp'],
])

/** Columns that ECS has fields for. The others are `aws.vpcflow`, by their names with underscores. */
const ecsColumns: ReadonlySet<string> = new Set(
  ['srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'packets', 'bytes', 'start', 'end'].concat('region', 'az-id', 'flow-direction'),
)
/** Those that Elastic's integration names otherwise. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['pkt-src-aws-service', 'pkt_src_service'],
  ['pkt-dst-aws-service', 'pkt_dst_service'],
])

const statuses: ReadonlySet<string | undefined> = new Set(['OK', 'NODATA', 'SKIPDATA'])

/**
 * A record of VPC flow logs: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 *
 * Which fields there are and in which order is said by the first line of each object, and by nothing in the record. `header` is that
 * line. Without it only the default format is read, version 2 with its 14 fields; of other records nothing is guessed.
 */
export function vpcFlowRecord(text: string, header?: string): AwsRecord | undefined {
  const words = text.trim().split(' ')
  const columns = header === undefined ? defaultVpcFlowColumns : columnsOf(header)
  if (words.length !== columns.length) return undefined
  if (header === undefined && (words[0] !== '2' || !statuses.has(words[13]))) return undefined
  const values: Record<string, string | undefined> = {}
  for (let i = 0; i < columns.length; i++) values[columns[i] as string] = word(words[i])
  const fields = pruned(fieldsOf(values, columns))
  const timestamp = epochTime(values.end) ?? epochTime(values.start)
  return timestamp === undefined ? { fields } : { timestamp, fields }
}

let lastHeader = ''
let lastColumns: readonly string[] = []

/** Records come in runs of one header. */
function columnsOf(header: string): readonly string[] {
  if (header !== lastHeader) {
    lastColumns = header.trim().split(' ')
    lastHeader = header
  }
  return lastColumns
}

function fieldsOf(values: Readonly<Record<string, string | undefined>>, columns: readonly string[]): Fields {
  const source = ip(values.srcaddr)
  const destination = ip(values.dstaddr)
  const bytes = integer(values.bytes)
  const packets = integer(values.packets)
  const action = values.action?.toLowerCase()
  return {
    event: {
      kind: 'event',
      category: ['network'],
      type: typesOf(action),
      action,
      outcome: action === 'accept' ? 'success' : action === 'reject' ? 'failure' : undefined,
      start: epochTime(values.start),
      end: epochTime(values.end),
    },
    source: { address: values.srcaddr, ip: source, port: integer(values.srcport), bytes, packets },
    destination: { address: values.dstaddr, ip: destination, port: integer(values.dstport) },
    network: {
      type: networkType(source ?? destination),
      iana_number: values.protocol,
      transport: transports.get(values.protocol ?? ''),
      direction: values['flow-direction'],
      bytes,
      packets,
    },
    cloud: {
      provider: 'aws',
      account: { id: values['account-id'] },
      instance: { id: values['instance-id'] },
      region: values.region,
      availability_zone: values['az-id'],
    },
    related: { ip: related(source, destination, ip(values['pkt-srcaddr']), ip(values['pkt-dstaddr'])) },
    aws: { vpcflow: vpcflowFields(values, columns) },
  }
}

function vpcflowFields(values: Readonly<Record<string, string | undefined>>, columns: readonly string[]): Fields {
  const fields: Fields = {}
  for (const column of columns) {
    if (column.startsWith('sublocation-')) continue
    if (!ecsColumns.has(column)) fields[renamed.get(column) ?? column.replaceAll('-', '_')] = values[column]
  }
  fields.sublocation = { type: values['sublocation-type'], id: values['sublocation-id'] }
  return fields
}

function typesOf(action: string | undefined): string[] {
  if (action === 'accept') return ['connection', 'allowed']
  return action === 'reject' ? ['connection', 'denied'] : ['connection']
}

function networkType(address: string | undefined): string | undefined {
  if (address === undefined) return undefined
  return address.includes(':') ? 'ipv6' : 'ipv4'
}
