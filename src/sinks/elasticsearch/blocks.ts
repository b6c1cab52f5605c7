import { RelayError } from '../../core/errors.ts'
import { type ClusterError, errorWords } from './cluster-error.ts'

const disk =
  'A disk of the cluster is full. Free space or add nodes: the block goes by itself below the high watermark (Elasticsearch before 7.4: set index.blocks.read_only_allow_delete to null).'

const setting = (name: string, where: string) => `Somebody set it: lift it by setting ${name} to null in ${where}/_settings.`

/** What lifts a block, by the number it has in `[FORBIDDEN/8/index write (api)]`. */
const hints: Readonly<Record<string, string>> = {
  4: 'The index is closed: open it with POST INDEX/_open, or write to another one.',
  5: setting('index.blocks.read_only', 'INDEX'),
  6: setting('cluster.blocks.read_only', '_cluster'),
  8: setting('index.blocks.write', 'INDEX'),
  10: 'OpenSearch makes no new index while the disks of all its nodes are nearly full: free space or add nodes; or somebody set cluster.blocks.create_index.',
  12: disk,
  13: setting('cluster.blocks.read_only_allow_delete', '_cluster'),
}

/** Whether the error says that writing is forbidden for now. A cluster that is only starting or without a master says so with status 503. */
export function isBlock({ type }: ClusterError, status: number): boolean {
  return status !== 503 && (type === 'cluster_block_exception' || type === 'index_create_block_exception')
}

export function blockedError(error: ClusterError): RelayError {
  const number = /\[[A-Z_]+\/(\d+)\//.exec(error.reason)?.[1] ?? ''
  return new RelayError('INDEX_BLOCKED', errorWords(error), { hint: hints[number] })
}
