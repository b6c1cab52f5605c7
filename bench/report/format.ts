import type { Spread } from './statistics.ts'

/** A Markdown table; the first `words` columns hold words, the others numbers. */
export function table(words: number, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i < words ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** The median, and the least and the most of several runs behind it. */
export function withSpread({ median, least, most }: Spread, format: (value: number) => string): string {
  return least === most ? format(median) : `${format(median)} (${format(least)}..${format(most)})`
}

export function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(1) : whole(value)
}
