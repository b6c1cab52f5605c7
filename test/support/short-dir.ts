import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A directory for sockets, whose paths may have 107 bytes: tap's own, named after file and test, are soon too long. */
export function shortDir(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'relay-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
