import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { CertificateFiles, type CertificateFilesConfig } from '../../src/tls/certificate-files.ts'
import { RecordingLogger } from './recording-logger.ts'
import { runSource } from './running-source.ts'
import { makeCertificate, type Pem, writePair } from './test-certificates.ts'

export const [server, authority] = await Promise.all([makeCertificate('relay'), makeCertificate('authority', { isCa: true })])

/** A started source that offers TCP and TLS, its certificate files and where they are; beside them lies the authority's `ca.pem`. */
export async function runTls(t: Test, tls: Partial<CertificateFilesConfig> = {}, source: object = {}, pair: Pem = server) {
  const directory = t.testdir({})
  writeFileSync(join(directory, 'ca.pem'), authority.cert)
  const config = { ...writePair(directory, pair), client_auth: 'required', min_version: 'TLSv1.2', ...tls } as const
  const files = new CertificateFiles(config, { dataDir: directory, logger: new RecordingLogger(), pollMs: 1_000_000 })
  await files.start()
  t.teardown(() => files.stop())
  return { ...(await runSource(t, { transports: ['tcp', 'tls'], ...source }, { tls: files })), files, directory }
}

/** A client whose handshake is over, well or badly. */
export async function connectTls(t: Test, port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca: server.cert, ...options })
  socket.on('error', () => undefined)
  t.teardown(() => socket.destroy())
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve).once('close', () => resolve()))
  return socket
}
