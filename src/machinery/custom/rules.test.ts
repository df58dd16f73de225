import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import type { FieldError } from '../../schema/field-error.ts'
import { checkSchemaRules } from '../validation/apiextensions/rule-checks.ts'
import { checkValue } from './check.ts'
import { checkRules } from './rules.ts'

const shown = (errors: FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`)

const schemaOf = (spec: JSONSchemaProps): JSONSchemaProps => ({ type: 'object', properties: { spec } })

function errorsOf(schema: JSONSchemaProps, object: object, old?: object): string[] {
  const out: FieldError[] = []
  checkValue(out, '', object, schema, old)
  checkRules(out, schema, object, old)
  return shown(out)
}

function definitionErrors(schema: JSONSchemaProps): string[] {
  const out: FieldError[] = []
  checkSchemaRules(out, 'schema', schema)
  return shown(out)
}

const range = schemaOf({
  type: 'object',
  properties: { least: { type: 'integer' }, most: { type: 'integer' }, name: { type: 'string' } },
  'x-kubernetes-validations': [
    { rule: 'self.least <= self.most', messageExpression: "'least ' + string(self.least) + ' is above most'" },
    {
      rule: "!has(self.name) || self.name != 'bad'",
      message: 'bad name',
      reason: 'FieldValueForbidden',
      fieldPath: '.name',
    },
  ],
})

test('rules see the value with its types, and refuse with their own message, reason and path', () => {
  assert.deepEqual(errorsOf(range, { spec: { least: 1, most: 2 } }), [])
  assert.deepEqual(errorsOf(range, { spec: { least: 3, most: 2, name: 'bad' } }), [
    'spec: Invalid value: least 3 is above most',
    'spec.name: Forbidden: bad name',
  ])
  assert.deepEqual(errorsOf(range, { spec: { most: 2 } }), [
    'spec: Invalid value: "object": no such key: least evaluating rule: self.least <= self.most',
  ])
})

test('rules are not run on what has not the right shape', () => {
  const errors = errorsOf(range, { spec: { least: 'x', most: 2 } })
  assert.match(errors.at(-1) ?? '', /^<nil>: Invalid value: null: some validation rules were not checked/)
})

test('transition rules compare with the value before, found by name or key', () => {
  const schema = schemaOf({
    type: 'object',
    properties: {
      fixed: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'is fixed' }] },
      items: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: {
          type: 'object',
          properties: {
            k: { type: 'string' },
            v: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf' }] },
          },
        },
      },
      once: {
        type: 'integer',
        'x-kubernetes-validations': [{ rule: 'oldSelf.hasValue() || self == 1', optionalOldSelf: true }],
      },
    },
  })
  assert.deepEqual(errorsOf(schema, { spec: { fixed: 'a', once: 2 } }), [
    'spec.once: Invalid value: 2: failed rule: oldSelf.hasValue() || self == 1',
  ])
  const before = { spec: { fixed: 'a', items: [{ k: 'x', v: 5 }] } }
  const after = {
    spec: {
      fixed: 'b',
      items: [
        { k: 'y', v: 1 },
        { k: 'x', v: 4 },
      ],
    },
  }
  assert.deepEqual(errorsOf(schema, after, before), [
    'spec.fixed: Invalid value: "b": is fixed',
    'spec.items[1].v: Invalid value: 4: failed rule: self >= oldSelf',
  ])
})

test('what was wrong before and has not changed keeps nothing else from being changed', () => {
  const schema = schemaOf({
    type: 'object',
    properties: {
      a: { type: 'string', maxLength: 2, 'x-kubernetes-validations': [{ rule: "self.startsWith('x')" }] },
      b: { type: 'string' },
    },
  })
  const before = { spec: { a: 'long', b: '1' } }
  assert.deepEqual(errorsOf(schema, { spec: { a: 'long', b: '2' } }, before), [])
  assert.equal(errorsOf(schema, { spec: { a: 'longer', b: '2' } }, before).length, 2)
})

test('an object cannot spend more than its budget', () => {
  const list = (inner: string) =>
    schemaOf({
      type: 'object',
      properties: { x: { type: 'array', items: { type: 'integer' } } },
      'x-kubernetes-validations': [{ rule: inner }],
    })
  const x = Array.from({ length: 3000 }, (_, i) => i)
  const [error = ''] = errorsOf(list('self.x.all(a, self.x.all(b, a == b || a != b))'), { spec: { x } })
  assert.match(error, /no further validation rules will be run due to call cost exceeds limit for rule/)
})

test('rules that do not compile, give no boolean or name what is not there are refused', () => {
  const withRule = (rule: string) =>
    schemaOf({ type: 'object', properties: { a: { type: 'string' } }, 'x-kubernetes-validations': [{ rule }] })
  assert.deepEqual(definitionErrors(withRule("self.a == 'x'")), [])
  assert.match(
    definitionErrors(withRule('self.b == 1'))[0] ?? '',
    /^schema.properties\[spec\].x-kubernetes-validations\[0\].rule: Invalid value: .*undefined field 'b'/,
  )
  assert.match(definitionErrors(withRule('self.a =='))[0] ?? '', /Syntax error/)
  assert.match(definitionErrors(withRule('self.a'))[0] ?? '', /must evaluate to a bool/)
})

test('escaped names reach members that are no identifiers', () => {
  const schema = schemaOf({
    type: 'object',
    properties: { 'a-b': { type: 'integer' }, namespace: { type: 'string' } },
    'x-kubernetes-validations': [{ rule: "self.a__dash__b > 1 && self.__namespace__ == 'n'" }],
  })
  assert.deepEqual(definitionErrors(schema), [])
  assert.deepEqual(errorsOf(schema, { spec: { 'a-b': 2, namespace: 'n' } }), [])
})

test('rules over lists without bounds are too dear; bounds make them cheap', () => {
  const nested = (maxItems: object): JSONSchemaProps =>
    schemaOf({
      type: 'object',
      properties: {
        x: {
          type: 'array',
          ...maxItems,
          items: {
            type: 'array',
            ...maxItems,
            items: { type: 'string' },
            'x-kubernetes-validations': [{ rule: "self.all(s, s == 'string constant')" }],
          },
        },
      },
    })
  assert.match(
    definitionErrors(nested({}))[0] ?? '',
    /Forbidden: estimated rule cost exceeds budget by factor of more than 100x/,
  )
  assert.deepEqual(definitionErrors(nested({ maxItems: 10 })), [])
})

test('oldSelf is refused where old values cannot be found again', () => {
  const schema = schemaOf({
    type: 'array',
    items: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
  })
  assert.match(
    definitionErrors(schema)[0] ?? '',
    /oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties\[spec\]/,
  )
})

test('errors in the values of a map name their keys', () => {
  const map = schemaOf({
    type: 'object',
    additionalProperties: { type: 'string', 'x-kubernetes-validations': [{ rule: "self != 'bad'" }] },
  })
  assert.deepEqual(errorsOf(map, { spec: { 'a.b': 'bad' } }), [
    'spec[a.b]: Invalid value: "bad": failed rule: self != \'bad\'',
  ])
})
