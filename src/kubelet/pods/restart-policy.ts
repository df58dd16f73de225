/** Whether a container is started again (Kubernetes documentation, "Pod Lifecycle"; KEP-5307 for rules of one container). */
import type { Container } from '../../api/core/v1/container.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'

export const isSidecar = (container: Pick<Container, 'restartPolicy'>): boolean => container.restartPolicy === 'Always'

type Rule = NonNullable<Container['restartPolicyRules']>[number]

/** The first rule for an exit code decides. */
export const matchingRule = (
  { restartPolicyRules = [] }: Pick<Container, 'restartPolicyRules'>,
  exitCode: number,
): Rule | undefined =>
  restartPolicyRules.find(({ exitCodes }) => {
    const { operator, values = [] } = exitCodes ?? {}
    return operator === 'In' ? values.includes(exitCode) : operator === 'NotIn' && !values.includes(exitCode)
  })

/** For an init container and a regular one alike; `initContainer` matters because for those a success is final. */
export function restartsAfter(
  spec: Pick<PodSpec, 'restartPolicy'>,
  container: Pick<Container, 'restartPolicy' | 'restartPolicyRules'>,
  exitCode: number,
): boolean {
  const action = matchingRule(container, exitCode)?.action
  if (action === 'Restart' || action === 'RestartAllContainers') return true
  const policy = container.restartPolicy ?? spec.restartPolicy ?? 'Always'
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}
