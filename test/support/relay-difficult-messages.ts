/** One line each: what devices really send and what upsets relays. Nothing ends in a carriage return, which CRLF framing would take away. */
const lines = [
  '<13>Nov 21 12:34:56 host app: an ordinary message',
  '<165>1 2026-11-21T12:34:56.789012+01:00 host app 4711 ID47 [ex@32473 a="b \\"q\\" \\] \\\\" c=""] structured data',
  '<165>1 2026-11-21T12:34:56Z host app - - - \ufeffa byte order mark, Grüße, 日本語, 🚀',
  '<0>1 - - - - - -',
  '<14>Nov 21 12:34:56 host app: {"user":"ä","path":"C:\\\\temp","n":[1,2.5e3,null],"s":"\\u0000"}',
  '<189>001234: *Mar  1 00:00:01.123 UTC: %SYS-5-CONFIG_I: Configured from console',
  '<13>Nov 21 12:34:56 host app: control \x01 \x07 \t \x1b[31mred\x1b[0m \x7f and a \r return',
  '<13>   spaces at both ends   ',
  '<999>a priority out of range',
  'no priority at all',
  '<13',
]

const multiline = [
  '<13>Nov 21 12:34:56 host app: Traceback:\n  File "a.py", line 1\n\nValueError: é\r\n\tend',
  '<13>Nov 21 12:34:56 host app: a line feed at the end\n',
  '<13>Nov 21 12:34:56 host app: 54 <1 what looks like a frame\n12 <13>1 - - - -\n',
]

/** Every byte a character, as an upstream keeps them. `lineFeeds`: also such as only octet counting and datagrams carry. */
export function difficultMessages({ lineFeeds }: { lineFeeds: boolean }): string[] {
  const long = `<13>Nov 21 12:34:56 host app: long ${'0123456789abcdef'.repeat(1000)}`
  const notUtf8 = '<13>Nov 21 12:34:56 h\xf4te app: caf\xe9 \xa7 \xff\xfe'
  const texts = (lineFeeds ? [...lines, ...multiline] : lines).map((text) => Buffer.from(text).toString('latin1'))
  return [...texts, notUtf8, long]
}

/** Messages as one buffer, octet-counted (RFC 6587 3.4.1). */
export function counted(messages: readonly string[]): Buffer {
  return Buffer.from(messages.map((message) => `${message.length} ${message}`).join(''), 'latin1')
}

/** Messages as one buffer, a line feed after each. */
export function inLines(messages: readonly string[]): Buffer {
  return Buffer.from(messages.map((message) => `${message}\n`).join(''), 'latin1')
}
