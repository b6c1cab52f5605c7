/** Far more than any token has: whoever names a log file by mistake hears of it. */
export const maxSecretBytes = 65_536

/**
 * A secret as it was written: one line, without the line end that editors and `echo` put behind it, and the byte order mark that some put
 * before it. Or what is wrong with it, without a word of it. What else controls is in no secret, and would end the header that carries it.
 */
export function secretText(written: string): { readonly text: string } | { readonly wrong: string; readonly hint: string } {
  const text = written.replace(/^\ufeff/, '').replace(/\r?\n$/, '')
  if (text.trim() === '') return { wrong: 'is empty', hint: 'Write the secret into it.' }
  if (!/[\u0000-\u001f\u007f]/.test(text)) return { text }
  const wrong = /[\r\n]/.test(text) ? 'has more than one line' : 'holds control characters'
  return { wrong, hint: 'It must hold the secret alone, as one line of text.' }
}
