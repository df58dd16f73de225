/** Pods stay five minutes on a node that is not ready or out of reach, unless they say otherwise. */
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { isPod, setSpec } from './refusal.ts'

const tolerationSeconds = 300
const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

export class DefaultTolerationSeconds implements AdmissionPlugin {
  readonly name = 'DefaultTolerationSeconds'

  admit(attributes: AdmissionAttributes): void {
    if (!isPod(attributes) || (attributes.operation !== 'CREATE' && attributes.operation !== 'UPDATE')) return
    const { tolerations = [] } = (attributes.object?.spec ?? {}) as Partial<PodSpec>
    const missing = taints.filter(
      taint =>
        !tolerations.some(
          ({ key = '', effect = '' }) => (key === taint || key === '') && (effect === 'NoExecute' || effect === ''),
        ),
    )
    if (missing.length === 0) return
    const added = missing.map(key => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }))
    setSpec(attributes, { tolerations: [...tolerations, ...added] })
  }
}
