import t from 'tap'
import type { HttpEndpoint } from '../../../src/config/formats.ts'
import { chooseProxy, formatProxy } from '../../../src/sinks/http/proxy-choice.ts'

function at(url: string): HttpEndpoint {
  const { protocol, hostname, port } = new URL(url)
  const scheme = protocol === 'https:' ? 'https' : 'http'
  return { scheme, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (scheme === 'https' ? 443 : 80), path: '' }
}

function chosen(setting: string, url: string, env: NodeJS.ProcessEnv = {}): string {
  const proxy = chooseProxy(setting, at(url), env)
  return proxy === undefined ? 'none' : formatProxy(proxy)
}

t.test('off, and a proxy by its URL', async (t) => {
  t.equal(chosen('off', 'https://a', { HTTPS_PROXY: 'http://p:1' }), 'none')
  t.equal(chosen('http://p:3128', 'https://a', { NO_PROXY: '*' }), 'http://p:3128')
  t.equal(chosen('https://p', 'https://a'), 'https://p:443')
  t.equal(chosen('http://[::1]', 'https://a'), 'http://[::1]:80')
  t.same(chooseProxy('http://p:1', at('http://a')), { scheme: 'http', host: 'p', port: 1 })
  t.same(chooseProxy('http://u%40x:50%off@p:1', at('http://a')), {
    scheme: 'http',
    host: 'p',
    port: 1,
    authorization: `Basic ${Buffer.from('u@x:50%off').toString('base64')}`,
  })
})

t.test('the environment: each scheme has its own variable, lower case comes first', async (t) => {
  const env = { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://h:2' }
  t.equal(chosen('environment', 'https://a', env), 'http://s:1')
  t.equal(chosen('environment', 'http://a', env), 'http://h:2')
  t.equal(chosen('environment', 'https://a', { HTTP_PROXY: 'http://h:2' }), 'none')
  t.equal(chosen('environment', 'https://a', { ...env, https_proxy: 'http://lower:3' }), 'http://lower:3')
  t.equal(chosen('environment', 'https://a', { ...env, https_proxy: '' }), 'none')
  t.equal(chosen('environment', 'https://a', { HTTPS_PROXY: 'p:3128' }), 'http://p:3128', 'the scheme may be left out')
})

t.test('NO_PROXY', async (t) => {
  for (const [list, url, exempt] of [
    ['*', 'https://a.example.com', true],
    ['', 'https://a.example.com', false],
    ['example.com', 'https://example.com', true],
    ['example.com', 'https://a.example.com', true],
    ['example.com', 'https://notexample.com', false],
    ['.example.com', 'https://a.example.com', true],
    ['.example.com', 'https://example.com', true],
    ['*.example.com', 'https://a.example.com', true],
    ['EXAMPLE.com', 'https://a.example.COM', true],
    ['b.example.com', 'https://example.com', false],
    ['other, example.com', 'https://a.example.com', true],
    ['other example.com', 'https://a.example.com', true],
    ['example.com:443', 'https://a.example.com', true],
    ['example.com:9200', 'https://a.example.com', false],
    ['example.com:9200', 'https://a.example.com:9200', true],
    ['10.0.0.1', 'https://10.0.0.1:9200', true],
    ['10.0.0.1', 'https://10.0.0.10', false],
    ['::1', 'https://[::1]:9200', true],
    ['[::1]', 'https://[::1]:9200', true],
    ['[::1]:9200', 'https://[::1]:9200', true],
    ['[::1]:9201', 'https://[::1]:9200', false],
    ['.', 'https://a.example.com', false],
    [',', 'https://a.example.com', false],
  ] as const) {
    for (const name of ['NO_PROXY', 'no_proxy']) {
      t.equal(chosen('environment', url, { HTTPS_PROXY: 'http://p:1', [name]: list }), exempt ? 'none' : 'http://p:1', `${list} for ${url}`)
    }
  }
})

t.test('what is no HTTP proxy stops the start, without showing what it holds', async (t) => {
  for (const text of ['socks5://user:secret@p:1', 'http://user:secret@', 'http://user:secret@p:x']) {
    t.throws(() => chosen('environment', 'https://a', { HTTPS_PROXY: text }), {
      code: 'CONFIG_INVALID',
      message: 'HTTPS_PROXY is not the URL of an HTTP proxy',
    })
  }
})
