import { table } from '../report/format.ts'
import type { Sample } from './sample.ts'
import { type Cost, costs, stepOf } from './steps.ts'

const mostFunctions = 3

/** What each step and each thread costs, in microseconds of processor time a message. */
export function profileTables(samples: readonly Sample[], cpuMicroseconds: number): string {
  const row = ({ name, share, functions }: Cost) => [
    name,
    functions.map((one) => `\`${one.name}\` ${(one.share * cpuMicroseconds).toFixed(3)}`).join(', '),
    (share * cpuMicroseconds).toFixed(3),
    `${(share * 100).toFixed(1)} %`,
  ]
  const steps = table(2, ['step', 'most of it in', 'µs/message', 'share'], costs(samples, stepOf, mostFunctions).map(row))
  const threads = table(
    2,
    ['threads', 'most of it in', 'µs/message', 'share'],
    costs(samples, ({ thread }) => thread, mostFunctions).map(row),
  )
  return `${steps}\n\n${threads}`
}
