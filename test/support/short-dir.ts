import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/**
 * A directory of the test's own, whose path is short: sockets take 107 bytes, and tap's own, named after file and test, are soon too long. It is removed after what was
 * opened in it is closed, where tap removes its own before.
 */
export function shortDir(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'relay-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
