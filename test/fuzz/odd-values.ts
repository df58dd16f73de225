/** Values that readers of all kinds have stumbled over. */
import { below, happens, pick, type Random, some } from './chance.ts'

const long = (text: string, times: number): string => text.repeat(times)

const oddTexts: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  '\ufeffa',
  '\u202ea',
  'é'.normalize('NFD'),
  '😀',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'toJSON',
  'then',
  '..',
  '../../etc',
  '/',
  '%',
  '%zz',
  '%00',
  '~0~1',
  '-',
  '.',
  '*',
  'null',
  'true',
  '0',
  '-1',
  '1e999999999',
  '1e-999999999',
  '9223372036854775808',
  long('9', 400),
  `1${long('0', 60)}Ki`,
  '0x10',
  '1Ei',
  '100000Ei',
  '-0',
  '1.0000000000000000001',
  '1_000',
  'NaN',
  'Infinity',
  '2024-02-30T25:61:61Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999+23:59',
  '99999h',
  '1h1h',
  '9223372036854775807ns',
  'P1Y',
  '10.0.0.0/99',
  '::/0',
  '::ffff:1.2.3.4',
  '1.2.3.4.5',
  'fe80::1%eth0',
  'http://[',
  'https://user:pass@host:99999/?#',
  '*/0 * * * *',
  '0 0 31 2 *',
  'TZ=Mars/Base * * * * *',
  '@every 0s',
  '[',
  '(',
  '(a+)+$',
  '(?=a)',
  '\\',
  '\\p{L}{1000}',
  '(((((((((((a{1,100}){1,100}){1,100}){1,100})))))))',
  '^[a-z]{1,1000}$',
  '{.',
  '{.a[?(@.b==1)]}',
  '.spec..x[*]',
  'in (a,b)',
  'a in (',
  '!a,a',
  'a=b,a!=b,a in (),!b,(',
  'metadata.name=a,metadata.name!=a',
  'a/b/c',
  `${long('a', 254)}/b`,
  long('a', 64),
  long('a', 5_000),
  long('.', 300),
  long('a.', 126),
  '---\na: &a [*a]',
  '<script>',
  '"',
  "'",
  '\r\nSet-Cookie: a=b',
  '{"a":1}',
  'system:masters',
  'kubernetes.io/x',
  'example.com/x',
  'default',
  'kube-system',
]

const oddNumbers: readonly number[] = [
  0,
  -0,
  1,
  -1,
  2,
  1.5,
  -1.5,
  1e-7,
  127,
  255,
  32_768,
  65_535,
  65_536,
  2_147_483_647,
  2_147_483_648,
  -2_147_483_649,
  4_294_967_296,
  9_007_199_254_740_991,
  9_007_199_254_740_992,
  2 ** 63,
  -(2 ** 63),
  1e19,
  1e308,
  5e-324,
]

/** Numbers that no double holds, as they stand in JSON text. */
export const oddNumerals: readonly string[] = [
  '1e400',
  '-1e400',
  '123456789012345678901234567890',
  '0.1234567890123456789012345',
  '1E5',
  '1e-400',
  '-0.0',
  '00',
  '01',
  '.5',
  '1.',
  '+1',
  '0x1',
  'NaN',
  'Infinity',
  `1${'0'.repeat(500)}`,
  `0.${'0'.repeat(500)}1`,
]

const veryLong = long('a', 300_000)

export const oddText = (random: Random): string => (happens(random, 0.001) ? veryLong : pick(random, oddTexts))

export function oddValue(random: Random, depth = 0): unknown {
  switch (below(random, depth > 3 ? 5 : 9)) {
    case 0:
      return null
    case 1:
      return happens(random, 0.5)
    case 2:
      return pick(random, oddNumbers)
    case 3:
    case 4:
      return oddText(random)
    case 5:
      return some(random, 0, 3, () => oddValue(random, depth + 1))
    case 6:
      return oddObject(random, depth + 1)
    case 7:
      return nested(random)
    default:
      return happens(random, 0.005) ? Array.from({ length: 20_000 }, () => ({})) : oddObject(random, depth + 1)
  }
}

/** `__proto__` as an own member, as JSON.parse makes it. */
function oddObject(random: Random, depth: number): unknown {
  const object: Record<string, unknown> = Object.create(null)
  for (const key of some(random, 0, 3, () => oddText(random))) object[key] = oddValue(random, depth)
  return object
}

const depths: readonly number[] = [2, 3, 5, 10, 10, 33, 65, 101, 200]

/** One inside of the other, in objects, lists or both. */
function nested(random: Random): unknown {
  const key = pick(random, ['a', 'spec', 'properties', 'items', 'not', '__proto__', 'f:a'])
  const shape = below(random, 3)
  let value: unknown = pick(random, [{}, [], 1, 'x', null])
  for (let depth = happens(random, 0.02) ? 1_001 : pick(random, depths); depth > 0; depth--) {
    const asList = shape === 0 || (shape === 2 && depth % 2 === 0)
    value = asList ? [value] : { [key]: value }
  }
  return value
}
