/** OpenSSL's and Node's codes in words that tell the reader of a log whose side has to change what. */
const reasons: Readonly<Record<string, string>> = {
  ERR_TLS_HANDSHAKE_TIMEOUT: 'did not finish the handshake in time',
  ECONNRESET: 'closed the connection during the handshake',
  EPIPE: 'closed the connection during the handshake',
  ERR_SSL_WRONG_VERSION_NUMBER: 'sent something that is not TLS',
  ERR_SSL_HTTP_REQUEST: 'sent an HTTP request instead of TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'speaks only TLS versions older than min_version',
  ERR_SSL_VERSION_TOO_LOW: 'speaks only TLS versions older than min_version',
  ERR_SSL_NO_SHARED_CIPHER: 'offers no cipher that fits our certificate; a few old devices need one with an RSA key',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'accepts no signature that our certificate can make',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'sent no client certificate, but client_auth is required',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'does not trust our certificate (unknown authority)',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'does not accept our certificate',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'does not accept our certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'says that our certificate has expired',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'speaks none of our TLS versions',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'sent a self-signed client certificate that client_ca_file does not contain',
  SELF_SIGNED_CERT_IN_CHAIN: 'sent a client certificate whose authority is not in client_ca_file',
  UNABLE_TO_GET_ISSUER_CERT: 'sent a client certificate whose authority is not in client_ca_file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'sent a client certificate whose authority is not in client_ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'sent a client certificate whose authority is not in client_ca_file',
  CERT_HAS_EXPIRED: 'sent a client certificate that has expired',
  CERT_NOT_YET_VALID: 'sent a client certificate that is not valid yet',
  INVALID_PURPOSE: 'sent a certificate that is not made for clients',
}

/** Why a handshake with a client failed; reads on from "the peer". */
export function handshakeFailure(code: string | undefined, message: string): string {
  if (code !== undefined && reasons[code] !== undefined) return reasons[code]
  return `failed the handshake: ${message}${code === undefined ? '' : ` (${code})`}`
}
