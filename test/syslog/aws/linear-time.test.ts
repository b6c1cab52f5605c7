import { test } from 'tap'
import { awsFields } from '../../../src/syslog/aws/aws-fields.ts'
import { charactersRead } from '../../support/characters-read.ts'

const heads = {
  'aws-elb': ['https ', 'tls 2.0 '],
  'aws-s3-access': ['owner bucket [', ''],
  'aws-cloudfront': ['2026-11-21\t18:00:00\t'],
  'aws-vpc-flow': ['2 123456789012 eni-1 '],
  'aws-cloudtrail': ['{"eventName":"'],
  'aws-waf': ['{"httpRequest":{"uri":"'],
}
const repeated = ['"', '"a ', ' "', '" "', '[', '[a ', ' ] [', 'a]', 'a ', '\t', '?', '://', '-', '%2C']
const size = 16 * 1024

test('work grows no faster than the record', async (t) => {
  const superlinear: string[] = []
  for (const [device, begins] of Object.entries(heads)) {
    for (const head of begins) {
      for (const unit of repeated) {
        const work = (length: number) => {
          const text = `${head}${unit.repeat(length / unit.length)}x`
          return charactersRead(() => awsFields(device, text))
        }
        const [small, large] = [work(size), work(4 * size)]
        if (large > 4 * small + 2000)
          superlinear.push(`${device} ${JSON.stringify(head)} + ${JSON.stringify(unit)}…: ${small}, then ${large}`)
      }
    }
  }
  t.strictSame(superlinear, [])
})
