/**
 * Binds the claims of pods that have their node: reserves free volumes, asks for those that a driver is to make, and waits
 * until all are bound. What is given away counts as taken from the decision on.
 */
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { StorageClass } from '../../api/storage/v1/storage-class.ts'
import type { Clock } from '../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { InformerFactory } from '../../client/informer-factory.ts'
import { claimNamesOf } from '../../machinery/pod-claims.ts'
import { classOf, pointingVolume, selectedNodeAnnotation } from '../../machinery/volume-matching.ts'
import type { ReadyNode } from '../cluster-state.ts'
import type { PodInfo } from '../pod-info.ts'
import type { ClusterEvent } from '../queueing-hints.ts'
import { claimsOf, isReached, noVolumePlan, planVolumes, type VolumePlan } from './pod-volumes.ts'
import { claimKeyOf, isFullyBound, type VolumeView } from './volume-view.ts'

/** Upstream's bindTimeoutSeconds. */
const bindTimeoutMs = 600_000
const byClass = 'storageClass'

/** Whether the claim is bound; throws where it will not be. */
type Check = () => boolean

interface Waiting {
  look(): void
  fail(error: Error): void
}

export interface VolumeBinderOptions {
  readonly client: Client
  readonly informers: InformerFactory
  readonly clock: Clock
}

export class VolumeBinder {
  readonly #client: Client
  readonly #clock: Clock
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #volumes: Informer<PersistentVolume>
  readonly #classes: Informer<StorageClass>
  /** Volume → claim, as many as are being bound. */
  readonly #given = new Map<string, string>()
  /** Claim → node, as many as are being bound. */
  readonly #selected = new Map<string, string>()
  /** By the pod's key. */
  readonly #waiting = new Map<string, Waiting>()
  readonly view: VolumeView

  constructor({ client, informers, clock }: VolumeBinderOptions) {
    this.#client = client
    this.#clock = clock
    this.#claims = informers.of(PersistentVolumeClaim)
    this.#volumes = informers.of(PersistentVolume)
    this.#classes = informers.of(StorageClass)
    this.#volumes.addIndex(byClass, volume => [classOf(volume)])
    this.view = {
      claim: (namespace, name) => this.#claims.get(namespace, name),
      volume: name => this.#volumes.get('', name),
      volumesOfClass: name => this.#volumes.byIndex(byClass, name),
      storageClass: name => this.#classes.get('', name),
      givenTo: volume => this.#given.get(volume),
      selectedNode: claim => this.#selected.get(claimKeyOf(claim)),
    }
  }

  /** Tells of what may let a pod through. Returns how to stop. */
  subscribe(onEvent: (event: ClusterEvent) => void): () => void {
    const look = () => {
      for (const waiting of this.#waiting.values()) waiting.look()
    }
    const stops = [
      this.#claims.subscribe(({ type, object: { metadata } }) => {
        look()
        if (type !== 'deleted') onEvent({ type: 'claimChanged', namespace: metadata.namespace, name: metadata.name })
      }),
      this.#volumes.subscribe(({ type }) => {
        // A claim may be bound to a volume that is not seen before it.
        if (type === 'added') look()
        if (type !== 'deleted') onEvent({ type: 'volumeChanged' })
      }),
      this.#classes.subscribe(({ type }) => type !== 'deleted' && onEvent({ type: 'storageClassChanged' })),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }

  /** What is to be bound for a pod on the node chosen for it, which counts as taken from now on. */
  reserve({ pod }: PodInfo, { node }: ReadyNode): VolumePlan {
    if (claimNamesOf(pod).length === 0) return noVolumePlan
    const claims = claimsOf(pod, this.view)
    const plan = typeof claims === 'string' ? [claims] : planVolumes(claims, node, this.view)
    if (!('bindings' in plan)) throw new Error(plan.join(', '))
    for (const { volume, claim } of plan.bindings) this.#given.set(volume.metadata.name, claimKeyOf(claim))
    for (const claim of plan.provisions) this.#selected.set(claimKeyOf(claim), node.metadata.name)
    return plan
  }

  async bind(info: PodInfo, plan: VolumePlan, node: ReadyNode): Promise<void> {
    try {
      const checks: Check[] = []
      for (const { volume, claim } of plan.bindings) {
        const reserved = pointingVolume(volume, claim)
        if (reserved) await this.#client.of(PersistentVolume).update(reserved)
        checks.push(() => isFullyBound(this.#known(claim)))
      }
      for (const claim of plan.provisions) checks.push(await this.#askFor(claim, node))
      await this.#untilBound(info.key, checks)
    } catch (error) {
      throw new Error(`running PreBind plugin "VolumeBinding": ${(error as Error).message}`)
    } finally {
      for (const { volume } of plan.bindings) this.#given.delete(volume.metadata.name)
      for (const claim of plan.provisions) this.#selected.delete(claimKeyOf(claim))
    }
  }

  podGone(key: string): void {
    this.#waiting.get(key)?.fail(new Error('pod does not exist any more'))
  }

  stop(): void {
    for (const waiting of this.#waiting.values()) waiting.fail(new Error('the scheduler stops'))
  }

  #known(claim: PersistentVolumeClaim): PersistentVolumeClaim {
    const known = this.#claims.get(claim.metadata.namespace, claim.metadata.name)
    if (known?.metadata.uid !== claim.metadata.uid)
      throw new Error(`binding volumes: persistentvolumeclaim ${JSON.stringify(claim.metadata.name)} not found`)
    return known
  }

  async #askFor(claim: PersistentVolumeClaim, { name, node }: ReadyNode): Promise<Check> {
    const { annotations } = claim.metadata
    if (annotations?.[selectedNodeAnnotation] !== name) {
      const metadata = { ...claim.metadata, annotations: { ...annotations, [selectedNodeAnnotation]: name } }
      await this.#client.of(PersistentVolumeClaim).update({ ...claim, metadata })
    }
    let seen = false
    return () => {
      const known = this.#known(claim)
      const isSelected = known.metadata.annotations?.[selectedNodeAnnotation] === name
      // Who makes the volumes takes the annotation away where the node will not do.
      if (seen && !isSelected) throw new Error(`provisioning failed for PVC ${JSON.stringify(claim.metadata.name)}`)
      seen ||= isSelected
      const volume = this.#volumes.get('', known.spec.volumeName ?? '')
      if (volume && !isReached(volume, node))
        throw new Error(
          `pv ${JSON.stringify(volume.metadata.name)} node affinity doesn't match node ${JSON.stringify(name)}`,
        )
      return isFullyBound(known) && volume !== undefined
    }
  }

  async #untilBound(key: string, checks: readonly Check[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = () => {
      try {
        if (checks.every(check => check())) resolve()
      } catch (error) {
        reject(error)
      }
    }
    const timer = this.#clock.after(bindTimeoutMs, () =>
      reject(new Error('binding volumes: context deadline exceeded')),
    )
    this.#waiting.set(key, { look, fail: reject })
    try {
      look()
      await promise
    } finally {
      timer.cancel()
      this.#waiting.delete(key)
    }
  }
}
