import { listens } from './listening.ts'
import type { ConfigPath, Report } from './problems.ts'
import type { Config, ListeningSourceConfig, S3SourceConfig } from './schema.ts'
import { checkTlsPair } from './tls-pair.ts'

/** What is wrong with a source although each of its values is right, and with two that meet. */
export function checkSources(config: Config, report: Report): void {
  for (const [name, { source }] of Object.entries(config.pipelines)) {
    const path = ['pipelines', name, 'source']
    if (!listens(source)) checkS3(source, path, report)
    else {
      checkProxies(source, path, report)
      if (source.tls !== undefined) checkTlsPair(source.tls, [...path, 'tls'], report)
    }
  }
  checkSharedBuckets(config, report)
}

/** Who believes everybody's header lets everybody choose the address that the SIEM sees. */
function checkProxies({ proxy_protocol, trusted_proxies }: ListeningSourceConfig, path: ConfigPath, report: Report): void {
  if (proxy_protocol !== 'off' && trusted_proxies === undefined) {
    const hint = 'add "trusted_proxies: [10.0.0.0/24]" with the addresses from which your load balancers connect'
    report('error', [...path, 'proxy_protocol'], 'needs trusted_proxies: PROXY headers are believed from nobody else', hint)
  } else if (proxy_protocol === 'off' && trusted_proxies !== undefined) {
    report(
      'warning',
      [...path, 'trusted_proxies'],
      'has no effect while proxy_protocol is off',
      'write "proxy_protocol: required" beside it',
    )
  }
  const everybody = trusted_proxies?.findIndex((network) => network.endsWith('/0')) ?? -1
  if (everybody >= 0) {
    const hint = 'name the networks of your load balancers alone'
    report('warning', [...path, 'trusted_proxies', everybody], 'anybody can then say which client a message is from', hint)
  }
}

function checkS3(source: S3SourceConfig, path: ConfigPath, report: Report): void {
  const { retry, profile, credentials, endpoint, queue_url, interval } = source
  if (retry.max < retry.initial) report('error', [...path, 'retry', 'max'], 'must not be less than retry.initial')
  if (profile !== undefined && credentials !== undefined) {
    report('error', [...path, 'profile'], 'stands beside credentials, and only one of them can be used', 'remove one of them')
  }
  if (endpoint !== undefined && endpoint.path !== '') {
    report('error', [...path, 'endpoint'], 'must not have a path', 'the bucket has a key of its own')
  }
  if (queue_url !== undefined && interval !== defaultIntervalMs) {
    report('warning', [...path, 'interval'], 'has no effect with queue_url: notifications are waited for', 'remove it')
  }
  checkClaims(source, path, report)
}

/** What begins as claims do is never read as a log. */
function checkClaims({ bucket, prefix, claims }: S3SourceConfig, path: ConfigPath, report: Report): void {
  if (claims === undefined || (claims.bucket ?? bucket) !== bucket || !prefix.startsWith(claims.prefix)) return
  const message = `begins all that the source would read (prefix ${prefix}): it would be taken for claims, and nothing of it read`
  report('error', [...path, 'claims', 'prefix'], message, 'give the claims a prefix where no logs are, or leave it out: .logrelay/claims/')
}

const defaultIntervalMs = 60_000

/** Two pipelines that read the same objects send everything twice. */
function checkSharedBuckets(config: Config, report: Report): void {
  const readers: { readonly name: string; readonly source: S3SourceConfig }[] = []
  for (const [name, { source }] of Object.entries(config.pipelines)) {
    if (listens(source)) continue
    const other = readers.find((reader) => meet(reader.source, source))
    if (other !== undefined) {
      const message = `reads objects that pipeline ${other.name} reads as well: each of them would come twice`
      report('warning', ['pipelines', name, 'source', 'bucket'], message, 'give one of them another prefix')
    }
    readers.push({ name, source })
  }
}

function meet(a: S3SourceConfig, b: S3SourceConfig): boolean {
  const sameServer = a.endpoint?.host === b.endpoint?.host && a.endpoint?.port === b.endpoint?.port
  return sameServer && a.bucket === b.bucket && (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix))
}
