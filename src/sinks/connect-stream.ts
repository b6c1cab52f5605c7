import { formatEndpoint } from '../config/formats.ts'
import { type OpenOptions, openSocket } from './open-socket.ts'
import { type SettlingOptions, StreamConnection } from './stream-connection.ts'

export interface ConnectOptions extends OpenOptions {
  readonly settling: SettlingOptions
}

/** Opens a connection for syslog over TCP or TLS. Rejects with a RelayError. */
export function connectStream({ settling, ...options }: ConnectOptions): Promise<StreamConnection> {
  return openSocket(options, (socket) => new StreamConnection(socket, formatEndpoint(options.endpoint), settling))
}
