import type { SyslogMessage } from '../../../src/syslog/message.ts'

/** A message as a device sends it, and every field that it must be read into: what is not named must be absent. */
export interface Sample {
  readonly name: string
  readonly raw: string
  readonly device?: string
  /** Default: UTC. */
  readonly timezone?: string
  readonly expected: Expected
}

type Offsets = 'messageStart' | 'messageEnd' | 'structuredDataStart' | 'structuredDataEnd'
/** facility and severity follow from the priority; problems default to none. */
export type Expected = Partial<Omit<SyslogMessage, Offsets | 'facility' | 'severity'>> & { message: string }

/** When the samples are received: their dates without a year are of 2026. */
export const receivedAtMs = Date.parse('2026-11-21T18:00:05.250Z')
