/** Deployments, replica sets, daemon sets, stateful sets and replication controllers. */
import type { ControllerRevision } from '../../../api/apps/v1/controller-revision.ts'
import type { DaemonSet } from '../../../api/apps/v1/daemon-set.ts'
import type { Deployment } from '../../../api/apps/v1/deployment.ts'
import type { ReplicaSet } from '../../../api/apps/v1/replica-set.ts'
import type { StatefulSet } from '../../../api/apps/v1/stateful-set.ts'
import type { PodTemplateSpec } from '../../../api/core/v1/pod-spec.ts'
import type { PodTemplate } from '../../../api/core/v1/pod-template.ts'
import type { ReplicationController } from '../../../api/core/v1/replication-controller.ts'
import type { LabelSelector } from '../../../api/meta/v1/label-selector.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors } from '../../../schema/formats.ts'
import { percentOf, scaledValue } from '../../int-or-string.ts'
import { labelSelectorOf } from '../../selectors/label-selector.ts'
import {
  checkAnnotations,
  checkAtMost100Percent,
  checkImmutable,
  checkLabelSelector,
  checkLabels,
  checkNotNegative,
  checkNotNegativeIntOrPercent,
  comparisons,
  type Errors,
  isEmptySelector,
  pushInvalid,
} from '../checks.ts'
import { checkClaimSpec } from '../core/persistent-volume-claim.ts'
import { checkPodTemplate } from '../core/pod-spec.ts'

function checkSelectorAndTemplate(
  out: Errors,
  kind: string,
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
): void {
  const before = out.length
  checkLabelSelector(out, 'spec.selector', selector)
  // Whether a selector can be made of it at all; else nothing is said of the template.
  const isReadable = out.length === before
  // Everything is matched by it.
  if (selector && isEmptySelector(selector))
    out.push(invalid('spec.selector', selector, `empty selector is invalid for ${kind}`))
  if (isReadable) checkMatchingTemplate(out, kind, selector, template)
  else if (kind === 'daemonset') checkPodTemplate(out, 'spec.template', template)
  else out.push(invalid('spec.selector', selector, kind === 'deployment' ? 'invalid label selector' : ''))
  if (kind !== 'deployment' || isReadable) checkWorkloadPods(out, kind, template)
}

function checkMatchingTemplate(
  out: Errors,
  kind: string,
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
): void {
  const matches = selector !== undefined && labelSelectorOf(selector).matches(template.metadata.labels)
  // None matches nothing, and one that matches everything was refused.
  if (!matches && !(selector && isEmptySelector(selector))) {
    out.push(
      invalid(
        'spec.template.metadata.labels',
        template.metadata.labels ?? null,
        '`selector` does not match template `labels`',
      ),
    )
  }
  checkPodTemplate(out, 'spec.template', template)
  if (kind === 'statefulset') {
    checkLabels(out, 'spec.template.labels', template.metadata.labels)
    checkAnnotations(out, 'spec.template.annotations', template.metadata.annotations)
  }
}

function checkWorkloadPods(out: Errors, kind: string, template: PodTemplateSpec): void {
  const policy = template.spec.restartPolicy
  if (policy !== undefined && policy !== 'Always') {
    out.push(notSupported('spec.template.spec.restartPolicy', policy, ['Always']))
  }
  if (template.spec.activeDeadlineSeconds !== undefined) {
    out.push(
      forbidden(
        'spec.template.spec.activeDeadlineSeconds',
        `activeDeadlineSeconds in ${kindTitle(kind)} is not Supported`,
      ),
    )
  }
}

const kindTitle = (kind: string): string =>
  ({ deployment: 'ReplicaSet', replicaset: 'ReplicaSet', daemonset: 'DaemonSet', statefulset: 'StatefulSet' })[kind] ??
  kind

