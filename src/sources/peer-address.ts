import ipaddr from 'ipaddr.js'

/** An address as it is written everywhere: IPv4-mapped IPv6 (what a dual-stack socket shows) as IPv4. */
export function peerAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
}

/** Says whether an address (as `peerAddress` gives it) lies in one of the networks; no networks allow everybody. */
export function allowList(networks: readonly string[] | undefined): (address: string) => boolean {
  if (networks === undefined) return () => true
  const ranges = networks.map(parseNetwork)
  return (address) => {
    const zoneless = address.split('%', 1)[0] as string
    if (!ipaddr.isValid(zoneless)) return false
    const parsed = ipaddr.process(zoneless)
    return ranges.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits))
  }
}

type Address = ReturnType<typeof ipaddr.parse>

function parseNetwork(text: string): [Address, number] {
  const [network, bits]: [Address, number] = text.includes('/')
    ? ipaddr.parseCIDR(text)
    : [ipaddr.parse(text), ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128]
  // ::ffff:10.0.0.0/104 means 10.0.0.0/8: peers are compared in their IPv4 form.
  if (network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96) return [network.toIPv4Address(), bits - 96]
  return [network, bits]
}
