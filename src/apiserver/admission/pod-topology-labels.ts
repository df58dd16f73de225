/** Pods bear the zone and the region of the node that they are bound to (KEP-4742). */
import { Node } from '../../api/core/v1/node.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { metadataOf } from './refusal.ts'

const copied = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

export class PodTopologyLabels implements AdmissionPlugin {
  readonly name = 'PodTopologyLabels'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  admit(attributes: AdmissionAttributes): void {
    const { group, resource, subresource, operation, object } = attributes
    if (group !== '' || resource !== 'pods' || operation !== 'CREATE' || !object) return
    const nodeName = subresource === '' ? boundTo(object) : subresource === 'binding' ? targetOf(object) : undefined
    if (!nodeName) return
    const labels = this.#reader.get(Node, '', nodeName)?.metadata.labels ?? {}
    const found = Object.entries(labels).filter(([key]) => copied.includes(key))
    if (found.length === 0) return
    const metadata = metadataOf(object)
    const merged = { ...metadata.labels, ...Object.fromEntries(found) }
    attributes.object = { ...object, metadata: { ...metadata, labels: merged } }
  }
}

const boundTo = (pod: Record<string, unknown>): string | undefined => (pod.spec as { nodeName?: string }).nodeName

function targetOf(binding: Record<string, unknown>): string | undefined {
  const target = binding.target as { kind?: string; name?: string } | undefined
  return target?.kind === 'Node' ? target.name : undefined
}
