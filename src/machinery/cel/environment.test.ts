import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CompilationError, compileExpression } from './environment.ts'
import { CostExceededError, EvaluationError } from './evaluation-error.ts'
import { valueOfJson } from './json-values.ts'
import { type CelType, dyn, formatType, intType, listOf, mapOf, stringType } from './types.ts'
import { Duration, isList, Optional, Timestamp, Uint, type Value } from './values.ts'

const object = {
  metadata: { name: 'web', labels: { app: 'web', 'a.b/c': 'x' } },
  spec: { replicas: 3, open: '(', ratio: 1.5, containers: [{ name: 'a', image: 'r/a:1' }, { name: 'b' }], empty: [] },
}
const variables = new Map<string, CelType>([
  ['object', dyn],
  ['params', dyn],
  ['xs', listOf(intType)],
  ['m', mapOf(stringType, intType)],
])
const values = {
  object: valueOfJson(object),
  params: null,
  xs: valueOfJson([3, 1, 2]),
  m: valueOfJson({ a: 1, b: 2 }),
}

const evaluate = (source: string): Value => compileExpression(source, { variables }).evaluate(values).value

function plain(value: Value): unknown {
  if (value instanceof Uint) return { uint: value.value }
  if (value instanceof Optional) return value.value === undefined ? 'none' : { some: plain(value.value) }
  if (value instanceof Timestamp || value instanceof Duration) return value.nanos
  if (typeof value === 'object' && value !== null && isList(value)) return Array.from(value.values(), plain)
  return value
}

function problemOf(source: string): string {
  try {
    compileExpression(source, { variables })
  } catch (error) {
    assert(error instanceof CompilationError)
    return error.message
  }
  return ''
}

test('expressions evaluate as the specification says', () => {
  const cases: [string, unknown][] = [
    ['1 + 2 * 3', 7n],
    ['-2 - -3', 1n],
    ['7 / 2 * 2 + 7 % 2', 7n],
    ['1.5 + 2.0', 3.5],
    ['3u + 4u', { uint: 7n }],
    ["'a' + 'b' == 'ab' && r'\\n' != '\\n'", true],
    ['dyn(1) == 1.0 && 1u == dyn(1)', true],
    ['1 < 1.5 && 2u > 1', true],
    ['[1, 2] + [3] == [1, 2, 3]', true],
    ["{'a': 1}['a']", 1n],
    ['2 in [1, 2] && !(3 in [1, 2])', true],
    ['true ? 1 : 2', 1n],
    ['false && (1 / 0 > 0)', false],
    ['(1 / 0 > 0) || true', true],
    ["size('héllo') + size([1, 2]) + 'abc'.size()", 10n],
    ['[1, 2, 3].filter(x, x > 1).map(x, x * 2)', [4n, 6n]],
    ['[1, 2, 3].exists(x, 6 / (x - 1) > 5)', true],
    ['[1, 2].all(x, x > 0) && ![1, 2].exists_one(x, x > 0)', true],
    ["{'a': 1, 'b': 2}.all(k, v, size(k) == 1 && v > 0)", true],
    ['[5, 6].transformList(i, v, i + v)', [5n, 7n]],
    ["[1].transformMap(i, v, v + 1)[0] == 2 && {'a': 1}.transformMapEntry(k, v, {k + 'x': v})['ax'] == 1", true],
    ['[3, 1, 2].sortBy(x, -x).map(x, string(x)).join()', '321'],
    ["'%s %d'.format(['a', 1])", 'a 1'],
    ["type(1) == int && type('') != int && type([]) == list", true],
    ["int('42') + int(3.9) + int(timestamp('1970-01-01T00:00:02.5Z'))", 47n],
    ["string(1.0) + string(2.5) + string(true) + string(duration('90s'))", '12.5true90s'],
    ["timestamp('2024-02-29T23:00:00-05:00').getFullYear()", 2024n],
    ["timestamp('2024-03-01T04:00:00Z') - timestamp('2024-02-29T23:00:00-05:00') == duration('0s')", true],
    ["duration('1h30m').getMinutes()", 90n],
    ["'hello'.matches('^h.*o$') && 'abc'.find('[bc]+') == 'bc'", true],
    ["'a,b,c'.split(',', 2).join('|')", 'a|b,c'],
    ["'héllo'.substring(1, 3) + 'x'.upperAscii() + ' y '.trim()", 'élXy'],
    ["'%s has %d of %.2f'.format(['a', dyn(3), dyn(2.5)])", 'a has 3 of 2.50'],
    ['xs.sort().slice(1, 3)', [2n, 3n]],
    ['xs.max() + xs.sum() + xs.indexOf(2)', 11n],
    ['[1, 1, 2].distinct().reverse()', [2n, 1n]],
    ['[[1], [2, 3]].flatten()', [1n, 2n, 3n]],
    ['sets.contains([1, 2, 3], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])', true],
    ['object.?spec.?missing.orValue(7)', 7n],
    ["object.metadata.labels[?'none']", 'none'],
    ['optional.of(3).optMap(x, x + 1)', { some: 4n }],
    ['[1, ?optional.none(), ?optional.of(2)]', [1n, 2n]],
    ["quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('200m').add(1).asApproximateFloat() == 1.2", true],
    ["ip('2001:db8::1').family() == 6 && !ip.isCanonical('2001:DB8::1') && ip('127.0.0.1').isLoopback()", true],
    ["cidr('10.0.0.0/8').containsIP('10.1.2.3') && string(cidr('10.1.0.0/8').masked()) == '10.0.0.0/8'", true],
    ["url('https://h:8080/p?a=1&a=2').getHost() + url('https://h/p').getEscapedPath()", 'h:8080/p'],
    [
      "format.dns1123Label().validate('Bad').hasValue() && !format.uuid().validate('00000000-0000-0000-0000-000000000000').hasValue()",
      true,
    ],
    ["semver('1.2.3').isLessThan(semver('v1.10', true)) && semver('1.2.3').minor() == 2", true],
    ["jsonpatch.escapeKey('a/b~c')", 'a~1b~0c'],
  ]
  for (const [source, expected] of cases) assert.deepEqual(plain(evaluate(source)), expected, source)
})

