/** The last work asked for, by path. */
const queues = new Map<string, Promise<unknown>>()

/**
 * Runs one piece of work at a time for each path, in the order asked for: the file sinks of several pipelines may share a file, and
 * one must not rotate it or cut it back while another writes.
 */
export async function exclusively<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(path) ?? Promise.resolve()
  const result = before.then(work, work)
  queues.set(path, result)
  try {
    return await result
  } finally {
    if (queues.get(path) === result) queues.delete(path)
  }
}
