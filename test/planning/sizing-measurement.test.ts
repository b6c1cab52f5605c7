import t from 'tap'
import { rateAtSize } from '../../src/planning/sizing-measurement.ts'

t.test('larger messages cost by their bytes, smaller ones no less than what was measured', async (t) => {
  const measured = { messagesPerSecond: 90_000, messageBytes: 300 }
  t.equal(rateAtSize(measured, 300), 90_000)
  t.equal(rateAtSize(measured, 900), 30_000)
  t.equal(rateAtSize(measured, 100), 90_000)
})
