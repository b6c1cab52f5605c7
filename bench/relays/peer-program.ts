import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { Authority } from '../../test/real/support/certificates.ts'
import { freePort } from '../../test/real/support/free-port.ts'
import { Program } from '../../test/real/support/program.ts'
import type { Room } from '../../test/real/support/room.ts'
import { untilOpen } from '../../test/real/support/until-open.ts'
import type { Format, Installation, RelayUnderTest, RunningRelay, StartOptions } from './relay-under-test.ts'

/** One of the relays that logrelay is compared with. */
export interface PeerProgram {
  readonly name: string
  readonly command: string
  readonly env?: NodeJS.ProcessEnv
  readonly versionArguments: readonly string[]
  /** How to install it, and how to say where it is. */
  readonly hint: string
  arguments(configuration: string, room: Room): readonly string[]
  /** What is filled in for each format that it can forward in. */
  readonly formats: Readonly<Partial<Record<Format, Readonly<Record<string, string>>>>>
  readonly configurations: readonly PeerConfiguration[]
}

export interface PeerConfiguration {
  readonly name: string
  readonly storage: string
  /** In bench/peers/. */
  readonly file: string
  /** Likewise, put before it: what several configurations have in common. */
  readonly commonFile?: string
  /** Likewise, put after it when TLS is asked for. */
  readonly tlsFile?: string
}

export function findPeer(peer: PeerProgram): Installation {
  const { status, stdout, stderr } = spawnSync(peer.command, peer.versionArguments, {
    encoding: 'utf8',
    env: { ...process.env, ...peer.env },
  })
  const version = status === 0 ? /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] : undefined
  if (version === undefined) return { program: peer.name, hint: peer.hint, relays: [] }
  return { program: peer.name, version, hint: peer.hint, relays: peer.configurations.map((one) => relay(peer, one)) }
}

function relay(peer: PeerProgram, configuration: PeerConfiguration): RelayUnderTest {
  const { name, storage, tlsFile } = configuration
  const formats = Object.keys(peer.formats) as Format[]
  return { name, storage, formats, takesTls: tlsFile !== undefined, start: (room, options) => start(peer, configuration, room, options) }
}

async function start(peer: PeerProgram, chosen: PeerConfiguration, room: Room, options: StartOptions): Promise<RunningRelay> {
  const values = { DIRECTORY: room.dir, SOURCE_PORT: String(await freePort()), UPSTREAM_PORT: String(options.upstreamPort) }
  const format = peer.formats[options.format]
  const { commonFile, file, tlsFile } = chosen
  const tls = options.tls === true && tlsFile !== undefined ? await tlsValues(room) : undefined
  const configuration = room.path('peer.conf')
  const files = [commonFile, file, tls && tlsFile].filter((name) => name !== undefined)
  const texts = await Promise.all(files.map((name) => readFile(new URL(`../peers/${name}`, import.meta.url), 'utf8')))
  await writeFile(configuration, fill(texts.join('\n'), { ...values, ...format, ...tls }))
  const env = { ...process.env, ...peer.env }
  const program = await Program.start(room, peer.command, peer.arguments(configuration, room), { env })
  const ports = [values.SOURCE_PORT, ...(tls === undefined ? [] : [tls.TLS_PORT])].map(Number)
  for (const port of ports) await untilOpen(program, port)
  return { pid: program.pid, port: Number(values.SOURCE_PORT), ...(tls === undefined ? {} : { tlsPort: Number(tls.TLS_PORT) }) }
}

async function tlsValues(room: Room) {
  const authority = await Authority.create(room)
  const { certFile, keyFile } = await authority.sign('relay')
  return { TLS_PORT: String(await freePort()), CA_FILE: authority.caFile, CERT_FILE: certFile, KEY_FILE: keyFile }
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\b[A-Z]+_(?:PORT|FILE|FORMAT)\b|\bDIRECTORY\b/g, (key) => values[key] ?? key)
}
