import { isIP } from 'node:net'

/**
 * Whether a request's Host header may be answered by a listener on loopback. A web page that somebody opens on the
 * relay's machine could have its own name resolve to 127.0.0.1 and then read our answers (DNS rebinding); its requests
 * carry that name. So the host must be an IP address, `localhost`, or the name in the configuration. A request without
 * a Host header (HTTP/1.0, as many probes send) comes from no browser.
 */
export function isLocalHost(header: string | undefined, configuredHost: string): boolean {
  if (header === undefined) return true
  const host = header
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  return isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost') || host === configuredHost.toLowerCase()
}

/** Whether only this machine reaches an address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}
