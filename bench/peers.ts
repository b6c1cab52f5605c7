import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import type { Ledger } from '../src/core/ledger.ts'
import { freePort } from '../test/real/support/free-port.ts'
import { Program } from '../test/real/support/program.ts'
import { Relay } from '../test/real/support/relay.ts'
import type { Room } from '../test/real/support/room.ts'
import { untilOpen } from '../test/real/support/until-open.ts'

/** A relay that runs, whichever it is. */
export interface RunningPeer {
  readonly pid: number
  readonly port: number
  /** Only logrelay has one. */
  ledger?(): Promise<Ledger>
}

/** A relay that the benchmark can start: from TCP and UDP on one port to an upstream over TCP with a line feed after each message. */
export interface Peer {
  readonly name: string
  start(room: Room, upstreamPort: number): Promise<RunningPeer>
}

/** logrelay in both durabilities, and the peers that are installed here. */
export function peers(): readonly Peer[] {
  const own = [logrelay('logrelay', 'always'), logrelay('logrelay, durability: assisted', 'assisted')]
  const rsyslogs = [rsyslog('rsyslog, queue in memory', 'rsyslog-memory.conf'), rsyslog('rsyslog, queue on disk', 'rsyslog-disk.conf')]
  return rsyslogVersion() === undefined ? own : [...own, ...rsyslogs]
}

export function rsyslogVersion(): string | undefined {
  const { status, stdout } = spawnSync('rsyslogd', ['-v'], { encoding: 'utf8' })
  return status === 0 ? /\d+\.\d+\.\d+/.exec(stdout)?.[0] : undefined
}

function logrelay(name: string, durability: 'always' | 'assisted'): Peer {
  return {
    name,
    async start(room, upstreamPort) {
      const relay = await Relay.start(room, {
        queue: { durability },
        sink: { type: 'syslog', endpoints: [`tcp://127.0.0.1:${upstreamPort}`], format: 'raw', framing: 'newline' },
      })
      return { pid: relay.pid, port: relay.port, ledger: async () => (await relay.status()).ledger }
    },
  }
}

function rsyslog(name: string, file: string): Peer {
  return {
    name,
    async start(room, upstreamPort) {
      const port = await freePort()
      const template = await readFile(new URL(`peers/${file}`, import.meta.url), 'utf8')
      const values: Record<string, string> = { DIRECTORY: room.dir, SOURCE_PORT: String(port), UPSTREAM_PORT: String(upstreamPort) }
      await writeFile(
        room.path('rsyslog.conf'),
        template.replace(/DIRECTORY|SOURCE_PORT|UPSTREAM_PORT/g, (key) => values[key] ?? key),
      )
      const program = await Program.start(room, 'rsyslogd', ['-n', '-f', room.path('rsyslog.conf'), '-i', room.path('rsyslog.pid')])
      await untilOpen(program, port)
      return { pid: program.pid, port }
    },
  }
}
