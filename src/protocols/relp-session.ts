const LF = 0x0a
const SPACE = 0x20
const ok = Buffer.from('200')

/** What one side says of itself in `open` and in the answer to it (RELP 1, "OFFERS"). */
export interface RelpOffers {
  /** `relp_version`: undefined where the peer does not say. 0 is what librelp speaks and everybody else with it. */
  readonly version: number | undefined
  /** `relp_software`: the name, and often version and URL. */
  readonly software: readonly string[]
  /** `commands`: those beside open, close and rsp. */
  readonly commands: readonly string[]
}

/** What `rsp` says: STATUS SP HUMAN-TEXT [LF DATA]. */
export interface RelpResponse {
  /** 200 is OK, 500 an error; undefined where there is no status. */
  readonly status: number | undefined
  readonly text: string
  /** After the first line: offers, where `open` was answered. */
  readonly rest: string
}

/** As the data of `open`, or what follows the first line of its answer. */
export function formatRelpOffers({ version, software, commands }: RelpOffers): string {
  const offers = [`relp_version=${version ?? 0}`]
  if (software.length > 0) offers.push(`relp_software=${software.join(',')}`)
  offers.push(`commands=${commands.join(',')}`)
  return offers.join('\n')
}

/** Offers that are not known are passed over, as the specification wants it; a later one of a name replaces an earlier. */
export function parseRelpOffers(text: string): RelpOffers {
  const offers = new Map<string, readonly string[]>()
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=')
    if (equals > 0) offers.set(line.slice(0, equals), values(line.slice(equals + 1)))
  }
  const version = offers.get('relp_version')?.[0] ?? ''
  return {
    version: /^\d{1,9}$/.test(version) ? Number(version) : undefined,
    software: offers.get('relp_software') ?? [],
    commands: offers.get('commands') ?? [],
  }
}

function values(list: string): string[] {
  return list
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '')
}

/** The data of a `rsp` frame. */
export function formatRelpResponse(status: number, text: string, rest = ''): string {
  return rest === '' ? `${status} ${text}` : `${status} ${text}\n${rest}`
}

/** Of anything that came: a status that is none is undefined. */
export function parseRelpResponse(data: Buffer): RelpResponse {
  const feed = data.indexOf(LF)
  const line = data.toString('utf8', 0, feed === -1 ? data.length : feed)
  const [, digits, text] = /^(\d{3})(?: (.*))?$/.exec(line) ?? []
  return {
    status: digits === undefined ? undefined : Number(digits),
    text: digits === undefined ? line : (text ?? ''),
    rest: feed === -1 ? '' : data.toString('utf8', feed + 1),
  }
}

/** Whether the data of a `rsp` frame says 200, without making a string of it. */
export function isRelpOk(data: Buffer): boolean {
  for (let i = 0; i < ok.length; i++) if (data[i] !== ok[i]) return false
  return data.length === ok.length || data[ok.length] === SPACE || data[ok.length] === LF
}
