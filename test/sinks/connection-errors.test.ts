import t from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { connectionError } from '../../src/sinks/connection-errors.ts'

const failed = (code: string, message = 'm') => Object.assign(new Error(message), { code })

t.test('what Node.js, OpenSSL and undici say, in words', async (t) => {
  for (const [code, phase, relayCode, message] of [
    ['ECONNREFUSED', 'connect', 'ENDPOINT_UNREACHABLE', 'cannot connect to e: refused'],
    ['ETIMEDOUT', 'established', 'ENDPOINT_CLOSED', 'connection to e lost: timed out'],
    ['ECONNRESET', 'established', 'ENDPOINT_CLOSED', 'connection to e lost: reset by the peer'],
    ['ECONNRESET', 'handshake', 'ENDPOINT_TLS', 'cannot connect to e: closed by the peer during the TLS handshake'],
    ['CERT_HAS_EXPIRED', 'handshake', 'ENDPOINT_TLS', 'cannot connect to e: its certificate has expired'],
    ['UND_ERR_SOCKET', 'established', 'ENDPOINT_CLOSED', 'connection to e lost: closed by the peer'],
    ['UND_ERR_HEADERS_OVERFLOW', 'established', 'ENDPOINT_REFUSED', 'cannot use e: the headers of its answer are too large'],
    ['HPE_INVALID_CONSTANT', 'established', 'ENDPOINT_REFUSED', 'cannot use e: it does not speak HTTP'],
    ['HPE_INVALID_EOF_STATE', 'established', 'ENDPOINT_CLOSED', 'connection to e lost: closed by the peer'],
  ] as const) {
    t.match(connectionError(failed(code), 'e', phase), { name: 'RelayError', code: relayCode, message, cause: { code } })
  }
  const unnamed = Object.assign(new Error('m'), { name: 'HTTPParserError' })
  t.equal(connectionError(unnamed, 'e', 'established').code, 'ENDPOINT_REFUSED')
})

t.test('what nobody knows keeps its own words', async (t) => {
  t.match(connectionError(failed('E_NEW', 'odd'), 'e', 'connect'), { code: 'ENDPOINT_UNREACHABLE', message: 'cannot connect to e: odd' })
  t.match(connectionError('text', 'e', 'established'), { code: 'ENDPOINT_CLOSED', message: 'connection to e lost: text' })
  t.match(connectionError(new AggregateError([failed('ECONNREFUSED')]), 'e', 'connect'), { message: 'cannot connect to e: refused' })
  const ours = new RelayError('DISK_FULL', 'x')
  t.equal(connectionError(ours, 'e', 'connect'), ours)
})
