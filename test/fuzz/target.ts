/** What requests are made for: every kind that is served, and custom resources. */
import { kinds } from '../../src/api/kinds.ts'
import { kindByGvk } from '../../src/machinery/scheme.ts'
import type { Kind } from '../../src/schema/kind.ts'
import { randomObject } from '../../src/schema/testing/random-object.ts'
import type { JsonObject } from '../side-by-side/case.ts'
import { namedSample, pathOf } from '../side-by-side/samples.ts'
import { happens, type Random } from './chance.ts'

export interface Target {
  /** As `Pod`. */
  readonly name: string
  /** Of its collection. */
  readonly path: string
  /** Absent on custom resources, which are read in JSON, YAML and CBOR alone. */
  readonly kind?: Kind
  readonly subresources: readonly string[]
  /** An object that is good, or of good types at least. */
  object(random: Random, number: number): { readonly name: string; readonly object: JsonObject }
}

const targetOf = (kind: Kind): Target => ({
  name: kind.gvk.kind,
  path: pathOf(kind),
  kind,
  subresources: Object.keys(kind.resource?.subresources ?? {}),
  object: (random, number) => {
    const sample = namedSample(kind, number)
    if (happens(random, 0.7)) return sample
    const object = randomObject(kind, random) as JsonObject
    const metadata = {
      ...(object.metadata as JsonObject),
      name: sample.name,
      namespace: undefined,
      resourceVersion: undefined,
    }
    return {
      name: sample.name,
      object: { ...object, apiVersion: kind.apiVersion, kind: kind.gvk.kind, metadata } as never,
    }
  },
})

export const declaredTargets: readonly Target[] = kinds.filter(kind => kind.resource).map(targetOf)

/** What the subresource of a target takes, where that is another kind than the target's. */
export function subresourceKind({ kind }: Target, subresource: string): Kind | undefined {
  const gvk = kind?.resource?.subresources?.[subresource]?.kind
  return (gvk && kindByGvk(gvk)) ?? kind
}
