/** Whether a container is started again (Kubernetes documentation, "Pod Lifecycle"; KEP-5307 for rules of one container). */
import type { Container } from '../../api/core/v1/container.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'

export const isSidecar = (container: Pick<Container, 'restartPolicy'>): boolean => container.restartPolicy === 'Always'

/** For an init container and a regular one alike; `initContainer` matters because for those a success is final. */
export function restartsAfter(
  spec: Pick<PodSpec, 'restartPolicy'>,
  container: Pick<Container, 'restartPolicy' | 'restartPolicyRules'>,
  exitCode: number,
): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    const { operator, values = [] } = rule.exitCodes ?? {}
    const matches = operator === 'In' ? values.includes(exitCode) : operator === 'NotIn' && !values.includes(exitCode)
    if (matches && rule.action === 'Restart') return true
  }
  const policy = container.restartPolicy ?? spec.restartPolicy ?? 'Always'
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}
