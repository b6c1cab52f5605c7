import t from 'tap'
import { parseHost, parsePools } from '../../../src/planning/lb/pools.ts'
import { must, problemsOf } from './example-balancer.ts'

t.test('pools with names and addresses', async (t) => {
  const pools = must(parsePools(['nginx=Relay-1.example.com., 10.0.0.2', 'default=[2001:DB8:0:0::1],2001:db8::2']))
  t.same(
    [...pools],
    [
      [
        'nginx',
        [
          { text: 'relay-1.example.com', kind: 'name' },
          { text: '10.0.0.2', kind: 'ipv4' },
        ],
      ],
      [
        'default',
        [
          { text: '2001:db8::1', kind: 'ipv6' },
          { text: '2001:db8::2', kind: 'ipv6' },
        ],
      ],
    ],
  )
})

t.test('what is no host', async (t) => {
  const wrong = [
    ...['', 'a b', 'a\nb', 'a;b', '-a', 'a-', '.a', 'a..b', 'a/b', '"a"', `${'a'.repeat(64)}.b`, 'ä'],
    ...['10.0.0.1:514', 'relay:514', '[::1]:514', '[10.0.0.1]', '[relay]', '10.0.0', '10.0.0.256', '010.0.0.1', '1234'],
    ...['0.0.0.0', '::', '255.255.255.255', '224.0.0.1', 'ff02::1', 'fe80::1%eth0', '[::1', '::1]'],
  ]
  for (const text of wrong) t.equal(parseHost(text), undefined, JSON.stringify(text))
  for (const text of ['a', '1a.b', 'a_b', '127.0.0.1', '::1', '[fe80::1]']) t.ok(parseHost(text), text)
})

t.test('every mistake is told, with what to write instead', async (t) => {
  const values = ['relay-1,relay-2', '=a', 'a=', 'b=x,,y', 'c=x,X', 'd=relay-1:514', 'e=x', 'e=y', `f=${'%'.repeat(500)}`]
  const problems = problemsOf(parsePools(values))
  const expected = [
    /"relay-1,relay-2" names no pipeline/,
    /"=a" names no pipeline/,
    /"a" lists an empty host/,
    /"b" lists an empty host/,
    /c lists x twice/,
    /"d": "relay-1:514" is not a host/,
    /"e" is given twice/,
    /"f": "%+\.\.\." is not a host/,
  ]
  t.equal(problems.length, expected.length)
  for (const [index, message] of expected.entries()) t.match(problems[index]?.message, message)
  t.match(problems[5]?.hint, /leave the port out/)
  t.ok(problems.every(({ message }) => message.length < 150))
})
