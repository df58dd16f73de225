/** A new node takes no pods before the node lifecycle controller has seen it ready. */
import type { NodeSpec } from '../../api/core/v1/node.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { setSpec } from './refusal.ts'

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const

export class TaintNodesByCondition implements AdmissionPlugin {
  readonly name = 'TaintNodesByCondition'

  admit(attributes: AdmissionAttributes): void {
    const { group, resource, subresource, operation, object } = attributes
    if (group !== '' || resource !== 'nodes' || subresource !== '' || operation !== 'CREATE') return
    const { taints = [] } = (object?.spec ?? {}) as NodeSpec
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return
    setSpec(attributes, { taints: [...taints, { ...notReady }] })
  }
}
