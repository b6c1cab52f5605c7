import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RelayError } from '../core/errors.ts'
import { makeDirectory } from '../native/make-directory.ts'
import type { Slice } from './batch-encoder.ts'
import type { Appended, LineOutput } from './line-output.ts'
import { writeAll } from './write-all.ts'

const lineFeed = Buffer.from('\n')

export interface RotationLimits {
  readonly maxFileSize: number
  /** Rotated files kept: `name.1` is the newest. */
  readonly maxFiles: number
}

/**
 * A file that lines are appended to. Whole slices are in it or nothing of them: what a failed write left behind is cut off
 * again, so that no half line is joined to the next. It may be moved, removed or truncated by others (logrotate): each
 * append looks first whether the path still leads to the open file.
 */
export class RotatingFile implements LineOutput {
  readonly #path: string
  readonly #limits: RotationLimits
  #handle: FileHandle | undefined
  #inode = 0
  #size = 0

  constructor(path: string, limits: RotationLimits) {
    this.#path = path
    this.#limits = limits
  }

  async open(): Promise<void> {
    const handle = await this.#current()
    if ((await handle.stat()).isFile()) return
    await this.close()
    // A pipe or a device takes the lines and then fails the sync: they would be written to it again and again.
    const hint = 'Write "path: -" for standard output.'
    throw new RelayError('FILE_UNWRITABLE', `cannot write to ${this.#path}: it is no regular file`, { hint })
  }

  /**
   * Resolves with the `end` of the last slice that is on disk (fdatasync), and with the error when that is not the last of
   * all. After an abort what was written is taken back, as far as the file was not rotated meanwhile.
   */
  async append(next: () => Slice | undefined, signal: AbortSignal): Promise<Appended> {
    let synced = 0
    let written = 0
    let goodSize: number | undefined
    try {
      let handle = await this.#current()
      goodSize = this.#size
      for (let slice = next(); slice !== undefined; slice = next()) {
        if (this.#size > 0 && this.#size + slice.bytes.length > this.#limits.maxFileSize) {
          await this.#rotate(handle)
          synced = written
          handle = await this.#current()
          goodSize = this.#size
        }
        await writeAll(handle, slice.bytes)
        this.#size += slice.bytes.length
        written = slice.end
        signal.throwIfAborted()
      }
      await handle.datasync()
      signal.throwIfAborted()
      return { delivered: written }
    } catch (error) {
      await this.#takeBack(goodSize)
      return { delivered: synced, error }
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  /** The open file that the path leads to, opened or created where necessary. */
  async #current(): Promise<FileHandle> {
    if (this.#handle !== undefined) {
      const found = await stat(this.#path).catch(ignoreMissing)
      if (found?.ino === this.#inode) {
        // Truncated in place (copytruncate), or written to by somebody else.
        this.#size = found.size
        return this.#handle
      }
      await this.close()
    }
    await makeDirectory(dirname(this.#path))
    // 'a+' to read the last byte; 0640 because logs tell about people.
    const handle = await open(this.#path, 'a+', 0o640)
    try {
      const { ino, size } = await handle.stat()
      this.#inode = ino
      this.#size = size
      if (size === 0) await syncDirectory(dirname(this.#path))
      else await this.#completeLastLine(handle)
    } catch (error) {
      await handle.close()
      throw error
    }
    this.#handle = handle
    return handle
  }

  /** A process killed while writing left half a line: the next one must not be joined to it. */
  async #completeLastLine(handle: FileHandle): Promise<void> {
    const last = Buffer.alloc(1)
    await handle.read(last, 0, 1, this.#size - 1)
    if (last.equals(lineFeed)) return
    await writeAll(handle, lineFeed)
    this.#size++
  }

  /** The oldest first, so that a kill between two renames leaves a gap in the numbers and no file overwritten. */
  async #rotate(handle: FileHandle): Promise<void> {
    await handle.datasync()
    for (let number = this.#limits.maxFiles - 1; number >= 1; number--) {
      await rename(`${this.#path}.${number}`, `${this.#path}.${number + 1}`).catch(ignoreMissing)
    }
    await rename(this.#path, `${this.#path}.1`)
    await this.close()
  }

  /** Cuts off what was written since the last sync. The file is opened anew next time: after a failed sync its state is unknown. */
  async #takeBack(goodSize: number | undefined): Promise<void> {
    const handle = this.#handle
    if (handle === undefined) return
    // Whatever fails here is the consequence of the error that is reported; half a line is completed when the file is opened again.
    if (goodSize !== undefined) await handle.truncate(goodSize).catch(() => {})
    await this.close().catch(() => {})
  }
}

/** A new file's name is on disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
