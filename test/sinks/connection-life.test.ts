import { test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { ConnectionLife, type DeathListener } from '../../src/sinks/connection-life.ts'

test('each listener hears of the death once, with its reason, however late it comes', async (t) => {
  const life = new ConnectionLife()
  const reason = new RelayError('ENDPOINT_CLOSED', 'it hung up')
  const heard: unknown[] = []
  const listener: DeathListener = (why) => heard.push(why)
  life.onDeath(listener)
  const forget = life.onDeath(() => t.fail('it does not listen any more'))
  forget()
  life.end(reason)
  t.same([life.alive, heard], [false, [reason]])
  life.onDeath(listener)()
  t.same(heard, [reason, reason])
})
