import { httpVersion } from './http-fields.ts'
import { type AwsRecord, asObject, type Fields, ip, jsonObject, pruned, related, word } from './values.ts'

/** `arn:aws:wafv2:region:account:scope/webacl/name/id` */
const arnParts = /^arn:[^:]*:([^:]*):([^:]*):([^:]*):(.+)$/
/** Milliseconds up to the year 9999. */
const latestMs = 253_402_300_799_999

/**
 * A log entry of AWS WAF: https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
 *
 * Headers are named by whoever sends them, so those that ECS knows are fields and the others stay in the text.
 */
export function wafRecord(text: string): AwsRecord | undefined {
  const entry = jsonObject(text)
  const request = asObject(entry?.httpRequest)
  if (entry === undefined || request === undefined) return undefined
  const source = ip(request.clientIp)
  const [protocol, version] = [word(request.httpVersion)?.split('/')[0]?.toLowerCase(), httpVersion(word(request.httpVersion))]
  const headers = headersOf(request.headers)
  const arn = word(entry.webaclId)
  const [, service, region, account, id] = arnParts.exec(arn ?? '') ?? []
  const fields = pruned({
    event: { kind: 'event', category: ['web', 'network'], type: typesOf(entry.action), action: word(entry.action) },
    source: {
      address: word(request.clientIp),
      ip: source,
      geo: { country_iso_code: word(request.country) },
      as: { number: integerOf(entry.clientAsn) },
    },
    rule: { id: word(entry.terminatingRuleId), ruleset: word(entry.terminatingRuleType) },
    http: {
      version,
      request: { id: word(request.requestId), method: word(request.httpMethod), referrer: headers.get('referer') },
      response: { status_code: integerOf(entry.responseCodeSent) },
    },
    url: {
      scheme: word(request.scheme),
      domain: word(request.host) ?? headers.get('host'),
      path: word(request.uri),
      query: word(request.args),
      fragment: word(request.fragment),
    },
    user_agent: { original: headers.get('user-agent') },
    network: { protocol, transport: protocol === 'http' ? 'tcp' : undefined },
    tls: { client: { ja3: word(entry.ja3Fingerprint) } },
    cloud: { provider: 'aws', region: word(region), account: { id: word(account) }, service: { name: word(service) } },
    related: { ip: related(source) },
    aws: { waf: { arn, id: word(id), ...wafFields(entry) } },
  })
  const timestamp = epochMs(entry.timestamp)
  return timestamp === undefined ? { fields } : { timestamp, fields }
}

function wafFields(entry: Fields): Fields {
  return {
    format_version: typeof entry.formatVersion === 'number' ? String(entry.formatVersion) : undefined,
    source: { id: word(entry.httpSourceId), name: word(entry.httpSourceName) },
    ja4_fingerprint: word(entry.ja4Fingerprint),
    labels: listOf(entry.labels)
      ?.map((label) => word(asObject(label)?.name))
      .filter((name) => name !== undefined),
    request_body_size: integerOf(entry.requestBodySize),
    request_body_size_inspected_by_waf: integerOf(entry.requestBodySizeInspectedByWAF),
    terminating_rule_match_details: listOf(entry.terminatingRuleMatchDetails),
    non_terminating_matching_rules: listOf(entry.nonTerminatingMatchingRules),
    rule_group_list: listOf(entry.ruleGroupList),
    rate_based_rule_list: listOf(entry.rateBasedRuleList),
  }
}

/** Undefined when there is nothing in it. */
function listOf(value: unknown): unknown[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value : undefined
}

/** By their names in lower case. */
function headersOf(value: unknown): Map<string, string | undefined> {
  const headers = new Map<string, string | undefined>()
  for (const header of listOf(value) ?? []) {
    const { name, value: text } = asObject(header) ?? {}
    if (typeof name === 'string') headers.set(name.toLowerCase(), word(text))
  }
  return headers
}

function typesOf(action: unknown): string[] {
  if (action === 'ALLOW') return ['access', 'allowed']
  return action === 'BLOCK' ? ['access', 'denied'] : ['access']
}

function integerOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

/** RFC 3339 of milliseconds since the epoch. */
function epochMs(value: unknown): string | undefined {
  return typeof value === 'number' && value >= 0 && value <= latestMs ? new Date(value).toISOString() : undefined
}
