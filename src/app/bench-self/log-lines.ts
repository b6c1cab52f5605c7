/**
 * Log lines for the built-in measurement, all of one length with a line feed after each. They differ as those of real
 * devices do (addresses, numbers, words), so that they compress as logs do: to about a third.
 */
export const messageBytes = 300
export const recordBytes = messageBytes + 1

/** `count` lines; another seed gives others. */
export function logLines(count: number, seed: number): Buffer {
  const random = numbers(seed)
  const lines = Array.from({ length: count }, (_, i) => {
    const line = (kinds[i % kinds.length] as Kind)(random)
    return `${line} ${trace(random, messageBytes - line.length)}`.slice(0, messageBytes)
  })
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1')
}

/** Whole numbers from 0 to below `limit`. */
type Random = (limit: number) => number
type Kind = (random: Random) => string

const kinds: readonly Kind[] = [
  (random) => {
    const request = `${pick(random, ['GET', 'GET', 'POST', 'HEAD'])} /${pick(random, places)}/${token(random)}?page=${random(90)} HTTP/1.1`
    const head = `<134>1 ${time(random)} web-${random(8)}.example.com nginx ${1000 + random(9000)} access -`
    return `${head} ${address(random)} - - "${request}" ${pick(random, ['200', '200', '200', '304', '404', '502'])} ${random(100_000)}`
  },
  (random) => {
    const from = `outside:${address(random)}/${1024 + random(60_000)}`
    const to = `inside:10.${random(4)}.${random(256)}.${random(256)}/${pick(random, ['443', '53', '22', '8080'])}`
    const what = `Teardown TCP connection ${random(90_000_000)} for ${from} to ${to} duration 0:0${random(10)}:${10 + random(49)}`
    return `<166>${time(random)} fw-${random(4)} : %ASA-6-302014: ${what} bytes ${random(1_000_000)} TCP FINs`
  },
  (random) => {
    const user = `${pick(random, places)}${random(500)}`
    const head = `<86>1 ${time(random)} host-${random(200)} sshd ${random(32_000)} - -`
    return `${head} ${pick(random, ['Accepted publickey', 'Failed password', 'Disconnected from'])} for ${user} from ${address(random)} port ${random(65_000)} ssh2`
  },
]

const places = ['account', 'api', 'backup', 'images', 'orders', 'search', 'shop', 'static', 'status', 'users']

function trace(random: Random, length: number): string {
  let text = `trace=${token(random)}${token(random)}`
  while (text.length < length) text += ` ${pick(random, places)}=${random(10_000)}`
  return text
}

function time(random: Random): string {
  const two = (limit: number) => String(random(limit)).padStart(2, '0')
  return `2026-11-21T12:${two(60)}:${two(60)}.${String(random(1_000_000)).padStart(6, '0')}Z`
}

function address(random: Random): string {
  return `${1 + random(222)}.${random(256)}.${random(256)}.${random(256)}`
}

function token(random: Random): string {
  return random(2 ** 32)
    .toString(16)
    .padStart(8, '0')
}

function pick(random: Random, values: readonly string[]): string {
  return values[random(values.length)] as string
}

/** A linear congruential generator (the constants of Numerical Recipes): every run sends the same. Its upper bits are the good ones. */
function numbers(seed: number): Random {
  let state = seed >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}
