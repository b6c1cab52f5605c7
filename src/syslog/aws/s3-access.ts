import { requestLine, tlsFields, urlFields } from './http-fields.ts'
import { quotedWords } from './quoted-words.ts'
import { type AwsRecord, integer, ip, pruned, related, timestamp, word } from './values.ts'

/** The first records had so many fields (up to the version id); later ones were added behind. */
const fewestWords = 17
const date = /^(\d{2})\/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const nanosecondsPerMs = 1e6

/** A record of S3 server access logs: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html */
export function s3AccessRecord(text: string): AwsRecord | undefined {
  const words = quotedWords(text.trim(), true)
  const [owner, bucket, written, remote, requester, id, operation, key, request, status, error, sent, size, total, turnAround] = words
  const [referrer, userAgent, version, hostId, signature, cipher, authentication, host, tlsVersion, accessPoint, acl, region] =
    words.slice(15)
  const time = commonLogTime(written)
  if (words.length < fewestWords || time === undefined) return undefined
  const line = requestLine(request)
  const source = { address: word(remote), ip: ip(remote) }
  const bytes = integer(sent)
  const totalMs = integer(total)
  const fields = pruned({
    event: {
      kind: 'event',
      category: ['web'],
      type: ['access'],
      id: word(id),
      action: word(operation),
      code: word(error),
      outcome: word(error) === undefined ? 'success' : 'failure',
      duration: totalMs === undefined ? undefined : totalMs * nanosecondsPerMs,
    },
    source,
    client: { ...source, user: { id: word(requester) } },
    http: {
      version: line.version,
      request: { method: line.method, referrer: word(referrer) },
      response: { status_code: integer(status), body: { bytes } },
    },
    url: urlFields(line.url),
    user_agent: { original: word(userAgent) },
    tls: tlsFields(tlsVersion, cipher),
    cloud: { provider: 'aws', region: /\bs3[.-]([a-z]{2,3}(?:-[a-z]+)+-\d)\./.exec(host ?? '')?.[1] },
    related: { ip: related(source.ip), user: related(word(owner)) },
    aws: {
      s3access: {
        bucket_owner: word(owner),
        bucket: word(bucket),
        remote_ip: source.ip,
        requester: word(requester),
        request_id: word(id),
        operation: word(operation),
        key: word(key),
        request_uri: word(request),
        http_status: integer(status),
        error_code: word(error),
        bytes_sent: bytes,
        object_size: integer(size),
        total_time: totalMs,
        turn_around_time: integer(turnAround),
        referrer: word(referrer),
        user_agent: word(userAgent),
        version_id: word(version),
        host_id: word(hostId),
        signature_version: word(signature),
        cipher_suite: word(cipher),
        authentication_type: word(authentication),
        host_header: word(host),
        tls_version: word(tlsVersion),
        access_point_arn: word(accessPoint),
        aclrequired: word(acl),
        source_region: word(region),
      },
    },
  })
  return { timestamp: time, fields }
}

/** RFC 3339 of `06/Feb/2019:00:00:38 +0000`. */
function commonLogTime(written: string | undefined): string | undefined {
  const [, day, month, year, clock, hours, minutes] = date.exec(written ?? '') ?? []
  if (month === undefined) return undefined
  const offset = hours === '+00' && minutes === '00' ? 'Z' : `${hours}:${minutes}`
  return timestamp(`${year}-${String(months.indexOf(month) + 1).padStart(2, '0')}-${day}T${clock}${offset}`)
}
