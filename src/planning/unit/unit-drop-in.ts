import { escapeControl } from '../../config/escape-control.ts'
import { listeningPipelines } from '../../config/listening.ts'
import type { Config } from '../../config/schema.ts'
import { privilegedPorts } from './configured-ports.ts'
import { filesNeeded } from './files-needed.ts'
import { memoryBound } from './memory-bound.ts'
import { mebibyte } from './memory-item.ts'
import { serviceDataDir, stateDirectory, writtenDirectories } from './service-paths.ts'
import { quotedPath } from './unit-quoting.ts'

/** LimitNOFILE= of the unit itself. */
export const unitOpenFiles = 262_144
/** fs.nr_open where nobody has raised it: with more the service would not start at all. */
const mostOpenFiles = 1_048_576

/** A quarter more than the bound: what the allocator cannot give back, and the files that the kernel keeps in memory for the service. */
const margin = 1.25
const memoryStep = 64 * mebibyte

/** What systemd shall allow at most, in bytes: never less than a relay takes that keeps its bounds. */
export function memoryMax(config: Config): number {
  return Math.ceil((memoryBound(config).bytes * margin) / memoryStep) * memoryStep
}

/** Open files that connections, queues and sinks may need together, as LimitNOFILE= takes them. */
export function openFilesWanted(config: Config): number {
  const connections = listeningPipelines(config).reduce((sum, [, { source }]) => sum + connectionsOf(source), 0)
  return Math.min(mostOpenFiles, Math.ceil((connections + filesNeeded(config)) / 1024) * 1024)
}

/**
 * The drop-in that makes the unit fit the configuration, as text (systemd.unit(5)): the same for the same configuration. `configFile`: what it was
 * made from, for a comment.
 */
export function unitDropIn(config: Config, configFile: string): string {
  const unit = mounts(config)
  const service = [capability(config), memory(config), openFiles(config), paths(config)].filter((part) => part.length > 0)
  const lines = [
    `# Made by \`logrelay unit\` from ${escapeControl(configFile)}.`,
    '# Changes here are lost when `logrelay unit --write` makes it anew; `systemctl edit logrelay` is the place for them.',
    ...(unit.length === 0 ? [] : ['[Unit]', ...unit, '']),
    '[Service]',
    ...service.flatMap((part, index) => (index === 0 ? part : ['', ...part])),
  ]
  return `${lines.join('\n')}\n`
}

/** Without it the queues would be made on the disk below, before theirs is there. */
function mounts(config: Config): string[] {
  const dataDir = serviceDataDir(config)
  const quoted = dataDir === stateDirectory ? undefined : quotedPath(dataDir)
  return quoted === undefined ? [] : [`RequiresMountsFor=${quoted}`]
}

function capability(config: Config): string[] {
  const ports = privilegedPorts(config)
  if (ports.length === 0) return []
  return [
    `# Ports below 1024: ${ports.map(({ who, port }) => `${port} (${who})`).join(', ')}.`,
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    "# In a user namespace of its own the capability would not count for the machine's ports.",
    'PrivateUsers=no',
    '# Of a service with a capability only the relay itself speaks to systemd.',
    'NotifyAccess=main',
  ]
}

function memory(config: Config): string[] {
  const bound = Math.ceil(memoryBound(config).bytes / mebibyte)
  return [
    `# The bounds of the configuration add up to ${bound} MiB; a quarter more is for the allocator and the files that the kernel keeps in memory.`,
    '# There is no MemoryHigh=: it would slow a relay down without a word, and datagrams would be lost, before anything is wrong.',
    `MemoryMax=${memoryMax(config) / mebibyte}M`,
  ]
}

function openFiles(config: Config): string[] {
  const wanted = openFilesWanted(config)
  if (wanted <= unitOpenFiles) return []
  return ['# Connections of all sources, and the files of queues and sinks.', `LimitNOFILE=${wanted}`]
}

/** With `-`: what is not there yet keeps one pipeline from delivering, not the relay from starting. */
function paths(config: Config): string[] {
  const written = writtenDirectories(config).flatMap(({ path, key, problem }) => {
    const quoted = quotedPath(path, '-')
    if (quoted === undefined) return []
    const why = problem === undefined ? [] : [`# ${key}: ${problemText[problem]}.`]
    return [...why, `ReadWritePaths=${quoted}`]
  })
  return written.length === 0 ? [] : ['# Where data_dir and file sinks write.', ...written]
}

/** Why a path does not do for the service. */
export const problemText = {
  hidden: 'ProtectHome= hides this path from the service; choose another one',
  temporary: 'the service has a temporary directory of its own, which goes when it stops; choose another path',
} as const

function connectionsOf(source: { readonly transports: readonly string[]; readonly max_connections: number }): number {
  return source.transports.some((transport) => transport !== 'udp') ? source.max_connections : 0
}
