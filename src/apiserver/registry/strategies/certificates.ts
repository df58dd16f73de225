/** Requests for certificates: who asks is the server's word; verdicts and certificates have subresources of their own. */
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { at, isolatedStatusStrategy, keepPart, strategyOf, textAt } from './base.ts'

interface Condition {
  type: string
  status: string
  lastUpdateTime?: string
  lastTransitionTime?: string
}

const conditionsOf = (object: ObjectJson): readonly Condition[] =>
  (at(object, 'status', 'conditions') as Condition[] | undefined) ?? []

function setConditions(object: ObjectJson, conditions: readonly Condition[]): void {
  const { conditions: _, ...status } = (object.status ?? {}) as Record<string, unknown>
  object.status = conditions.length === 0 ? status : { ...status, conditions }
}

/** Fills in the times that the client has left out. */
function withTimes(object: ObjectJson, old: ObjectJson, nowIso: string): Condition[] {
  return conditionsOf(object).map(condition => {
    const same = conditionsOf(old).find(({ type, status }) => type === condition.type && status === condition.status)
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? nowIso,
      lastTransitionTime: condition.lastTransitionTime ?? same?.lastTransitionTime ?? nowIso,
    }
  })
}

/** Verdicts as they were, where the request has as many: a signer that writes its status never changes them. */
function withKeptVerdicts(conditions: readonly Condition[], old: ObjectJson): readonly Condition[] {
  let result = conditions
  for (const verdict of ['Approved', 'Denied']) {
    const before = conditionsOf(old).filter(({ type }) => type === verdict)
    if (before.length !== result.filter(({ type }) => type === verdict).length) continue
    let next = 0
    result = result.map(condition => (condition.type === verdict ? (before[next++] as Condition) : condition))
  }
  return result
}

export const certificateSigningRequestStrategy: Strategy = strategyOf({
  hasStatus: true,
  fieldNames: ['spec.signerName'],
  selectableFields: object => ({ 'spec.signerName': textAt(object, 'spec', 'signerName') }),
  prepareForCreate(object, { user }) {
    const { username: _n, uid: _u, groups: _g, extra: _e, ...asked } = (object.spec ?? {}) as Record<string, unknown>
    object.spec = {
      ...asked,
      username: user.username,
      ...(user.uid ? { uid: user.uid } : {}),
      ...(user.groups.length > 0 ? { groups: [...user.groups] } : {}),
      ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
    }
    object.status = {}
  },
  prepareForUpdate(object, old) {
    object.spec = old.spec
  },
  subresources: {
    status: {
      prepareForUpdate(object, old, { nowIso }) {
        object.spec = old.spec
        setConditions(object, withKeptVerdicts(conditionsOf(object), old))
        setConditions(object, withTimes(object, old, nowIso))
      },
    },
    approval: {
      prepareForUpdate(object, old, { nowIso }) {
        object.spec = old.spec
        const conditions = withTimes(object, old, nowIso)
        keepPart(object, old, 'status')
        setConditions(object, conditions)
      },
    },
  },
})

export const clusterTrustBundleStrategy: Strategy = strategyOf({
  unconditionalUpdate: false,
  fieldNames: ['spec.signerName'],
  selectableFields: object => ({ 'spec.signerName': textAt(object, 'spec', 'signerName') }),
})

export const podCertificateRequestStrategy: Strategy = strategyOf({
  hasStatus: true,
  unconditionalUpdate: false,
  fieldNames: ['spec.signerName', 'spec.podName', 'spec.nodeName'],
  selectableFields: object => ({
    'spec.signerName': textAt(object, 'spec', 'signerName'),
    'spec.podName': textAt(object, 'spec', 'podName'),
    'spec.nodeName': textAt(object, 'spec', 'nodeName'),
  }),
  subresources: { status: isolatedStatusStrategy },
})
