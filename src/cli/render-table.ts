export interface Column {
  readonly title: string
  readonly align?: 'right'
}

/** A table with aligned columns and no borders; empty cells stay empty, trailing blanks are left out. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  return lines.map((line) => `${renderLine(line, columns, widths)}\n`).join('')
}

function renderLine(cells: readonly string[], columns: readonly Column[], widths: readonly number[]): string {
  const padded = columns.map(({ align }, i) => {
    const cell = cells[i] ?? ''
    const width = widths[i] as number
    return align === 'right' ? cell.padStart(width) : cell.padEnd(width)
  })
  return padded.join('  ').trimEnd()
}
