/** What cases are built of. */
import { kindByName } from '../../src/machinery/scheme.ts'
import type { Kind } from '../../src/schema/kind.ts'
import type { Case, JsonObject, Step } from './case.ts'
import type { Answer } from './connection.ts'
import { namedSample, pathOf, settlingOf } from './samples.ts'

export const kindOf = (apiVersion: string, kind: string): Kind => {
  const found = kindByName(apiVersion, kind)
  if (!found) throw new Error(`${apiVersion} ${kind} is not served`)
  return found
}

export const step = (label: string, method: string, path: string, body?: unknown, more: Partial<Step> = {}): Step => ({
  label,
  method,
  path,
  ...(body === undefined ? {} : { body: () => body }),
  ...more,
})

let number = 0

/** Numbers for names of objects, unique in a process. */
export const nextNumber = (): number => ++number

export const objectOf = (answer: Answer | undefined): JsonObject => (answer?.json ?? {}) as JsonObject

export const make = (kind: Kind, path: string, object: JsonObject): Step =>
  step('make', 'POST', pathOf(kind), object, settlingOf(kind, path))

export interface Made {
  readonly name: string
  readonly path: string
  readonly object: JsonObject
}

/** A case around an object of its own, which is made first. */
export function around(name: string, kind: Kind, steps: (made: Made) => readonly Step[]): Case {
  const { name: objectName, object } = namedSample(kind, nextNumber())
  const path = pathOf(kind, objectName)
  return { name, steps: [make(kind, path, object), ...steps({ name: objectName, path, object })] }
}

export const options = (more: JsonObject): JsonObject => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...more })
export const uid = '11111111-1111-1111-1111-111111111111'
export const apply = { contentType: 'application/apply-patch+yaml' }
export const merge = { contentType: 'application/merge-patch+json' }
export const strategic = { contentType: 'application/strategic-merge-patch+json' }
export const jsonPatch = { contentType: 'application/json-patch+json' }
export const yaml = { contentType: 'application/yaml' }

const answeredIn = (accept: string) => ({ headers: { accept } })
export const asTable = answeredIn('application/json;as=Table;v=v1;g=meta.k8s.io')
export const asMetadata = answeredIn('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')
export const asYaml = answeredIn('application/yaml')

export const scale = (metadata: JsonObject, replicas: number): JsonObject => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata,
  spec: { replicas },
})
