import { test } from 'tap'
import { checkKernel, findReceiveBufferErrors } from '../../../src/app/doctor/check-kernel.ts'
import { fileSink, pipeline } from '../../support/relay-config.ts'
import { configOf, fakeHost, lines } from './fake-host.ts'

const snmp =
  'Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 9 8 7 6 5 4\nUdpLite: InDatagrams\nUdpLite: 3\n'
const good = {
  '/proc/sys/net/core/rmem_max': '16777216\n',
  '/proc/sys/net/core/somaxconn': '4096\n',
  '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
  '/proc/sys/net/ipv4/ip_local_reserved_ports': '\n',
  '/proc/net/snmp': snmp.replace('6 5 4', '6 0 4'),
  '/proc/net/snmp6': 'Udp6RcvbufErrors                 \t0\n',
}
const check = (files: Record<string, string>, config = configOf()) =>
  checkKernel(fakeHost({ files: { ...good, ...files } }), config).then(lines)

test('a kernel that is set well has one line for each setting', async (t) => {
  t.same(await check({}), [
    'ok net.core.rmem_max: 16 MiB: UDP sockets get the 8 MiB that receive_buffer asks for',
    'ok net.core.somaxconn: 4,096: enough for all senders that connect at once',
    'ok net.ipv4.ip_local_reserved_ports: no outgoing connection can take a port of ours (they use 32768 to 60999)',
    'ok UDP drops: the kernel has dropped no datagram for want of room since the boot',
  ])
})

test('a small receive buffer is told in datagrams, with the largest that is asked for', async (t) => {
  const source = { port: 10_436, receive_buffer: '32MiB' }
  const pipelines = { a: pipeline(['file'], { source: { port: 10_435 } }), b: pipeline(['file'], { source }) }
  const [found] = await check({ '/proc/sys/net/core/rmem_max': '212992' }, configOf({ pipelines }))
  t.match(found, /^warning net\.core\.rmem_max: UDP sockets get 208 KiB of the 32 MiB .* more than about 184 datagrams/)
  t.match(found, "$ echo 'net.core.rmem_max = 33554432' >> /etc/sysctl.d/60-logrelay.conf && sysctl --system")
})

test('what no source uses is not looked at', async (t) => {
  const relp = { a: { source: { type: 'relp' as const, port: 2514 }, sinks: ['file'] } }
  t.notMatch((await check({ '/proc/sys/net/core/rmem_max': '1' }, configOf({ pipelines: relp }))).join('\n'), /rmem_max/)
  const udp = { a: pipeline(['file'], { source: { port: 1514, transports: ['udp'] } }) }
  t.notMatch((await check({ '/proc/sys/net/core/somaxconn': '1' }, configOf({ pipelines: udp }))).join('\n'), /somaxconn/)
  const host = fakeHost({ files: good })
  t.same(lines(await checkKernel(host, undefined)), ['ok UDP drops: the kernel has dropped no datagram for want of room since the boot'])
})

test('a short accept queue', async (t) => {
  const found = await check({ '/proc/sys/net/core/somaxconn': '128' })
  t.match(found[1], /^warning net\.core\.somaxconn: .* 128 may wait .*\$ echo 'net\.core\.somaxconn = 4096' >> /)
})

test('ports that outgoing connections may take are added to those that are reserved', async (t) => {
  const ports = (...some: number[]) =>
    configOf({
      sinks: { file: fileSink('-') },
      pipelines: Object.fromEntries(some.map((port) => [`p${port}`, pipeline(['file'], { source: { port } })])),
    })
  const reserved = { '/proc/sys/net/ipv4/ip_local_reserved_ports': '8080,40000-40010\n' }
  t.match((await check(reserved, ports(40_005, 1514)))[2], /^ok/)
  t.match(
    (await check(reserved, ports(40_011, 60_999, 61_000)))[2],
    "$ echo 'net.ipv4.ip_local_reserved_ports = 8080,40000-40010,40011,60999' >>",
  )
})

test('drops that the kernel has counted are information', async (t) => {
  t.equal(findReceiveBufferErrors(snmp, 'Udp6RcvbufErrors  2\n'), 7)
  t.equal(findReceiveBufferErrors('', ''), undefined)
  t.match((await check({ '/proc/net/snmp': snmp }))[3], /^ok UDP drops: .* has dropped 5 datagrams/)
})

test('a table of connections that is nearly full', async (t) => {
  const table = (used: number) => ({
    '/proc/sys/net/netfilter/nf_conntrack_count': `${used}`,
    '/proc/sys/net/netfilter/nf_conntrack_max': '1000',
  })
  t.match((await check(table(799)))[4], /^ok net\.netfilter\.nf_conntrack_max: 799 of 1,000/)
  t.match((await check(table(800)))[4], /^warning .*\$ echo 'net\.netfilter\.nf_conntrack_max = 2000'/)
  t.match((await check(table(980)))[4], /^problem /)
})

test('what is hidden is unknown', async (t) => {
  const found = lines(await checkKernel(fakeHost(), configOf()))
  t.equal(found.length, 4)
  for (const line of found) t.match(line, /^unknown .* hidden from this process/)
})
