import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalQuantity, parseQuantity } from './quantity.ts'

test('canonical texts are the ones of resource.Quantity', () => {
  const cases: Record<string, string> = {
    '0': '0',
    '00': '0',
    '-0': '0',
    '0.0Gi': '0',
    '100m': '100m',
    '1000m': '1',
    '0.1': '100m',
    '1.5': '1500m',
    '1.5Gi': '1536Mi',
    '1024Mi': '1Gi',
    '1023': '1023',
    '1Ki': '1Ki',
    '0.5Ki': '512',
    '1.1Gi': '1181116006400m',
    '1000': '1k',
    '1500': '1500',
    '12e6': '12e6',
    '1E3': '1e3',
    '1e1': '10',
    '2000M': '2G',
    '1E': '1E',
    '0.0000000001': '1n',
    '1.0000000001': '1000000001n',
    '-1.5': '-1500m',
    '+1': '1',
    '.5': '500m',
    '5.': '5',
    '9223372036854775808Ki': '9223372036854775807',
    '0.5m': '500u',
    '128974848': '128974848',
    '8Ei': '9223372036854775807',
  }
  for (const [text, canonical] of Object.entries(cases)) assert.equal(canonicalQuantity(text), canonical, text)
})

test('what is no quantity is refused with the message that clients know', () => {
  for (const text of ['', '.', 'a', '1 Gi', '--1', '1.2.3']) {
    assert.throws(() => parseQuantity(text), /quantities must match the regular expression/, text)
  }
  assert.throws(() => parseQuantity('1ki'), /unable to parse quantity's suffix/)
})

test('huge exponents cost nothing', () => {
  assert.equal(parseQuantity('1e-999999999').toString(), '1e-9')
  assert.ok(parseQuantity('1e999999999').sign() > 0)
})

test('values round away from zero', () => {
  assert.equal(parseQuantity('100m').value(), 1)
  assert.equal(parseQuantity('1.0001').milliValue(), 1001)
  assert.equal(parseQuantity('-100m').value(), -1)
  assert.equal(parseQuantity('1Gi').value(), 1024 ** 3)
})

test('sums keep the format of the first that is not zero', () => {
  assert.equal(parseQuantity('1Gi').add(parseQuantity('512Mi')).toString(), '1536Mi')
  assert.equal(parseQuantity('0').add(parseQuantity('1Mi')).toString(), '1Mi')
  assert.equal(parseQuantity('1').sub(parseQuantity('250m')).toString(), '750m')
})
