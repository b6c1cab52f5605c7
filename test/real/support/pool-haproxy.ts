import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { balancerAddress, type PoolNode, type PoolPorts } from './pool-relay-config.ts'
import { Program } from './program.ts'
import type { Room } from './room.ts'
import { until } from './until.ts'
import { untilOpen } from './until-open.ts'

/**
 * `port`: whether the pipeline's port takes a connection and a PROXY header that names nobody. `tls`: and a TLS handshake
 * behind it. `port and readyz`: whether the port takes a connection that brings nothing, and /readyz is green, which turns
 * red `drain_delay` before a relay that stops closes its ports.
 */
export type HealthCheck = 'port' | 'tls' | 'port and readyz'

export interface HaproxyOptions {
  /** Default: `port and readyz`. */
  readonly check?: HealthCheck
}

export type Listener = 'nginx' | 'relp'

/** A real HAProxy in front of all nodes: TCP with PROXY protocol, TLS passed through, a health check on every port. */
export class PoolHaproxy {
  readonly #socket: string

  private constructor(socket: string) {
    this.#socket = socket
  }

  static async start(room: Room, ports: PoolPorts, nodes: readonly PoolNode[], options: HaproxyOptions = {}): Promise<PoolHaproxy> {
    const file = room.path('haproxy.cfg')
    const haproxy = new PoolHaproxy(room.path('haproxy.sock'))
    await writeFile(file, configuration(haproxy.#socket, ports, nodes, options))
    const program = await Program.start(room, 'haproxy', ['-db', '-f', file])
    await untilOpen(program, ports.nginx)
    // Its own name is given to this socket after the ports are open.
    await until("HAProxy's stats socket", () => existsSync(haproxy.#socket))
    for (const { name } of nodes) for (const listener of ['nginx', 'relp'] as const) await haproxy.untilServer(listener, name, 'UP')
    return haproxy
  }

  /** What HAProxy says of a server: `UP`, `DOWN`, `UP 1/2` on the way down, `DOWN 1/2` on the way up. */
  async server(listener: Listener, node: string): Promise<{ status: string; connections: number; checkFailures: number }> {
    const [head = '', ...rows] = (await this.#ask('show stat')).trim().split('\n')
    const keys = head.replace(/^# /, '').split(',')
    const cells = rows.map((row) => row.split(',')).find((row) => row[0] === listener && row[1] === node) ?? []
    const cell = (key: string) => cells[keys.indexOf(key)] ?? ''
    return { status: cell('status'), connections: Number(cell('stot')), checkFailures: Number(cell('chkfail')) }
  }

  async untilServer(listener: Listener, node: string, status: 'UP' | 'DOWN', timeoutMs?: number): Promise<void> {
    let seen = ''
    await until(
      () => `HAProxy to call ${node} of ${listener} ${status}; it is ${seen}`,
      async () => {
        seen = (await this.server(listener, node)).status
        return seen === status
      },
      timeoutMs,
    )
  }

  /** One command on the stats socket; HAProxy closes it after its answer. */
  async #ask(command: string): Promise<string> {
    const socket = createConnection(this.#socket).setEncoding('utf8')
    socket.end(`${command}\n`)
    let answer = ''
    for await (const chunk of socket) answer += chunk
    return answer
  }
}

/** A connection that a server refuses goes to another one at once. Servers that go down keep the connections they have. */
function configuration(socket: string, ports: PoolPorts, nodes: readonly PoolNode[], options: HaproxyOptions): string {
  return `
global
  nbthread 1
  stats socket ${socket} mode 600 level admin
defaults
  mode tcp
  balance leastconn
  option redispatch 1
  retries 5
  timeout connect 2s
  timeout check 1s
  timeout client 2m
  timeout server 2m
  default-server check inter 200ms fall 2 rise 2 send-proxy-v2 ${options.check === 'tls' ? 'check-ssl verify none' : ''}
${(['nginx', 'relp'] as const).map((listener) => section(listener, ports, nodes, options)).join('')}`
}

function section(listener: Listener, ports: PoolPorts, nodes: readonly PoolNode[], { check = 'port and readyz' }: HaproxyOptions): string {
  // Not http-check, which wants an answer from each connection that it makes.
  const readyz = `
  option tcp-check
  tcp-check connect
  tcp-check connect port ${ports.health}
  tcp-check send "GET /readyz?pipeline=${listener} HTTP/1.0\\r\\n\\r\\n"
  tcp-check expect string "HTTP/1.1 200"`
  return `
listen ${listener}
  bind ${balancerAddress}:${ports[listener]}${check === 'port and readyz' ? readyz : ''}
${nodes.map(({ name, address }) => `  server ${name} ${address}:${ports[listener]}`).join('\n')}
`
}
