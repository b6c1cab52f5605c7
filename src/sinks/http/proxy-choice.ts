import { formatHostPort, type HttpEndpoint } from '../../config/formats.ts'
import { RelayError } from '../../core/errors.ts'

/** An HTTP proxy. `host` is without brackets. */
export interface HttpProxy {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** Value of Proxy-Authorization. */
  readonly authorization?: string
}

/** The proxy to go through, by the setting `proxy`; undefined for none. Throws CONFIG_INVALID where the environment holds no URL. */
export function chooseProxy(setting: string, endpoint: HttpEndpoint, env: NodeJS.ProcessEnv = process.env): HttpProxy | undefined {
  if (setting === 'off') return undefined
  if (setting !== 'environment') return readProxy(setting, 'proxy')
  const name = endpoint.scheme === 'https' ? 'https_proxy' : 'http_proxy'
  const [variable, value] = lookUp(env, name)
  if (value === '' || isExempt(lookUp(env, 'no_proxy')[1], endpoint)) return undefined
  return readProxy(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`, variable)
}

/** As curl does it, lower case comes first. */
function lookUp(env: NodeJS.ProcessEnv, name: string): readonly [variable: string, value: string] {
  const variable = env[name] === undefined ? name.toUpperCase() : name
  return [variable, (env[variable] ?? '').trim()]
}

function readProxy(text: string, where: string): HttpProxy {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    // Not the text itself: it may hold a password.
    throw new RelayError('CONFIG_INVALID', `${where} is not the URL of an HTTP proxy`, { hint: 'Write http://host:port.' })
  }
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  const proxy = { scheme, host: bare(url.hostname), port } as const
  if (url.username === '' && url.password === '') return proxy
  const credentials = Buffer.from(`${decode(url.username)}:${decode(url.password)}`)
  return { ...proxy, authorization: `Basic ${credentials.toString('base64')}` }
}

/** `http://proxy:3128`, without user and password. */
export function formatProxy({ scheme, host, port }: HttpProxy): string {
  return `${scheme}://${formatHostPort({ host, port })}`
}

/**
 * Whether NO_PROXY names the endpoint: `*`, a name (it and all below it, with or without a dot before it), an address, each with a
 * port or without; separated by commas or spaces.
 */
function isExempt(list: string, { host, port }: HttpEndpoint): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, '')
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true
      const match = /^(\[[^\]]+\]|[^:]+|[^[\]]*:[^[\]]*:[^[\]]*)(?::(\d+))?$/.exec(entry)
      if (match === null || (match[2] !== undefined && Number(match[2]) !== port)) return false
      const name = bare(match[1] as string)
        .replace(/^\*?\./, '')
        .replace(/\.$/, '')
      return wanted === name || (name !== '' && wanted.endsWith(`.${name}`))
    })
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}

/** A `%` that stands for itself is left as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
