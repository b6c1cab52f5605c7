import { join } from 'node:path'
import { listeningPipelines } from '../../config/listening.ts'
import type { Config } from '../../config/schema.ts'
import { tlsConfigOf } from '../certificates.ts'

/** A file of certificates that the configuration names, once however often it is named. */
export interface CertificateFile {
  readonly file: string
  /** `chain`: what we show, its first certificate ours. `authorities`: what we trust. `self-signed`: made by the relay. */
  readonly kind: 'chain' | 'authorities' | 'self-signed'
  /** `sources`, `sink siem`: who needs it. */
  readonly who: string
  readonly keyFile?: string
}

/** Every certificate that is in use; the top-level section only where a pipeline speaks TLS with it. */
export function certificateFiles(config: Config): CertificateFile[] {
  const found: CertificateFile[] = []
  for (const [name, pipeline] of listeningPipelines(config)) {
    if (!pipeline.source.transports.includes('tls')) continue
    const who = pipeline.source.tls === undefined ? 'sources' : `pipeline ${name}`
    const { cert_file, key_file, client_ca_file } = tlsConfigOf(config, pipeline)
    // The place is that of tls/self-signed.ts.
    const own = join(config.data_dir, 'tls', 'self-signed')
    if (cert_file === undefined) found.push({ file: `${own}.crt`, kind: 'self-signed', who, keyFile: `${own}.key` })
    found.push(...files(who, cert_file, key_file, client_ca_file))
  }
  for (const [name, sink] of Object.entries(config.sinks)) {
    if (sink.type !== 'file') found.push(...files(`sink ${name}`, sink.tls.cert_file, sink.tls.key_file, sink.tls.ca_file))
  }
  return [...new Map(found.map((one) => [`${one.kind} ${one.file}`, one])).values()]
}

function files(who: string, cert: string | undefined, key: string | undefined, authorities: string | undefined): CertificateFile[] {
  const chain: CertificateFile[] =
    cert === undefined ? [] : [{ file: cert, kind: 'chain', who, ...(key !== undefined && { keyFile: key }) }]
  return authorities === undefined ? chain : [...chain, { file: authorities, kind: 'authorities', who }]
}
