const width = 120

/** Text as comment lines, `# ` before each. Every text begins a line of its own. */
export function comment(texts: string | readonly string[], indent = ''): string {
  const lines = typeof texts === 'string' ? [texts] : texts
  return lines
    .flatMap((text) => wrap(text, width - indent.length - 2))
    .map((line) => `${indent}# ${line}`)
    .join('\n')
}

/** Broken between words; a longer word stays whole. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = ''
    }
    line += line === '' ? word : ` ${word}`
  }
  return [...lines, line]
}
