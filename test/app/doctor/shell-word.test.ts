import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { test } from 'tap'
import { shellWord } from '../../../src/app/doctor/shell-word.ts'

test('what needs no quotes has none', async (t) => {
  t.equal(shellWord('/etc/logrelay/relay-1.yaml'), '/etc/logrelay/relay-1.yaml')
  t.equal(shellWord(''), "''")
})

test('a shell sees the text again, whatever is in it', async (t) => {
  const text = fc.string({ unit: fc.constantFrom(...'\'"$`\\!*;&|<>(){}[]?~# \n\taé') })
  fc.assert(
    fc.property(fc.array(text, { minLength: 20, maxLength: 20 }), (texts) => {
      const out = execFileSync('sh', ['-c', `printf '%s\\0' ${texts.map(shellWord).join(' ')}`], { encoding: 'utf8' })
      t.same(out.split('\0').slice(0, -1), texts)
    }),
    { numRuns: 10 },
  )
})
