import type { SeqRange } from '../core/batch.ts'
import { RelayError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { ConditionBoard } from './condition-board.ts'
import { loadLetters } from './dead-letters/load-letters.ts'
import type { SinkLetters } from './dead-letters/sink-letters.ts'
import type { OpenedStore } from './doctor/open-store.ts'
import type { LevelQueueSettings } from './level-queue-settings.ts'
import { isStoreError, type LevelTools, type Op, openFailure, reasonOf } from './leveldb.ts'
import { type LoadedState, loadState, stateOps } from './load-state.ts'
import { QueueBooks } from './queue-books.ts'
import { RunningQueue } from './running-queue.ts'
import { segmentBytes } from './segments/segmented-store.ts'
import { SinkCursor } from './sink-cursor.ts'
import { type KeeperEvents, StoreKeeper } from './store-keeper.ts'
import { findGaps } from './stored-batches.ts'
import { readWatermark, type Watermark } from './watermark.ts'

/** Opens a queue's store, makes up for what damage took, and puts the parts together. Rejects as `openStore` does. */
export async function openQueue(
  settings: LevelQueueSettings,
  board: ConditionBoard,
  logger: Logger,
  level?: LevelTools,
): Promise<RunningQueue> {
  const { directory, config } = settings
  let running: RunningQueue | undefined
  const events: KeeperEvents = {
    failed: (error) => reportFailure(board, logger, error),
    reopened: (opened) => reopened(opened, board, logger, running),
    mistake: (error) => logger.error({ code: error.code, err: error }, 'a mistake in the queue; please report it'),
  }
  const keeper = new StoreKeeper(directory, segmentBytes(config.max_size), events, level)
  const watermark = await readWatermark(directory) // before opening: a store that is set aside takes it along
  try {
    const { opened, state, cursors, letters, lost } = await openAndLoad(keeper, settings, watermark)
    reportOpened(opened, lost, board, logger)
    running = new RunningQueue({ settings, board, logger, keeper, books: new QueueBooks(state, cursors), letters })
    await running.writeWatermark()
    running.letters.tidyAll()
    return running
  } catch (error) {
    await keeper.close()
    throw openFailure(directory, error) ?? RelayError.from(error, 'QUEUE_FAILED', `the queue ${directory} cannot be opened`)
  }
}

interface Loaded {
  readonly opened: OpenedStore
  readonly state: LoadedState
  readonly cursors: readonly SinkCursor[]
  readonly letters: ReadonlyMap<string, SinkLetters>
  /** Messages gone, by sink. */
  readonly lost: ReadonlyMap<string, number>
}

/** Damage may show only when the records are read: then the store is repaired, and set aside when that did not help. */
async function openAndLoad(keeper: StoreKeeper, settings: LevelQueueSettings, watermark: Watermark | undefined): Promise<Loaded> {
  const doubts: { suspicion?: string; beyondRepair?: boolean } = {}
  for (;;) {
    try {
      return await load(await keeper.open(doubts), settings, watermark)
    } catch (error) {
      await keeper.reset()
      const damage = isStoreError(error) && openFailure(settings.directory, error) === undefined
      if (!damage || doubts.beyondRepair === true) throw error
      if (doubts.suspicion !== undefined) doubts.beyondRepair = true
      doubts.suspicion = reasonOf(error)
    }
  }
}

async function load(
  opened: OpenedStore,
  { sinks, deadLetterLimits }: LevelQueueSettings,
  watermark: Watermark | undefined,
): Promise<Loaded> {
  const state = await loadState(opened, watermark, sinks)
  const cursors = [...state.cursors].map(([sink, record]) => new SinkCursor(sink, record))
  const gone = opened.outcome === 'repaired' || opened.outcome === 'set_aside' ? await findGone(opened, state, cursors) : []
  const lost = settleGone(cursors, [...state.gone, ...gone])
  const { letters, ops: lettersOps } = await loadLetters(opened, cursors, deadLetterLimits)
  const ops: Op[] = [...state.ops]
  for (const op of lettersOps) ops.push(op)
  ops.push(...stateOps({ queueId: state.queueId, head: state.head, cursors: recordsOf(cursors) }))
  await opened.db.batch(ops, { sync: true })
  return { opened, state, cursors, letters, lost }
}

function recordsOf(cursors: readonly SinkCursor[]) {
  return new Map(cursors.map((cursor) => [cursor.sink, cursor.record]))
}

/** Looks at all that waits, as after a repair nothing is taken on trust. */
async function findGone(opened: OpenedStore, { head }: LoadedState, cursors: readonly SinkCursor[]): Promise<SeqRange[]> {
  return await findGaps(opened.db, Math.min(head.nextSeq, ...cursors.map((cursor) => cursor.batch)), head)
}

/** Counts messages that cannot be read as damaged for each sink that had not passed them. */
function settleGone(cursors: readonly SinkCursor[], gone: readonly SeqRange[]): Map<string, number> {
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
  lost: ReadonlyMap<string, number>,
  board: ConditionBoard,
  logger: Logger,
): void {
  const damaged = outcome === 'repaired' || outcome === 'set_aside'
  if (!damaged && lost.size === 0) return
  const done = outcome === 'set_aside' ? 'set aside' : 'repaired'
  const losses = [...lost].map(([sink, messages]) => `${messages} for ${sink}`).join(', ')
  const what = [damaged ? `${done} (${reasons.join(', ')})` : '', losses === '' ? '' : `messages gone: ${losses}`]
    .filter((text) => text !== '')
    .join('; ')
  board.note('repaired', `the queue was damaged: ${what}${aside === undefined ? '' : `; the old files are in ${aside}`}`)
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
    board.note(
      'repaired',
      `the queue was ${done} while running (${reasons.join(', ')})${aside === undefined ? '' : `; the old files are in ${aside}`}`,
    )
    logger.error({ code: 'QUEUE_DAMAGED', reasons, aside }, `the store of the queue was ${done}`)
  }
  board.set('failed', false)
  board.set('disk_refused', false)
  return running?.reopened() ?? []
}
