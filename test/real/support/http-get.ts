import { once } from 'node:events'
import { request } from 'node:http'

/** Asks a server on 127.0.0.1. Status 0 while nobody listens there. */
export async function httpGet(port: number, path: string): Promise<{ status: number; body: string }> {
  const asked = request({ host: '127.0.0.1', port, path, agent: false, timeout: 5000 })
  asked.on('timeout', () => asked.destroy(new Error(`${path} did not answer`)))
  try {
    asked.end()
    const [response] = await once(asked, 'response')
    let body = ''
    for await (const chunk of response.setEncoding('utf8')) body += chunk
    return { status: response.statusCode, body }
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ECONNRESET'].includes(String(error.code)))
      return { status: 0, body: '' }
    throw error
  }
}
