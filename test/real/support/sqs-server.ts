import { fileURLToPath } from 'node:url'
import { S3Client } from '@aws-sdk/client-s3'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs'
import { freePort } from './free-port.ts'
import { Program, runProgram } from './program.ts'
import type { Room } from './room.ts'
import { untilOpen } from './until-open.ts'

const installer = fileURLToPath(new URL('../servers/sqs/install.sh', import.meta.url))

export interface SqsQueue {
  readonly url: string
  readonly arn: string
}

/**
 * A real SQS server on 127.0.0.1: moto's. It keeps everything in memory, so that a new life begins without queues, and it
 * asks for credentials but takes any. It speaks S3 at the same endpoint, whose buckets can notify its queues.
 */
export class SqsServer {
  readonly port: number
  readonly endpoint: string
  readonly region = 'us-east-1'
  readonly accessKeyId = 'logrelay'
  readonly secretAccessKey = 'logrelay-secret'
  readonly #room: Room
  #program: Program | undefined

  private constructor(room: Room, port: number) {
    this.#room = room
    this.port = port
    this.endpoint = `http://127.0.0.1:${port}`
  }

  /** Starts a server without queues and waits until it answers; the room stops it at its end. */
  static async start(room: Room): Promise<SqsServer> {
    const server = new SqsServer(room, await freePort())
    await server.restart()
    return server
  }

  /** A new life on the same port. Queues, messages and buckets are gone. */
  async restart(): Promise<void> {
    const args = ['-H', '127.0.0.1', '-p', String(this.port)]
    this.#program = await Program.start(this.#room, await executable(), args)
    await untilOpen(this.#program, this.port)
  }

  /** SIGKILL: connections are cut where they are. */
  async kill(): Promise<void> {
    await this.#program?.stop('SIGKILL')
  }

  /** SIGSTOP makes a server that takes connections and answers nothing, until SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal)
  }

  client(config: SQSClientConfig = {}): SQSClient {
    const client = new SQSClient({ ...this.#config(), ...config })
    this.#room.closing(() => client.destroy())
    return client
  }

  /** A client for moto's S3, which is not the server that a scenario about S3 should use. */
  s3Client(): S3Client {
    const client = new S3Client({ ...this.#config(), forcePathStyle: true })
    this.#room.closing(() => client.destroy())
    return client
  }

  /** Creates a queue; `attributes` such as `{ VisibilityTimeout: '2' }` (seconds). */
  async createQueue(name: string, attributes: Partial<Record<QueueAttributeName, string>> = {}): Promise<SqsQueue> {
    const client = this.client()
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))
    if (QueueUrl === undefined || Attributes?.QueueArn === undefined) throw new Error(`the SQS server did not tell the address of ${name}`)
    return { url: QueueUrl, arn: Attributes.QueueArn }
  }

  #config() {
    const { endpoint, region, accessKeyId, secretAccessKey } = this
    return { endpoint, region, credentials: { accessKeyId, secretAccessKey } }
  }
}

/** LOGRELAY_SQS_SERVER, or what the installer put into the cache (or puts there now). */
async function executable(): Promise<string> {
  return process.env.LOGRELAY_SQS_SERVER ?? (await runProgram('bash', [installer])).stdout.toString().trim()
}
