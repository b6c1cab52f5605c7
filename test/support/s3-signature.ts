import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** The error code of S3 for a request that is not signed with one of these secrets, by access key; undefined where it is. */
export function signatureFault({ method, url = '/', headers }: IncomingMessage, secrets: ReadonlyMap<string, string>): string | undefined {
  const { authorization = '' } = headers
  const [, id = '', scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(authorization) ?? []
  const secret = secrets.get(id)
  if (secret === undefined) return authorization === '' ? 'AccessDenied' : 'InvalidAccessKeyId'
  const [path, query = ''] = url.split('?') as [string, string?]
  const canonical = [
    method,
    path,
    query
      .split('&')
      .map((pair) => (pair === '' || pair.includes('=') ? pair : `${pair}=`))
      .sort()
      .join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    headers['x-amz-content-sha256'],
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  const key = scope.split('/').reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secret}`)
  return hmac(key, text).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch'
}

/** Milliseconds by which the clock of whoever signed the request is ahead. */
export function clockOffsetMs({ headers }: IncomingMessage, nowMs: number): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date'])) ?? []
  const [year = 0, month = 0, day, hour, minute, second] = parts.map(Number)
  return parts.length === 0 ? 0 : Date.UTC(year, month - 1, day, hour, minute, second) - nowMs
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
