import fc from 'fast-check'
import { test } from 'tap'
import { formatRelpOffers, formatRelpResponse, isRelpOk, parseRelpOffers, parseRelpResponse } from '../../src/protocols/relp-session.ts'

test('offers, written and read', async (t) => {
  const text = formatRelpOffers({ version: 0, software: ['logrelay', '1.0'], commands: ['syslog'] })
  t.equal(text, 'relp_version=0\nrelp_software=logrelay,1.0\ncommands=syslog')
  t.same(parseRelpOffers(text), { version: 0, software: ['logrelay', '1.0'], commands: ['syslog'] })
})

test('offers as librelp writes them, with a line feed before each', async (t) => {
  const text = '\nrelp_version=1\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog,eventlog\nunknown=7'
  t.same(parseRelpOffers(text), {
    version: 1,
    software: ['librelp', '1.11.0', 'http://librelp.adiscon.com'],
    commands: ['syslog', 'eventlog'],
  })
})

test('offers that say nothing', async (t) => {
  for (const text of ['', 'relp_version', '=1', 'relp_version=x', 'relp_version=', 'relp_version=-1']) {
    t.same(parseRelpOffers(text), { version: undefined, software: [], commands: [] }, JSON.stringify(text))
  }
})

test('responses, written and read', async (t) => {
  t.same(parseRelpResponse(Buffer.from(formatRelpResponse(200, 'OK', 'a=b\nc=d'))), { status: 200, text: 'OK', rest: 'a=b\nc=d' })
  t.same(parseRelpResponse(Buffer.from('500 disk full')), { status: 500, text: 'disk full', rest: '' })
  t.same(parseRelpResponse(Buffer.from('200')), { status: 200, text: '', rest: '' })
  t.same(parseRelpResponse(Buffer.from('2000 x')), { status: undefined, text: '2000 x', rest: '' })
  t.same(parseRelpResponse(Buffer.alloc(0)), { status: undefined, text: '', rest: '' })
})

test('whether a response says 200 is the same seen as bytes', async () => {
  const data = fc.oneof(
    fc.stringMatching(/^2?0?0?\d?[ \n]?[a-z\n]{0,5}$/).map(Buffer.from),
    fc.uint8Array({ maxLength: 6 }).map(Buffer.from),
  )
  fc.assert(fc.property(data, (bytes) => isRelpOk(bytes) === (parseRelpResponse(bytes).status === 200)))
})