test('JSON objects are read in place, whole numbers as ints', () => {
  assert.equal(evaluate('object.spec.replicas > 1 && object.spec.ratio == 1.5'), true)
  assert.equal(evaluate("object.spec.containers.exists(c, has(c.image) && c.image.startsWith('r/'))"), true)
  assert.equal(evaluate("object.metadata.labels['a.b/c'] + object.metadata.name"), 'xweb')
  assert.equal(evaluate('has(object.spec.missing) || has(object.metadata.labels.none)'), false)
  assert.equal(evaluate("params == null && type(object.spec.replicas) == int && 'app' in object.metadata.labels"), true)
  assert.equal(evaluate('object.metadata.`name`'), 'web')
})

test('evaluation fails with the messages of cel-go', () => {
  const fails = (source: string, message: RegExp) =>
    assert.throws(
      () => evaluate(source),
      (error: unknown) => error instanceof EvaluationError && message.test(error.message),
      source,
    )
  fails('object.spec.missing == 1', /^no such key: missing$/)
  fails('1 / (xs[0] - 3)', /^division by zero$/)
  fails('xs[7]', /^index out of bounds: 7$/)
  fails('9223372036854775807 + 1', /overflow/)
  fails("object.spec.replicas > 'a'", /^no such overload$/)
  fails("'x'.matches(object.spec.open)", /./)
})

test('types are checked as cel-go checks them', () => {
  const cases: [string, RegExp][] = [
    [
      "1 > '1'",
      /^ERROR: <input>:1:3: found no matching overload for '_>_' applied to '\(int, string\)'\n \| 1 > '1'\n \| \.\.\^$/,
    ],
    ["'a' + 1", /'_\+_' applied to '\(string, int\)'/],
    ['nope', /undeclared reference to 'nope' \(in container ''\)/],
    ['xs.foo()', /undeclared reference to 'foo'/],
    ['xs.a', /type 'list\(int\)' does not support field selection/],
    ['[1, true]', /expected type 'int' but found 'bool'/],
    ['m[1]', /'_\[_\]' applied to '\(map\(string, int\), int\)'/],
    ["'a'.substring('b')", /'substring' applied to 'string\.\(string\)'/],
    ['1 +', /Syntax error: mismatched input '<EOF>'/],
    ['(1', /Syntax error/],
    ['for', /reserved identifier: for/],
    ['1.all(x, true)', /cannot be range of a comprehension/],
  ]
  for (const [source, expected] of cases) assert.match(problemOf(source), expected, source)
})

test('the type of an expression is inferred through functions and macros', () => {
  const typeOfExpression = (source: string) => formatType(compileExpression(source, { variables }).type)
  assert.equal(typeOfExpression('xs.map(x, string(x))'), 'list(string)')
  assert.equal(typeOfExpression("m['a'] + 1"), 'int')
  assert.equal(typeOfExpression('object.spec'), 'dyn')
  assert.equal(typeOfExpression('[]'), 'list(dyn)')
  assert.equal(typeOfExpression("xs.filter(x, x > 1).size() == 2 ? 'a' : 'b'"), 'string')
  assert.equal(typeOfExpression('optional.of(1).optMap(x, string(x))'), 'optional_type(string)')
})

test('an expression that costs too much is ended, whatever stands around it', () => {
  const many = Array.from({ length: 200 }, (_, i) => i)
  const source = 'ys.all(a, ys.all(b, ys.all(c, a + b + c >= 0))) || true'
  const program = compileExpression(source, { variables: new Map([['ys', listOf(intType)]]) })
  assert.throws(() => program.evaluate({ ys: valueOfJson(many) }), CostExceededError)
})

test('nesting is bounded', () => {
  assert.match(problemOf(`${'('.repeat(300)}1${')'.repeat(300)}`), /recursion limit exceeded/)
})

test('long chains of one operator are refused where they nest, and balanced where they need not', () => {
  assert.match(problemOf(Array.from({ length: 2_000 }, () => '1').join('+')), /recursion limit exceeded: 250/)
  assert.match(problemOf(`object${'.a'.repeat(2_000)}`), /recursion limit exceeded: 250/)
  assert.equal(evaluate(Array.from({ length: 2_000 }, () => 'true').join('&&')), true)
  assert.equal(evaluate(`${'false||'.repeat(1_999)}true`), true)
})

test('literals that their function cannot read do not compile', () => {
  assert.match(problemOf(`'a'.matches('[')`), /invalid matches argument/)
  assert.match(problemOf(`duration('x') < duration('1s')`), /invalid duration argument/)
  assert.match(problemOf(`timestamp('2024') == timestamp(0)`), /invalid timestamp argument/)
  assert.equal(evaluate(`'a'.matches('^[a-z]$')`), true)
})