export function checkDeployment(out: Errors, { spec }: Deployment): void {
  checkSelectorAndTemplate(out, 'deployment', spec.selector, spec.template)
  const { type, rollingUpdate } = spec.strategy ?? {}
  if (type !== 'Recreate' && type !== 'RollingUpdate')
    out.push(notSupported('spec.strategy', spec.strategy ?? {}, ['Recreate', 'RollingUpdate']))
  if (type === 'Recreate' && rollingUpdate) {
    out.push(forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"))
  }
  if (type === 'RollingUpdate' && rollingUpdate) {
    checkRolling(out, 'spec.strategy.rollingUpdate', rollingUpdate)
  }
  if (spec.progressDeadlineSeconds !== undefined) {
    if (spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0)) {
      out.push(
        invalid('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds, 'must be greater than minReadySeconds'),
      )
    }
  }
}

interface Rolling {
  readonly maxUnavailable?: number | string
  readonly maxSurge?: number | string
}

function checkRolling(out: Errors, path: string, { maxUnavailable = 0, maxSurge = 0 }: Rolling): void {
  checkNotNegativeIntOrPercent(out, `${path}.maxUnavailable`, maxUnavailable)
  checkNotNegativeIntOrPercent(out, `${path}.maxSurge`, maxSurge)
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    out.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  }
  checkAtMost100Percent(out, `${path}.maxUnavailable`, maxUnavailable)
}

function isZero(value: number | string): boolean {
  return value === 0 || (typeof value === 'string' && /^\d+%$/.test(value) && scaledValue(value, 100, true) === 0)
}

export function checkDeploymentUpdate(out: Errors, deployment: Deployment, old: Deployment): void {
  checkDeployment(out, deployment)
  out.push(comparisons)
  checkImmutable(out, 'spec.selector', deployment.spec.selector, old.spec.selector)
}

export function checkDeploymentStatus(out: Errors, { status }: Deployment, old: Deployment): void {
  checkCounts(out, status, ['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas'])
  checkNotNegative(out, 'status.unavailableReplicas', status.unavailableReplicas)
  checkNotNegative(out, 'status.terminatingReplicas', status.terminatingReplicas)
  checkCollisions(out, status.collisionCount, old.status.collisionCount)
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  const most = 'cannot be greater than status.replicas'
  if (updatedReplicas > replicas) out.push(invalid('status.updatedReplicas', updatedReplicas, most))
  if (readyReplicas > replicas) out.push(invalid('status.readyReplicas', readyReplicas, most))
  if (availableReplicas > replicas) out.push(invalid('status.availableReplicas', availableReplicas, most))
  if (availableReplicas > readyReplicas) {
    out.push(invalid('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas'))
  }
}

function checkCounts(out: Errors, status: object, names: readonly string[]): void {
  const values = status as Readonly<Record<string, number | undefined>>
  for (const name of names) checkNotNegative(out, `status.${name}`, values[name])
}

function checkCollisions(out: Errors, count: number | undefined, old: number | undefined): void {
  if (count !== undefined) checkNotNegative(out, 'status.collisionCount', count)
  if (old !== undefined && (count ?? 0) < old) {
    out.push(invalid('status.collisionCount', count ?? 0, 'cannot be decremented'))
  }
}

export function checkReplicaSet(out: Errors, { spec }: ReplicaSet): void {
  checkSelectorAndTemplate(out, 'deployment', spec.selector, spec.template)
}

export function checkReplicaSetUpdate(out: Errors, set: ReplicaSet, old: ReplicaSet): void {
  checkReplicaSet(out, set)
  out.push(comparisons)
  checkImmutable(out, 'spec.selector', set.spec.selector, old.spec.selector)
}

export function checkReplicaSetStatus(out: Errors, { status }: ReplicaSet | ReplicationController): void {
  const names = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const
  checkCounts(out, status, ['replicas', ...names, 'observedGeneration'])
  checkNotNegative(out, 'status.terminatingReplicas', (status as ReplicaSet['status']).terminatingReplicas)
  for (const name of names) {
    if ((status[name] ?? 0) > status.replicas) {
      out.push(invalid(`status.${name}`, status[name] ?? 0, 'cannot be greater than status.replicas'))
    }
  }
  if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
    out.push(invalid('status.availableReplicas', status.availableReplicas ?? 0, 'cannot be greater than readyReplicas'))
  }
}

