/** What cases that are written by hand are built of. */
import { kindByName } from '../../src/machinery/scheme.ts'
import type { Kind } from '../../src/schema/kind.ts'
import type { Case, JsonObject, Step } from './case.ts'
import { nextNumber } from './generated.ts'
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

export interface Made {
  readonly name: string
  readonly path: string
  readonly object: JsonObject
}

/** A case around an object of its own, which is made first. */
export function around(name: string, kind: Kind, steps: (made: Made) => readonly Step[]): Case {
  const { name: objectName, object } = namedSample(kind, nextNumber())
  const path = pathOf(kind, objectName)
  const make = step('make', 'POST', pathOf(kind), object, settlingOf(kind, path))
  return { name, steps: [make, ...steps({ name: objectName, path, object })] }
}

export const options = (more: JsonObject): JsonObject => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...more })
export const uid = '11111111-1111-1111-1111-111111111111'
export const apply = { contentType: 'application/apply-patch+yaml' }
export const merge = { contentType: 'application/merge-patch+json' }
export const strategic = { contentType: 'application/strategic-merge-patch+json' }
export const jsonPatch = { contentType: 'application/json-patch+json' }
