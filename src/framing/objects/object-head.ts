import { isVpcFlowHeader } from '../../syslog/aws/vpc-flow-columns.ts'
import type { ObjectFormat } from './record-splitter.ts'
import type { KnownFormat } from './splitter-state.ts'
import { topLevelKeys } from './top-level-keys.ts'
import { unreadableKind } from './unreadable-kinds.ts'

/** How much of an object's beginning decides what it is. A header line is looked for in these bytes. */
export const headBytes = 8192
/** All fields there are take a quarter of it. */
const maxHeaderBytes = headBytes / 2
/** `auto` takes a first line with so many names of fields for a header: one or two may be words of any text. */
const namesThatTell = 3

/** What the beginning of an object says. */
export interface ObjectHead {
  readonly format: KnownFormat
  /** Bytes before the content: a byte order mark, a header line. */
  readonly skip: number
  /** One, where the header line is among the bytes that are skipped. */
  readonly headers: number
  readonly header: string | undefined
  readonly failure: string | undefined
}

const byteOrderMark = Buffer.from('\ufeff')

/** What `auto` takes for a document with records: CloudTrail writes it so, and nothing else before it. */
const recordsDocument = /^\s*\{\s*"Records"\s*:\s*\[/
/** W3C extended log format, as CloudFront writes it. */
const cloudfrontComment = /^#(?:Version|Fields):/
const cloudfrontFields = /^(?:#[^\n]*\n)*?#Fields:([^\r\n]*)/

/** Members that every CloudTrail event has some of, and no document of events (CloudTrail record contents). */
const eventKeys: ReadonlySet<string> = new Set(['eventVersion', 'eventID', 'eventTime', 'eventName', 'eventSource', 'eventData'])

/**
 * Decides by the first `headBytes` of an object, or by all of it where it is shorter.
 *
 * The header line of VPC flow logs and the `#Fields` of CloudFront name the fields; they are kept, since the messages cannot be
 * told apart without them where the fields are not the default ones.
 */
export function readHead(wanted: ObjectFormat, head: Buffer): ObjectHead {
  const failure = unreadableKind(head)
  const skip = byteOrderMark.equals(head.subarray(0, byteOrderMark.length)) ? byteOrderMark.length : 0
  const text = head.toString('latin1', skip)
  const format = formatOf(wanted, text)
  const found: ObjectHead = { format, skip, headers: 0, header: undefined, failure }
  if (format === 'cloudfront') return { ...found, header: cloudfrontFields.exec(text)?.[1]?.trim() }
  const header = format === 'vpc_flow' ? vpcFlowHeader(text, 1) : undefined
  if (header === undefined) return found
  // The last line of an object needs no line feed.
  return { ...found, headers: 1, header: header.trimEnd(), skip: Math.min(head.length, skip + header.length + 1) }
}

/** The first line, if it names fields, `least` of which are known; a carriage return at its end is left. */
function vpcFlowHeader(text: string, least: number): string | undefined {
  const end = text.indexOf('\n')
  const line = end === -1 ? text : text.slice(0, end)
  return line.length <= maxHeaderBytes && isVpcFlowHeader(line.trimEnd(), least) ? line : undefined
}

function formatOf(wanted: ObjectFormat, text: string): KnownFormat {
  if (wanted === 'cloudtrail') return isJsonLines(text) ? 'lines' : 'cloudtrail'
  if (wanted !== 'auto') return wanted
  if (recordsDocument.test(text) || isDigest(text)) return 'cloudtrail'
  if (cloudfrontComment.test(text)) return 'cloudfront'
  return vpcFlowHeader(text, namesThatTell) === undefined ? 'lines' : 'vpc_flow'
}

/** One event a line, as CloudTrail Lake and others export them. */
function isJsonLines(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false
  const { keys, another } = topLevelKeys(text)
  return !keys.has('Records') && (another || [...keys].some((key) => eventKeys.has(key)))
}

/** CloudTrail's digest files lie in the same bucket as its logs: they sign the logs and hold no events. */
function isDigest(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false
  const { keys } = topLevelKeys(text)
  return keys.has('digestS3Bucket') && keys.has('digestEndTime')
}
