import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { contentOf } from './file-content.ts'
import { listeningPipelines } from './listening.ts'
import type { ConfigPath, Report } from './problems.ts'
import type { Config } from './schema.ts'

interface TlsFiles {
  readonly cert_file?: string | undefined
  readonly key_file?: string | undefined
  readonly client_ca_file?: string | undefined
  readonly ca_file?: string | undefined
}

interface Look {
  readonly nowMs: number
  readonly beside: boolean
}

/** Reads every file that a `tls` section names: unreadable, not PEM, a key of another certificate, expired. `beside`: see `ReadOptions`. */
export async function checkTlsFiles(config: Config, report: Report, nowMs = Date.now(), beside = false): Promise<void> {
  const check = (files: TlsFiles, path: ConfigPath) => checkFiles(files, path, report, { nowMs, beside })
  await check(config.tls, ['tls'])
  for (const [name, { source }] of listeningPipelines(config)) {
    if (source.tls !== undefined) await check(source.tls, ['pipelines', name, 'source', 'tls'])
  }
  for (const [name, sink] of Object.entries(config.sinks)) {
    if (sink.type !== 'file') await check(sink.tls, ['sinks', name, 'tls'])
  }
}

async function checkFiles(files: TlsFiles, path: ConfigPath, report: Report, look: Look): Promise<void> {
  const certificate = await certificateIn(files.cert_file, [...path, 'cert_file'], report, look)
  const key = await keyIn(files.key_file, [...path, 'key_file'], report, look)
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key)) {
    report(
      'error',
      [...path, 'key_file'],
      `is not the key of the certificate in ${files.cert_file}`,
      'name the key that the certificate was made for',
    )
  }
  await certificateIn(files.client_ca_file, [...path, 'client_ca_file'], report, look)
  await certificateIn(files.ca_file, [...path, 'ca_file'], report, look)
}

/** The first certificate of the file. */
async function certificateIn(
  file: string | undefined,
  path: ConfigPath,
  report: Report,
  { nowMs, beside }: Look,
): Promise<X509Certificate | undefined> {
  const pem = await contentOf(file, path, report, { beside })
  if (pem === undefined) return undefined
  try {
    const certificate = new X509Certificate(pem)
    if (certificate.validToDate.getTime() < nowMs) {
      report('warning', path, `the certificate expired on ${certificate.validToDate.toISOString().slice(0, 10)}`, 'renew it')
    }
    return certificate
  } catch {
    report('error', path, `${file} holds no certificate in PEM`, 'it begins with -----BEGIN CERTIFICATE-----')
    return undefined
  }
}

async function keyIn(file: string | undefined, path: ConfigPath, report: Report, { beside }: Look): Promise<KeyObject | undefined> {
  const pem = await contentOf(file, path, report, { beside })
  if (pem === undefined) return undefined
  try {
    return createPrivateKey(pem)
  } catch {
    report(
      'error',
      path,
      `${file} holds no private key in PEM that can be used without a passphrase`,
      'it begins with -----BEGIN PRIVATE KEY-----',
    )
    return undefined
  }
}
