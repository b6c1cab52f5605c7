import fc from 'fast-check'
import t from 'tap'
import { duration, formatDuration, formatSize, size } from '../../src/config/units.ts'

function parsed(
  schema: ReturnType<typeof size> | ReturnType<typeof duration>,
  value: string | number | boolean,
): number | string | undefined {
  const result = schema.safeParse(value)
  return result.success ? result.data : result.error.issues[0]?.message
}

t.test('sizes', async (t) => {
  const cases: [string | number, number][] = [
    ['1GiB', 2 ** 30],
    ['1.5 KiB', 1536],
    ['500MB', 500e6],
    ['12B', 12],
    ['65536', 65_536],
    [4096, 4096],
  ]
  for (const [text, bytes] of cases) t.equal(parsed(size(), text), bytes, String(text))
})

t.test('what is no size says how one is written', async (t) => {
  for (const text of ['', '1 gib', '-1', '1e3', 'GiB', '1PB', 'NaN', true]) {
    t.match(parsed(size(), text), /^must be a size such as 64KiB/, String(text))
  }
  t.equal(parsed(size(), 0), 'must be at least 1')
  t.equal(parsed(size({ max: 2 ** 24 }), '17MiB'), 'must be at most 16MiB')
})

t.test('durations', async (t) => {
  const cases: [string | number | boolean, number][] = [
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['off', 0],
    [false, 0],
    [0, 0],
  ]
  for (const [text, ms] of cases) t.equal(parsed(duration(), text), ms, String(text))
})

t.test('what is no duration says how one is written', async (t) => {
  for (const text of [5, '5', '1w', 's', true, '-1s'])
    t.match(parsed(duration(), text), /^must be a duration such as 500ms.*off$/, String(text))
  t.equal(parsed(duration({ min: 1 }), 'off'), 'must be at least 1ms')
  t.notMatch(parsed(duration({ min: 1 }), 'x'), /off/)
  t.equal(parsed(duration(), '25d'), 'must be at most 2147483647ms', 'a longer timer would fire at once')
})

t.test('what is formatted reads back as the same value', async (t) => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (bytes) => parsed(size(), formatSize(bytes)) === bytes))
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (ms) => parsed(duration(), formatDuration(ms)) === ms))
  t.equal(formatSize(65_536), '64KiB')
  t.equal(formatSize(5_000_000), '5MB')
  t.equal(formatSize(1001), '1001')
  t.equal(formatDuration(300_000), '5m')
  t.equal(formatDuration(1500), '1500ms')
  t.equal(formatDuration(0), 'off')
})
