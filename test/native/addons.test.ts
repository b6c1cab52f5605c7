import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { type AddonHome, loadAddon } from '../../src/native/addons.ts'

const addon = Buffer.from('the bytes of an addon')
const sha256 = createHash('sha256').update(addon).digest('hex')
const uid = process.geteuid?.() as number

/** A home whose addons "load" by being read; `opened` has the paths. */
function home(t: Test, env: NodeJS.ProcessEnv, open?: (path: string) => unknown): AddonHome & { dir: string; opened: string[] } {
  const dir = t.testdir({ program: {}, home: {}, tmp: {} })
  const opened: string[] = []
  return {
    dir,
    opened,
    besides: join(dir, 'program'),
    env: { HOME: join(dir, 'home'), ...env },
    uid,
    temporary: join(dir, 'tmp'),
    sha256: () => sha256,
    bytes: () => addon,
    open: (path) => {
      opened.push(path)
      return open === undefined ? readFileSync(path, 'utf8') : open(path)
    },
  }
}

const failure = (load: () => unknown): RelayError => {
  try {
    load()
  } catch (error) {
    if (error instanceof RelayError) return error
  }
  throw new Error('it was loaded')
}

test('the addon beside the program is taken, if it is the very same', async (t) => {
  const it = home(t, {})
  writeFileSync(join(it.besides, 'x.node'), addon)
  t.equal(loadAddon('x.node', it), addon.toString())
  t.strictSame(it.opened, [join(it.besides, 'x.node')])
  t.strictSame(readdirSync(join(it.dir, 'home')), [], 'nothing is written')

  writeFileSync(join(it.besides, 'x.node'), 'of another version')
  t.equal(loadAddon('x.node', it), addon.toString())
  t.strictSame(it.opened.slice(1), [join(it.dir, 'home/.cache/logrelay', `${sha256}-x.node`)])
})

test('the one beside the program is not taken where somebody else could exchange it', async (t) => {
  const it = home(t, {})
  const beside = join(it.besides, 'x.node')
  const cached = join(it.dir, 'home/.cache/logrelay', `${sha256}-x.node`)
  writeFileSync(beside, addon)
  chmodSync(beside, 0o666)
  loadAddon('x.node', it)
  chmodSync(beside, 0o644)
  chmodSync(it.besides, 0o777)
  loadAddon('x.node', it)
  t.strictSame(it.opened, [cached, cached])
  // Sticky, as /tmp is: nobody can take ours away.
  chmodSync(it.besides, 0o1777)
  loadAddon('x.node', it)
  t.equal(it.opened.at(-1), beside)
})

test('a copy is written once, and again when it is not what it should be', async (t) => {
  const it = home(t, {})
  const path = join(it.dir, 'home/.cache/logrelay', `${sha256}-x.node`)
  loadAddon('x.node', it)
  const first = readFileSync(path)
  loadAddon('x.node', it)
  t.strictSame(first, addon)
  writeFileSync(path, 'damaged')
  t.equal(loadAddon('x.node', it), addon.toString())
  t.strictSame(readdirSync(join(path, '..')), [`${sha256}-x.node`], 'no temporary file stays')
})

test('a link in the place of the copy is not followed', async (t) => {
  const it = home(t, {})
  const cache = join(it.dir, 'home/.cache/logrelay')
  mkdirSync(cache, { recursive: true })
  writeFileSync(join(it.dir, 'theirs'), addon)
  symlinkSync(join(it.dir, 'theirs'), join(cache, `${sha256}-x.node`))
  loadAddon('x.node', it)
  t.strictSame(readFileSync(join(cache, `${sha256}-x.node`)), addon)
  writeFileSync(join(it.dir, 'theirs'), 'changed')
  t.strictSame(readFileSync(join(cache, `${sha256}-x.node`)), addon, 'a file of its own')
})

test('LOGRELAY_CACHE_DIR is the one place where it is named; XDG_CACHE_HOME comes before the home', async (t) => {
  const it = home(t, {})
  const named = { ...it, env: { ...it.env, LOGRELAY_CACHE_DIR: join(it.dir, 'named') } }
  loadAddon('x.node', named)
  const xdg = { ...it, env: { ...it.env, XDG_CACHE_HOME: join(it.dir, 'xdg') } }
  loadAddon('x.node', xdg)
  t.strictSame(it.opened, [join(it.dir, 'named', `${sha256}-x.node`), join(it.dir, 'xdg/logrelay', `${sha256}-x.node`)])
  chmodSync(join(it.dir, 'named'), 0o777)
  const error = failure(() => loadAddon('x.node', named))
  t.equal(error.code, 'ADDON_UNAVAILABLE')
  t.match(error.message, /named can be written by other users \(mode 777\)$/, 'and no other is tried')
  t.match(error.hint, /LOGRELAY_CACHE_DIR/)
})

test('where one place cannot be used the next is tried, and all are named when none can', async (t) => {
  let refused = 1
  const noexec = () => {
    if (refused-- > 0) throw new Error('/x.node: failed to map segment from shared object')
    return 'loaded'
  }
  const it = home(t, {}, noexec)
  it.env.XDG_CACHE_HOME = join(it.dir, 'noexec')
  t.equal(loadAddon('x.node', it), 'loaded')
  t.equal(it.opened.length, 2)

  refused = 99
  const { message } = failure(() => loadAddon('x.node', it))
  t.match(message, /noexec\/logrelay\/\w+-x\.node cannot be loaded: its file system is mounted noexec; /)
  t.match(message, /home\/\.cache\/logrelay/)
  t.match(message, /; \S+tmp\/logrelay-\d+\/\w+-x\.node cannot be loaded/)
})

test('what the linker says of another trouble is passed on', async (t) => {
  const it = home(t, {}, () => {
    throw new Error('wrong ELF class')
  })
  t.match(failure(() => loadAddon('x.node', it)).message, /cannot be loaded: wrong ELF class/)
})

test('a directory that takes no writes is named with the reason', async (t) => {
  const it = home(t, {})
  it.env.LOGRELAY_CACHE_DIR = join(it.dir, 'full')
  const full = {
    ...it,
    bytes: () => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    },
  }
  t.match(failure(() => loadAddon('x.node', full)).message, /full cannot be written \(ENOSPC\)/)
})
