import { test } from 'tap'
import { type ProxyHeader, readProxyHeader } from '../../src/protocols/proxy-header.ts'
import { awsTlv, proxyV2, sslTlv, tlv } from '../support/proxy-headers.ts'

const source = { address: '192.0.2.17', port: 51442 }
const destination = { address: '10.0.1.9', port: 6514 }

function kept(...tlvs: readonly Buffer[]): ProxyHeader['tlvs'] | undefined {
  const reading = readProxyHeader(proxyV2({ source, destination, tlvs }))
  return reading.kind === 'header' ? reading.header.tlvs : undefined
}

test('what is kept, beside TLVs that mean nothing here', async (t) => {
  t.strictSame(
    kept(
      tlv(0x04, Buffer.alloc(7)),
      tlv(0x01, 'h2'),
      tlv(0x02, 'relay.example.com'),
      tlv(0x05, Buffer.from('00ff10', 'hex')),
      tlv(0x30, 'blue'),
      tlv(0xee, Buffer.from('01aabbccdd', 'hex')),
      awsTlv('vpce-0123456789abcdef0'),
      tlv(0xf7, ''),
    ),
    { vpcEndpointId: 'vpce-0123456789abcdef0', alpn: 'h2', authority: 'relay.example.com', uniqueId: '00ff10' },
  )
})

test('what is empty is left out; of each type the first counts', async (t) => {
  t.strictSame(kept(tlv(0x01, ''), tlv(0x02, ''), tlv(0x05, ''), awsTlv(''), tlv(0xea, '')), {})
  t.strictSame(kept(tlv(0x02, 'a.example'), tlv(0x02, 'b.example')), { authority: 'a.example' })
  t.strictSame(kept(tlv(0xea, '\x02other'), awsTlv('vpce-1')), { vpcEndpointId: 'vpce-1' }, 'subtypes of AWS are told apart')
  t.strictSame(kept(tlv(0xea, '\x02other')), {})
})

test('TLS that the load balancer ended', async (t) => {
  const within = [tlv(0x21, 'TLSv1.3'), tlv(0x23, 'TLS_AES_128_GCM_SHA256'), tlv(0x22, 'device-7'), tlv(0x24, 'SHA256')]
  t.strictSame(kept(sslTlv(0x07, 0, within)), {
    tls: { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', commonName: 'device-7', verified: true },
  })
  t.strictSame(kept(sslTlv(0x03, 0)), { tls: { verified: true } })
  t.strictSame(kept(sslTlv(0x05, 0)), { tls: { verified: true } }, 'a certificate of the session')
  t.strictSame(kept(sslTlv(0x07, 1)), { tls: { verified: false } }, 'a certificate that did not hold')
  t.strictSame(kept(sslTlv(0x07, 0x0100_0000)), { tls: { verified: false } })
  t.strictSame(kept(sslTlv(0x01, 0)), { tls: { verified: false } }, 'nothing was verified without a certificate')
  t.strictSame(kept(sslTlv(0x00, 0, within)), {}, 'the client came without TLS')
})

test('texts cannot control a terminal, break a line, or be no UTF-8', async (t) => {
  t.strictSame(kept(tlv(0x02, 'a\x1b[31m\r\n\0\x7f\u0085\u2028\u2029ü')), { authority: `a\ufffd[31m${'\ufffd'.repeat(7)}ü` })
  t.strictSame(kept(tlv(0x01, Buffer.from('68ff32', 'hex'))), { alpn: 'h\ufffd2' })
  t.strictSame(kept(awsTlv('vpce\n1')), { vpcEndpointId: 'vpce\ufffd1' })
  t.strictSame(kept(sslTlv(1, 0, [tlv(0x22, 'a\nb')])), { tls: { commonName: 'a\ufffdb', verified: false } })
})

test('texts end after 255 bytes, and not within a character', async (t) => {
  t.strictSame(kept(tlv(0x02, 'x'.repeat(256))), { authority: 'x'.repeat(255) })
  t.strictSame(kept(tlv(0x02, 'x'.repeat(255))), { authority: 'x'.repeat(255) })
  t.strictSame(kept(tlv(0x02, `${'x'.repeat(253)}üü`)), { authority: `${'x'.repeat(253)}ü` })
  t.strictSame(kept(tlv(0x02, `${'x'.repeat(254)}üü`)), { authority: 'x'.repeat(254) })
  t.strictSame(kept(tlv(0x02, `${'x'.repeat(252)}𝄞x`)), { authority: 'x'.repeat(252) })
  t.strictSame(kept(tlv(0x02, Buffer.alloc(300, 0x80))), { authority: '\ufffd'.repeat(252) }, 'no UTF-8 at all')
})

test('a unique id of more than 128 bytes is left out', async (t) => {
  t.strictSame(kept(tlv(0x05, Buffer.alloc(128, 1))), { uniqueId: '01'.repeat(128) })
  t.strictSame(kept(tlv(0x05, Buffer.alloc(129, 1))), {})
})
