/** What a failed pod means for its Job (KEP-3329, pod failure policy). */
import type { PodFailurePolicy, PodFailurePolicyRule } from '../../api/batch/v1/job-spec.ts'
import type { Pod } from '../../api/core/v1/pod.ts'

export interface Verdict {
  readonly action: 'Count' | 'FailIndex' | 'FailJob' | 'Ignore'
  /** Of a rule that matched. */
  readonly message?: string
}

/** The first rule that matches decides; without one the failure counts. */
export function judge(pod: Pod, policy: PodFailurePolicy | undefined): Verdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const found = matchesExitCode(pod, rule) ?? matchesCondition(pod, rule)
    if (found) return { action: rule.action, message: `${found} matching ${rule.action} rule at index ${index}` }
  }
  return { action: 'Count' }
}

function matchesExitCode(pod: Pod, rule: PodFailurePolicyRule): string | undefined {
  const wanted = rule.onExitCodes
  if (!wanted) return undefined
  const statuses = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])]
  for (const { name, state } of statuses) {
    const code = state.terminated?.exitCode
    if (code === undefined || code === 0 || (wanted.containerName && wanted.containerName !== name)) continue
    if (wanted.values.includes(code) === (wanted.operator === 'In')) {
      return `Container ${name} for pod ${pod.metadata.namespace}/${pod.metadata.name} failed with exit code ${code}`
    }
  }
  return undefined
}

function matchesCondition(pod: Pod, rule: PodFailurePolicyRule): string | undefined {
  for (const pattern of rule.onPodConditions ?? []) {
    const status = pattern.status || 'True'
    if (pod.status.conditions?.some(condition => condition.type === pattern.type && condition.status === status)) {
      return `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${pattern.type}`
    }
  }
  return undefined
}
