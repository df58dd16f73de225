/** The images that a container needs: its own, and those that are volumes of its pod. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Secret } from '../../api/core/v1/secret.ts'
import type { ImageSpec } from '../cri/common-messages.ts'
import type { Image, PodSandboxConfig } from '../cri/runtime-client.ts'
import { ImageError } from '../images/image-manager.ts'
import { type PodServices, podEvent } from './pod-services.ts'

/** Why a container is waiting; `reason` is shown by `kubectl get pods`. */
export class StartError extends Error {
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

export interface PullContext {
  readonly services: PodServices
  readonly pod: Pod
  readonly sandboxConfig: PodSandboxConfig
  readonly signal: AbortSignal
}

type Report = (type: 'Normal' | 'Warning', reason: string, message: string) => void

export interface ContainerImages {
  readonly image: Image
  /** By the name of the volume. */
  readonly imageVolumes: ReadonlyMap<string, ImageSpec>
}

/** Throws StartError for the first that is not to be had. */
export async function ensureImages(
  context: PullContext,
  container: Container,
  report: Report,
): Promise<ContainerImages> {
  const { pod, services, sandboxConfig, signal } = context
  const secrets = await pullSecretsOf(context)
  const ensure = async (wanted: Pick<Container, 'image' | 'imagePullPolicy'>, event: Report): Promise<Image> => {
    try {
      return await services.images.ensure({ pod, container: wanted, secrets, sandboxConfig, signal, event })
    } catch (error) {
      if (!(error instanceof ImageError)) throw error
      event('Warning', 'Failed', `Error: ${error.reason}`)
      throw new StartError(error.reason, error.message)
    }
  }
  const imageVolumes = new Map<string, ImageSpec>()
  for (const { name, image: source } of pod.spec.volumes ?? []) {
    if (!source) continue
    const { reference = '', pullPolicy } = source
    const wanted = { image: reference, ...(pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy }) }
    const { id = '' } = await ensure(wanted, (...event) => podEvent(services, pod, ...event))
    imageVolumes.set(name, { image: id, userSpecifiedImage: reference, annotations: pod.metadata.annotations ?? {} })
  }
  return { image: await ensure(container, report), imageVolumes }
}

async function pullSecretsOf({ services, pod }: PullContext): Promise<Secret[]> {
  const secrets: Secret[] = []
  const missing: string[] = []
  for (const { name } of pod.spec.imagePullSecrets ?? [])
    try {
      secrets.push(await services.objects.secret(pod.metadata.uid, pod.metadata.namespace, name))
    } catch {
      missing.push(name)
    }
  if (missing.length > 0)
    podEvent(
      services,
      pod,
      'Warning',
      'FailedToRetrieveImagePullSecret',
      `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`,
    )
  return secrets
}
