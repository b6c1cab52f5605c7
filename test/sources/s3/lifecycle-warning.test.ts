import { test } from 'tap'
import { lifecycleWarning } from '../../../src/sources/s3/lifecycle-warning.ts'
import { runS3, s3Config } from '../../support/running-s3-source.ts'
import { S3Server } from '../../support/s3-server.ts'

const never = new AbortController().signal

function rule(days: number, prefix: string, status = 'Enabled'): string {
  return `<Rule><ID>r${days}</ID><Status>${status}</Status><Filter><Prefix>${prefix}</Prefix></Filter><Expiration><Days>${days}</Days></Expiration></Rule>`
}

test('a rule that deletes objects of the prefix sooner than the rpo is told of', async (t) => {
  const server = await S3Server.start(t)
  const config = s3Config(server, { prefix: 'logs/app/', rpo: '7d' })
  t.equal(await lifecycleWarning(config, never), undefined, 'the bucket has no rules')
  const warned = async (rules: string) => {
    server.lifecycle = rules
    return await lifecycleWarning(config, never)
  }
  t.equal(await warned(rule(7, 'logs/')), undefined)
  t.equal(await warned(rule(3, 'other/') + rule(3, 'logs/', 'Disabled')), undefined)
  t.match(await warned(rule(30, '') + rule(3, 'logs/')), /deletes objects after 3 days \(lifecycle rule r3\), sooner than the rpo of 7d/)
  t.match(await warned(rule(5, '')), /after 5 days/)
  t.match(await warned(rule(1, 'logs/app/debug/')), /after 1 day/)
  server.script = () => ({ status: 403, code: 'AccessDenied' })
  t.match(await lifecycleWarning(config, never), /cannot be read: AccessDenied/)
  t.equal(await lifecycleWarning({ ...config, rpo: 0 }, never), undefined)
})

test('a start tells of it as well', async (t) => {
  const server = await S3Server.start(t)
  server.lifecycle = rule(1, '')
  const { logger } = await runS3(t, s3Config(server, { rpo: '2d' }))
  await server.until(() => server.requests.some(({ what }) => what === 'lifecycle') && server.requests.length > 3)
  t.match(logger.messages('warn')[0], /after 1 day/)
})
