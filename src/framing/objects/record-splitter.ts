import type { Framer, FramingCounts } from '../../core/framing.ts'

/** What is in an object, as in the configuration. */
export type ObjectFormat = 'auto' | 'lines' | 'cloudtrail' | 'vpc_flow' | 'alb' | 'nlb' | 'cloudfront' | 's3_access' | 'waf'

/** Where to go on in an object after a break. */
export interface ResumePoint {
  /** Bytes of the object once it is decompressed. */
  readonly offset: number
  /** Messages that came before it. */
  readonly messages: number
  /** What the splitter has to know beside it (a format that `auto` found, whether it stands inside an array); JSON, some hundred bytes. */
  readonly state?: string
}

export interface SplitterCounts extends FramingCounts {
  /** Header and comment lines, and JSON documents without records, which are no messages. */
  headers: number
}

/**
 * Turns the decompressed bytes of an object into messages. The same bytes give the same messages however they are chunked, and
 * whether they are read in one go or resumed.
 */
export interface RecordSplitter extends Framer {
  /**
   * Behind the last message that was written, and what follows it that is done with (blank lines, headers, messages that were refused):
   * a new splitter that begins there, with the bytes from there, goes on as this one would.
   */
  readonly resume: ResumePoint
  /** What the object is that cannot be read, as in `is a Parquet file, which is not read`: no more messages come of it. */
  readonly failure: string | undefined
  /**
   * The line that names the object's fields, where it begins with one (VPC flow logs, CloudFront): what `awsFields` needs where they
   * are not the default ones. Known before the first message is written.
   */
  readonly header: string | undefined
}
