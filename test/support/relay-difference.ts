/** The first difference between what was sent and what arrived, in few words; empty when every byte is the same. */
export function difference(sent: readonly string[], arrived: readonly string[]): string {
  const at = sent.findIndex((message, i) => message !== arrived[i])
  if (at === -1)
    return arrived.length === sent.length ? '' : `${arrived.length - sent.length} too many, first ${show(arrived[sent.length])}`
  return `message ${at} of ${sent.length}: sent ${show(sent[at])}, arrived ${show(arrived[at])}`
}

function show(message: string | undefined): string {
  return message === undefined ? 'nothing' : `${JSON.stringify(message.slice(0, 60))} (${message.length} bytes)`
}
