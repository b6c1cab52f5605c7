import { cloudfrontRecord } from './cloudfront.ts'
import { cloudtrailRecord } from './cloudtrail.ts'
import { elbRecord } from './elb.ts'
import { s3AccessRecord } from './s3-access.ts'
import type { AwsRecord } from './values.ts'
import { vpcFlowRecord } from './vpc-flow.ts'
import { wafRecord } from './waf.ts'

export type { AwsRecord } from './values.ts'

type Reader = (text: string, header?: string) => AwsRecord | undefined

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['aws-cloudtrail', cloudtrailRecord],
  ['aws-vpc-flow', vpcFlowRecord],
  ['aws-elb', elbRecord],
  ['aws-cloudfront', cloudfrontRecord],
  ['aws-s3-access', s3AccessRecord],
  ['aws-waf', wafRecord],
])

/**
 * Reads a record of an AWS service into fields of the Elastic Common Schema and of Elastic's AWS integration (`aws.cloudtrail`,
 * `aws.vpcflow` and so on), nested, without those that the record does not have. Undefined when the device is none of AWS's or the
 * text is no such record; never throws.
 *
 * `header`: the line that names the fields, of the object that the text is from (`RecordSplitter.header`). Records of VPC flow logs
 * and CloudFront that are not in the default format cannot be read without it.
 */
export function awsFields(device: string, text: string, header?: string): AwsRecord | undefined {
  return readers.get(device)?.(text, header)
}
