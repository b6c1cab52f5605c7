/** What lies in buckets: how a message of it looks, and how messages become an object. */
export interface BucketFormat {
  readonly name: string
  /** One line. `mark` names it; `text` is free of quotes, spaces and control characters, and makes it as long as one likes. */
  readonly message: (mark: string, text: string) => string
  readonly object: (messages: readonly string[]) => string
}

const lines = (messages: readonly string[]) => messages.map((message) => `${message}\n`).join('')
const below = (head: string) => (messages: readonly string[]) => head + lines(messages)
const time = '2026-11-21T12:34:56.789012Z'

const vpcFields =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status pkt-srcaddr'
const cloudfrontFields = 'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent)'

/** Plain text as hosts log it, without a line feed at the end. */
const text: BucketFormat = {
  name: 'text',
  message: (mark, filler) => `<134>1 ${time} host app 4711 - - ${mark} Grüße, 日本語 \\ "quoted" % ${filler}`,
  object: (messages) => messages.join('\n'),
}

const jsonLines: BucketFormat = {
  name: 'json',
  message: (mark, filler) =>
    JSON.stringify({ time, id: mark, level: 'info', nested: { list: [1, 2.5, null], text: 'a "b" \\ ü' }, filler }),
  object: lines,
}

/** With what upsets scanners of JSON: braces and brackets in strings, escapes before quotes. */
const cloudtrail: BucketFormat = {
  name: 'cloudtrail',
  message: (mark, filler) =>
    JSON.stringify({
      eventVersion: '1.11',
      userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::123456789012:assumed-role/role/session', accountId: '123456789012' },
      eventTime: '2026-11-21T12:34:56Z',
      eventSource: 's3.amazonaws.com',
      eventName: 'GetObject',
      awsRegion: 'eu-central-1',
      userAgent: `[${mark}]`,
      requestParameters: { bucketName: 'example', key: `}]{[ "Records":[ \\" ${filler} \\` },
      additionalEventData: { list: [[], {}, [{ a: [] }]] },
    }),
  object: (messages) => `{"Records": [${messages.join(',\n ')}]}\n`,
}

const vpcFlow: BucketFormat = {
  name: 'vpc-flow',
  message: (mark, filler) =>
    `2 123456789012 eni-${mark} 10.0.0.1 10.0.0.2 443 49152 6 10 840 1795264496 1795264556 ACCEPT OK ${filler || '-'}`,
  object: below(`${vpcFields}\n`),
}

const alb: BucketFormat = {
  name: 'alb',
  message: (mark, filler) =>
    `https ${time} app/lb/50dc6c495c0c9188 192.0.2.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/${mark}?q=${filler} HTTP/1.1" "curl/8.5.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/t/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "-" 1 ${time} "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"`,
  object: lines,
}

const nlb: BucketFormat = {
  name: 'nlb',
  message: (mark, filler) =>
    `tls 2.0 2026-11-21T12:34:56 net/lb/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.154:51341 172.100.100.185:443 5 2 98 246 - arn:aws:acm:eu-central-1:123456789012:certificate/2a108f19 - ECDHE-RSA-AES128-SHA tlsv12 - ${mark}.example.com h2 h2 "h2","http/1.1" 2026-11-21T12:34:51 ${filler || '-'}`,
  object: lines,
}

const cloudfront: BucketFormat = {
  name: 'cloudfront',
  message: (mark, filler) =>
    `2026-11-21\t12:34:56\tFRA56-P1\t3914\t192.0.2.10\tGET\td111.cloudfront.net\t/${mark}\t200\t-\t${filler || '-'}`,
  object: below(`#Version: 1.0\n#Fields: ${cloudfrontFields}\n`),
}

const s3Access: BucketFormat = {
  name: 's3-access',
  message: (mark, filler) =>
    `79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be example [21/Nov/2026:12:34:56 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.OBJECT ${mark} "GET /example/${filler} HTTP/1.1" 200 - 113 113 7 6 "-" "aws-cli/2" - - SigV4 - AuthHeader s3.amazonaws.com TLSv1.3 - -`,
  object: lines,
}

const waf: BucketFormat = {
  name: 'waf',
  message: (mark, filler) =>
    JSON.stringify({
      timestamp: 1795264496000,
      formatVersion: 1,
      webaclId: 'arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/example/1',
      action: 'ALLOW',
      httpSourceName: 'ALB',
      httpRequest: { clientIp: '192.0.2.3', uri: `/${mark}`, args: filler, headers: [{ name: 'Host', value: 'www.example.com' }] },
    }),
  object: lines,
}

export const bucketFormats: readonly BucketFormat[] = [text, jsonLines, cloudtrail, vpcFlow, alb, nlb, cloudfront, s3Access, waf]
export { cloudtrail as cloudtrailFormat, text as textFormat }
