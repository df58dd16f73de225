import assert from 'node:assert/strict'
import test from 'node:test'
import { parseFieldSelector } from './field-selector.ts'

const fields: Record<string, string> = { 'metadata.name': 'web', 'spec.nodeName': '', odd: 'a,b=c\\d' }
const fieldValue = (field: string): string | undefined => fields[field]

test('parseFieldSelector knows =, == and !=', () => {
  for (const [text, expected] of [
    ['metadata.name=web', true],
    ['metadata.name==web', true],
    ['metadata.name!=web', false],
    ['metadata.name=web,spec.nodeName=', true],
    ['spec.nodeName!=', false],
    ['absent=', true],
    ['', true],
    [',', true],
    ['odd=a\\,b\\=c\\\\d', true],
  ] as const) {
    assert.equal(parseFieldSelector(text).matches(fieldValue), expected, text)
  }
})

test('requirements are unescaped, toString escapes them again', () => {
  const selector = parseFieldSelector('odd!=a\\,b,metadata.name==web')
  assert.deepEqual(selector.requirements, [
    { field: 'metadata.name', operator: '=', value: 'web' },
    { field: 'odd', operator: '!=', value: 'a,b' },
  ])
  assert.equal(selector.toString(), 'metadata.name=web,odd!=a\\,b')
})

test('faults have the messages of upstream', () => {
  assert.throws(() => parseFieldSelector('a'), { message: "invalid selector: 'a'; can't understand 'a'" })
  assert.throws(() => parseFieldSelector('a=b=c'), {
    message: 'invalid field selector: unescaped character in value: 61',
  })
  assert.throws(() => parseFieldSelector('a=b\\x'), {
    message: 'invalid field selector: invalid escape sequence: \\x',
  })
})
