import type { ProxiedAddress } from '../core/batch.ts'
import { CR, LF } from '../framing/bytes.ts'
import { readIp, readIpv4, readIpv6 } from './proxy-address.ts'
import { incomplete, malformed, type ProxyHeader, type ProxyReading } from './proxy-reading.ts'

export const v1Signature = Buffer.from('PROXY ')

/** "If the CRLF sequence is not found in the first 107 characters, the receiver should declare the line invalid." (2.1) */
const maxBytes = 107

/** Reads a header of version 1 (proxy-protocol.txt, 2.1), whose signature is there: one line of text. */
export function readProxyV1(bytes: Buffer): ProxyReading {
  const lineFeed = bytes.subarray(0, maxBytes).indexOf(LF)
  if (lineFeed === -1) return bytes.length < maxBytes ? incomplete : malformed(`no line end in the first ${maxBytes} bytes`)
  // "The receiver must not tolerate a single CR or LF character to end the line."
  if (bytes[lineFeed - 1] !== CR) return malformed('the line ends without a carriage return')
  const header = readLine(bytes.toString('latin1', 0, lineFeed - 1))
  return 'why' in header ? header : { kind: 'header', length: lineFeed + 1, header }
}

function readLine(line: string): ProxyHeader | ReturnType<typeof malformed> {
  const [, protocol, sourceAddress, destinationAddress, sourcePort, destinationPort, ...further] = line.split(' ')
  // "The receiver must ignore anything presented before the CRLF is found."
  if (protocol === 'UNKNOWN') return { version: 1, command: 'local', tlvs: {} }
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return malformed('the protocol is not TCP4, TCP6 or UNKNOWN')
  if (destinationPort === undefined || further.length > 0) return malformed('it does not have two addresses and two ports')
  const source = proxied((protocol === 'TCP4' ? readIpv4 : readIpv6)(sourceAddress as string), sourcePort as string)
  // NGINX names the source's family alone, and what a header told it stands beside its own socket's address: those may differ.
  const destination = proxied(readIp(destinationAddress as string), destinationPort)
  if (source === undefined) return malformed('the source is no address and port')
  if (destination === undefined) return malformed('the destination is no address and port')
  return { version: 1, command: 'proxy', source, destination, tlvs: {} }
}

/** "Heading zeroes are not permitted in front of numbers." */
const portPattern = /^(?:0|[1-9]\d{0,4})$/

function proxied(address: string | undefined, portText: string): ProxiedAddress | undefined {
  const port = Number(portText)
  return address !== undefined && portPattern.test(portText) && port <= 65_535 ? { address, port } : undefined
}
