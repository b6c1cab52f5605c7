const named: Readonly<Record<string, string>> = {
  '\\e': '\\',
  '\\-': '-',
  '\\(aq': "'",
  '\\(ga': '`',
  '\\(ha': '^',
  '\\(ti': '~',
  '\\&': '',
}

/** The text of a line in roff, as a reader sees it; mandoc itself is asked by the run against real programs (test/real/packages). */
export function plainText(line: string): string {
  return line.replace(/\\f[BIR]|\\\[u([0-9A-F]+)\]|\\\(\w\w|\\[-e&]/g, (written, code?: string) => {
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16))
    if (written.startsWith('\\f')) return ''
    const character = named[written]
    if (character === undefined) throw new Error(`${line}: this test does not know ${written}`)
    return character
  })
}
