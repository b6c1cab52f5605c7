/** About how many bytes: `208 KiB`, `1.5 GiB`. */
export function bytesInWords(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`
}

/** `1,234,567` */
export function countInWords(count: number): string {
  return count.toLocaleString('en-US')
}

/** `2026-11-03` */
export function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** A few of many: `a, b and 3 more`. */
export function someOf(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}
