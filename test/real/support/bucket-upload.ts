import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { BucketBook, MessageShape } from './bucket-book.ts'
import type { BucketFormat } from './bucket-formats.ts'
import type { BucketPacking } from './bucket-packings.ts'

/** Requests at a time. */
const lanes = 8

export interface ObjectPlan extends MessageShape {
  readonly key: string
  readonly format: BucketFormat
  readonly packing: BucketPacking
  /** What becomes of the stored bytes: damage. */
  readonly damage?: (stored: Buffer) => Buffer
}

/** Puts objects into a bucket and their messages into the book. Objects are made as they are put: few are held at a time. */
export class BucketUpload {
  readonly #client: S3Client
  readonly #book: BucketBook
  readonly bucket: string
  #bytes = 0

  constructor(client: S3Client, bucket: string, book: BucketBook) {
    this.#client = client
    this.bucket = bucket
    this.#book = book
  }

  /** Stored bytes of all that was put. */
  get bytes(): number {
    return this.#bytes
  }

  async createBucket(): Promise<void> {
    await this.#client.send(new CreateBucketCommand({ Bucket: this.bucket }))
  }

  /** Answers its messages. */
  async put(plan: ObjectPlan): Promise<string[]> {
    const { format, packing, damage = (stored: Buffer) => stored } = plan
    const key = plan.key + packing.ending
    const messages = this.#book.write(key, format, plan)
    await this.putBytes(key, damage(packing.pack(Buffer.from(format.object(messages)))))
    return messages
  }

  async putBytes(key: string, bytes: Buffer): Promise<void> {
    this.#bytes += bytes.length
    await this.#client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: bytes }))
  }

  async putAll(plans: Iterable<ObjectPlan>): Promise<void> {
    const left = plans[Symbol.iterator]()
    const lane = async () => {
      for (let next = left.next(); next.done !== true; next = left.next()) await this.put(next.value)
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }
}
