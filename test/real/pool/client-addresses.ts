import { type DatagramSenderOptions, sendDatagrams } from '../support/pool-datagram-sender.ts'
import { startPoolNginx } from '../support/pool-nginx.ts'
import { reckon } from '../support/pool-reckoning.ts'
import { Pool } from '../support/pool-room.ts'
import type { Room } from '../support/room.ts'
import { until } from '../support/until.ts'

export const scenarios = [{ name: "pool, the client's address in the origin element, through HAProxy and NGINX", run: nameClients }]

const datagrams = 500
/** What NGINX's receive buffer holds with ease. */
const portion = 50

async function nameClients(room: Room): Promise<string> {
  const pool = await Pool.open(room)
  const nginx = await startPoolNginx(room, pool.ports, pool.nodes)
  pool.addStreams('tcp', 3, 200)
  pool.addStreams('tls', 3, 200)
  for (const i of [1, 2, 3]) pool.addStream({ name: `nginx-${i}`, transport: 'tcp', rate: 200, host: '127.0.0.1', port: nginx.proxied })
  await pool.addRelps(3, 200)
  await pool.underLoad()
  const overUdp = [
    { name: 'udp-header', address: '127.0.2.1', host: '127.0.0.1', port: nginx.proxied },
    { name: 'udp-bound', address: '127.0.2.2', host: '127.0.0.1', port: nginx.bound },
  ]
  for (const sender of overUdp) await sendInPortions(pool, sender)
  const { figures } = await reckon(pool)
  const clients = [...pool.streams, ...pool.relps].map(({ options }) => options)
  const wrong = [...clients, ...overUdp].filter(({ name, address }) => named(pool, name) !== address)
  if (wrong.length > 0) {
    throw new Error(wrong.map(({ name, address }) => `${name} is ${address}, the sink was told ${named(pool, name)}`).join('; '))
  }
  return `${figures}; UDP ${datagrams} with a PROXY header, ${datagrams} from a bound address; ${clients.length + 2} clients, each with its own address`
}

/** NGINX makes a socket for each datagram, which takes longer than sending one. */
async function sendInPortions({ upstream }: Pool, sender: DatagramSenderOptions): Promise<void> {
  const arrivals = upstream.arrivals.of(sender.name)
  for (let from = 0; from < datagrams; from += portion) {
    await sendDatagrams(sender, from, from + portion)
    await until(
      () => `${from + portion} datagrams of ${sender.name}; ${arrivals.distinct} arrived`,
      () => arrivals.distinct === from + portion,
    )
  }
}

/** The one address, or all that were given. */
function named({ upstream }: Pool, sender: string): string {
  return [...upstream.arrivals.of(sender).origins.keys()].join(', ')
}
