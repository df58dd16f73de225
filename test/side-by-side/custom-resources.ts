/** A resource that clients define: every keyword of schemas, its subresources, columns and selectable fields. */
import type { Case, Json, JsonObject, Step } from './case.ts'
import { namespace } from './pair.ts'
import {
  apply,
  asMetadata,
  asTable,
  asYaml,
  jsonPatch,
  merge,
  nextNumber,
  objectOf,
  scale,
  step,
  strategic,
  yaml,
} from './steps.ts'

/** A property, and values for it: some fit, some do not. */
const properties: Readonly<Record<string, readonly [schema: JsonObject, values: readonly Json[]]>> = {
  text: [{ type: 'string' }, ['a', '', 5, true, null, [], {}]],
  short: [{ type: 'string', maxLength: 3, minLength: 2 }, ['a', 'ab', 'abcd', 'éé', '']],
  matched: [{ type: 'string', pattern: '^[a-z]+$' }, ['abc', 'ABC', '', 'a1']],
  chosen: [{ type: 'string', enum: ['A', 'B'] }, ['A', 'C', '', 5]],
  number: [{ type: 'number', minimum: 1, maximum: 5 }, [1, 5, 0.5, 5.5, '1']],
  open: [{ type: 'number', minimum: 1, maximum: 5, exclusiveMinimum: true, exclusiveMaximum: true }, [1, 5, 1.5]],
  multiple: [{ type: 'integer', multipleOf: 5 }, [5, 7, 5.5, '5', 0]],
  whole: [{ type: 'integer' }, [1, 1.5, 2147483648, 9007199254740992, 1e3, '1']],
  small: [{ type: 'integer', format: 'int32' }, [1, 2147483648, -2147483649]],
  large: [{ type: 'integer', format: 'int64' }, [1, 1e18, 1e19]],
  flag: [{ type: 'boolean' }, [true, false, 'true', 0]],
  moment: [{ type: 'string', format: 'date-time' }, ['2024-01-01T00:00:00Z', '2024-01-01', 'x', '']],
  day: [{ type: 'string', format: 'date' }, ['2024-01-01', '2024-13-01', '2024-01-01T00:00:00Z']],
  span: [{ type: 'string', format: 'duration' }, ['5m', '1h30m', 'x', '1 day']],
  address: [{ type: 'string', format: 'ipv4' }, ['10.0.0.1', '10.0.0.256', '::1']],
  address6: [{ type: 'string', format: 'ipv6' }, ['::1', '10.0.0.1', 'x']],
  range: [{ type: 'string', format: 'cidr' }, ['10.0.0.0/8', '10.0.0.0', 'x']],
  host: [{ type: 'string', format: 'hostname' }, ['a.example.com', '-a', 'a b']],
  mail: [{ type: 'string', format: 'email' }, ['a@example.com', 'x']],
  link: [{ type: 'string', format: 'uri' }, ['https://a.example.com/x', 'x y', 'x']],
  id: [{ type: 'string', format: 'uuid' }, ['11111111-1111-1111-1111-111111111111', '1-1']],
  blob: [{ type: 'string', format: 'byte' }, ['YQ==', '?', '']],
  odd: [{ type: 'string', format: 'my-own' }, ['x', '']],
  either: [{ 'x-kubernetes-int-or-string': true }, [1, '50%', true, 1.5]],
  list: [
    { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2 },
    [['a'], [], ['a', 'b', 'c'], [5], 'a', null],
  ],
  set: [
    { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    [
      ['a', 'b'],
      ['a', 'a'],
    ],
  ],
  keyed: [
    {
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, port: { type: 'integer', default: 80 }, value: { type: 'string' } },
      },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name', 'port'],
    },
    [
      [{ name: 'a' }],
      [{ name: 'a' }, { name: 'a' }],
      [{ name: 'a' }, { name: 'a', port: 81 }],
      [{ port: 1 }],
      [{}],
      [null],
    ],
  ],
  atomic: [
    { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    [[{ a: 1 }], [1]],
  ],
  bounded: [
    { type: 'object', additionalProperties: { type: 'string' }, minProperties: 1, maxProperties: 2 },
    [{ a: 'b' }, {}, { a: '1', b: '2', c: '3' }, { a: 5 }, []],
  ],
  whatever: [{ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, [{ a: { b: [1] } }, 'x', []]],
  embedded: [
    { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
    [
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: {} },
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'Not_Good', bogus: 1 } },
      { kind: 'Pod' },
      { apiVersion: 'a/b/c', kind: 'Pod' },
      { apiVersion: 'v1', kind: 'x y' },
      {},
    ],
  ],
  empty: [{ type: 'string', nullable: true }, [null, 'a', 5]],
  filled: [
    { type: 'object', default: { a: 'x' }, properties: { a: { type: 'string' }, b: { type: 'integer', default: 7 } } },
    [{}, { a: 'y' }, null, { b: null }],
  ],
  nested: [
    { type: 'object', required: ['must'], properties: { must: { type: 'string' }, may: { type: 'integer' } } },
    [{ must: 'a' }, {}, { must: 5 }, { must: 'a', bogus: 1 }, { Must: 'a' }, { must: 'a', may: 'x' }, 'x', []],
  ],
  one: [
    {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    },
    [{ a: 'x' }, { a: 'x', b: 'y' }, {}],
  ],
  any: [{ type: 'integer', anyOf: [{ minimum: 10 }, { maximum: 2 }] }, [1, 5, 11]],
  all: [{ type: 'integer', allOf: [{ minimum: 3 }, { maximum: 6 }] }, [1, 5, 11]],
  not: [{ type: 'string', not: { enum: ['bad'] } }, ['bad', 'good']],
  ruled: [
    {
      type: 'object',
      properties: { low: { type: 'integer' }, high: { type: 'integer' }, fixed: { type: 'string', maxLength: 20 } },
      'x-kubernetes-validations': [
        { rule: '!has(self.low) || !has(self.high) || self.low <= self.high', message: 'low must not be above high' },
        {
          rule: '!has(self.low) || self.low != 13',
          messageExpression: '"unlucky"',
          reason: 'FieldValueForbidden',
          fieldPath: '.low',
        },
        { rule: '!has(oldSelf.fixed) || (has(self.fixed) && self.fixed == oldSelf.fixed)' },
        { rule: '!has(self.high) || 10 / self.high > 0' },
      ],
    },
    [
      { low: 1, high: 2 },
      { low: 3, high: 2 },
      { low: 13 },
      { low: 13, high: 1 },
      { high: 0 },
      { fixed: 'a' },
      { fixed: 'b' },
      {},
    ],
  ],
}

