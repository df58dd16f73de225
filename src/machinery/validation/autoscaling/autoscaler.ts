/** Autoscalers (upstream: validateHorizontalPodAutoscalerSpec). */
import type { HorizontalPodAutoscaler as V1 } from '../../../api/autoscaling/v1/horizontal-pod-autoscaler.ts'
import type { HorizontalPodAutoscaler } from '../../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import type { HPAScalingPolicy, HPAScalingRules } from '../../../api/autoscaling/v2/scaling-behavior.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { notNegativeMessage } from '../../../schema/validators.ts'
import { autoscalerToV2 } from '../../conversion/horizontal-pod-autoscaler.ts'
import { parseQuantity } from '../../quantity.ts'
import { checkNotNegative, type Errors } from '../checks.ts'
import { checkMetric, checkReference, type ReferenceRules, versionError } from './metrics.ts'

const maxPeriodSeconds = 1800
const maxWindowSeconds = 3600

function checkPolicy(out: Errors, path: string, { type, value, periodSeconds }: HPAScalingPolicy): void {
  if (type !== 'Pods' && type !== 'Percent') out.push(notSupported(`${path}.type`, type, ['Percent', 'Pods']))
  if (value <= 0) out.push(invalid(`${path}.value`, value, 'must be greater than zero'))
  if (periodSeconds <= 0) out.push(invalid(`${path}.periodSeconds`, periodSeconds, 'must be greater than zero'))
  if (periodSeconds > maxPeriodSeconds) {
    out.push(invalid(`${path}.periodSeconds`, periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`))
  }
}

function checkRules(out: Errors, path: string, rules: HPAScalingRules | undefined): void {
  if (!rules) return
  const { stabilizationWindowSeconds: seconds, selectPolicy, policies = [], tolerance } = rules
  const windowPath = `${path}.stabilizationWindowSeconds`
  if (seconds !== undefined && seconds < 0) {
    out.push(invalid(windowPath, seconds, 'must be greater than or equal to zero'))
  }
  if (seconds !== undefined && seconds > maxWindowSeconds) {
    out.push(invalid(windowPath, seconds, `must be less than or equal to ${maxWindowSeconds}`))
  }
  if (selectPolicy !== undefined && !['Disabled', 'Max', 'Min'].includes(selectPolicy)) {
    out.push(notSupported(`${path}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']))
  }
  if (policies.length === 0) out.push(required(`${path}.policies`, 'must specify at least one Policy'))
  for (const [i, policy] of policies.entries()) checkPolicy(out, `${path}.policies[${i}]`, policy)
  if (tolerance !== undefined && parseQuantity(tolerance).sign() < 0) {
    out.push(invalid(`${path}.tolerance`, tolerance, notNegativeMessage))
  }
}

function checkSpec(
  out: Errors,
  { spec }: HorizontalPodAutoscaler,
  target: ReferenceRules,
  object: ReferenceRules,
): void {
  const { minReplicas, maxReplicas, metrics = [] } = spec
  if (minReplicas !== undefined && minReplicas < 0) {
    out.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 0'))
  }
  if (maxReplicas === 0) out.push(required('spec.maxReplicas'))
  else if (maxReplicas < 0) out.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'))
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    out.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'))
  }
  checkReference(out, 'spec.scaleTargetRef', spec.scaleTargetRef, target)
  for (const [i, metric] of metrics.entries()) checkMetric(out, `spec.metrics[${i}]`, metric, object)
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    const message = 'must specify at least one Object or External metric to support scaling to zero replicas'
    out.push(forbidden('spec.metrics', message))
  }
  checkRules(out, 'spec.behavior.scaleUp', spec.behavior?.scaleUp)
  checkRules(out, 'spec.behavior.scaleDown', spec.behavior?.scaleDown)
}

const targetRules = ({ spec }: HorizontalPodAutoscaler): ReferenceRules => ({
  mayLackGroup: spec.scaleTargetRef.kind === 'ReplicationController',
})

export const checkAutoscaler = (out: Errors, autoscaler: HorizontalPodAutoscaler): void =>
  checkSpec(out, autoscaler, targetRules(autoscaler), { mayLackGroup: true })

export function checkAutoscalerUpdate(
  out: Errors,
  autoscaler: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler,
): void {
  const [now, before] = [autoscaler.spec.scaleTargetRef, old.spec.scaleTargetRef]
  const sameTarget = now.apiVersion === before.apiVersion && now.kind === before.kind
  const objects = (old.spec.metrics ?? []).flatMap(({ type, object }) => (type === 'Object' && object ? [object] : []))
  const object = { mayLackGroup: true }
  const mayBeInvalid = objects.some(({ describedObject }) => versionError(describedObject, object) !== undefined)
  const target = sameTarget ? { mayBeInvalid: true } : targetRules(autoscaler)
  checkSpec(out, autoscaler, target, { ...object, mayBeInvalid })
}

export function checkAutoscalerStatus(out: Errors, { status }: HorizontalPodAutoscaler): void {
  for (const [i, { observedGeneration }] of (status.conditions ?? []).entries()) {
    checkNotNegative(out, `status.conditions[${i}].observedGeneration`, observedGeneration)
  }
  checkNotNegative(out, 'status.currentReplicas', status.currentReplicas)
  checkNotNegative(out, 'status.desiredReplicas', status.desiredReplicas)
}

/** Paths and values are those of the stored version, whichever the client has used. */
export const checkAutoscalerV1 = (out: Errors, autoscaler: V1): void => checkAutoscaler(out, autoscalerToV2(autoscaler))

export const checkAutoscalerV1Update = (out: Errors, autoscaler: V1, old: V1): void =>
  checkAutoscalerUpdate(out, autoscalerToV2(autoscaler), autoscalerToV2(old))

export const checkAutoscalerV1Status = (out: Errors, autoscaler: V1): void =>
  checkAutoscalerStatus(out, autoscalerToV2(autoscaler))
