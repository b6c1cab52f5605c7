import type { Message } from '../batch/messages.ts'
import { addJsonBody, type JsonBodyOptions } from './add-json-body.ts'
import { awsFields } from './aws/aws-fields.ts'
import { ipOf, toEcs } from './ecs.ts'
import { type Fields, mergeInto } from './merge-into.ts'
import { parseMessage } from './parse-message.ts'

/** ECS `data_stream`: the parts of the name of the data stream that documents go to. */
export interface DataStream {
  readonly type: string
  readonly dataset: string
  readonly namespace: string
}

export interface DocumentOptions extends JsonBodyOptions {
  /** Of the message's source. */
  readonly device: string
  readonly timezone: string
  /** The whole message as received in `event.original`. */
  readonly eventOriginal: boolean
  readonly labels: Readonly<Record<string, string>>
  /** What the device is, where the type says it. */
  readonly observer?: { readonly vendor: string; readonly product: string; readonly type: string } | undefined
  readonly dataStream?: DataStream | undefined
}

/** The version of the Elastic Common Schema whose fields are used. */
const ecsVersion = '8.17.0'

/** Makes documents of the Elastic Common Schema, as a store of logs wants them: each says what it is and where it belongs. Never throws. */
export function createDocument(options: DocumentOptions): (message: Message) => Fields {
  const { device, timezone, eventOriginal, dataStream, observer, labels, jsonBody } = options
  const dataset = dataStream?.dataset ?? device
  const constant = { ecs: { version: ecsVersion }, agent: { type: 'logrelay' }, ...(dataStream && { data_stream: { ...dataStream } }) }
  const hasLabels = Object.keys(labels).length > 0
  return (message) => {
    const { bytes, origin, receivedAtMs } = message
    const parse = { device, timezone, receivedAtMs }
    const parsed = parseMessage(bytes, parse)
    // The cookie before a CEE body looks like a tag where there is none before it.
    if (parsed.appName === '@cee') parsed.appName = undefined
    const document = toEcs(parsed, bytes, message, eventOriginal)
    Object.assign(document.event as Fields, { module: device, dataset })
    Object.assign(document, constant)
    if (hasLabels) document.labels = document.labels === undefined ? labels : { ...labels, ...document.labels }
    const { hostname } = parsed
    if (observer !== undefined) {
      // Nobody sent what came from a bucket.
      document.observer = { ...observer, hostname, ip: origin.object === undefined ? ipOf(origin.peer) : undefined }
    } else if (hostname !== undefined) {
      document.host = { name: hostname }
    }
    const aws = awsFields(device, parsed.message, origin.object?.header)
    if (aws !== undefined) {
      mergeInto(document, aws.fields)
      if (aws.timestamp !== undefined) document['@timestamp'] = aws.timestamp
    }
    if (jsonBody !== 'off') addJsonBody(document, options, parse)
    return document
  }
}
