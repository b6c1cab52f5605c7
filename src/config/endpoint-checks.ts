import type { ConfigPath, Report } from './problems.ts'
import type { ClientTlsConfig } from './schema.ts'
import { checkTlsPair } from './tls-pair.ts'

/** `path` is that of the sink. */
export function checkClientTls(tls: ClientTlsConfig, path: ConfigPath, report: Report): void {
  checkTlsPair(tls, [...path, 'tls'], report)
  if (tls.verify) return
  const message = 'the server is not verified: anybody on the way can read and take the logs'
  report('warning', [...path, 'tls', 'verify'], message, 'set ca_file to the authority that signed its certificate, and remove "verify"')
}

export function checkTwice(endpoints: readonly string[], path: ConfigPath, report: Report): void {
  for (const [index, endpoint] of endpoints.entries()) {
    if (endpoints.indexOf(endpoint) < index) report('error', [...path, 'endpoints', index], 'the same endpoint twice', 'remove one of them')
  }
}
