import type { ObjectFormat, ResumePoint } from './record-splitter.ts'

/** A format once it is known. */
export type KnownFormat = Exclude<ObjectFormat, 'auto'>

/**
 * Where in the object's structure a resume point lies, if not between two lines: in the `rest` of a line of which all is written
 * that ever will be, or between the records of a JSON `array`, which may be a `member` of a document.
 */
export type Place = 'rest' | 'array' | 'member'

/** What a resume point says beside its numbers. */
export interface SplitterState {
  readonly format: KnownFormat
  readonly header?: string | undefined
  readonly place?: Place | undefined
}

const formats: readonly string[] = [
  'lines',
  'cloudtrail',
  'vpc_flow',
  'alb',
  'nlb',
  'cloudfront',
  's3_access',
  'waf',
] satisfies KnownFormat[]
const places: readonly unknown[] = [undefined, 'rest', 'array', 'member'] satisfies (Place | undefined)[]

/** Undefined when it is nothing that a splitter wrote: it may come from an object in a bucket. */
export function readState({ state }: ResumePoint): SplitterState | undefined {
  let read: unknown
  try {
    read = JSON.parse(state ?? '')
  } catch {
    return undefined
  }
  if (typeof read !== 'object' || read === null) return undefined
  const { format, header, place } = read as Record<string, unknown>
  if (typeof format !== 'string' || !formats.includes(format) || !places.includes(place)) return undefined
  if (header !== undefined && typeof header !== 'string') return undefined
  return { format: format as KnownFormat, header, place: place as Place | undefined }
}
