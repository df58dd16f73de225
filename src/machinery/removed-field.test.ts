/**
 * One declaration is all there is of a field: a kind from whose declaration a field was taken shows it nowhere any more,
 * neither in JSON, protobuf, OpenAPI (which `kubectl explain` reads), defaulting nor validation.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Deployment } from '../api/apps/v1/deployment.ts'
import { Service } from '../api/core/v1/service.ts'
import { Field, messageOf } from '../schema/field.ts'
import { decodeObject } from '../schema/json-decode.ts'
import { encodeObject } from '../schema/json-encode.ts'
import type { Kind } from '../schema/kind.ts'
import { decodeEnvelope } from '../schema/protobuf-decode.ts'
import { encodeEnvelope } from '../schema/protobuf-encode.ts'
import type { Message, Type } from '../schema/type.ts'
import { applyDefaults } from './defaulting.ts'
import { groupsOf } from './discovery/api-groups.ts'
import { OpenApiV3 } from './openapi/v3.ts'
import { validateObject } from './validation/validate.ts'

/** The same declaration without the field at the path. */
function without<M extends Message>(message: M, [name = '', ...rest]: readonly string[]): M {
  const { [name]: field, ...others } = message.fields
  assert.ok(field, `${message.name} has no field ${name}`)
  if (rest.length === 0) return { ...message, fields: others }
  const inner = (type: Type): Type =>
    type.is === 'list' || type.is === 'map' ? { ...type, of: inner(type.of) } : without(messageOf(type)!, rest)
  return {
    ...message,
    fields: { ...message.fields, [name]: new Field({ ...field.facts, type: inner(field.facts.type) }) },
  }
}

const lacking = (kind: Kind, path: string): Kind => without(kind, path.split('.'))

const service = {
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    type: 'NodePort',
    clusterIP: '10.96.0.7',
    clusterIPs: ['10.96.0.7'],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    externalTrafficPolicy: 'Local',
    sessionAffinity: 'ClientIP',
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 'http', nodePort: 30_080, protocol: 'TCP' }],
  },
}

const deployment = {
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 3,
    minReadySeconds: 5,
    revisionHistoryLimit: 4,
    progressDeadlineSeconds: 60,
    paused: true,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
    },
  },
}

function decoded(kind: Kind, object: unknown) {
  const { object: value, unknownFields } = decodeObject<Record<string, unknown>>(kind as never, JSON.stringify(object))
  applyDefaults(kind, value)
  return { value, unknownFields }
}

const errorsOf = (kind: Kind, object: unknown): string[] =>
  validateObject(kind, decoded(kind, object).value, undefined, '').map(({ field, message }) => `${field}: ${message}`)

/** Every place of the OpenAPI document that names the property. */
function schemaOf(kind: Kind, schema: string): Record<string, unknown> {
  const openApi = new OpenApiV3(groupsOf([kind]))
  const { group, version } = kind.gvk
  const document = openApi.document(group === '' ? `api/${version}` : `apis/${group}/${version}`)
  const { components } = JSON.parse(Buffer.from(document!.bytes).toString()) as {
    components: { schemas: Record<string, { properties: Record<string, unknown> }> }
  }
  return components.schemas[schema]!.properties
}

interface Case {
  readonly kind: Kind
  readonly object: object
  readonly path: string
  readonly schema: string
  /** A value that validation refuses as long as the field is declared. */
  readonly bad: object
}

const cases: readonly Case[] = [
  {
    kind: Service as Kind,
    object: service,
    path: 'spec.ports.port',
    schema: 'io.k8s.api.core.v1.ServicePort',
    bad: { ...service, spec: { ...service.spec, ports: [{ name: 'http', port: 70_000, targetPort: 80 }] } },
  },
  {
    kind: Deployment as Kind,
    object: deployment,
    path: 'spec.replicas',
    schema: 'io.k8s.api.apps.v1.DeploymentSpec',
    bad: { ...deployment, spec: { ...deployment.spec, replicas: -1 } },
  },
]

const hasMember = (value: unknown, [name = '', ...rest]: readonly string[]): boolean => {
  if (Array.isArray(value)) return value.some(item => hasMember(item, [name, ...rest]))
  if (typeof value !== 'object' || value === null || !(name in value)) return false
  return rest.length === 0 || hasMember((value as Record<string, unknown>)[name], rest)
}

describe('Removing one declared field from a type changes JSON, protobuf, OpenAPI, explain and validation with it', () => {
  for (const { kind, object, path, schema, bad } of cases) {
    const parts = path.split('.')
    const last = parts.at(-1) as string
    const reduced = lacking(kind, path)

    it(`${kind.gvk.kind} ${path}: JSON reports it as unknown and drops it`, () => {
      assert.deepEqual(decoded(kind, object).unknownFields, [])
      const { value, unknownFields } = decoded(reduced, object)
      assert.deepEqual(
        unknownFields.map(field => field.replace(/\[\d+\]/g, '')),
        [path],
      )
      assert.ok(!hasMember(decodeObject(reduced, JSON.stringify(object)).object, parts))
      // Defaults that a kind sets by hand do not come back either: what is not declared is not written.
      assert.ok(!hasMember(JSON.parse(Buffer.from(encodeObject(reduced, value)).toString()), parts))
      assert.ok(hasMember(JSON.parse(Buffer.from(encodeObject(kind, object)).toString()), parts))
      assert.ok(!hasMember(JSON.parse(Buffer.from(encodeObject(reduced, object)).toString()), parts))
    })

    it(`${kind.gvk.kind} ${path}: protobuf neither writes nor reads it`, () => {
      const full = encodeEnvelope(kind, decoded(kind, object).value)
      assert.ok(hasMember(decodeEnvelope(kind, full), parts))
      assert.ok(!hasMember(decodeEnvelope(reduced, full), parts))
      const shorter = encodeEnvelope(reduced, decoded(kind, object).value)
      assert.ok(shorter.length < full.length)
      const back = decodeEnvelope<{ spec: { replicas?: number; ports?: { port: number }[] } }>(kind as never, shorter)
      assert.ok(!back.spec.replicas && !back.spec.ports?.[0]?.port)
    })

    it(`${kind.gvk.kind} ${path}: OpenAPI, and so explain, knows it no more`, () => {
      assert.ok(last in schemaOf(kind, schema))
      assert.ok(!(last in schemaOf(reduced, schema)))
    })

    it(`${kind.gvk.kind} ${path}: validation says nothing of it`, () => {
      assert.equal(errorsOf(kind, bad).filter(error => error.includes(last)).length, 1)
      assert.deepEqual(errorsOf(reduced, bad), [])
    })
  }

  it('no rule of a Service or Deployment fails for want of a field', () => {
    for (const [kind, object, at] of [
      [Service, service, ['spec', 'spec.ports']],
      [Deployment, deployment, ['spec', 'spec.strategy', 'spec.template.spec']],
    ] as const) {
      assert.deepEqual(errorsOf(kind as Kind, object), [])
      for (const path of at) {
        let message: Message = kind as Kind
        for (const name of path.split('.')) {
          const { type } = message.fields[name]!.facts
          message = messageOf(type.is === 'list' ? type.of : type)!
        }
        for (const name of Object.keys(message.fields)) {
          // What makes it a workload at all.
          if (name === 'template') continue
          const reduced = lacking(kind as Kind, `${path}.${name}`)
          assert.doesNotThrow(() => errorsOf(reduced, object), `without ${path}.${name}`)
        }
      }
    }
  })
})
