import { mkdir, open, rename } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { RelayError } from '../core/errors.ts'
import { type CertificatePaths, readMaterial } from './certificate-material.ts'

const dayMs = 86_400_000
const validityDays = 3650
/** RFC 5280, appendix A.1: ub-common-name. */
const maxCommonName = 64

/** Calls for the same directory share one making: several sources may ask at the same time. */
const making = new Map<string, Promise<CertificatePaths>>()

/**
 * The pair `tls/self-signed.crt` and `.key` in `dataDir`: made on the first call, the same on later ones, made anew when it
 * expired or cannot be used. Rejects with DATA_DIR_UNUSABLE.
 */
export function selfSignedPair(dataDir: string): Promise<CertificatePaths> {
  const directory = resolve(dataDir, 'tls')
  const running = making.get(directory)
  if (running !== undefined) return running
  const pair = findOrMake(directory).finally(() => making.delete(directory))
  making.set(directory, pair)
  return pair
}

async function findOrMake(directory: string): Promise<CertificatePaths> {
  const paths = { certFile: join(directory, 'self-signed.crt'), keyFile: join(directory, 'self-signed.key') }
  if (await isUsable(paths)) return paths
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const { cert, key } = await generatePair()
    // The key first: a kill between the two leaves a pair that does not match, which the next start makes anew.
    await replaceFile(paths.keyFile, key, 0o600)
    await replaceFile(paths.certFile, cert, 0o644)
  } catch (cause) {
    throw RelayError.from(cause, 'DATA_DIR_UNUSABLE', `the self-signed certificate cannot be written to ${directory}`)
  }
  return paths
}

async function isUsable(paths: CertificatePaths): Promise<boolean> {
  try {
    const { notAfterMs } = await readMaterial(paths)
    return notAfterMs > Date.now()
  } catch {
    // Missing or broken: either way a new pair is the answer, and writing it reports what is wrong with the directory.
    return false
  }
}

async function generatePair(): Promise<{ cert: string; key: string }> {
  // Loaded here because it takes long to load and is needed once in the life of a data directory.
  const { generate } = await import('selfsigned')
  const pair = await generate([{ name: 'commonName', value: hostname().slice(0, maxCommonName) }], {
    keyType: 'ec',
    algorithm: 'sha256',
    // An hour back for clients whose clock is behind.
    notBeforeDate: new Date(Date.now() - 3_600_000),
    notAfterDate: new Date(Date.now() + validityDays * dayMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: hostname() },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  return { cert: `${pair.cert}\n`, key: `${pair.private}\n` }
}

/** Written beside and renamed, so that nobody ever reads half a file. */
async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.new`
  const file = await open(draft, 'w', mode)
  try {
    await file.chmod(mode)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
