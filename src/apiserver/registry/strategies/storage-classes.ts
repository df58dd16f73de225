/** Drivers, attachments and classes of storage; runtime classes. */
import { equalJson } from '../clone.ts'
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { at, isolatedStatusStrategy, strategyOf } from './base.ts'

const deprecatedLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
}

interface Expression {
  readonly key: string
}

const listAt = <T>(object: unknown, ...path: readonly string[]): readonly T[] => (at(object, ...path) as T[]) ?? []

export const storageClassStrategy: Strategy = strategyOf({
  warnings: object =>
    listAt<object>(object, 'allowedTopologies').flatMap((topology, i) =>
      listAt<Expression>(topology, 'matchLabelExpressions').flatMap(({ key }, j) => {
        const message = deprecatedLabels[key]
        return message ? [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${message}`] : []
      }),
    ),
})

const tokensInSecrets =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'

export const csiDriverStrategy: Strategy = strategyOf({
  unconditionalUpdate: false,
  prepareForUpdate(object, old) {
    if (!equalJson(object.spec, old.spec)) object.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  warnings(object, old) {
    const tokens = listAt(object, 'spec', 'tokenRequests')
    const isNew = !old || !equalJson(tokens, listAt(old, 'spec', 'tokenRequests'))
    const isOpen = tokens.length > 0 && at(object, 'spec', 'serviceAccountTokenInSecrets') === undefined
    return isNew && isOpen ? [tokensInSecrets] : []
  },
})

export const isolatedStatusKind: Strategy = strategyOf({
  hasStatus: true,
  unconditionalUpdate: false,
  subresources: { status: isolatedStatusStrategy },
})

export const csiStorageCapacityStrategy: Strategy = strategyOf({
  unconditionalUpdate: false,
  warnings(object) {
    const about = (path: string, key: string, head = '') => {
      const message = deprecatedLabels[key]
      return message ? [`${path}: ${head}${message}`] : []
    }
    const labels = Object.keys((at(object, 'nodeTopology', 'matchLabels') as object | undefined) ?? {})
    return [
      ...listAt<Expression>(object, 'nodeTopology', 'matchExpressions').flatMap(({ key }, i) =>
        about(`nodeTopology.matchExpressions[${i}].key`, key, `${key} is `),
      ),
      ...labels.flatMap(key => about(`nodeTopology.matchLabels.${key}`, key)),
    ]
  },
})

export const runtimeClassStrategy: Strategy = strategyOf({
  createOnUpdate: true,
  unconditionalUpdate: false,
  warnings: (object: ObjectJson) =>
    Object.keys((at(object, 'scheduling', 'nodeSelector') as object | undefined) ?? {}).flatMap(key => {
      const message = deprecatedLabels[key]
      return message ? [`scheduling.nodeSelector: ${message}`] : []
    }),
})
