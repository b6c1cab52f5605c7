import type { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type LifecycleRule,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { RelayError } from '../../core/errors.ts'
import { urlDecoded } from '../../protocols/s3/notifications.ts'
import { bareEtag } from '../../protocols/s3/object-id.ts'
import type { ObjectRef } from '../../protocols/s3/object-progress.ts'
import { serverDateMs } from './s3-clients.ts'

/** Time for a server's answer to begin. */
const answerMs = 60_000
/** Claims and what else is read as a whole is smaller. */
const maxSmallBytes = 65_536

export const somethingElseHint = 'look at `endpoint` and `path_style`: something else than an S3 server answers, or a proxy in front of it'

export interface ListingPage {
  readonly objects: readonly ObjectRef[]
  /** Where the next page begins; absent with the last. */
  readonly next?: string
  /** By the server's clock. */
  readonly dateMs?: number
}

export interface OpenedBody {
  readonly body: Readable
  /** Bytes that are to come. */
  readonly length: number
  /** The server sends from the byte that was asked for; otherwise from the first. */
  readonly partial: boolean
}

export interface SmallObject {
  readonly etag: string
  readonly text: string
}

/** `absent`: nothing may be there. Otherwise what is there must have this entity tag. */
export type PutCondition = 'absent' | { readonly etag: string }

/** The requests of one bucket that this source makes. Rejects with the SDK's errors: s3-failures.ts says what they mean. */
export class Bucket {
  readonly name: string
  readonly #client: S3Client

  constructor(client: S3Client, name: string) {
    this.#client = client
    this.name = name
  }

  async list(prefix: string, next: string | undefined, signal: AbortSignal): Promise<ListingPage> {
    // URL encoding, for XML cannot hold every character of a key.
    const command = new ListObjectsV2Command({ Bucket: this.name, Prefix: prefix, EncodingType: 'url', ContinuationToken: next })
    const answer = await timely(signal, (options) => this.#client.send(command, options))
    // What is no listing (a page of a proxy, in HTML) parses as one without anything in it.
    if (answer.Name === undefined || (answer.IsTruncated === true && answer.NextContinuationToken === undefined)) {
      throw somethingElse('the answer is not a listing of a bucket')
    }
    const decode = answer.EncodingType === 'url' ? urlDecoded : (key: string) => key
    const objects = (answer.Contents ?? []).flatMap(({ Key, ETag, Size, LastModified }): ObjectRef[] => {
      const key = Key === undefined ? undefined : decode(Key)
      if (key === undefined || ETag === undefined) return []
      return [{ bucket: this.name, key, etag: bareEtag(ETag), size: Size ?? 0, modifiedS: secondsOf(LastModified) }]
    })
    const dateMs = serverDateMs(answer)
    return {
      objects,
      ...(answer.IsTruncated === true && { next: answer.NextContinuationToken as string }),
      ...(dateMs !== undefined && { dateMs }),
    }
  }

  /** An object as it is now. */
  async head(key: string, etag: string | undefined, signal: AbortSignal): Promise<ObjectRef> {
    const command = new HeadObjectCommand({ Bucket: this.name, Key: key, ...ifMatch(etag) })
    const answer = await timely(signal, (options) => this.#client.send(command, options))
    const { ETag, ContentLength = 0, LastModified } = answer
    return { bucket: this.name, key, etag: bareEtag(tagOf(ETag)), size: ContentLength, modifiedS: secondsOf(LastModified) }
  }

  /** The bytes of exactly this object, from an offset on. Whoever gets the stream destroys it. */
  async open({ key, etag }: ObjectRef, from: number, signal: AbortSignal): Promise<OpenedBody> {
    const range = from > 0 ? { Range: `bytes=${from}-` } : {}
    const command = new GetObjectCommand({ Bucket: this.name, Key: key, ...ifMatch(etag), ...range })
    const answer = await timely(signal, (options) => this.#client.send(command, options))
    const body = answer.Body as Readable
    try {
      const found = bareEtag(tagOf(answer.ETag))
      // A server that takes no notice of If-Match gives what is there by now.
      if (etag !== '' && found !== etag) throw new RelayError('OBJECT_UNREADABLE', 'was overwritten before it was read')
    } catch (error) {
      body.destroy()
      throw error
    }
    const partial = answer.ContentRange?.startsWith(`bytes ${from}-`) ?? false
    return { body, length: answer.ContentLength ?? 0, partial }
  }

  /** Undefined where there is none. */
  async read(key: string, signal: AbortSignal): Promise<SmallObject | undefined> {
    const command = new GetObjectCommand({ Bucket: this.name, Key: key })
    try {
      return await timely(signal, async (options) => {
        const answer = await this.#client.send(command, options)
        const text = await textOf(answer.Body as Readable)
        return { etag: tagOf(answer.ETag), text }
      })
    } catch (error) {
      if (statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket') return undefined
      throw error
    }
  }

  /** Answers the new entity tag, or undefined where the condition does not hold. */
  async put(key: string, text: string, condition: PutCondition, signal: AbortSignal): Promise<string | undefined> {
    const only = condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag }
    try {
      const command = new PutObjectCommand({ Bucket: this.name, Key: key, Body: text, ContentType: 'application/json', ...only })
      const { ETag } = await timely(signal, (options) => this.#client.send(command, options))
      return tagOf(ETag)
    } catch (error) {
      const status = statusOf(error)
      // 409: another conditional write was under way. 404: what was to be replaced is gone.
      if (status === 412 || status === 409 || (status === 404 && condition !== 'absent' && nameOf(error) !== 'NoSuchBucket'))
        return undefined
      throw error
    }
  }

  async delete(key: string, signal: AbortSignal): Promise<void> {
    await timely(signal, (options) => this.#client.send(new DeleteObjectCommand({ Bucket: this.name, Key: key }), options))
  }

  /** None where the bucket has no such configuration. */
  async lifecycleRules(signal: AbortSignal): Promise<readonly LifecycleRule[]> {
    try {
      const command = new GetBucketLifecycleConfigurationCommand({ Bucket: this.name })
      return (await timely(signal, (options) => this.#client.send(command, options))).Rules ?? []
    } catch (error) {
      if (nameOf(error) === 'NoSuchLifecycleConfiguration') return []
      throw error
    }
  }
}

/** Makes a request, which is aborted with the signal or when it takes too long. A body that is read later may take as long as it likes. */
export async function timely<T>(signal: AbortSignal, request: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), answerMs)
  try {
    return await request({ abortSignal: AbortSignal.any([signal, late.signal]) })
  } catch (error) {
    if (!late.signal.aborted || signal.aborted) throw error
    throw new RelayError('SOURCE_UNREACHABLE', `no answer came within ${answerMs / 1000} s`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maxSmallBytes) break
  }
  return Buffer.concat(chunks).toString()
}

/** What has none is no answer of an S3 server: a proxy's login page has status 200 as well. */
function tagOf(etag: string | undefined): string {
  if (etag === undefined || etag === '') throw somethingElse('the answer has no entity tag')
  return etag
}

function somethingElse(what: string): RelayError {
  return new RelayError('SOURCE_UNREACHABLE', what, { hint: somethingElseHint })
}

function ifMatch(etag: string | undefined): { IfMatch?: string } {
  return etag === undefined || etag === '' ? {} : { IfMatch: `"${etag}"` }
}

function secondsOf(date: Date | undefined): number {
  return date === undefined ? 0 : Math.floor(date.getTime() / 1000)
}

export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
