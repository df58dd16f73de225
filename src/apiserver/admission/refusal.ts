import type { Pod } from '../../api/core/v1/pod.ts'
import { type ApiError, forbiddenError } from '../../machinery/api-error.ts'
import type { AdmissionAttributes } from './admission.ts'

interface Metadata {
  readonly name?: string
  readonly generateName?: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export const metadataOf = (object: Record<string, unknown> | undefined): Metadata =>
  (object?.metadata as Metadata | undefined) ?? {}

/** The name of what is written; of an object whose name is yet to be made, the beginning of it. */
export function nameOf({ name, object }: AdmissionAttributes): string {
  if (name !== '') return name
  const metadata = metadataOf(object)
  return metadata.name || metadata.generateName || ''
}

/** 403 as every plugin words it: `pods "x" is forbidden: <why>`. */
export const refusal = (attributes: AdmissionAttributes, why: string): ApiError =>
  forbiddenError(attributes.group, attributes.resource, nameOf(attributes), why)

export const isPod = ({ group, resource, subresource }: AdmissionAttributes): boolean =>
  group === '' && resource === 'pods' && subresource === ''

/** An update of the spec of a pod that is on a node, at one of the given subresources; undefined for anything else. */
export function boundUpdate(
  attributes: AdmissionAttributes,
  subresources: readonly string[],
): { readonly pod: Pod; readonly old: Pod } | undefined {
  const { group, resource, subresource, operation, object, oldObject } = attributes
  if (group !== '' || resource !== 'pods' || operation !== 'UPDATE' || !subresources.includes(subresource))
    return undefined
  const [pod, old] = [object as Pod | undefined, oldObject as Pod | undefined]
  if (!pod?.spec.nodeName || !old || pod.metadata.generation === old.metadata.generation) return undefined
  return { pod, old }
}

/** Replaces parts of the spec. The object is copied on the way: what a patch left as it was is shared with the cache. */
export function setSpec(attributes: AdmissionAttributes, changes: Record<string, unknown>): void {
  const { object } = attributes
  attributes.object = { ...object, spec: { ...(object?.spec as object), ...changes } }
}

/** Marks a pod that shows one which the kubelet started by itself. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror'
