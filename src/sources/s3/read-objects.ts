import { createHash, randomUUID } from 'node:crypto'
import type { Level } from 'level'
import { RelayError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { makeDirectory } from '../../native/make-directory.ts'
import { decodeProgress, encodeProgress, type ObjectProgress } from '../../protocols/s3/object-progress.ts'
import { wait } from '../../retry/backoff.ts'
import { codesOf, innermost, openStore } from './open-store.ts'
import { type Scope, type ScopeRecord, scopeName } from './scope.ts'

/** Between two tries to write what the disk did not take. */
const retryMs = 1000

type Op = { type: 'put'; key: string; value: string } | { type: 'del'; key: string }

/** An object by its objectId. */
export interface ReadObject {
  readonly id: string
  readonly modifiedS: number
}

/**
 * Remembers on disk which objects were read. Its records: `d:ID` is an object that was read, and `t:TAG:DATE:ID` the same by scope and date, so
 * that those before the horizon can be let go of; `p:ID` is one that waits to be tried again, with its progress; `s:SCOPE` is the horizon
 * of a bucket and prefix, `owner` a name for this relay. Every write is fsynced. When the disk refuses one, LevelDB is closed and opened until it takes it: nothing is
 * given up before `giveUp`, or `close`.
 */
export class ReadObjects {
  readonly #directory: string
  readonly #logger: Logger
  readonly #closing = new AbortController()
  #db: Level<string, string> | undefined
  /** Writes go one after the other, what waits together in one. */
  #waiting: { readonly ops: readonly Op[]; readonly done: (written: boolean) => void }[] = []
  #writing: Promise<void> | undefined
  readonly #scope: Scope
  readonly #scopeName: string
  /** Stands for the scope in keys. */
  readonly #tag: string
  /** Those of this bucket, by name. */
  #scopes = new Map<string, ScopeRecord>()

  constructor(directory: string, scope: Scope, logger: Logger) {
    this.#directory = directory
    this.#scope = scope
    this.#scopeName = scopeName(scope)
    this.#tag = createHash('sha256').update(this.#scopeName).digest('hex').slice(0, 8)
    this.#logger = logger
  }

  /** Rejects with DATA_DIR_IN_USE or DATA_DIR_UNUSABLE. */
  async open(): Promise<void> {
    try {
      await makeDirectory(this.#directory)
      this.#db = await openStore(this.#directory)
      for await (const [key, value] of this.#db.iterator({ gte: 's:', lt: 's;' })) this.#scopes.set(key.slice(2), JSON.parse(value))
    } catch (error) {
      await this.#db?.close().catch(() => undefined)
      this.#db = undefined
      const locked = codesOf(error).includes('LEVEL_LOCKED')
      const message = `what the source remembers in ${this.#directory} cannot be opened: ${innermost(error)}`
      throw new RelayError(locked ? 'DATA_DIR_IN_USE' : 'DATA_DIR_UNUSABLE', message, { cause: error })
    }
  }

  /** What the disk does not take is not tried again from now on, and nothing more is taken. */
  giveUp(): void {
    this.#closing.abort()
  }

  /** What is to be written is tried once more; what the disk does not take is left. */
  async close(): Promise<void> {
    this.giveUp()
    await this.#writing
    await this.#db?.close().catch(() => undefined)
    this.#db = undefined
  }

  /** Stands for the scope in names. */
  get tag(): string {
    return this.#tag
  }

  /** Undefined at the first start for this bucket and prefix. */
  get scope(): ScopeRecord | undefined {
    return this.#scopes.get(this.#scopeName)
  }

  async setScope(record: ScopeRecord): Promise<void> {
    this.#scopes.set(this.#scopeName, record)
    await this.#write([{ type: 'put', key: `s:${this.#scopeName}`, value: JSON.stringify(record) }])
  }

  /** Read under another prefix, before the configuration was changed. */
  isBehind(key: string, modifiedS: number): boolean {
    for (const [name, { horizonS, started }] of this.#scopes) {
      const [server, bucket, prefix] = JSON.parse(name) as [string, string, string]
      const same = server === this.#scope.server && bucket === this.#scope.bucket && name !== this.#scopeName
      if (same && started && modifiedS < horizonS && key.startsWith(prefix)) return true
    }
    return false
  }

  /** Which of these were read, and when they were modified. Rejects with what LevelDB says. */
  async known(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const values = await this.#getMany(ids.map((id) => `d:${id}`))
    return new Map(ids.flatMap((id, i): [string, number][] => (values[i] === undefined ? [] : [[id, Number(values[i])]])))
  }

  /** They were read; what was kept of their progress goes. Resolves to true when that is fsynced, to false when it was given up before. */
  note(objects: readonly ReadObject[]): Promise<boolean> {
    return this.#write(
      objects.flatMap(({ id, modifiedS }): Op[] => [
        { type: 'put', key: `d:${id}`, value: String(modifiedS) },
        { type: 'put', key: this.#dateKey(modifiedS, id), value: '' },
        { type: 'del', key: `p:${id}` },
      ]),
    )
  }

  /** Keeps the progress of an object that waits; with `again` it counts as unread. */
  park(id: string, progress: ObjectProgress): Promise<boolean> {
    const unread: Op[] = progress.again !== undefined ? [{ type: 'del', key: `d:${id}` }] : []
    return this.#write([...unread, { type: 'put', key: `p:${id}`, value: encodeProgress(progress).toString() }])
  }

  /** It is nobody's who waits any more. */
  async unpark(id: string): Promise<void> {
    await this.#write([{ type: 'del', key: `p:${id}` }])
  }

  /** Random, and the same for ever: in whose name claims are made. */
  async owner(): Promise<string> {
    const [known] = await this.#getMany(['owner'])
    if (known !== undefined) return known
    const owner = randomUUID()
    await this.#write([{ type: 'put', key: 'owner', value: owner }])
    return owner
  }

  async parked(): Promise<[string, ObjectProgress][]> {
    const all: [string, ObjectProgress][] = []
    for await (const [key, value] of this.#opened().iterator({ gte: 'p:', lt: 'p;' })) {
      const progress = decodeProgress(Buffer.from(value))
      if (progress !== undefined) all.push([key.slice(2), progress])
    }
    return all
  }

  async parkedProgress(id: string): Promise<ObjectProgress | undefined> {
    const [value] = await this.#getMany([`p:${id}`])
    return value === undefined ? undefined : decodeProgress(Buffer.from(value))
  }

  /** Lets go of what was read and modified before this. */
  async forgetBefore(seconds: number): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#writing
      const keys = await this.#opened()
        .keys({ gte: this.#dateKey(0, ''), lt: this.#dateKey(seconds, ''), limit: 1000 })
        .all()
      if (keys.length === 0) return
      const ids = keys.map((key) => key.slice(key.lastIndexOf(':') + 1))
      const known = await this.known(ids)
      await this.#write(
        keys.flatMap((key, i): Op[] => {
          const id = ids[i] as string
          // It was seen again with a later date, under which it stands as well.
          const ended = (known.get(id) ?? 0) < seconds
          return ended
            ? [
                { type: 'del', key },
                { type: 'del', key: `d:${id}` },
              ]
            : [{ type: 'del', key }]
        }),
      )
    }
  }

  /** Digits enough for any date, so that they sort as the dates do. */
  #dateKey(seconds: number, id: string): string {
    return `t:${this.#tag}:${String(Math.max(0, seconds)).padStart(12, '0')}:${id}`
  }

  #opened(): Level<string, string> {
    if (this.#db === undefined) throw new RelayError('QUEUE_CLOSED', 'what the source remembers is closed')
    return this.#db
  }

  async #getMany(keys: string[]): Promise<(string | undefined)[]> {
    await this.#writing
    return keys.length === 0 ? [] : await this.#opened().getMany(keys)
  }

  #write(ops: readonly Op[]): Promise<boolean> {
    if (this.#closing.signal.aborted) return Promise.resolve(false)
    if (ops.length === 0) return Promise.resolve(true)
    return new Promise((done) => {
      this.#waiting.push({ ops, done })
      this.#writing ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0)
      const written = await this.#commit(group.flatMap(({ ops }) => ops))
      for (const { done } of group) done(written)
    }
    this.#writing = undefined
  }

  async #commit(ops: Op[]): Promise<boolean> {
    for (let tries = 0; tries === 0 || !this.#closing.signal.aborted; tries++) {
      try {
        this.#db ??= await openStore(this.#directory)
        await this.#db.batch<string, string>(ops, { sync: true })
        if (tries > 0) this.#logger.info({}, `what the source remembers in ${this.#directory} can be written again`)
        return true
      } catch (error) {
        if (tries === 0) {
          const text = `what the source remembers in ${this.#directory} cannot be written, trying again: ${innermost(error)}`
          this.#logger.error({ code: 'DATA_DIR_UNUSABLE', err: error }, text)
        }
        // LevelDB holds on to a write error until it is opened again.
        await this.#db?.close().catch(() => undefined)
        this.#db = undefined
        await wait(retryMs, this.#closing.signal)
      }
    }
    return false
  }
}
