import { readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { HeldFiles } from '../../src/queue/held-files.ts'

/** Files below the directory that this process holds, the deleted ones too. */
function heldBelow(directory: string): string[] {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // that of the listing itself
    }
  })
  return links.filter((link) => link.startsWith(`${directory}/`)).map((link) => link.slice(directory.length + 1))
}

t.test('a deleted file lives until a write or a second without one', async (t) => {
  const directory = t.testdir({ '000003.log': 'log', '000005.ldb': 'table', CURRENT: 'x', LOCK: '' })
  const files = new HeldFiles(directory)
  await files.look()
  t.same(heldBelow(directory).sort(), ['000003.log', '000005.ldb'])
  rmSync(join(directory, '000005.ldb'))
  writeFileSync(join(directory, '000007.ldb'), 'another')
  t.same(heldBelow(directory).sort(), ['000003.log', '000005.ldb (deleted)'])
  await files.look()
  t.same(heldBelow(directory).sort(), ['000003.log', '000005.ldb (deleted)', '000007.ldb'])
  await files.tick()
  t.same(heldBelow(directory).sort(), ['000003.log', '000007.ldb'])
  rmSync(join(directory, '000003.log'))
  rmSync(join(directory, '000007.ldb'))
  await files.look()
  files.stored(1)
  t.equal(files.count, 1, 'one with each write')
  await files.close()
  t.same(heldBelow(directory), [])
  t.equal(files.count, 0)
})

t.test('it looks when a mebibyte was stored, holds a bounded number, and the log among them', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${String(i + 1).padStart(6, '0')}.ldb`, '']))
  const directory = t.testdir({ ...many, '000999.log': '' })
  const files = new HeldFiles(directory)
  files.stored(2 ** 20 - 1)
  await files.look() // joins the one under way, if there is one
  t.equal(files.count, 64)
  t.ok(heldBelow(directory).includes('000999.log'))
  t.ok(heldBelow(directory).includes('000001.ldb'), 'the oldest are the next to go')
  await files.close()
})

t.test('a directory that is gone', async (t) => {
  const files = new HeldFiles(join(t.testdir(), 'none'))
  await files.look()
  t.equal(files.count, 0)
  await files.close()
})
