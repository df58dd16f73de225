/** CEL expressions: of good types, of bad ones, costly ones, and ones that are no CEL. */
import { below, happens, pick, type Random } from './chance.ts'
import { mutateText } from './mutate-value.ts'
import { oddText } from './odd-values.ts'

const leaves: readonly string[] = [
  'object',
  'oldObject',
  'self',
  'oldSelf',
  'request',
  'params',
  'variables',
  'namespaceObject',
  'authorizer',
  'object.metadata.name',
  'object.metadata.labels',
  'object.data',
  'object.spec.replicas',
  'self.spec',
  'self.items',
  'self.text',
  'self.number',
  'variables.v',
  'request.userInfo.groups',
  'true',
  'null',
  '1',
  '-9223372036854775808',
  '9223372036854775807',
  '1u',
  '1.5',
  '"a"',
  "b'\\xff'",
  "r'\\d+'",
  '[]',
  '[1, 2, 3]',
  '{}',
  '{"a": 1}',
  '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
  'object.__proto__',
  'self.constructor',
  'type(1)',
  'dyn(1)',
]

const binary = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '&&', '||', 'in']
const unary = ['-', '!', '--', '!!']
const macros = ['all', 'exists', 'exists_one', 'map', 'filter', 'transformList', 'transformMap', 'sortBy', 'x']
const functions = [
  'size',
  'int',
  'uint',
  'double',
  'string',
  'bool',
  'bytes',
  'duration',
  'timestamp',
  'dyn',
  'type',
  'has',
]
const moreFunctions = [
  'quantity',
  'url',
  'isURL',
  'ip',
  'isIP',
  'cidr',
  'semver',
  'isQuantity',
  'JSONPatch',
  'toString',
]
const members = [
  'matches',
  'find',
  'findAll',
  'split',
  'replace',
  'startsWith',
  'contains',
  'indexOf',
  'substring',
  'charAt',
  'lowerAscii',
  'join',
  'sum',
  'min',
  'isSorted',
  'getHours',
  'getMonth',
  'add',
  'sub',
  'isGreaterThan',
  'asInteger',
  'containsIP',
  'prefixLength',
  'group',
  'resource',
  'check',
  'allowed',
  'orValue',
  'value',
  'format',
  'reverse',
  'hasOwnProperty',
]
const whole: readonly string[] = [
  '',
  ' ',
  'a'.repeat(5_000),
  `${'('.repeat(400)}1${')'.repeat(400)}`,
  `${'['.repeat(400)}${']'.repeat(400)}`,
  `${'-'.repeat(3_000)}1`,
  Array.from({ length: 2_000 }, () => '1').join('+'),
  Array.from({ length: 500 }, () => 'true').join('?1:'),
  `object${'.a'.repeat(2_000)}`,
  `[${'1,'.repeat(5_000)}1].all(a, [${'1,'.repeat(100)}1].all(b, a == b))`,
  "'a'.matches('(a+)+$')",
  "'a'.matches('[')",
  "'a'.matches(object.metadata.name)",
  'object.metadata.name.matches("(((((a{1,100}){1,100}){1,100}){1,100}))")',
  "'x'.replace('', 'yyyyyyyyyyyyyyyyyyyy', 9999)",
  '"%s %d %f %b %x %e".format([1, 2, 3, 4, 5])',
  '"%.999999999f".format([1.0])',
  'JSONPatch{op: "add", path: "/data/a", value: "b"}',
  '[JSONPatch{op: "add", path: "/data/a", value: "b"}]',
  'Object{metadata: Object.metadata{labels: {"a": "b"}}}',
  'Object{data: Object.data{a: object.data}}',
  'Object{}',
  'optional.of(1)',
  '{?"a": optional.none()}',
  '[?optional.of(1)]',
  'object.?a[?0].orValue(1)',
  'timestamp("9999-12-31T23:59:59Z") + duration("9999999h")',
  "duration('9223372036854775807ns') + duration('1s')",
  'int("9223372036854775808")',
  '1 / 0',
  '1 % 0',
  'string(b"\\xff")',
  '\u00e9',
  '"\\ud800"',
  '// comment',
  'a.b.c{d: 1}',
]

export function expression(random: Random): string {
  const drawn = happens(random, 0.25) ? pick(random, whole) : made(random, 0)
  if (happens(random, 0.1)) return mutateText(random, drawn)
  return happens(random, 0.02) ? oddText(random) : drawn
}

function made(random: Random, depth: number): string {
  if (depth > 5) return pick(random, leaves)
  const inner = () => made(random, depth + 1)
  switch (below(random, 10)) {
    case 0:
    case 1:
    case 2:
      return pick(random, leaves)
    case 3:
      return `(${inner()} ${pick(random, binary)} ${inner()})`
    case 4:
      return `${pick(random, unary)}${inner()}`
    case 5:
      return `${inner()}.${pick(random, macros)}(${pick(random, ['e', 'x', 'object', 'e, f'])}, ${inner()})`
    case 6:
      return `${pick(random, happens(random, 0.7) ? functions : moreFunctions)}(${happens(random, 0.9) ? inner() : ''})`
    case 7:
      return `${inner()}.${pick(random, members)}(${happens(random, 0.8) ? inner() : `${inner()}, ${inner()}`})`
    case 8:
      return `${inner()}[${inner()}]`
    default:
      return happens(random, 0.5) ? `(${inner()} ? ${inner()} : ${inner()})` : `[${inner()}, ${inner()}]`
  }
}
