import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { DatagramReceiver } from './support/datagram-receiver.ts'
import { freePort } from './support/free-port.ts'
import { assortedRequests, sendRequests, untilLastLogged } from './support/http-requests.ts'
import { OctetReceiver } from './support/octet-receiver.ts'
import { Program } from './support/program.ts'
import { Relay } from './support/relay.ts'
import type { Room } from './support/room.ts'
import type { Delivery, Scenario } from './support/scenario.ts'
import { untilOpen } from './support/until-open.ts'

// NGINX sends each log line twice, to the relay and to a receiver beside it: what the second one got is what was sent.

const requestCount = 400

export const scenarios: readonly Scenario[] = [
  {
    name: 'NGINX access_log over UDP',
    run: (room) => serve(room, accessLog('tag=nginx,severity=info', 'combined')),
  },
  {
    name: 'NGINX access_log over UDP, JSON, without host name',
    run: (room) => serve(room, accessLog('facility=local0,tag=web,nohostname', 'as_json')),
  },
  {
    name: 'NGINX access_log over UDP, raw bytes from the client',
    run: (room) => serve(room, accessLog('tag=nginx', 'as_sent')),
  },
  {
    name: 'NGINX error_log over UDP',
    run: (room) => serve(room, (port) => `error_log syslog:server=127.0.0.1:${port},tag=nginx_error error; access_log off;`),
  },
]

function accessLog(options: string, format: string): (port: number) => string {
  return (port) => `access_log syslog:server=127.0.0.1:${port},${options} ${format};`
}

async function serve(room: Room, lines: (port: number) => string): Promise<Delivery> {
  const upstream = await OctetReceiver.open(room)
  const beside = await DatagramReceiver.open(room)
  const relay = await Relay.start(room, { upstream: upstream.port, source: { device: 'nginx' } })
  const port = await startNginx(room, `${lines(relay.port)}\n${lines(beside.port)}`)
  await sendRequests(port, assortedRequests(requestCount))
  await untilLastLogged(beside)
  await upstream.waitFor(beside.messages.length)
  await relay.settled(beside.messages.length)
  return { sent: beside.messages, arrived: upstream.messages, note: `${requestCount} requests` }
}

/** Starts NGINX in the room's directory and returns the port it serves on. */
async function startNginx(room: Room, logs: string): Promise<number> {
  const port = await freePort()
  const prefix = room.path('nginx')
  await mkdir(prefix)
  await writeFile(`${prefix}/nginx.conf`, configuration(port, logs))
  const nginx = await Program.start(room, 'nginx', ['-p', prefix, '-c', `${prefix}/nginx.conf`, '-g', 'daemon off;'])
  await untilOpen(nginx, port)
  return port
}

/** Every path is absent, so that each request leaves one line in the error log too. */
function configuration(port: number, logs: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ')
  return `
user ${userInfo().username};
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {}
http {
  ${temporary}
  large_client_header_buffers 4 16k;
  log_format as_json escape=json '{"time":"$time_iso8601","request":"$request","agent":"$http_user_agent","status":$status}';
  log_format as_sent escape=none '$remote_addr "$request" "$http_user_agent" "$http_referer"';
  server {
    listen 127.0.0.1:${port};
    root .;
    ${logs}
  }
}
`
}
