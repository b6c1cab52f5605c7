import { DebianMachine } from '../machines/debian-machine.ts'
import type { Room } from '../support/room.ts'
import type { Scenario } from '../support/scenario.ts'
import { until } from '../support/until.ts'
import { installPackage } from './packages.ts'
import { relayStatus } from './service.ts'

const token = 'a-token-that-only-the-service-knows'
/** A stop takes as long as a load balancer needs to turn elsewhere. */
const configuration = `
data_dir: /var/lib/logrelay
drain_delay: 6s
sinks:
  web: { type: http, endpoints: ["http://127.0.0.1:8088"], headers: { Authorization: { file: web-token } } }
pipelines:
  shown: { source: { type: syslog, device: nginx, host: 127.0.0.1 }, sinks: [web] }
`
const dropIn = `[Service]
LoadCredential=web-token:/root/web-token
WatchdogSec=3
TimeoutStopSec=2
`
/** Answers every request, and prints what it was authorised with. */
const receiver = `require('node:http').createServer((request, answer) => {
  console.log('authorised by ' + request.headers.authorization)
  request.resume().on('end', () => answer.end())
}).listen(8088, '127.0.0.1')`

export const scenarios: readonly Scenario[] = [
  {
    name: 'the service under systemd: credentials, a kill, a hang, a stop that takes longer than TimeoutStopSec',
    limitMs: 180_000,
    run: life,
  },
]

async function life(room: Room): Promise<string> {
  const machine = await DebianMachine.fresh(room, 'empty', 'machine')
  await machine.write('/root/web-token', token)
  await machine.write('/etc/systemd/system/logrelay.service.d/60-test.conf', dropIn)
  await machine.boot()
  await installPackage(machine, 'current', 'deb')
  await machine.write('/etc/logrelay/logrelay.yaml', configuration)
  const checked = await machine.shell('logrelay check')
  if (!checked.includes('web-token is not seen here')) throw new Error(`check does not tell of the credential: ${checked}`)

  const web = await machine.startOutside(process.execPath, '-e', receiver)
  await machine.run('systemctl', 'start', 'logrelay')
  await machine.run('logger', '--server', '127.0.0.1', '--port', '10435', '--tcp', '--rfc5424', 'shown')
  await until('a request with the credential', () => web.output.includes(`authorised by ${token}`))

  await startedAgain(machine, 'KILL', 'a kill')
  // It answers nobody, but its ports stay open: nobody else would notice.
  await startedAgain(machine, 'STOP', 'a hang')

  const began = performance.now()
  await machine.run('systemctl', 'stop', 'logrelay')
  const seconds = (performance.now() - began) / 1000
  const result = await machine.run('systemctl', 'show', '--value', '--property=Result', 'logrelay')
  if (result.trim() !== 'success' || seconds < 6) throw new Error(`the stop took ${seconds.toFixed(1)} s and ended with ${result}`)
  return `killed and hung, it came back; a stop of ${seconds.toFixed(0)} s was waited for`
}

async function startedAgain(machine: DebianMachine, signal: 'KILL' | 'STOP', what: string): Promise<void> {
  const { pid } = await relayStatus(machine)
  await machine.run('systemctl', 'kill', `--signal=${signal}`, 'logrelay')
  // Nobody answers while it is down, and asking what hangs would take its time: systemd knows. It is active when its ports are open.
  await until(`another process after ${what}`, async () => {
    const state = await machine.run('systemctl', 'show', '--property=MainPID,ActiveState', 'logrelay')
    return state.includes('ActiveState=active') && !state.split('\n').includes(`MainPID=${pid}`)
  })
}
