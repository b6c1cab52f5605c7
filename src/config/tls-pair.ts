import type { ConfigPath, Report } from './problems.ts'
import type { ServerTlsConfig } from './schema.ts'

/** A certificate is of no use without its key, nor a key without its certificate. */
export function checkTlsPair(tls: Pick<ServerTlsConfig, 'cert_file' | 'key_file'>, path: ConfigPath, report: Report): void {
  if ((tls.cert_file === undefined) === (tls.key_file === undefined)) return
  const [given, missing] = tls.cert_file === undefined ? ['key_file', 'cert_file'] : ['cert_file', 'key_file']
  report('error', [...path, given], `needs ${missing} beside it`, `add "${missing}:", or remove ${given}`)
}
