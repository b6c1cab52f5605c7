import t from 'tap'
import { LogSync } from '../../src/queue/log-sync.ts'

t.test('requests during a round share the next one, and a closed store is told', async (t) => {
  const rounds: ((synced: boolean) => void)[] = []
  const sync = new LogSync(() => new Promise((resolve) => rounds.push(resolve)))
  await sync.syncIfWritten()
  t.equal(rounds.length, 0, 'nothing was written')
  sync.written()
  const first = sync.syncIfWritten()
  const late = [sync.sync(), sync.sync()]
  t.equal(rounds.length, 1, 'what is asked during a round may not be in it')
  rounds[0]?.(true)
  await first
  while (rounds.length < 2) await new Promise((resolve) => setImmediate(resolve))
  rounds[1]?.(false)
  t.same(await Promise.all(late), [false, false])
  t.equal(rounds.length, 2)
  const again = sync.syncIfWritten()
  t.equal(rounds.length, 3, 'what was not synced is still to be')
  rounds[2]?.(true)
  await again
})
