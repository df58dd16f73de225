import assert from 'node:assert/strict'
import test from 'node:test'
import { ApiError } from '../api-error.ts'
import { everything, labelSelectorOf, nothing, parseLabelSelector, selectorOfLabels } from './label-selector.ts'

const messageOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof ApiError)
    assert.equal(error.code, 400)
    return error.message
  }
  return assert.fail('no error')
}

test('parseLabelSelector knows every operator', () => {
  const labels = { app: 'web', tier: 'b', size: '7', in: 'x' }
  for (const [text, expected] of [
    ['app=web', true],
    ['app==web', true],
    ['app = web , tier=b', true],
    ['app=', false],
    ['app!=web', false],
    ['other!=web', true],
    ['tier in (a, b)', true],
    ['tier notin (a,b)', false],
    ['other notin (a)', true],
    ['tier in (a,)', false],
    ['tier in ()', false],
    ['app', true],
    ['!app', false],
    ['!constructor', true],
    ['constructor', false],
    ['size>6', true],
    ['size < 7', false],
    ['in in (x)', true],
    ['in', true],
    ['', true],
  ] as const) {
    assert.equal(parseLabelSelector(text).matches(labels), expected, text)
  }
})

test('a selector exposes its requirements, sorted by key', () => {
  const selector = parseLabelSelector('b in (y,x,y),a=1,!c,d,e!=2')
  assert.deepEqual(selector.requirements, [
    { key: 'a', operator: '=', values: ['1'] },
    { key: 'b', operator: 'in', values: ['x', 'y'] },
    { key: 'c', operator: '!', values: [] },
    { key: 'd', operator: 'exists', values: [] },
    { key: 'e', operator: '!=', values: ['2'] },
  ])
  assert.equal(selector.toString(), 'a=1,b in (x,y),!c,d,e!=2')
})

test('parse errors carry the messages of upstream', () => {
  assert.equal(
    messageOf(() => parseLabelSelector('a=1,')),
    "found '', expected: identifier after ','",
  )
  assert.equal(
    messageOf(() => parseLabelSelector('=1')),
    "found '=', expected: !, identifier, or 'end of string'",
  )
  assert.equal(
    messageOf(() => parseLabelSelector('a=1 b=2')),
    "found 'b', expected: ',' or 'end of string'",
  )
  assert.equal(
    messageOf(() => parseLabelSelector('a b')),
    "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
  )
  assert.equal(
    messageOf(() => parseLabelSelector('a in b')),
    "unable to parse requirement: found 'b' expected: '('",
  )
  assert.equal(
    messageOf(() => parseLabelSelector('a in (b')),
    "unable to parse requirement: found '', expected: ',' or ')'",
  )
  assert.match(
    messageOf(() => parseLabelSelector('a=b$')),
    /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "b\$": a valid label must be an empty string or/,
  )
  assert.match(
    messageOf(() => parseLabelSelector('-a')),
    /^unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of/,
  )
  assert.match(
    messageOf(() => parseLabelSelector('a>x')),
    /the value must be an integer$/,
  )
})

test('labelSelectorOf follows the LabelSelector message', () => {
  assert.equal(labelSelectorOf(undefined), nothing)
  assert.equal(labelSelectorOf(undefined).matches({}), false)
  assert.equal(labelSelectorOf({}), everything)
  const selector = labelSelectorOf({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  })
  assert.equal(selector.matches({ app: 'web', tier: 'a' }), true)
  assert.equal(selector.matches({ app: 'web', tier: 'a', old: '' }), false)
  assert.equal(selector.matches(undefined), false)
  assert.equal(selector.toString(), 'app=web,!old,tier in (a,b)')
  assert.equal(
    messageOf(() => labelSelectorOf({ matchExpressions: [{ key: 'a', operator: 'Near' }] })),
    '"Near" is not a valid label selector operator',
  )
  assert.equal(selectorOfLabels({ b: '2', a: '1' }).toString(), 'a=1,b=2')
})

test('keys may have a prefix, which must be a subdomain', () => {
  assert.equal(parseLabelSelector('example.com/app=x').matches({ 'example.com/app': 'x' }), true)
  assert.match(
    messageOf(() => parseLabelSelector('Example/app')),
    /: prefix part a lowercase RFC 1123 subdomain must consist/,
  )
  assert.match(
    messageOf(() => parseLabelSelector('/app')),
    /: prefix part must be non-empty$/,
  )
  assert.match(
    messageOf(() => parseLabelSelector('a/b/c')),
    /with an optional DNS subdomain prefix and '\/' \(e\.g\. 'example\.com\/MyName'\)$/,
  )
})
