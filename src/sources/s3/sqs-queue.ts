import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { timely } from './bucket.ts'

/** SQS holds an answer back so long while there is no message (its longest). */
const longPollS = 20
/** SQS gives no more messages in one answer. */
const maxReceived = 10

/** The requests of one SQS queue that this source makes. Rejects with the SDK's errors: s3-failures.ts says what they mean. */
export class SqsQueue {
  readonly url: string
  readonly #client: SQSClient

  constructor(client: SQSClient, url: string) {
    this.#client = client
    this.url = url
  }

  /** At most so many messages, which are hidden from others for so many seconds. */
  async receive(messages: number, hiddenS: number, signal: AbortSignal): Promise<readonly Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.url,
      MaxNumberOfMessages: Math.min(maxReceived, messages),
      WaitTimeSeconds: longPollS,
      VisibilityTimeout: hiddenS,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      // Its name before 2024, and all that some other servers know.
      AttributeNames: ['All'],
    })
    const { Messages } = await timely(signal, (options) => this.#client.send(command, options))
    return Messages ?? []
  }

  /** From now on; 0: others may have it at once. */
  async hide({ ReceiptHandle }: Message, seconds: number, signal: AbortSignal): Promise<void> {
    const command = new ChangeMessageVisibilityCommand({ QueueUrl: this.url, ReceiptHandle, VisibilityTimeout: seconds })
    await timely(signal, (options) => this.#client.send(command, options))
  }

  async delete({ ReceiptHandle }: Message, signal: AbortSignal): Promise<void> {
    const command = new DeleteMessageCommand({ QueueUrl: this.url, ReceiptHandle })
    await timely(signal, (options) => this.#client.send(command, options))
  }
}
