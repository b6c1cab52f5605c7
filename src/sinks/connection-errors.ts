import { type ErrorCode, RelayError } from '../core/errors.ts'

interface Explanation {
  readonly code: ErrorCode
  readonly words: string
  readonly hint?: string
}

const firewall = 'Look at the route and the firewalls between this machine and the receiver.'
const authority = 'Set tls.ca_file of this sink to the certificate of the authority that signed it.'
const clientCertificate = 'Set tls.cert_file and tls.key_file of this sink to a certificate that the receiver accepts.'
const replaceCertificate = "The receiver's certificate needs replacing; until then messages wait on disk."

const unreachable = (words: string, hint?: string): Explanation => ({ code: 'ENDPOINT_UNREACHABLE', words, hint })
const closed = (words: string): Explanation => ({ code: 'ENDPOINT_CLOSED', words })
const tls = (words: string, hint?: string): Explanation => ({ code: 'ENDPOINT_TLS', words, hint })
const refused = (words: string, hint?: string): Explanation => ({ code: 'ENDPOINT_REFUSED', words, hint })

const noTls = 'Use the scheme without TLS (tcp://, relp://, http://) for this endpoint, or another port.'
/** The client writes these itself. */
const ownHeaders =
  'Look at headers of this sink: Connection, Content-Length, Expect, Keep-Alive, Transfer-Encoding and Upgrade cannot be set.'
const notHttp = refused('it does not speak HTTP', 'Is the port right, and does it want https:// in place of http://?')

/** By the `code` of the error that Node.js or OpenSSL gave. */
const explanations: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: unreachable('refused', 'Is the receiver running, and does it listen on this port?'),
  ETIMEDOUT: unreachable('timed out', firewall),
  EHOSTUNREACH: unreachable('no route to the host', firewall),
  ENETUNREACH: unreachable('no route to the network', firewall),
  EADDRNOTAVAIL: unreachable('no local address or port is left for the connection'),
  EMFILE: unreachable('too many open files in this process', 'Raise LimitNOFILE of the service.'),
  EACCES: unreachable('not permitted by this system', 'Look at the local firewall and the sandbox of the service.'),
  EPERM: unreachable('not permitted by this system', 'Look at the local firewall and the sandbox of the service.'),
  ENOTFOUND: unreachable('name not found', 'Is the name spelled right, and does the name server of this machine know it?'),
  EAI_AGAIN: unreachable('the name server did not answer', 'Look at /etc/resolv.conf and the way to the name server.'),
  ECONNRESET: closed('reset by the peer'),
  ECONNABORTED: closed('aborted'),
  EPIPE: closed('closed by the peer'),
  CERT_HAS_EXPIRED: tls('its certificate has expired', replaceCertificate),
  CERT_NOT_YET_VALID: tls('its certificate is not valid yet', "Compare this machine's clock with the certificate's dates."),
  CERT_REVOKED: tls('its certificate has been revoked', replaceCertificate),
  ERR_TLS_CERT_ALTNAME_INVALID: tls(
    'its certificate is for another name',
    'Write the endpoint with a name from the certificate, or set tls.server_name of this sink to one.',
  ),
  DEPTH_ZERO_SELF_SIGNED_CERT: tls('its certificate is self-signed: unknown authority', authority),
  SELF_SIGNED_CERT_IN_CHAIN: tls('its certificate is signed by an unknown authority', authority),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: tls('its certificate is signed by an unknown authority', authority),
  UNABLE_TO_GET_ISSUER_CERT: tls('its certificate is signed by an unknown authority', authority),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: tls('its certificate is signed by an unknown authority', authority),
  CERT_SIGNATURE_FAILURE: tls('its certificate is not signed by the authority it names', authority),
  CA_MD_TOO_WEAK: tls('its certificate is signed with a digest that is too weak', replaceCertificate),
  EE_KEY_TOO_SMALL: tls('the key of its certificate is too small', replaceCertificate),
  ERR_SSL_WRONG_VERSION_NUMBER: tls('it does not speak TLS', noTls),
  ERR_SSL_PACKET_LENGTH_TOO_LONG: tls('it does not speak TLS', noTls),
  ERR_SSL_UNSUPPORTED_PROTOCOL: tls('it speaks only older TLS versions', 'See tls.min_version of this sink.'),
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: tls('no TLS version in common', 'See tls.min_version of this sink.'),
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: tls('it demands a client certificate', clientCertificate),
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: tls('it refused the handshake', clientCertificate),
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': tls('it refused the handshake', clientCertificate),
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: tls('it refused our client certificate', clientCertificate),
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: tls('our client certificate has expired', clientCertificate),
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: tls('it refused our client certificate', clientCertificate),
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: tls('it does not speak HTTP/1.1', 'Let the receiver offer HTTP/1.1 beside HTTP/2.'),
  UND_ERR_SOCKET: closed('closed by the peer'),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: closed('the answer is shorter or longer than it says'),
  HPE_INVALID_EOF_STATE: closed('closed by the peer'),
  UND_ERR_HEADERS_OVERFLOW: refused('the headers of its answer are too large'),
  HPE_HEADER_OVERFLOW: refused('the headers of its answer are too large'),
  UND_ERR_INVALID_ARG: refused('a header cannot be sent', ownHeaders),
  UND_ERR_NOT_SUPPORTED: refused('a header cannot be sent', ownHeaders),
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: tls('it does not know the authority of our client certificate', clientCertificate),
}

/** During which part of a connection's life an error came. */
export type ConnectionPhase = 'connect' | 'handshake' | 'established'

/** What an error of a socket means, in words for the person who is woken by it; `endpoint` as in `tls://siem.example.com:6514`. */
export function connectionError(error: unknown, endpoint: string, phase: ConnectionPhase): RelayError {
  if (error instanceof RelayError) return error
  const { words, hint, code } = explain(error, phase)
  if (code === 'ENDPOINT_REFUSED') return new RelayError(code, `cannot use ${endpoint}: ${words}`, { cause: error, hint })
  const what = phase === 'established' ? `connection to ${endpoint} lost` : `cannot connect to ${endpoint}`
  return new RelayError(code, `${what}: ${words}`, { cause: error, hint })
}

function explain(error: unknown, phase: ConnectionPhase): Explanation {
  const errorCode = codeOf(error)
  if (phase === 'handshake' && (errorCode === 'ECONNRESET' || errorCode === 'EPIPE')) {
    return tls('closed by the peer during the TLS handshake', clientCertificate)
  }
  const known = explanations[errorCode] ?? (isHttpMistake(error, errorCode) ? notHttp : undefined)
  // A connection that worked and then found no way any more was not unreachable: it is lost.
  if (known !== undefined) return phase === 'established' && known.code === 'ENDPOINT_UNREACHABLE' ? closed(known.words) : known
  const words = error instanceof Error && error.message !== '' ? error.message : String(error)
  if (errorCode.startsWith('ERR_SSL_') || errorCode.startsWith('ERR_TLS_') || phase === 'handshake') return tls(words)
  return phase === 'established' ? closed(words) : unreachable(words)
}

/** The parsers of Node.js and of undici give codes of their own, the latter not always. */
function isHttpMistake(error: unknown, code: string): boolean {
  return code.startsWith('HPE_') || (error instanceof Error && error.name === 'HTTPParserError')
}

/** A name with several addresses fails with one AggregateError, whose own code is that of the first address. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  if (typeof code === 'string') return code
  return error instanceof AggregateError ? codeOf(error.errors[0]) : ''
}
