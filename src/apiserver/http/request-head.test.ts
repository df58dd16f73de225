import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestHeadOf } from './request-head.ts'

const good: readonly (readonly [string, string])[] = [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':authority', 'a'],
  [':path', '/api?x=1'],
]

test('a head has its fields by name; what may come more than once is joined', () => {
  const head = requestHeadOf([
    ...good,
    ['accept', 'a'],
    ['accept', 'b'],
    ['cookie', 'c=1'],
    ['cookie', 'd=2'],
    ['authorization', 'Bearer first'],
    ['authorization', 'Bearer second'],
    ['te', 'trailers'],
  ])
  assert.equal(head?.method, 'POST')
  assert.equal(head.url, '/api?x=1')
  assert.equal(head.headers.accept, 'a, b')
  assert.equal(head.headers.cookie, 'c=1; d=2')
  assert.equal(head.headers.authorization, 'Bearer first')
  assert.equal(head.headers.constructor, undefined)
})

const malformed: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'no path': good.slice(0, 3),
  'a pseudo field twice': [...good, [':path', '/other']],
  'a pseudo field behind others': [['accept', 'a'], ...good],
  'an unknown pseudo field': [...good, [':protocol', 'websocket']],
  CONNECT: [[':method', 'CONNECT'], ...good.slice(1)],
  'a path that is none': [...good.slice(0, 3), [':path', 'http://a/']],
  'upper case in a name': [...good, ['Accept', 'a']],
  'an empty name': [...good, ['', 'a']],
  'a line break in a value': [...good, ['accept', 'a\r\nb: c']],
  'a field of the connection': [...good, ['transfer-encoding', 'chunked']],
  'te of other than trailers': [...good, ['te', 'gzip']],
  'two lengths': [...good, ['content-length', '1'], ['content-length', '2']],
  'too many fields': [...good, ...Array.from({ length: 128 }, (_, i) => [`x-${i}`, 'a'] as const)],
}

for (const [what, fields] of Object.entries(malformed)) {
  test(`a head with ${what} is malformed`, () => assert.equal(requestHeadOf(fields), undefined))
}
