/**
 * The default format of VPC flow logs: the fields of version 2, in this order.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 */
export const defaultVpcFlowColumns: readonly string[] = [
  'version',
  'account-id',
  'interface-id',
  'srcaddr',
  'dstaddr',
  'srcport',
  'dstport',
  'protocol',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'log-status',
]

/** Fields of later versions that no other file's first line is likely to have, transit gateways' among them. */
const furtherColumns = [
  'vpc-id',
  'subnet-id',
  'instance-id',
  'tcp-flags',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'az-id',
  'sublocation-type',
  'sublocation-id',
  'pkt-src-aws-service',
  'pkt-dst-aws-service',
  'flow-direction',
  'traffic-path',
  'resource-type',
  'tgw-id',
  'tgw-attachment-id',
]

const known: ReadonlySet<string> = new Set([...defaultVpcFlowColumns, ...furtherColumns])
const name = /^[a-z][a-z0-9-]*$/

/** Whether a line names fields, `least` of them known: in an object of a bucket it is the first line, whatever fields were chosen. */
export function isVpcFlowHeader(line: string, least: number): boolean {
  const names = line.split(' ')
  return names.every((word) => name.test(word)) && names.filter((word) => known.has(word)).length >= least
}
