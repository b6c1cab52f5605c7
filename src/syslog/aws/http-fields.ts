import { type Fields, integer, word } from './values.ts'

const absolute = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(\[[^\]]*\]|[^/:?#]*)(?::(\d+))?/
const tlsName = /^(tls|ssl)v(\d)\.?(\d)?/i

/** ECS `url` of a URL or of a path with its query. */
export function urlFields(original: string | undefined): Fields | undefined {
  if (original === undefined) return undefined
  const origin = absolute.exec(original)
  const rest = original.slice(origin?.[0].length ?? 0)
  const question = rest.indexOf('?')
  return {
    original,
    scheme: origin?.[1]?.toLowerCase(),
    domain: word(origin?.[2]),
    port: integer(origin?.[3]),
    path: word(question === -1 ? rest : rest.slice(0, question)),
    query: question === -1 ? undefined : word(rest.slice(question + 1)),
  }
}

export interface RequestLine {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly version: string | undefined
}

/** `GET /path HTTP/1.1`. What a client sent as its URL may hold spaces. */
export function requestLine(line: string | undefined): RequestLine {
  const first = line?.indexOf(' ') ?? -1
  if (line === undefined || first === -1) return { method: undefined, url: undefined, version: undefined }
  const last = line.lastIndexOf(' ')
  const version = last > first ? httpVersion(line.slice(last + 1)) : undefined
  const url = line.slice(first + 1, last > first ? last : line.length)
  return { method: word(line.slice(0, first)), url: word(url.trim()), version }
}

/** `2.0` of `HTTP/2.0`. */
export function httpVersion(text: string | undefined): string | undefined {
  return text !== undefined && /^HTTP\/\d/i.test(text) ? text.slice('HTTP/'.length) : undefined
}

/** ECS `tls` of `TLSv1.2`, `tlsv12` or `TLSV1.2`, and a cipher. */
export function tlsFields(protocol: string | undefined, cipher: string | undefined): Fields {
  const [, name, major, minor] = tlsName.exec(protocol ?? '') ?? []
  return {
    cipher: word(cipher),
    version: minor === undefined ? major : `${major}.${minor}`,
    version_protocol: name?.toLowerCase(),
  }
}
