/** The first difference between what was sent and what arrived, in words; undefined when every byte is the same. */
export function difference(sent: readonly Buffer[], arrived: readonly Buffer[]): string | undefined {
  const common = Math.min(sent.length, arrived.length)
  for (let i = 0; i < common; i++) {
    const want = sent[i] as Buffer
    const got = arrived[i] as Buffer
    if (want.equals(got)) continue
    let at = 0
    while (at < want.length && want[at] === got[at]) at++
    const from = Math.max(0, at - 20)
    return `message ${i + 1} differs at byte ${at}: sent ${show(want, from)} (${want.length} bytes), arrived ${show(got, from)} (${got.length} bytes)`
  }
  if (sent.length === arrived.length) return undefined
  const [list, word] = sent.length > arrived.length ? [sent, 'missing'] : [arrived, 'extra']
  return `${Math.abs(sent.length - arrived.length)} ${word}, the first of them ${show(list[common] as Buffer, 0)}`
}

function show(bytes: Buffer, from: number): string {
  return JSON.stringify(bytes.toString('latin1', from, from + 60))
}
