/** What the workers of all pods share. */
import type { Node } from '../../api/core/v1/node.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Service } from '../../api/core/v1/service.ts'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../client/event-recorder.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'
import type { PressureCondition } from '../eviction/thresholds.ts'
import type { ImageManager } from '../images/image-manager.ts'
import type { ProbeManager } from '../probes/probe-manager.ts'
import type { PodResizes } from '../resize/pod-resizes.ts'
import type { ResizeMetrics } from '../resize/resize-metrics.ts'
import type { Cgroups } from '../resources/cgroups.ts'
import type { DnsFacts } from '../sandbox/dns.ts'
import type { StatusWriter } from '../status/status-writer.ts'
import type { ObjectWatcher } from '../volumes/object-watcher.ts'
import type { PodCertificates } from '../volumes/pod-certificates.ts'
import type { TokenSource } from '../volumes/token-source.ts'
import type { TrustBundles } from '../volumes/trust-bundles.ts'
import type { VolumeManager } from '../volumes/volume-manager.ts'
import type { BackOff } from './back-off.ts'
import type { ContainerRecord } from './pod-runtime.ts'

/** A pod that is about to end. */
export interface DrainedPod {
  readonly uid: string
  readonly addresses: readonly string[]
  /** Services that select it, as `namespace/name`. */
  readonly services: readonly string[]
}

export interface PodServices {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly runtime: RuntimeClient
  readonly recorder: EventRecorder
  readonly images: ImageManager
  readonly volumes: VolumeManager
  readonly probes: ProbeManager
  readonly objects: ObjectWatcher
  readonly tokens: TokenSource
  readonly trustBundles: TrustBundles
  readonly certificates: PodCertificates
  readonly cgroups: Cgroups
  readonly resizes: PodResizes
  readonly resizeMetrics: ResizeMetrics
  readonly statuses: StatusWriter
  /** Counts it. */
  containerEnded(pod: Pod, record: ContainerRecord): void
  readonly backOff: BackOff
  readonly logsDirectory: string
  readonly memoryCapacityBytes: number
  dns(): DnsFacts
  node(): Node
  /** What the node runs short of. */
  pressure(): readonly PressureCondition[]
  hostIps(): readonly string[]
  /** Resolves when the node sends the pod no new connection, or after `timeoutMs`. */
  drained(pod: DrainedPod, timeoutMs: number): Promise<void>
  services(): readonly Service[]
  /** Pods that hold resources of the node, without this one. */
  otherPods(uid: string): readonly Pod[]
}

/** `web_default(uid)`: how messages name a pod. */
export const podTitle = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`

/** How events name a container. */
export function containerFieldPath(pod: Pod, name: string): string {
  const list = pod.spec.containers.some(container => container.name === name)
    ? 'containers'
    : (pod.spec.initContainers ?? []).some(container => container.name === name)
      ? 'initContainers'
      : 'ephemeralContainers'
  return `spec.${list}{${name}}`
}

export function podEvent(
  services: PodServices,
  pod: Pod,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  containerName?: string,
): void {
  const fieldPath = containerName === undefined ? undefined : containerFieldPath(pod, containerName)
  services.recorder.record({ apiVersion: 'v1', kind: 'Pod', metadata: pod.metadata }, type, reason, message, fieldPath)
}
