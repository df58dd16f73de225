/** A valid object of each kind that is served, and the names that its rules ask for. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '../../src/api/kinds.ts'
import type { Kind } from '../../src/schema/kind.ts'
import { parseYaml } from '../../src/schema/yaml.ts'
import type { JsonObject } from './case.ts'
import { minimalOf } from './minimal.ts'
import { limitedNamespace, namespace } from './pair.ts'

const samples = new Map<string, JsonObject>()
for (const document of parseYaml(readFileSync(join(import.meta.dirname, 'samples.yaml'), 'utf8'))) {
  const sample = document as JsonObject
  samples.set(`${sample.apiVersion}/${sample.kind}`, sample)
}

export const keyOf = (kind: Kind): string => `${kind.apiVersion}/${kind.gvk.kind}`

/** Kinds that clients create: all others answer to GET alone. */
export const createdKinds: readonly Kind[] = kinds.filter(kind => kind.resource?.verbs.includes('create'))
/** Kinds that are kept: the rest are reviews, which are answered and forgotten. */
export const storedKinds: readonly Kind[] = createdKinds.filter(kind => kind.resource?.verbs.includes('get'))

export const sampleOf = (kind: Kind): JsonObject =>
  structuredClone(
    samples.get(keyOf(kind)) ?? {
      ...(minimalOf(kind) as JsonObject),
      apiVersion: kind.apiVersion,
      kind: kind.gvk.kind,
    },
  )

/** Kinds that change what else is made in their namespace. */
const limiting: ReadonlySet<string> = new Set(['LimitRange', 'ResourceQuota'])

const namespaceOf = ({ gvk }: Kind): string => (limiting.has(gvk.kind) ? limitedNamespace : namespace)

export function pathOf(kind: Kind, name = '', inNamespace = namespaceOf(kind)): string {
  const { plural = '', namespaced = false } = kind.resource ?? {}
  const root = kind.gvk.group === '' ? '/api/v1' : `/apis/${kind.apiVersion}`
  return `${root}${namespaced ? `/namespaces/${inNamespace}` : ''}/${plural}${name === '' ? '' : `/${name}`}`
}

const settling: ReadonlySet<string> = new Set(['APIService', 'CustomResourceDefinition', 'FlowSchema'])

/** What a step that makes an object says of its conditions, which for some kinds the server itself writes. */
export const settlingOf = (kind: Kind, path: string): { settles?: string } =>
  settling.has(kind.gvk.kind) ? { settles: path } : {}

/** The sample with a name of its own; `number` is unique in a run. */
export function namedSample(kind: Kind, number: number): { name: string; object: JsonObject } {
  const object = sampleOf(kind)
  const name = fitName(kind, object, number)
  object.metadata = { ...(object.metadata as JsonObject | undefined), name }
  return { name, object }
}

/** Some names repeat what the spec says. */
function fitName(kind: Kind, object: JsonObject, number: number): string {
  const spec = object.spec as JsonObject
  switch (kind.gvk.kind) {
    case 'IPAddress':
      return `10.${100 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`
    case 'ServiceCIDR':
      spec.cidrs = [`10.200.${number & 255}.0/24`]
      return `c-${number}`
    case 'APIService':
      spec.version = `v${number}`
      return `v${number}.${spec.group}`
    case 'CustomResourceDefinition': {
      const names = spec.names as JsonObject
      Object.assign(names, { plural: `things${number}`, singular: `thing${number}`, kind: `Thing${number}` })
      Object.assign(names, { listKind: `Thing${number}List`, shortNames: [`th${number}`] })
      return `things${number}.${spec.group}`
    }
    case 'FlowSchema':
      return `f-${number}`
    default:
      return `c-${number}`
  }
}
