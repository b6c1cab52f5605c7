const esc = '\x1b'
const time = '2026-11-21T12:34:56.789012+01:00'

/** One line each, so that any framing can carry them. Nothing ends in a carriage return, which CRLF framing would take away. */
const lines: readonly string[] = [
  '<13>Nov 21 12:34:56 host app: an ordinary message',
  '<13>Nov  1 02:03:04 host app[123]: a day of one digit and a process id',
  `<165>1 ${time} host.example.com app 4711 ID47 [ex@32473 a="b \\"quoted\\" \\] \\\\" c=""][other@32473] structured data`,
  `<165>1 ${time} host app - - - \ufeffa byte order mark, Grüße, 日本語, 🚀`,
  '<0>1 - - - - - -',
  '<191>Nov 21 12:34:56 host app: %s %d %n %% %rawmsg% %$now% 100%',
  '<14>Nov 21 12:34:56 host app: {"user":"ä","path":"C:\\\\temp\\\\n","n":[1,2.5e3,null],"s":"\\u0000"}',
  '<14>Nov 21 12:34:56 host CEF:0|Vendor|Product|1.0|100|name \\| with pipe|5|src=10.0.0.1 msg=a \\= b',
  '<14>Nov 21 12:34:56 host LEEF:2.0|Vendor|Product|1.0|100|^|src=10.0.0.1^dst=10.0.0.2\tcat=tab',
  '<189>001234: *Nov 21 12:34:56.123 UTC: %SYS-5-CONFIG_I: Configured from console by vty0 (10.0.0.1)',
  '<166>Nov 21 2026 12:34:56: %ASA-6-302013: Built outbound TCP connection 1 for outside:203.0.113.1/443',
  `<13>Nov 21 12:34:56 host app: control \x01 \x07 \t ${esc}[31mred${esc}[0m \x7f and a \r return`,
  '<13>Nov 21 12:34:56 host app: spaces at the end   ',
  '<13>   spaces at the beginning',
  '<13>-',
  '<13> ',
  '<999>a priority out of range',
  'no priority at all',
  '<13',
]

/** Only octet counting and datagrams carry these. */
const multiline: readonly string[] = [
  '<13>Nov 21 12:34:56 host app: Traceback:\n  File "a.py", line 1\n\nValueError: é\r\n\tend',
  '<13>Nov 21 12:34:56 host app: a line feed at the end\n',
  '<13>Nov 21 12:34:56 host app: 54 <1 what looks like a frame\n12 <13>1 - - - -\n',
]

/** What devices really send and what upsets relays; with `lineFeeds` also messages of several lines. */
export function difficultMessages({ lineFeeds }: { lineFeeds: boolean }): Buffer[] {
  const texts = lineFeeds ? [...lines, ...multiline] : lines
  return [...texts.map((text) => Buffer.from(text)), latin1(), long(8 * 1024), long(30 * 1024)]
}

/** `count` ordinary messages, numbered, some 100 bytes each. */
export function numberedMessages(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) =>
    Buffer.from(`<134>1 ${time} host app 1 - - n=${i} a message as there are many, with some text in it`),
  )
}

/** The number in a message made by `numberedMessages`, -1 in any other. */
export function messageNumber(message: Buffer): number {
  return Number(/ n=(\d+) /.exec(message.toString('latin1'))?.[1] ?? -1)
}

/** Not valid UTF-8. */
function latin1(): Buffer {
  return Buffer.from('<13>Nov 21 12:34:56 h\xf4te app: caf\xe9 cr\xe8me \xa7 \xff\xfe', 'latin1')
}

function long(size: number): Buffer {
  const head = `<13>Nov 21 12:34:56 host app: ${size} bytes `
  return Buffer.from(head + '0123456789abcdef'.repeat(size / 16).slice(0, size - head.length))
}
