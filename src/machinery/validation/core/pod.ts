/** Pods as they are created and changed (upstream: ValidatePodCreate, ValidatePodUpdate and the ones of its subresources). */
import type { EphemeralContainer } from '../../../api/core/v1/container.ts'
import type { Pod } from '../../../api/core/v1/pod.ts'
import type { PodSpec } from '../../../api/core/v1/pod-spec.ts'
import { forbidden, invalid } from '../../../schema/field-error.ts'
import { comparisons, type Errors, isSame } from '../checks.ts'
import { checkPodSpec } from './pod-spec.ts'

export function checkPod(out: Errors, pod: Pod): void {
  checkPodSpec(out, 'spec', pod.spec, pod.metadata.name)
  if (pod.spec.ephemeralContainers?.length) {
    out.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  }
  if (pod.spec.schedulingGates?.length && pod.spec.nodeName) {
    out.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  }
}

const immutableMessage =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

export function checkPodUpdate(out: Errors, pod: Pod, old: Pod): void {
  checkPodSpec(out, 'spec', pod.spec, pod.metadata.name)
  out.push(comparisons)
  for (const name of ['containers', 'initContainers'] as const) {
    if ((pod.spec[name]?.length ?? 0) !== (old.spec[name]?.length ?? 0)) {
      out.push(forbidden(`spec.${name}`, 'pod updates may not add or remove containers'))
      return
    }
  }
  checkDeadline(out, pod.spec, old.spec)
  checkTolerations(out, pod.spec, old.spec)
  checkGates(out, pod.spec, old.spec)
  const comparable = munged(pod.spec, old.spec)
  if (isSame(comparable, old.spec)) return
  out.push(forbidden('spec', `${immutableMessage}\n${difference(comparable, old.spec)}`))
}

function checkDeadline(out: Errors, spec: PodSpec, old: PodSpec): void {
  const deadline = spec.activeDeadlineSeconds
  const before = old.activeDeadlineSeconds
  if (deadline !== undefined && before !== undefined && deadline > before) {
    out.push(invalid('spec.activeDeadlineSeconds', deadline, 'must be less than or equal to previous value'))
  } else if (deadline === undefined && before !== undefined) {
    out.push(invalid('spec.activeDeadlineSeconds', null, 'must not update from a positive integer to nil value'))
  }
}

function checkTolerations(out: Errors, spec: PodSpec, old: PodSpec): void {
  for (const toleration of old.tolerations ?? []) {
    const { tolerationSeconds: _, ...identity } = toleration
    const isKept = spec.tolerations?.some(other => {
      const { tolerationSeconds: __, ...otherIdentity } = other
      return isSame(identity, otherIdentity)
    })
    if (!isKept) {
      out.push(forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'))
      return
    }
  }
}

function checkGates(out: Errors, spec: PodSpec, old: PodSpec): void {
  const before = new Set(old.schedulingGates?.map(gate => gate.name))
  for (const [i, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (!before.has(name))
      out.push(
        forbidden(
          `spec.schedulingGates[${i}].name`,
          `only deletion is allowed, but found new scheduling gate '${name}'`,
        ),
      )
  }
}

/** The new spec with what may change set back to the old. */
function munged(spec: PodSpec, old: PodSpec): PodSpec {
  const copy: PodSpec = {
    ...spec,
    containers: spec.containers.map((container, i) => ({
      ...container,
      image: old.containers[i]?.image,
    })) as PodSpec['containers'],
  }
  if (spec.initContainers) {
    copy.initContainers = spec.initContainers.map((container, i) => ({
      ...container,
      image: old.initContainers?.[i]?.image,
    })) as PodSpec['containers']
  }
  const restored: (keyof PodSpec)[] = ['activeDeadlineSeconds', 'tolerations', 'schedulingGates']
  const wasNegative = (old.terminationGracePeriodSeconds ?? 0) < 0
  if (wasNegative && spec.terminationGracePeriodSeconds === 1) restored.push('terminationGracePeriodSeconds')
  // KEP-3838: while gates hold a pod, where it may run can still be narrowed.
  if (old.schedulingGates?.length) {
    if (isSuperset(spec.nodeSelector, old.nodeSelector)) restored.push('nodeSelector')
    if (mayNarrow(spec, old)) restored.push('affinity')
  }
  const target = copy as unknown as Record<string, unknown>
  for (const name of restored) {
    if (old[name] === undefined) delete target[name]
    else target[name] = old[name]
  }
  return copy
}

function isSuperset(
  map: Readonly<Record<string, string>> | undefined,
  old: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(old ?? {}).every(([key, value]) => map?.[key] === value)
}

/** Whether only node affinity changed, and every term of old requires at least what it did. */
function mayNarrow(spec: PodSpec, old: PodSpec): boolean {
  const withoutNodes = (affinity: PodSpec['affinity']) => ({ ...affinity, nodeAffinity: undefined })
  if (!isSame(withoutNodes(spec.affinity), withoutNodes(old.affinity))) return false
  const hard = 'requiredDuringSchedulingIgnoredDuringExecution'
  const before = old.affinity?.nodeAffinity?.[hard]?.nodeSelectorTerms
  const after = spec.affinity?.nodeAffinity?.[hard]?.nodeSelectorTerms
  if (!before) return true
  if (!after || after.length !== before.length) return false
  return before.every((term, i) => {
    const now = after[i]!
    if (!term.matchExpressions?.length && !term.matchFields?.length) return isSame(term, now)
    const keeps = (list: readonly unknown[] | undefined, kept: readonly unknown[] | undefined) =>
      (kept ?? []).every(item => list?.some(other => isSame(item, other)))
    return keeps(now.matchExpressions, term.matchExpressions) && keeps(now.matchFields, term.matchFields)
  })
}

/** The fields that differ, one a line: what upstream shows as a diff of the two structures. */
function difference(spec: PodSpec, old: PodSpec): string {
  const lines: string[] = []
  for (const name of new Set([...Object.keys(old), ...Object.keys(spec)]) as Set<keyof PodSpec>) {
    if (isSame(spec[name], old[name])) continue
    const title = `${name[0]!.toUpperCase()}${name.slice(1)}`
    if (old[name] !== undefined) lines.push(`-\t${title}: ${JSON.stringify(old[name])},`)
    if (spec[name] !== undefined) lines.push(`+\t${title}: ${JSON.stringify(spec[name])},`)
  }
  return lines.map(line => `${line}\n`).join('')
}

/** Existing ephemeral containers stay as they are; others may be added (KEP-277). */
export function checkEphemeralContainersUpdate(out: Errors, pod: Pod, old: Pod): void {
  checkPodSpec(out, 'spec', pod.spec, pod.metadata.name)
  const now = new Map<string | undefined, EphemeralContainer>()
  for (const container of pod.spec.ephemeralContainers ?? []) now.set(container.name, container)
  for (const container of old.spec.ephemeralContainers ?? []) {
    const kept = now.get(container.name)
    const name = JSON.stringify(container.name ?? '')
    if (!kept) {
      out.push(forbidden('spec.ephemeralContainers', `existing ephemeral containers ${name} may not be removed\n`))
    } else if (!isSame(kept, container)) {
      out.push(forbidden('spec.ephemeralContainers', `existing ephemeral containers ${name} may not be changed\n`))
    }
  }
}
