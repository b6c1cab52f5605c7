import t from 'tap'
import { ConditionBoard } from '../../src/queue/condition-board.ts'
import { newCursor, SinkCursor } from '../../src/queue/sink-cursor.ts'
import { SinkOutcomes } from '../../src/queue/sink-outcomes.ts'
import { recordingLogger } from './queue-fixtures.ts'

t.test('what was found damaged adds up', async (t) => {
  const board = new ConditionBoard()
  board.set('closed', false)
  const letters = { reject: () => [], tidy: () => {} }
  const outcomes = new SinkOutcomes({ board, logger: recordingLogger(), letters, moved: async () => {} })
  board.note('repaired', 'the queue was repaired')
  const [a, b] = ['a', 'b'].map((sink) => new SinkCursor(sink, newCursor(0, 0, {})))
  if (a === undefined || b === undefined) throw new Error('no cursors')
  outcomes.damaged(a, 3)
  outcomes.damaged(b, 1)
  outcomes.damaged(a, 4)
  t.equal(board.status().detail, 'the queue was repaired; found damaged or gone: 7 messages for a, 1 messages for b')
})
