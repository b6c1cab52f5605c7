import { test } from 'tap'
import { mayBindAll, unprivilegedStart } from '../../src/config/low-ports.ts'

test('what a process may open is told by its capabilities', async (t) => {
  t.equal(mayBindAll('CapPrm:\t0000000000000000\nCapEff:\t0000000000000400\n'), true, 'CAP_NET_BIND_SERVICE alone')
  t.equal(mayBindAll('CapEff:\t000001fffffffbff\n'), false, 'all but that')
  t.equal(mayBindAll('CapBnd:\t0000000000000400\n'), undefined)
})

test('and by where the kernel begins', async (t) => {
  t.equal(unprivilegedStart('0\n'), 0)
  t.equal(unprivilegedStart('80\n'), 80)
  t.equal(unprivilegedStart(undefined), 1024)
  t.equal(unprivilegedStart('?'), 1024)
})
