import type { IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import type { HttpAnswer } from '../../../src/sinks/http/http-client.ts'
import { statusError } from '../../../src/sinks/http/http-status.ts'

const name = 'https://siem.example.com:443'

function answer(status: number, body = '', headers: HttpAnswer['headers'] = {}): HttpAnswer {
  return { status, headers, body: Buffer.from(body) }
}

t.test('what each status means', async (t) => {
  for (const [statuses, kind, code, busy] of [
    [[200, 201, 202, 204], 'ok', 'ENDPOINT_REFUSED', false],
    [[400, 422], 'refused', 'DOCUMENT_REFUSED', false],
    [[401, 403, 407], 'retry', 'ENDPOINT_AUTH', false],
    [[413], 'too_large', 'MESSAGE_TOO_LARGE', false],
    [[429, 503], 'retry', 'ENDPOINT_BUSY', true],
    [[301, 302, 404, 405, 408, 410, 415, 418, 500, 501, 502, 504, 507, 520, 999], 'retry', 'ENDPOINT_REFUSED', false],
  ] as const) {
    for (const status of statuses) {
      const meaning = statusError(answer(status), name)
      t.match(meaning, { kind, busy, error: { name: 'RelayError', code } }, String(status))
      t.match(meaning.error.message, `${name} answered ${status}`)
    }
  }
})

t.test('a pause is what Retry-After says, one hour at most', async (t) => {
  const pause = (value: string, status = 429) => statusError(answer(status, '', { 'retry-after': value }), name).afterMs
  t.equal(pause('7'), 7000)
  t.equal(pause('7', 503), 7000)
  t.equal(pause('7', 500), 7000)
  t.equal(pause('86400'), 3_600_000)
  t.equal(pause('9'.repeat(400)), 3_600_000)
  t.equal(pause(new Date(Date.now() + 86_400_000).toUTCString()), 3_600_000)
  t.equal(pause(new Date(Date.now() - 86_400_000).toUTCString()), undefined, 'past')
  t.equal(pause('0'), undefined)
  t.equal(pause('1.5'), undefined, 'a day of 2001')
  t.equal(pause('1'), 1000)
  const twice = { 'retry-after': ['7', '9'], location: ['https://a/?x', 'https://b/'] } as unknown as IncomingHttpHeaders
  t.equal(statusError({ status: 503, headers: twice, body: Buffer.alloc(0) }, name).afterMs, 7000, 'the first of two')
  t.match(statusError({ status: 302, headers: twice, body: Buffer.alloc(0) }, name).error.message, /redirects to https:\/\/a\/$/)
  const soon = pause(new Date(Date.now() + 60_000).toUTCString()) as number
  t.ok(soon > 30_000 && soon <= 60_000)
  for (const nonsense of ['', 'soon', '-', '1,5x']) t.equal(pause(nonsense), undefined, nonsense)
  t.equal(pause('7', 400), undefined, 'halves do not wait')
  t.equal(pause('7', 200), undefined)
})

t.test('the answer is repeated, in its first characters and as no terminal obeys it', async (t) => {
  const message = (body: string, type?: string) =>
    statusError(answer(500, body, type === undefined ? {} : { 'content-type': type }), name).error.message
  const start = `${name} answered 500 (Internal Server Error)`
  t.equal(message('disk\n  full \u001b[31m'), `${start}: disk full \\x1b[31m`)
  t.equal(message('{"a":1}', 'application/json; charset=utf-8'), `${start}: {"a":1}`)
  t.equal(message('{"a":1}', 'application/vnd.elasticsearch+json;compatible-with=8'), `${start}: {"a":1}`)
  t.equal(message('\u0000\u0001', 'application/octet-stream'), start)
  t.equal(message(' \n'), start)
  t.equal(message('x'.repeat(5000)), `${start}: ${'x'.repeat(197)}...`)
})

t.test('a page of HTML is told as one, and is never a success', async (t) => {
  const page = '\ufeff\n<!DOCTYPE html>\n<html lang="en"><head><title>\n Sign  in\u001b </title></head><body>'
  for (const status of [200, 403, 502]) {
    const { kind, error } = statusError(answer(status, page, { 'content-type': 'text/html' }), name)
    t.equal(kind, 'retry')
    t.match(error.message, "with an HTML page (Sign in\\x1b): is this the right URL, or a proxy's login page?")
  }
  t.match(statusError(answer(200, '<html>'), name), { kind: 'retry', error: { message: /with an HTML page: is/ } })
  t.equal(statusError(answer(200, 'OK <b>thanks</b>', { 'content-type': 'text/html' }), name).kind, 'ok')
})

t.test('a redirection is not followed: it says where to', async (t) => {
  const moved = statusError(answer(308, '', { location: 'https://b.example.com/in\u001b?token=abc#x' }), name)
  t.match(moved, {
    kind: 'retry',
    error: { code: 'ENDPOINT_REFUSED', message: /it redirects to https:\/\/b\.example\.com\/in\\x1b$/, hint: /as the endpoint/ },
  })
  t.match(statusError(answer(304), name), { kind: 'retry', error: { code: 'ENDPOINT_REFUSED' } })
})
