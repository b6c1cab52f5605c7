import t from 'tap'
import type { StartReport } from '../../src/app/start-report.ts'
import { renderBanner } from '../../src/cli/render-banner.ts'

const laptop: StartReport = {
  version: '1.2.3',
  configFile: '(built-in configuration)',
  builtin: true,
  dataDir: './data',
  admin: '127.0.0.1:9440',
  pipelines: [
    {
      name: 'nginx',
      device: 'nginx',
      queued: 0,
      listening: [
        { transports: ['udp'], address: '::1', port: 10_435 },
        { transports: ['udp'], address: '127.0.0.1', port: 10_435 },
        { transports: ['tcp', 'tls'], address: '::1', port: 10_435 },
        { transports: ['tcp', 'tls'], address: '127.0.0.1', port: 10_435 },
      ],
      sinks: [{ name: 'file', type: 'file', destination: '/home/me/relay/data/logs/nginx.log' }],
    },
  ],
  warnings: [],
}

t.test('what is open, where messages go, what to try', async (t) => {
  t.equal(
    renderBanner(laptop, '/home/me/relay'),
    `logrelay is running with the built-in configuration, data in ./data
  nginx (nginx)
    listens on port 10435 UDP TCP TLS (::1, 127.0.0.1)
    writes to file: data/logs/nginx.log
  admin: http://127.0.0.1:9440 (/livez /readyz /metrics /status)

Try:
  logger --server 127.0.0.1 --port 10435 --tcp --rfc5424 "hello"
  logger --server 127.0.0.1 --port 10435 --udp --rfc5424 "hello"
  tail -f data/logs/nginx.log
`,
  )
})

t.test('only what is there is offered', async (t) => {
  const [nginx] = laptop.pipelines as [StartReport['pipelines'][number]]
  const report: StartReport = {
    ...laptop,
    configFile: '/etc/logrelay/logrelay.yaml',
    builtin: false,
    dataDir: '/var/lib/logrelay',
    pipelines: [
      {
        ...nginx,
        queued: 1200,
        listening: [
          { transports: ['tcp'], address: '::', port: 1514 },
          { transports: ['udp'], address: '::1', port: 1515 },
        ],
        sinks: [
          { name: 'siem', type: 'syslog', destination: 'tls://siem:6514' },
          { name: 'out', type: 'file', destination: '-' },
        ],
      },
    ],
    warnings: ['the disk is small'],
  }
  const banner = renderBanner(report, '/home/me')
  t.match(banner, /with \/etc\/logrelay\/logrelay.yaml, data in \/var\/lib\/logrelay\n/)
  t.match(banner, /listens on port 1514 TCP \(::\)\n {4}listens on port 1515 UDP \(::1\)\n/)
  t.match(banner, /writes to siem: tls:\/\/siem:6514\n {4}writes to out: standard output\n {4}1,200 messages from before are waiting\n/)
  t.match(banner, /--server 127\.0\.0\.1 --port 1514 --tcp/, '"::" takes IPv4 as well')
  t.match(banner, /--server ::1 --port 1515 --udp/)
  t.notMatch(banner, /tail/)
  t.match(banner, /\nwarning: the disk is small\n$/)
})

t.test('a path is quoted as a shell takes it', async (t) => {
  const [nginx] = laptop.pipelines as [StartReport['pipelines'][number]]
  const sinks = [{ name: 'file', type: 'file', destination: "/home/it's me/n.log" }]
  t.match(renderBanner({ ...laptop, pipelines: [{ ...nginx, sinks }] }, '/'), "tail -f 'home/it'\\''s me/n.log'")
})
