/** The runtime's configuration of one container. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Device } from '../cri/container-messages.ts'
import type { Mount } from '../cri/container-status-messages.ts'
import { signalNumber } from '../cri/enums.ts'
import type { ContainerConfig } from '../cri/runtime-client.ts'
import { containerHash } from '../pods/container-hash.ts'
import { criLabel } from '../pods/pod-runtime.ts'
import { containerResources } from '../resources/linux-resources.ts'
import { containerSecurity, type ImageUser } from '../sandbox/security.ts'
import { expand } from './expansion.ts'

export interface ContainerConfigInput {
  readonly pod: Pod
  readonly container: Container
  readonly attempt: number
  /** The image's id at the runtime. */
  readonly imageRef: string
  readonly imageUser: ImageUser
  readonly environment: ReadonlyMap<string, string>
  readonly mounts: readonly Mount[]
  readonly devices: readonly Device[]
  readonly memoryCapacityBytes: number
  readonly targetId?: string
}

export const defaultMessagePath = '/dev/termination-log'

export function containerConfig(input: ContainerConfigInput): ContainerConfig {
  const { pod, container, attempt, environment } = input
  const { metadata, spec } = pod
  const expanded = (text: string) => expand(text, name => environment.get(name))
  const gracePeriod = spec.terminationGracePeriodSeconds
  return {
    metadata: { name: container.name, attempt },
    image: { image: input.imageRef, userSpecifiedImage: container.image ?? '' },
    command: (container.command ?? []).map(expanded),
    args: (container.args ?? []).map(expanded),
    workingDir: container.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: [...input.mounts],
    devices: [...input.devices],
    labels: {
      [criLabel.podName]: metadata.name,
      [criLabel.podNamespace]: metadata.namespace,
      [criLabel.podUid]: metadata.uid,
      [criLabel.containerName]: container.name,
    },
    annotations: {
      [criLabel.hash]: containerHash(container),
      [criLabel.restartCount]: `${attempt}`,
      [criLabel.messagePath]: container.terminationMessagePath ?? defaultMessagePath,
      [criLabel.messagePolicy]: container.terminationMessagePolicy ?? 'File',
      ...(gracePeriod === undefined ? {} : { [criLabel.gracePeriod]: `${gracePeriod}` }),
      ...(container.lifecycle?.preStop ? { [criLabel.preStop]: JSON.stringify(container.lifecycle.preStop) } : {}),
    },
    logPath: `${container.name}/${attempt}.log`,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: {
      resources: containerResources(pod, container, input.memoryCapacityBytes),
      securityContext: containerSecurity(pod, container, input.imageUser, input.targetId),
    },
    stopSignal: signalNumber(container.lifecycle?.stopSignal),
  }
}