const specOf = (): JsonObject => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(properties).map(([name, [schema]]) => [name, schema])),
})

interface Defined {
  readonly kind: string
  readonly definition: JsonObject
  readonly path: string
  readonly definitionPath: string
}

function define(): Defined {
  const number = nextNumber()
  const [plural, kind, group] = [`gadgets${number}`, `Gadget${number}`, 'side.example.com']
  const schema = {
    type: 'object',
    properties: {
      spec: specOf(),
      status: {
        type: 'object',
        properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, phase: { type: 'string' } },
      },
      size: { type: 'integer' },
    },
  }
  const column = (name: string, type: string, jsonPath: string, more: JsonObject = {}) => ({
    name,
    type,
    jsonPath,
    ...more,
  })
  const version = (name: string, storage: boolean): JsonObject => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: schema },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.whole',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
    selectableFields: [{ jsonPath: '.spec.text' }, { jsonPath: '.spec.whole' }, { jsonPath: '.spec.flag' }],
    additionalPrinterColumns: [
      column('Text', 'string', '.spec.text', { description: 'a text' }),
      column('Whole', 'integer', '.spec.whole'),
      column('Number', 'number', '.spec.number'),
      column('Flag', 'boolean', '.spec.flag'),
      column('Moment', 'date', '.spec.moment'),
      column('List', 'string', '.spec.list', { priority: 1 }),
      column('First', 'string', '.spec.list[0]'),
      column('Keyed', 'string', ".spec.keyed[?(@.name=='a')].value"),
      column('Label', 'string', '.metadata.labels.example\\.com/a'),
      column('Wrong', 'integer', '.spec.text'),
      column('Age', 'date', '.metadata.creationTimestamp'),
    ],
  })
  return {
    kind,
    path: `/apis/${group}/v1/namespaces/${namespace}/${plural}`,
    definitionPath: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`,
    definition: {
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: {
          plural,
          singular: `gadget${number}`,
          kind,
          listKind: `${kind}List`,
          shortNames: [`gd${number}`],
          categories: ['all'],
        },
        versions: [version('v1', true), version('v2', false)],
      },
    },
  }
}

type Steps = (defined: Defined, object: (spec: JsonObject, more?: JsonObject) => JsonObject) => Step[]

function custom(name: string, steps: Steps): Case {
  const defined = define()
  const { definition, definitionPath, kind } = defined
  const object = (spec: JsonObject, more: JsonObject = {}): JsonObject => ({
    apiVersion: 'side.example.com/v1',
    kind,
    metadata: { name: 'one' },
    spec,
    ...more,
  })
  return {
    name: `custom ${name}`,
    steps: [
      step('make', 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition, {
        settles: definitionPath,
      }),
      ...steps(defined, object),
      step('unmake', 'DELETE', definitionPath, undefined, { settles: definitionPath }),
    ],
  }
}

const good: JsonObject = {
  text: 'a',
  whole: 3,
  number: 2,
  flag: true,
  moment: '2024-01-01T00:00:00Z',
  list: ['a', 'b'],
  keyed: [{ name: 'a', value: 'v' }],
}

function* values(): Generator<Case> {
  for (const [verb, method] of [
    ['create', 'POST'],
    ['update', 'PUT'],
    ['merge', 'PATCH'],
    ['apply', 'PATCH'],
  ] as const)
    yield custom(verb, ({ path }, object) => {
      const steps = [step('seed', 'POST', path, object(verb === 'create' ? {} : { ...good, ruled: { fixed: 'a' } }))]
      for (const [name, [, list]] of Object.entries(properties))
        for (const value of list) {
          const label = `spec.${name} = ${JSON.stringify(value)}`
          if (verb === 'create') {
            const body = object({ [name]: value }, { metadata: { name: 'two' } })
            steps.push(step(label, method, `${path}?dryRun=All`, body))
          } else if (verb === 'update') {
            const body = (seed: JsonObject) => ({ ...seed, spec: { ...(seed.spec as JsonObject), [name]: value } })
            steps.push(
              step(label, method, `${path}/one?dryRun=All`, undefined, { body: answers => body(objectOf(answers[1])) }),
            )
          } else {
            const type = verb === 'merge' ? merge : apply
            const query = verb === 'merge' ? '' : '&fieldManager=two'
            const body = verb === 'merge' ? { spec: { [name]: value } } : object({ [name]: value })
            steps.push(step(label, method, `${path}/one?dryRun=All${query}`, body, type))
          }
        }
      return steps
    })
}

function* verbs(): Generator<Case> {
  yield custom('verbs', ({ path, kind }, object) => {
    const v2 = path.replace('/v1/', '/v2/')
    const metadata = { name: 'one', labels: { 'example.com/a': 'l' } }
    return [
      step('unknown', 'POST', `${path}?dryRun=All`, object({ bogus: 1, filled: { x: 1 } }, { other: 1 })),
      step(
        'unknown, strictly',
        'POST',
        `${path}?dryRun=All&fieldValidation=Strict`,
        object({ bogus: 1 }, { other: 1 }),
      ),
      step(
        'unknown, whatever',
        'POST',
        `${path}?dryRun=All&fieldValidation=Ignore`,
        object({ bogus: 1 }, { other: 1 }),
      ),
      step(
        'twice',
        'POST',
        `${path}?dryRun=All&fieldValidation=Strict`,
        `{"apiVersion":"side.example.com/v1","kind":"${kind}","metadata":{"name":"a","name":"b"},"spec":{"text":"a","text":"b"}}`,
      ),
      step(
        'twice, a warning',
        'POST',
        `${path}?dryRun=All`,
        `{"apiVersion":"side.example.com/v1","kind":"${kind}","metadata":{"name":"a"},"spec":{"text":"a","text":"b"}}`,
      ),
      step(
        'YAML',
        'POST',
        `${path}?dryRun=All`,
        `apiVersion: side.example.com/v1\nkind: ${kind}\nmetadata:\n  name: y\nspec:\n  text: a\n`,
        yaml,
      ),
      step(
        'YAML twice',
        'POST',
        `${path}?dryRun=All&fieldValidation=Strict`,
        `apiVersion: side.example.com/v1\nkind: ${kind}\nmetadata:\n  name: y\nspec:\n  text: a\n  text: b\n`,
        yaml,
      ),
      step('protobuf', 'POST', path, 'k8s', { contentType: 'application/vnd.kubernetes.protobuf' }),
      step('no kind', 'POST', `${path}?dryRun=All`, { apiVersion: 'side.example.com/v1', metadata: { name: 'x' } }),
      step('no version', 'POST', `${path}?dryRun=All`, { kind, metadata: { name: 'x' } }),
      step('another kind', 'POST', `${path}?dryRun=All`, {
        apiVersion: 'side.example.com/v1',
        kind: 'Other',
        metadata: { name: 'x' },
      }),
      step('another version', 'POST', `${path}?dryRun=All`, { ...object({}), apiVersion: 'side.example.com/v2' }),
      step('a list', 'POST', path, '[]'),
      step('metadata that is none', 'POST', path, { ...object({}), metadata: 'x' }),
      step('labels that are none', 'POST', path, { ...object({}), metadata: { name: 'x', labels: { a: 5 } } }),
      step('unknown metadata', 'POST', `${path}?dryRun=All`, { ...object({}), metadata: { name: 'x', bogus: 1 } }),
      step('unknown metadata, strictly', 'POST', `${path}?dryRun=All&fieldValidation=Strict`, {
        ...object({}),
        metadata: { name: 'x', bogus: 1 },
      }),
      step('a bad name', 'POST', path, { ...object({}), metadata: { name: 'Bad_Name' } }),
      step('a bad label', 'POST', path, { ...object({}), metadata: { name: 'x', labels: { a: 'b c' } } }),
      step('generated', 'POST', `${path}?dryRun=All`, { ...object({}), metadata: { generateName: 'gen-' } }),
      step('no name', 'POST', path, { ...object({}), metadata: {} }),
      step('one', 'POST', path, object(good, { metadata, status: { phase: 'x' }, size: 5 })),
      step('one again', 'POST', path, object(good)),
      step('two by another version', 'POST', v2, {
        ...object({ text: 'b', whole: 5, flag: false }),
        apiVersion: 'side.example.com/v2',
        metadata: { name: 'two' },
      }),
      step('get', 'GET', `${path}/one`),
      step('get by another version', 'GET', `${v2}/one`),
      step('list', 'GET', path),
      step('table', 'GET', path, undefined, asTable),
      step('table of one', 'GET', `${path}/one`, undefined, asTable),
      step('table with objects', 'GET', `${path}?includeObject=Object`, undefined, asTable),
      step('table with none', 'GET', `${path}?includeObject=None`, undefined, asTable),
      step('metadata', 'GET', `${path}/one`, undefined, asMetadata),
      step('YAML answer', 'GET', `${path}/one`, undefined, asYaml),
      step('protobuf answer', 'GET', `${path}/one`, undefined, {
        headers: { accept: 'application/vnd.kubernetes.protobuf' },
      }),
      ...[
        'spec.text=a',
        'spec.text!=a',
        'spec.whole=3',
        'spec.flag=true',
        'spec.flag=false',
        'spec.number=2',
        'metadata.name=one',
        'status.phase=x',
      ].map(selector => step(`fields ${selector}`, 'GET', `${path}?fieldSelector=${encodeURIComponent(selector)}`)),
      step('labels', 'GET', `${path}?labelSelector=${encodeURIComponent('example.com/a in (l)')}`),
      step('put without a version', 'PUT', `${path}/one`, object(good)),
      step(
        'put an old version',
        'PUT',
        `${path}/one`,
        object(good, { metadata: { name: 'one', resourceVersion: '1' } }),
      ),
      step('put nothing', 'PUT', `${path}/none`, object(good, { metadata: { name: 'none', resourceVersion: '1' } })),
      step('put another name', 'PUT', `${path}/one`, object(good, { metadata: { name: 'two', resourceVersion: '1' } })),
      step('strategic', 'PATCH', `${path}/one`, { spec: { text: 'b' } }, strategic),
      step('merge', 'PATCH', `${path}/one`, { spec: { text: 'c', bogus: 1 }, status: { phase: 'z' } }, merge),
      step('merge, strictly', 'PATCH', `${path}/one?fieldValidation=Strict`, { spec: { bogus: 1 } }, merge),
      step('merge a list', 'PATCH', `${path}/one`, { spec: { keyed: [{ name: 'b' }] } }, merge),
      step('JSON patch', 'PATCH', `${path}/one`, [{ op: 'replace', path: '/spec/text', value: 'd' }], jsonPatch),
      step('JSON patch test', 'PATCH', `${path}/one`, [{ op: 'test', path: '/spec/text', value: 'q' }], jsonPatch),
      step(
        'apply',
        'PATCH',
        `${path}/one?fieldManager=m`,
        object({ keyed: [{ name: 'a', value: 'w' }], set: ['x'] }),
        apply,
      ),
      step('apply conflict', 'PATCH', `${path}/one?fieldManager=m`, object({ text: 'e' }), apply),
      step('apply force', 'PATCH', `${path}/one?fieldManager=m&force=true`, object({ text: 'e' }), apply),
      step('apply unknown', 'PATCH', `${path}/one?fieldManager=m`, object({ bogus: 1 }), apply),
      step(
        'apply creates',
        'PATCH',
        `${path}/three?fieldManager=m`,
        object({ text: 'e' }, { metadata: { name: 'three' } }),
        apply,
      ),
      step(
        'status',
        'PATCH',
        `${path}/one/status`,
        {
          status: { phase: 'on', replicas: 2, selector: 'a=b' },
          spec: { text: 'no' },
          metadata: { labels: { n: 'o' } },
        },
        merge,
      ),
      step('status of another type', 'PATCH', `${path}/one/status`, { status: { phase: 5 } }, merge),
      step('get status', 'GET', `${path}/one/status`),
      step('scale', 'GET', `${path}/one/scale`),
      step('scale up', 'PATCH', `${path}/one/scale`, { spec: { replicas: 7 } }, merge),
      step('scale below none', 'PATCH', `${path}/one/scale`, { spec: { replicas: -7 } }, merge),
      step('scale by PUT', 'PUT', `${path}/one/scale`, scale({ name: 'one', namespace }, 2)),
      step('scale of another', 'PUT', `${path}/one/scale`, scale({ name: 'two', namespace }, 2)),
      step('scale by apply', 'PATCH', `${path}/one/scale?fieldManager=s&force=true`, scale({ name: 'one' }, 4), apply),
      step('after all', 'GET', `${path}/one`),
      step('unknown subresource', 'GET', `${path}/one/bogus`),
      step('delete, wrong uid', 'DELETE', `${path}/one`, { preconditions: { uid: '1-1' } }),
      step('delete all, dry', 'DELETE', `${path}?dryRun=All`),
      step('delete', 'DELETE', `${path}/one`),
      step('delete again', 'DELETE', `${path}/one`),
      step('delete by label', 'DELETE', `${path}?labelSelector=a`),
      step('delete all', 'DELETE', path),
      step('what is left', 'GET', path),
    ]
  })
}

/** What was good once and is not by a later schema (KEP-4008). */
function* ratcheting(): Generator<Case> {
  yield custom('ratcheting', ({ path, definitionPath }, object) => {
    const narrower = [
      {
        op: 'add',
        path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/text/maxLength',
        value: 2,
      },
      { op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/whole/maximum', value: 2 },
      { op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/required', value: ['flag'] },
    ]
    const of = (label: string, patch: JsonObject) => step(label, 'PATCH', `${path}/one`, patch, merge)
    return [
      step('seed', 'POST', path, object({ text: 'long', whole: 5, list: ['a'], keyed: [{ name: 'a', value: 'v' }] })),
      step('narrower', 'PATCH', definitionPath, narrower, jsonPatch),
      step(
        'in force',
        'POST',
        `${path}?dryRun=All`,
        { ...object({ text: 'long' }), metadata: { name: 'x' } },
        { until: 422 },
      ),
      of('a label', { metadata: { labels: { a: 'b' } } }),
      of('the same', { spec: { text: 'long' } }),
      of('another text', { spec: { text: 'longer' } }),
      of('another number', { spec: { whole: 6 } }),
      of('beside it', { spec: { number: 2 } }),
      of('what was missing', { spec: { flag: true } }),
      of('right', { spec: { text: 'a', whole: 1 } }),
      of('wrong again', { spec: { text: 'long' } }),
      step('delete', 'DELETE', `${path}/one`),
    ]
  })
}

export function* customCases(): Generator<Case> {
  yield* verbs()
  yield* values()
  yield* ratcheting()
}
