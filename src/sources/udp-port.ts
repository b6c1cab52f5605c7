import type { DatagramBlock } from './udp-block.ts'

/** Whoever takes datagrams from sockets: one at a time, or many that lie together. Nothing may be kept after the call. */
export interface DatagramHandler {
  datagram(datagram: Buffer, address: string, port: number): void
  block(block: DatagramBlock): void
}

export interface UdpPortSettings {
  readonly address: string
  /** 0: the system chooses. */
  readonly port: number
  /** Bytes that the kernel shall keep for each socket. */
  readonly receiveBuffer: number
  /** Sockets that share the port. */
  readonly sockets: number
}

/** An open UDP port whose datagrams go to a handler. */
export interface UdpPort {
  readonly address: string
  readonly port: number
  /** Bytes that the kernel keeps for each socket, as granted. */
  readonly receiveBuffer: number
  /** Datagrams that the kernel dropped since the last call; 0 where the system does not tell. */
  newDrops(): Promise<number>
  /** Hands over what its sockets still hold, as far as the deadline allows. Lets nothing more in where the system knows how. */
  drain(deadline: AbortSignal): Promise<void>
  /** Gives the port back; what its sockets still hold is handed over or lost. */
  close(): Promise<void>
}

/** Opens ports. Rejects with the code of the call that failed: EADDRINUSE, EACCES, ... */
export interface UdpPorts {
  open(settings: UdpPortSettings, handler: DatagramHandler): Promise<UdpPort>
}
