import { test } from 'tap'
import { Backlog } from '../../../src/sources/s3/backlog.ts'
import { Bucket } from '../../../src/sources/s3/bucket.ts'
import { PollingHealth } from '../../../src/sources/s3/polling-health.ts'
import { createDiscovery } from '../../../src/sources/s3/polling-parts.ts'
import { ReadObjects } from '../../../src/sources/s3/read-objects.ts'
import { createS3Client } from '../../../src/sources/s3/s3-clients.ts'
import { Valve } from '../../../src/sources/s3/valve.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { eventually, s3Config, temporaryDirectory } from '../../support/running-s3-source.ts'
import { S3Intake } from '../../support/s3-intake.ts'
import { S3Server } from '../../support/s3-server.ts'

test('claims in a bucket of their own hide no object, whatever their prefix', async (t) => {
  const server = await S3Server.start(t)
  server.put('logs/a', 'text\n')
  const config = s3Config(server, { prefix: 'logs/', claims: { bucket: 'claims', prefix: 'logs/' } })
  const s3 = createS3Client(config)
  const logger = new RecordingLogger()
  const read = new ReadObjects(temporaryDirectory(t), { server: '', bucket: 'logs', prefix: 'logs/' }, logger)
  await read.open()
  const backlog = new Backlog()
  const quit = new AbortController()
  const finding = new PollingHealth({ who: 'source', retry: config.retry, logger })
  const parts = {
    config,
    clients: { s3 },
    bucket: new Bucket(s3, 'logs'),
    intake: new S3Intake(),
    backlog,
    read,
    valve: new Valve(),
    logger,
    counts: { reading: 0, waitingForRoom: 0, completed: 0, failed: 0, takenOver: 0, repeatedMessages: 0, bytes: 0 },
    health: { finding, reading: finding, claiming: finding },
    quit: quit.signal,
    hard: quit.signal,
  }
  const running = createDiscovery(parts, undefined).run(quit.signal)
  t.teardown(async () => {
    quit.abort()
    await running
    await read.close()
    s3.destroy()
  })
  await eventually(() => backlog.waiting === 1)
  t.pass('it was found')
})
