/** What is put into a field to see what a server makes of it: good, empty, wrong, too much, and of another type. */
import { type FieldFacts, messageOf } from '../../src/schema/field.ts'
import type { Message, Type } from '../../src/schema/type.ts'
import type { Json } from './case.ts'
import { minimalOf, plausibleOf } from './minimal.ts'

/** In the place of a value: the field is taken away. */
export const absent = Symbol('absent')

export interface FieldValue {
  readonly label: string
  readonly value: Json | typeof absent
}

const shown = (value: Json): FieldValue => {
  const text = JSON.stringify(value)
  return { label: text.length > 40 ? `${text.slice(0, 40)}…(${text.length})` : text, value }
}

const texts: readonly Json[] = [
  'abc',
  '',
  'Bad_Value!',
  'a/b',
  '../x',
  '-a',
  'example.com/x',
  'a'.repeat(64),
  'b'.repeat(300),
  'é',
  '10.1.2.3',
  '1',
  5,
  true,
  [],
  {},
]
const integers: readonly Json[] = [0, 1, -1, 2, 101, 65536, 2147483647, 2147483648, 1.5, '5', true, {}]
const scalarValues: Readonly<Record<string, readonly Json[]>> = {
  string: texts,
  bool: [true, false, 'true', 1],
  quantity: ['1', '0', '-1', '500m', '1.5', '1e3', '1Gi', '0.0001', 'abc', '', 2, 1.5, true, {}],
  intOrString: [1, 0, -1, 70000, '50%', '150%', '-5%', 'http', 'Bad_Port', '', 1.5, true, 3000000000],
  bytes: ['YQ==', '', 'not base64!', 5],
  time: ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.5+02:00', 'yesterday', '', 5],
  microTime: ['2024-01-01T00:00:00.123456Z', '2024-01-01T00:00:00Z', 'yesterday', 5],
  duration: ['5m0s', '1h', '-1s', 'abc', 5],
  double: [0, 1.5, -1, '1', true],
  raw: [{ a: 1 }, {}, [], 'x', 5],
  json: [{ a: 1 }, [], 'x', 5, true],
  fieldsV1: [{}, { 'f:a': {} }, 'x'],
  int64: [...integers, 1e19],
}

/** Every value for a field, `null` and its absence among them. `name` is the field's. */
export function valuesFor(name: string, facts: FieldFacts): FieldValue[] {
  return [...valuesOf(name, facts.type).map(shown), shown(null), { label: 'absent', value: absent }]
}

function valuesOf(name: string, type: Type): readonly Json[] {
  switch (type.is) {
    case 'enum':
      return [...type.values, 'Bogus', '', (type.values[0] ?? '').toLowerCase(), 5]
    case 'list':
      return listValues(name, type.of)
    case 'map': {
      const value = plausibleOf('', type.of, 0)
      return [
        {},
        { 'example.com/ok': value },
        { 'Bad Key!': value },
        { '': value },
        { ['a'.repeat(64)]: value },
        { k: null },
        { k: type.of.is === 'scalar' && type.of.name === 'string' ? 5 : 'x' },
        'x',
        [],
      ]
    }
    case 'message':
    case 'reference': {
      const message = messageOf(type) as Message
      return [{}, minimalOf(message), 'x', [], { unknownField: 1 }]
    }
    case 'scalar':
      return scalarValues[type.name] ?? integers
  }
}

function listValues(name: string, of: Type): readonly Json[] {
  const item = plausibleOf(name, of, 0)
  const rest: Json[] = of.is === 'scalar' && of.name === 'string' ? [['a', 'b'], ['b', 'a', 'a'], [''], [5]] : [[{}]]
  if (of.is === 'enum') rest.push([...of.values], ['Bogus'])
  return [[], [item], [item, item], [null], ...rest, 'x', {}]
}
