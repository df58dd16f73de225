import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds, otherKinds } from '../api/kinds.ts'
import { olderKinds } from '../api/older-kinds.ts'
import { DecodeError } from './decode-error.ts'
import { decodeObject, decodeValue } from './json-decode.ts'
import { randomObject, seededRandom } from './testing/random-object.ts'
import { parseYaml, parseYamlDocument, toYaml } from './yaml.ts'

test('plain scalars are read as sigs.k8s.io/yaml reads them', () => {
  const text =
    'a: yes\nb: off\nc: "yes"\nd: 0777\ne: 12:30:45\nf: 2001-01-01\ng: 9007199254740993\nh: 1.5\nj: ~\nk: y\nl: 0x10\n'
  assert.deepEqual(parseYamlDocument(text), {
    a: true,
    b: false,
    c: 'yes',
    d: 511,
    e: '12:30:45',
    f: '2001-01-01',
    g: 9007199254740993n,
    h: 1.5,
    j: null,
    k: true,
    l: 16,
  })
})

test('a point alone is text, as a key and as a value', () => {
  const text = '.: {}\na: .\nb: .5\nc: 5.\nd: -.\n'
  const value = { '.': {}, a: '.', b: 0.5, c: 5, d: '-.' }
  assert.deepEqual(parseYamlDocument(text), value)
  assert.equal(toYaml({ '.': {}, a: '.' }), '.: {}\na: .\n')
  assert.deepEqual(parseYamlDocument(toYaml(value)), value)
})

test('keys become strings', () => {
  assert.deepEqual(parseYamlDocument('1: a\ntrue: b\n'), { '1': 'a', true: 'b' })
})

test('every document of a text is read, empty ones left out', () => {
  assert.deepEqual(parseYaml('---\n---\na: 1\n---\nb: 2\n...\n'), [{ a: 1 }, { b: 2 }])
  assert.deepEqual(parseYaml(''), [])
  assert.throws(() => parseYamlDocument('a: 1\n---\nb: 2\n'), /expected one document, found 2/)
})

test('JSON is YAML', () => {
  assert.deepEqual(parseYamlDocument('{"a":1,\n\t"b":[true,"x"]}'), { a: 1, b: [true, 'x'] })
})

test('anchors and merge keys are expanded, within bounds', () => {
  assert.deepEqual(parseYamlDocument('a: &x {q: 1}\nb: *x\nc:\n  <<: *x\n  r: 2\n'), {
    a: { q: 1 },
    b: { q: 1 },
    c: { q: 1, r: 2 },
  })
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
  for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe']) bomb.push(`${name}: &${name} [${`*${of},`.repeat(10)}]`)
  assert.throws(() => parseYaml(bomb.join('\n')), DecodeError)
})

test('faults name their line', () => {
  assert.throws(() => parseYaml('a: 1\na: 2\n'), new DecodeError('yaml: line 2: key "a" already set in map'))
  assert.throws(() => parseYaml('a: 1\nb:\n\tc: 2\n'), /^DecodeError: yaml: line 3: /)
  assert.throws(() => parseYaml('a: .inf\n'), /unsupported value/)
})

test('depth and size are bounded', () => {
  assert.throws(() => parseYaml('['.repeat(50_000)), DecodeError)
  assert.throws(() => parseYaml('a: long', 3), /exceeds the limit of 3/)
})

test('__proto__ is a key like any other', () => {
  const value = parseYamlDocument('__proto__: {polluted: 1}\n') as object
  assert.deepEqual(Object.keys(value), ['__proto__'])
  assert.equal(({} as { polluted?: number }).polluted, undefined)
})

test('what is written is read back as it was', () => {
  const value = {
    b: [{ x: 1, y: ['a'] }],
    a: 'yes',
    c: 'a\nb\n',
    d: '12:30',
    e: '2001-01-01',
    f: {},
    g: [],
    h: null,
    i: '1e3',
    j: '0x1',
    l: 'y',
    m: 'null',
    n: '- a',
    o: '1_000',
    p: '',
    q: 1234567890123456789n,
  }
  assert.deepEqual(parseYamlDocument(toYaml(value)), value)
  assert.ok(toYaml(value).startsWith('a: "yes"\nb:\n- x: 1\n'))
})

test('random objects of every kind survive YAML', () => {
  const seed = Date.now() % 1_000_000
  const random = seededRandom(seed)
  for (const kind of [...kinds, ...otherKinds, ...olderKinds]) {
    const made = decodeObject(kind, JSON.stringify(randomObject(kind, random))).object
    const back = decodeValue(kind, parseYamlDocument(toYaml(made))).object
    assert.deepEqual(back, made, `${kind.apiVersion} ${kind.gvk.kind}, seed ${seed}`)
  }
})
