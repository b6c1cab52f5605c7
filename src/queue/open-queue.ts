import type { Seq } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { ConditionBoard } from './condition-board.ts'
import { DeadLetters } from './dead-letters.ts'
import type { OpenedStore } from './doctor/open-store.ts'
import { storeEnd } from './keys.ts'
import type { LevelQueueSettings } from './level-queue.ts'
import { levelSizes, type Op } from './leveldb.ts'
import { type LoadedState, loadState, stateOps } from './load-state.ts'
import { RunningQueue } from './running-queue.ts'
import { SinkCursor } from './sink-cursor.ts'
import { StoreKeeper } from './store-keeper.ts'
import { readBatches } from './stored-batches.ts'
import { readWatermark } from './watermark.ts'

/** Opens a queue's store, makes up for what damage took, and puts the parts together. Rejects as `openStore` does. */
export async function openQueue(settings: LevelQueueSettings, board: ConditionBoard, logger: Logger): Promise<RunningQueue> {
  const { directory, config, sinks } = settings
  let running: RunningQueue | undefined
  const keeper = new StoreKeeper(directory, levelSizes(config.max_size), {
    failed: (error) => reportFailure(board, logger, error),
    reopened: (opened) => reopened(opened, board, logger, running),
  })
  const watermark = await readWatermark(directory) // before opening: a store that is set aside takes it along
  const opened = await keeper.open()
  try {
    const state = await loadState(opened, watermark, sinks)
    const cursors = [...state.cursors].map(([sink, record]) => new SinkCursor(sink, record))
    const gone = opened.outcome === 'repaired' ? await findGone(opened, state, cursors) : []
    const lost = settleGone(cursors, [...state.gone, ...gone])
    const letters = new Map<string, DeadLetters>()
    const ops: Op[] = [...state.ops]
    for (const { sink, seq } of cursors) {
      const loaded = await DeadLetters.load(opened.db, sink, seq)
      letters.set(sink, loaded.letters)
      ops.push(...loaded.ops)
    }
    ops.push(...stateOps({ queueId: state.queueId, head: state.head, cursors: recordsOf(cursors) }))
    await opened.db.batch(ops, { sync: true })
    // Into a table of their own: beside batches they would make it span every batch to come, and each compaction with it.
    await opened.db.compactRange(storeEnd, storeEnd)
    reportOpened(opened, state, lost, board, logger)
    running = new RunningQueue({ settings, board, logger, keeper, state, cursors, letters })
    await running.writeWatermark()
    return running
  } catch (error) {
    await keeper.close()
    throw RelayError.from(error, 'QUEUE_FAILED', `the queue ${directory} cannot be opened`)
  }
}

function recordsOf(cursors: readonly SinkCursor[]) {
  return new Map(cursors.map((cursor) => [cursor.sink, cursor.record]))
}

/** Reads what waits, as after a repair nothing is taken on trust. */
async function findGone(opened: OpenedStore, state: LoadedState, cursors: readonly SinkCursor[]): Promise<[Seq, Seq][]> {
  const gone: [Seq, Seq][] = []
  let at = Math.min(state.head.nextSeq, ...cursors.map((cursor) => cursor.batch))
  while (at < state.head.nextSeq) {
    for (const { extent, batch } of await readBatches(opened.db, state.queueId, at, state.head, 2 ** 20)) {
      if (batch === undefined) gone.push([extent.first, extent.end - 1])
      at = extent.end
    }
  }
  return gone
}

/** Counts messages that cannot be read as damaged for each sink that had not passed them. */
function settleGone(cursors: readonly SinkCursor[], gone: readonly (readonly [Seq, Seq])[]): Map<string, number> {
  const lost = new Map<string, number>()
  for (const cursor of cursors) {
    let messages = 0
    for (const range of gone) for (const [from, through] of cursor.settle(range, 'damaged')) messages += through - from + 1
    if (messages > 0) lost.set(cursor.sink, messages)
  }
  return lost
}

function reportOpened(
  { outcome, reasons, aside }: OpenedStore,
  state: LoadedState,
  lost: ReadonlyMap<string, number>,
  board: ConditionBoard,
  logger: Logger,
): void {
  for (const [sink, messages] of state.removed)
    logger.warn({ sink, messages }, 'a sink is not configured any more: what waited for it is let go')
  const damaged = outcome === 'repaired' || outcome === 'set_aside'
  if (!damaged && lost.size === 0) return
  const done = outcome === 'set_aside' ? 'set aside' : 'repaired'
  const losses = [...lost].map(([sink, messages]) => `${messages} for ${sink}`).join(', ')
  const what = [damaged ? `${done} (${reasons.join(', ')})` : '', losses === '' ? '' : `messages gone: ${losses}`]
    .filter((text) => text !== '')
    .join('; ')
  board.repaired(`the queue was damaged: ${what}${aside === undefined ? '' : `; the old files are in ${aside}`}`)
  logger.error({ code: 'QUEUE_DAMAGED', reasons, aside, lost: Object.fromEntries(lost) }, `the queue was damaged: ${what}`)
}

function reportFailure(board: ConditionBoard, logger: Logger, error: RelayError): void {
  const trouble = error.code === 'DISK_FULL' ? 'disk_refused' : 'failed'
  board.set(trouble, true, error.message)
  logger.error({ code: error.code, err: error }, 'the store of the queue failed; it is closed and opened again')
}

function reopened(opened: OpenedStore, board: ConditionBoard, logger: Logger, running: RunningQueue | undefined): Op[] {
  const { outcome, reasons, aside } = opened
  if (outcome === 'sound') logger.info({}, 'the store of the queue works again')
  else {
    const done = outcome === 'repaired' ? 'repaired' : 'set aside'
    board.repaired(
      `the queue was ${done} while running (${reasons.join(', ')})${aside === undefined ? '' : `; the old files are in ${aside}`}`,
    )
    logger.error({ code: 'QUEUE_DAMAGED', reasons, aside }, `the store of the queue was ${done}`)
  }
  board.set('failed', false)
  board.set('disk_refused', false)
  return running?.stateOps() ?? []
}
