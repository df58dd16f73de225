/** Makes a pod's control group and sandbox; a sandbox from before goes first. */
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodSandboxConfig } from '../cri/runtime-client.ts'
import { podLimits } from '../resources/linux-resources.ts'
import { qosClassOf } from '../resources/qos.ts'
import { sandboxConfig } from '../sandbox/sandbox-config.ts'
import { stopContainers } from './container-stopper.ts'
import type { PodRuntime } from './pod-runtime.ts'
import { type PodServices, podEvent } from './pod-services.ts'

export function podSandboxConfig(services: PodServices, pod: Pod, attempt: number): PodSandboxConfig {
  const { cgroups, logsDirectory } = services
  return sandboxConfig(pod, attempt, {
    dns: services.dns(),
    logsDirectory,
    cgroupParent: cgroups.parentOf(pod.metadata.uid, qosClassOf(pod)),
  })
}

export async function createSandbox(
  services: PodServices,
  pod: Pod,
  before: PodRuntime,
  attempt: number,
  options: { readonly graceSeconds: number; readonly signal: AbortSignal },
): Promise<void> {
  const { runtime, cgroups, resizes } = services
  if (before.sandboxes.length > 0) {
    podEvent(services, pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    await stopContainers(services, pod, before, options.graceSeconds)
    for (const { id } of before.sandboxes) await runtime.stopPodSandbox(id)
  }
  cgroups.ensure(pod.metadata.uid, qosClassOf(pod), podLimits(pod))
  resizes.groupMade(pod)
  const config = podSandboxConfig(services, pod, attempt)
  try {
    await runtime.runPodSandbox(config, pod.spec.runtimeClassName ?? '', options.signal)
  } catch (error) {
    if (!options.signal.aborted) {
      const message = `Failed to create pod sandbox: ${(error as Error).message}`
      podEvent(services, pod, 'Warning', 'FailedCreatePodSandBox', message)
    }
    throw error
  }
}
