import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import { type CertificateFile, certificateFiles } from './certificate-list.ts'
import { dateOf } from './figures.ts'
import { asRoot, type Finding, findingsOf } from './finding.ts'
import type { Host } from './host.ts'
import { unitName } from './service-state.ts'
import { shellWord } from './shell-word.ts'

const { ok, warning, problem, unknown } = findingsOf('certificates')

const dayMs = 86_400_000
/** As the relay itself begins to warn. */
export const soonMs = 30 * dayMs

/** Every certificate that the configuration names: readable, still valid, with its key. */
export async function checkCertificates(host: Host, config: Config): Promise<Finding[]> {
  const found = await Promise.all(certificateFiles(config).map((one) => checkFile(host, one)))
  return found.flat()
}

async function checkFile(host: Host, one: CertificateFile): Promise<Finding[]> {
  const { file, kind, who } = one
  const subject = `${file} (${who})`
  const text = await host.read(file)
  if (text === undefined) return [notRead(host, subject, kind)]
  const certificates = certificatesIn(text)
  if (certificates.length === 0)
    return [problem(subject, 'holds no certificate in PEM', `openssl x509 -noout -subject -enddate -in ${shellWord(file)}`)]
  const dates = kind === 'authorities' ? authorities(host, subject, file, certificates) : chain(host, subject, one, certificates)
  return [dates, ...(await key(host, one, certificates[0] as X509Certificate))]
}

function notRead(host: Host, subject: string, kind: CertificateFile['kind']): Finding {
  if (host.uid !== 0) return unknown(subject, `cannot be read; ${asRoot}`)
  if (kind === 'self-signed') return ok(subject, 'is not there yet: the start makes it')
  return unknown(subject, 'is not seen here: as a credential of systemd it is there for the service alone')
}

/** What a peer looks at: the first of the chain to end. */
function chain(host: Host, subject: string, { kind, file }: CertificateFile, certificates: readonly X509Certificate[]): Finding {
  const now = host.nowMs()
  const fromMs = Math.max(...certificates.map(({ validFromDate }) => validFromDate.getTime()))
  const untilMs = Math.min(...certificates.map(({ validToDate }) => validToDate.getTime()))
  const cost = 'peers that check it refuse to connect'
  const show = `openssl x509 -noout -subject -issuer -dates -in ${shellWord(file)}`
  if (fromMs > now) return problem(subject, `is not valid before ${dateOf(fromMs)}: ${cost}. Is the clock right?`, `date && ${show}`)
  const renew = kind === 'self-signed' ? `systemctl restart ${unitName}` : show
  const how = kind === 'self-signed' ? '; a start makes a new one' : '; renew it, the relay takes the new file by itself'
  if (untilMs <= now) return problem(subject, `expired on ${dateOf(untilMs)}: ${cost}${how}`, renew)
  if (untilMs - now < soonMs)
    return warning(subject, `expires on ${dateOf(untilMs)}, ${daysUntil(untilMs, now)}: then ${cost}${how}`, renew)
  const own = kind === 'self-signed' ? 'self-signed, for senders that do not check; ' : ''
  return ok(subject, `${own}valid until ${dateOf(untilMs)}`)
}

/** A list of authorities is of use as long as one of them is. */
function authorities(host: Host, subject: string, file: string, certificates: readonly X509Certificate[]): Finding {
  const now = host.nowMs()
  const ends = certificates.map(({ validToDate }) => validToDate.getTime())
  const last = Math.max(...ends)
  const expired = ends.filter((end) => end <= now).length
  const many = `${certificates.length} ${certificates.length === 1 ? 'authority' : 'authorities'}`
  const show = `openssl crl2pkcs7 -nocrl -certfile ${shellWord(file)} | openssl pkcs7 -print_certs -noout`
  if (expired === ends.length)
    return problem(subject, `${many}, expired on ${dateOf(last)}: no peer's certificate is trusted any more`, show)
  const some = expired === 0 ? '' : `; ${expired} of them expired`
  if (last - now < soonMs)
    return warning(subject, `${many}, expiring on ${dateOf(last)}, ${daysUntil(last, now)}: then no peer's certificate is trusted`, show)
  return ok(subject, `${many}, the last until ${dateOf(last)}${some}`)
}

/** Undefined for what is none; of several the first is the leaf. */
function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? []
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}

async function key(host: Host, { keyFile, who }: CertificateFile, leaf: X509Certificate): Promise<Finding[]> {
  if (keyFile === undefined) return []
  const subject = `${keyFile} (${who})`
  const [text, facts] = await Promise.all([host.read(keyFile), host.stat(keyFile)])
  if (text === undefined) return [host.uid === 0 ? unknown(subject, 'is not seen here') : unknown(subject, `cannot be read; ${asRoot}`)]
  if (!fits(leaf, text))
    return [
      problem(
        subject,
        'is not the key of the certificate: the relay does not start with it',
        `openssl pkey -noout -text -in ${shellWord(keyFile)} | head -n 1`,
      ),
    ]
  if (((facts?.mode ?? 0) & 0o004) !== 0) {
    const says = 'can be read by every user of this machine, who can then pass for the relay'
    return [warning(subject, says, `chmod o-rwx ${shellWord(keyFile)}`)]
  }
  return []
}

function fits(leaf: X509Certificate, key: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

export function daysUntil(ms: number, nowMs: number): string {
  const days = Math.ceil((ms - nowMs) / dayMs)
  return days === 1 ? 'within a day' : `in ${days} days`
}
