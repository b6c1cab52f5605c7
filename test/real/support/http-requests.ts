import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { until } from './until.ts'

export interface Asked {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Real requests to a real web server, one after the other over one connection; returns the statuses. */
export async function sendRequests(port: number, requests: readonly Asked[]): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const statuses: number[] = []
  for (const { path, headers } of requests) {
    const asked = request({ host: '127.0.0.1', port, path, headers, agent }).end()
    const [response] = await once(asked, 'response')
    response.resume()
    await once(response, 'end')
    statuses.push(response.statusCode)
  }
  agent.destroy()
  return statuses
}

const lastPath = '/the-last-one'

/** Waits until the line of the last of the `assortedRequests` has come. */
export async function untilLastLogged(receiver: { readonly messages: readonly Buffer[] }): Promise<void> {
  await until(
    () => `the line of the last request; ${receiver.messages.length} lines came`,
    () => receiver.messages.at(-1)?.includes(lastPath),
  )
}

/** What browsers, crawlers and attackers ask for. */
export function assortedRequests(count: number): Asked[] {
  const special: Asked[] = [
    { path: '/' },
    { path: '/search?q=%E6%97%A5%E6%9C%AC&x="quoted"&y=\\back', headers: { 'user-agent': 'Mozilla/5.0 "quoted" \\ [x] %s %d' } },
    { path: `/${'long/'.repeat(300)}`, headers: { 'user-agent': 'a'.repeat(1500) } },
    { path: '/latin1', headers: { 'user-agent': 'caf\xe9 \xa7\xff', referer: 'http://example.com/\t' } },
    { path: '/%0a%0d%00', headers: { 'user-agent': '-' } },
    { path: '/json', headers: { 'user-agent': '{"a":"b","c":[1,2]}' } },
    { path: '/empty', headers: { 'user-agent': '' } },
  ]
  const ordinary = Array.from({ length: count - special.length - 1 }, (_, i) => ({
    path: `/page/${i}?n=${i}`,
    headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)', referer: `https://example.com/${i}` },
  }))
  return [...special, ...ordinary, { path: lastPath }]
}
