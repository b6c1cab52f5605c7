/** What man(7) and roff(7) need of a text: every character stands for itself, wherever it comes in a line. */
export function escapeRoff(text: string): string {
  const escaped = text.replace(/[^ -~]|[\\\-'`^~]/gu, escapeCharacter)
  // A line that begins with a control character is a request. (An apostrophe is escaped above.)
  return escaped.startsWith('.') ? `\\&${escaped}` : escaped
}

/** By their names in mandoc_char(7) where a terminal would show another one. A line feed would begin a new line, which may be a request. */
const named: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '\n': ' ',
  '\t': ' ',
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) as number
  return named[character] ?? `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`
}

export function bold(text: string): string {
  return `\\fB${escapeRoff(text)}\\fR`
}

export function italic(text: string): string {
  return `\\fI${escapeRoff(text)}\\fR`
}

/** Prose, with what stands between backticks in bold, and a full stop behind it. */
export function sentence(text: string): string {
  const parts = text.split('`')
  const stopped = /[.!?]$/.test(text) ? '' : '.'
  return parts.map((part, at) => (at % 2 === 1 ? bold(part) : escapeRoff(part))).join('') + stopped
}

/** A tagged paragraph. */
export function item(tag: string, ...text: string[]): string[] {
  return ['.TP', tag, ...text]
}
