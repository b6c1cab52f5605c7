import { isAbsolute, join, resolve } from 'node:path'

/** Where things lie below data_dir. docs/operations.md shows the same tree. */
export function queuesDirectory(dataDir: string): string {
  return resolve(dataDir, 'queues')
}

export function queueDirectory(dataDir: string, pipeline: string): string {
  return join(queuesDirectory(dataDir), pipeline)
}

/** What a source that fetches remembers besides its checkpoints in the queue. */
export function sourceStateDirectory(dataDir: string, pipeline: string): string {
  return resolve(dataDir, 'sources', pipeline)
}

/** A file sink's file for one pipeline: `{pipeline}` filled in, relative to data_dir; `-` (standard output) stays. */
export function sinkFilePath(dataDir: string, path: string, pipeline: string): string {
  if (path === '-') return path
  const named = path.replaceAll('{pipeline}', pipeline)
  return isAbsolute(named) ? named : resolve(dataDir, named)
}
