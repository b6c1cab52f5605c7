import { ReliableRelpSender } from '../../support/reliable-relp-sender.ts'

/**
 * A program of its own, to be run inside the network of a machine: sends so many numbered messages over RELP, each until it is
 * acknowledged, and ends when the last one is. It prints a line when the first is.
 */
const [port, count] = process.argv.slice(2).map(Number) as [number, number]
const sender = new ReliableRelpSender({ host: '127.0.0.1', port }, count, (index) => `<134>1 - sender app - - - number ${index}.`)
const watch = setInterval(() => {
  if (sender.acknowledged.size === 0) return
  clearInterval(watch)
  console.log('the first are acknowledged')
}, 10)
await sender.run()
console.log(`${sender.acknowledged.size} acknowledged in ${sender.sessions} sessions`)
