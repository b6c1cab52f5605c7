import ipaddr from 'ipaddr.js'
import { crc32c } from '../../src/batch/crc32c.ts'
import type { ProxiedAddress } from '../../src/core/batch.ts'

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const families = { unspec: 0, inet: 1, inet6: 2, unix: 3 } as const
const transports = { unspec: 0, stream: 1, dgram: 2 } as const

export interface V2Options {
  readonly command?: 'proxy' | 'local'
  /** Left out: that of the source; `unspec` without one. */
  readonly family?: keyof typeof families
  readonly transport?: keyof typeof transports
  readonly source?: ProxiedAddress
  readonly destination?: ProxiedAddress
  readonly tlvs?: readonly Buffer[]
  /** Ends with PP2_TYPE_CRC32C. */
  readonly checksum?: boolean
}

/** A header of version 1, its line end included. */
export function proxyV1(source: ProxiedAddress, destination: ProxiedAddress): Buffer {
  const protocol = source.address.includes(':') ? 'TCP6' : 'TCP4'
  return Buffer.from(`PROXY ${protocol} ${source.address} ${destination.address} ${source.port} ${destination.port}\r\n`)
}

/** A header of version 2. Source and destination are of one family; UNIX paths are empty. */
export function proxyV2(options: V2Options = {}): Buffer {
  const { command = 'proxy', source, destination, tlvs = [], checksum = false } = options
  const family = options.family ?? (source === undefined ? 'unspec' : source.address.includes(':') ? 'inet6' : 'inet')
  const transport = options.transport ?? (family === 'unspec' ? 'unspec' : 'stream')
  const addresses =
    source !== undefined && destination !== undefined ? endpoints(source, destination) : Buffer.alloc(family === 'unix' ? 216 : 0)
  const block = Buffer.concat([addresses, ...tlvs, ...(checksum ? [tlv(0x03, Buffer.alloc(4))] : [])])
  const header = Buffer.concat([signature, Buffer.alloc(4), block])
  header[12] = 0x20 | (command === 'proxy' ? 1 : 0)
  header[13] = (families[family] << 4) | transports[transport]
  header.writeUInt16BE(block.length, 14)
  if (checksum) header.writeUInt32BE(crc32c(header), header.length - 4)
  return header
}

export function tlv(type: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string)
  const out = Buffer.alloc(3)
  out[0] = type
  out.writeUInt16BE(bytes.length, 1)
  return Buffer.concat([out, bytes])
}

/** PP2_TYPE_SSL. */
export function sslTlv(client: number, verify: number, within: readonly Buffer[] = []): Buffer {
  const fixed = Buffer.alloc(5)
  fixed[0] = client
  fixed.writeUInt32BE(verify, 1)
  return tlv(0x20, Buffer.concat([fixed, ...within]))
}

/** PP2_TYPE_AWS with PP2_SUBTYPE_AWS_VPCE_ID. */
export function awsTlv(endpointId: string): Buffer {
  return tlv(0xea, `\x01${endpointId}`)
}

function endpoints(source: ProxiedAddress, destination: ProxiedAddress): Buffer {
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(source.port, 0)
  ports.writeUInt16BE(destination.port, 2)
  return Buffer.concat([...[source, destination].map(({ address }) => Buffer.from(ipaddr.parse(address).toByteArray())), ports])
}