export function checkDaemonSet(out: Errors, { spec }: DaemonSet): void {
  checkSelectorAndTemplate(out, 'daemonset', spec.selector, spec.template)
  const { type, rollingUpdate: rolling } = spec.updateStrategy
  if (type !== 'RollingUpdate' && type !== 'OnDelete')
    out.push(notSupported('spec.updateStrategy', spec.updateStrategy, ['RollingUpdate', 'OnDelete']))
  if (type !== 'RollingUpdate') return
  const at = 'spec.updateStrategy.rollingUpdate'
  if (!rolling) {
    out.push(required(at))
    return
  }
  const { maxUnavailable = 0, maxSurge = 0 } = rolling
  // Upstream has its reasons to look at a percentage before it looks at both.
  checkNotNegativeIntOrPercent(out, `${at}.maxUnavailable`, maxUnavailable)
  checkAtMost100Percent(out, `${at}.maxUnavailable`, maxUnavailable)
  checkNotNegativeIntOrPercent(out, `${at}.maxSurge`, maxSurge)
  checkAtMost100Percent(out, `${at}.maxSurge`, maxSurge)
  const [hasUnavailable, hasSurge] = [!isNothing(maxUnavailable), !isNothing(maxSurge)]
  if (hasUnavailable && hasSurge) {
    out.push(invalid(`${at}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  }
  if (!hasUnavailable && !hasSurge) {
    out.push(required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  }
}

/** Zero, or a text that says no percentage. */
const isNothing = (value: number | string): boolean =>
  typeof value === 'number' ? value === 0 : (percentOf(value) ?? 0) === 0

export function checkDaemonSetUpdate(out: Errors, set: DaemonSet, old: DaemonSet): void {
  checkImmutable(out, 'spec.selector', set.spec.selector, old.spec.selector)
  checkDaemonSet(out, set)
}

export function checkDaemonSetStatus(out: Errors, { status }: DaemonSet, old: DaemonSet): void {
  checkCounts(out, status, [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
    'observedGeneration',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
  ])
  checkCollisions(out, status.collisionCount, old.status.collisionCount)
}

const podManagementPolicies = ['OrderedReady', 'Parallel']

function checkStatefulSet(out: Errors, { spec }: StatefulSet): void {
  const policy: string = spec.podManagementPolicy ?? ''
  if (policy === '') out.push(required('spec.podManagementPolicy'))
  else if (!podManagementPolicies.includes(policy))
    out.push(invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"))
  const strategy = spec.updateStrategy
  if (strategy.type !== 'RollingUpdate' && strategy.type !== 'OnDelete')
    out.push(invalid('spec.updateStrategy', strategy, "must be 'RollingUpdate' or 'OnDelete'"))
  if (strategy.type === 'OnDelete' && strategy.rollingUpdate) {
    out.push(
      invalid(
        'spec.updateStrategy.rollingUpdate',
        strategy.rollingUpdate,
        "only allowed for updateStrategy 'RollingUpdate'",
      ),
    )
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) {
    const { partition, maxUnavailable } = strategy.rollingUpdate
    checkNotNegative(out, 'spec.updateStrategy.rollingUpdate.partition', partition)
    if (maxUnavailable !== undefined) {
      const at = 'spec.updateStrategy.rollingUpdate.maxUnavailable'
      checkNotNegativeIntOrPercent(out, at, maxUnavailable)
      if (isNothing(maxUnavailable)) out.push(invalid(at, maxUnavailable, 'cannot be 0'))
      checkAtMost100Percent(out, at, maxUnavailable)
    }
  }
  const retention = spec.persistentVolumeClaimRetentionPolicy
  for (const name of ['whenDeleted', 'whenScaled'] as const) {
    const value = retention?.[name]
    if (value !== undefined && value !== 'Retain' && value !== 'Delete') {
      out.push(notSupported(`spec.persistentVolumeClaimRetentionPolicy.${name}`, value, ['Retain', 'Delete']))
    }
  }
  checkNotNegative(out, 'spec.ordinals.start', spec.ordinals?.start)
  checkSelectorAndTemplate(out, 'statefulset', spec.selector, withClaimVolumes(spec))
}

/** Mounts may name the volumes that the claim templates make; these come before volumes of the same name. */
function withClaimVolumes({ template, volumeClaimTemplates }: StatefulSet['spec']): PodTemplateSpec {
  // Both are the controller's to set.
  const spec = { ...template.spec, subdomain: '', hostname: '' }
  if (!volumeClaimTemplates?.length) return { ...template, spec }
  const made = volumeClaimTemplates.map(({ metadata }) => metadata.name ?? '')
  const others = template.spec.volumes?.filter(({ name }) => !made.includes(name)) ?? []
  const volumes = made.map(name => ({ name, persistentVolumeClaim: { claimName: name } }))
  return { ...template, spec: { ...spec, volumes: [...volumes, ...others] } }
}

/** Templates are judged when they are made: later they cannot change. */
export function checkStatefulSetCreate(out: Errors, set: StatefulSet): void {
  const { serviceName } = set.spec
  if (serviceName) pushInvalid(out, 'spec.serviceName', serviceName, dns1123LabelErrors(serviceName))
  set.spec.volumeClaimTemplates?.forEach((claim, i) => {
    checkClaimSpec(out, `spec.volumeClaimTemplates[${i}].spec`, claim.spec)
  })
  checkStatefulSet(out, set)
}

const immutableStatefulSetFields = ['selector', 'volumeClaimTemplates', 'serviceName', 'podManagementPolicy'] as const

export function checkStatefulSetUpdate(out: Errors, set: StatefulSet, old: StatefulSet): void {
  checkStatefulSet(out, set)
  out.push(comparisons)
  for (const name of immutableStatefulSetFields) {
    const value = set.spec[name]
    checkImmutable(out, `spec.${name}`, name === 'serviceName' ? (value ?? '') : value, old.spec[name])
  }
}

export function checkStatefulSetStatus(out: Errors, { status }: StatefulSet, old: StatefulSet): void {
  const names = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const
  checkCounts(out, status, ['replicas', ...names, 'observedGeneration'])
  checkCollisions(out, status.collisionCount, old.status.collisionCount)
  for (const name of names) {
    if ((status[name] ?? 0) > status.replicas) {
      out.push(invalid(`status.${name}`, status[name] ?? 0, 'cannot be greater than status.replicas'))
    }
  }
  if (status.availableReplicas > (status.readyReplicas ?? 0)) {
    out.push(
      invalid('status.availableReplicas', status.availableReplicas, 'cannot be greater than status.readyReplicas'),
    )
  }
}

export function checkControllerRevision(out: Errors, { data, revision }: ControllerRevision): void {
  checkNotNegative(out, 'revision', revision)
  if (data === undefined) out.push(required('data', 'data is mandatory'))
  else if (typeof data !== 'object' || Array.isArray(data))
    out.push(required('data', 'data must be a valid JSON object'))
}

export function checkControllerRevisionUpdate(out: Errors, made: ControllerRevision, old: ControllerRevision): void {
  checkNotNegative(out, 'revision', made.revision)
  out.push(comparisons)
  checkImmutable(out, 'data', made.data, old.data)
}

export function checkReplicationController(out: Errors, { spec }: ReplicationController): void {
  checkNotNegative(out, 'spec.minReadySeconds', spec.minReadySeconds)
  if (Object.keys(spec.selector ?? {}).length === 0) out.push(required('spec.selector'))
  checkNotNegative(out, 'spec.replicas', spec.replicas)
  const { template } = spec
  if (!template) {
    out.push(required('spec.template'))
    return
  }
  const { labels } = template.metadata
  if (Object.entries(spec.selector ?? {}).some(([key, value]) => labels?.[key] !== value)) {
    out.push(invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'))
  }
  checkPodTemplate(out, 'spec.template', template)
  const { restartPolicy, activeDeadlineSeconds } = template.spec
  if (restartPolicy !== undefined && restartPolicy !== 'Always')
    out.push(notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']))
  if (activeDeadlineSeconds !== undefined) {
    const message = 'activeDeadlineSeconds in ReplicationController is not Supported'
    out.push(forbidden('spec.template.spec.activeDeadlineSeconds', message))
  }
}

export function checkStoredPodTemplate(out: Errors, { template }: PodTemplate): void {
  if (template) checkPodTemplate(out, 'template', template)
}
