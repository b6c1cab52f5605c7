/** One line of JSON in which nothing controls a terminal: JSON.stringify leaves DEL and C1 (U+0080 to U+009F) as they are. */
export function renderJsonLine(value: unknown): string {
  const escaped = JSON.stringify(value).replace(/[\u007f-\u009f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `${escaped}\n`
}
