import type { SQSClient } from '@aws-sdk/client-sqs'
import { test } from 'tap'
import { SqsQueue } from '../../../src/sources/s3/sqs-queue.ts'

test('how often a message came is asked for by both of its names', async (t) => {
  const asked: object[] = []
  const send = async ({ input }: { input: object }) => {
    asked.push(input)
    return {}
  }
  const queue = new SqsQueue({ send } as unknown as SQSClient, 'https://sqs.example.com/1/q')
  t.same(await queue.receive(64, 30, new AbortController().signal), [])
  t.match(asked, [
    {
      QueueUrl: queue.url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 30,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      AttributeNames: ['All'],
    },
  ])
})
