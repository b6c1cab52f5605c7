const status = '{"status":201}'
const whole =
  '{"_index":"logrelay-bench","_id":"nAQbqZoBk7Xh0uPqVwT5","_version":1,"result":"created",' +
  '"_shards":{"total":1,"successful":1,"failed":0},"_seq_no":123456,"_primary_term":1,"status":201}'

const kept = new Map<string, Buffer>()
const mostKept = 100

/**
 * The answer to a `_bulk` request whose documents were all taken. Without a filter it tells as much of each as a real node does, for a client has to read
 * it; with `filter_path` the status alone.
 */
export function bulkAnswer(action: 'create' | 'index', documents: number, filtered: boolean): Buffer {
  const key = `${action} ${documents} ${filtered}`
  const known = kept.get(key)
  if (known !== undefined) return known
  const item = `{"${action}":${filtered ? status : whole}}`
  const answer = Buffer.from(`{"took":1,"errors":false,"items":[${Array.from({ length: documents }, () => item).join(',')}]}`)
  if (kept.size >= mostKept) kept.clear()
  kept.set(key, answer)
  return answer
}
