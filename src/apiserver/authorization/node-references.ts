/** Which node may see which object: what the pods bound to it refer to (upstream's node authorizer graph). */

import type { Container, EphemeralContainer } from '../../api/core/v1/container.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { ObjectReader } from '../registry/object-reader.ts'

export type ReferencedType = 'secret' | 'configmap' | 'pvc' | 'serviceaccount' | 'resourceclaim'

const keyOf = (type: string, namespace: string, name: string): string => `${type}/${namespace}/${name}`

/** Says that a pod is only the image of one that the kubelet started by itself: such a pod grants nothing. */
const mirrorAnnotation = 'kubernetes.io/config.mirror'

interface PodFacts {
  readonly node: string
  readonly uid: string
  readonly keys: readonly string[]
}

function* environmentReferences(pod: Pod): Generator<[ReferencedType, string | undefined]> {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec
  const all: readonly (Container | EphemeralContainer)[] = [...containers, ...initContainers, ...ephemeralContainers]
  for (const { env = [], envFrom = [] } of all) {
    for (const { valueFrom } of env) {
      yield ['secret', valueFrom?.secretKeyRef?.name]
      yield ['configmap', valueFrom?.configMapKeyRef?.name]
    }
    for (const { secretRef, configMapRef } of envFrom) {
      yield ['secret', secretRef?.name]
      yield ['configmap', configMapRef?.name]
    }
  }
}

interface SecretUser {
  readonly secretRef?: { readonly name?: string; readonly namespace?: string }
}

function* volumeReferences(pod: Pod): Generator<[ReferencedType, string | undefined]> {
  for (const volume of pod.spec.volumes ?? []) {
    yield ['secret', volume.secret?.secretName]
    yield ['configmap', volume.configMap?.name]
    yield ['pvc', volume.persistentVolumeClaim?.claimName]
    if (volume.ephemeral) yield ['pvc', `${pod.metadata.name}-${volume.name}`]
    for (const source of volume.projected?.sources ?? []) {
      yield ['secret', source.secret?.name]
      yield ['configmap', source.configMap?.name]
    }
    yield ['secret', volume.csi?.nodePublishSecretRef?.name]
    yield ['secret', volume.azureFile?.secretName]
    const others = [
      volume.cephfs,
      volume.cinder,
      volume.flexVolume,
      volume.iscsi,
      volume.rbd,
      volume.scaleIO,
      volume.storageos,
    ]
    for (const other of others as readonly (SecretUser | undefined)[]) yield ['secret', other?.secretRef?.name]
  }
}

function referencesOf(pod: Pod): string[] {
  if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return []
  const { namespace } = pod.metadata
  const keys = new Set<string>()
  const add = (type: ReferencedType, name: string | undefined) => name && keys.add(keyOf(type, namespace, name))
  add('serviceaccount', pod.spec.serviceAccountName)
  for (const { name } of pod.spec.imagePullSecrets ?? []) add('secret', name)
  for (const [type, name] of environmentReferences(pod)) add(type, name)
  for (const [type, name] of volumeReferences(pod)) add(type, name)
  for (const status of pod.status.resourceClaimStatuses ?? []) add('resourceclaim', status.resourceClaimName)
  for (const claim of pod.spec.resourceClaims ?? []) add('resourceclaim', claim.resourceClaimName)
  return [...keys]
}

/** The secrets that mounting a volume takes, with their namespaces. */
function volumeSecretsOf(volume: PersistentVolume): string[] {
  const claim = volume.spec.claimRef?.namespace ?? ''
  const { csi, azureFile, cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos } = volume.spec
  const refs: ({ name?: string; namespace?: string } | undefined)[] = [
    azureFile && { name: azureFile.secretName, namespace: azureFile.secretNamespace ?? claim },
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.nodeExpandSecretRef,
    ...([cephfs, cinder, flexVolume, iscsi, rbd, scaleIO, storageos] as readonly (SecretUser | undefined)[]).map(
      source => source?.secretRef,
    ),
  ]
  return refs.flatMap(ref => (ref?.name ? [keyOf('secret', ref.namespace || claim, ref.name)] : []))
}

export class NodeReferences {
  readonly #reader: ObjectReader
  /** Key of an object → node → number of its pods that refer to it. */
  readonly #nodesOf = new Map<string, Map<string, number>>()
  readonly #pods = new Map<string, PodFacts>()
  /** Key of a secret → names of the volumes that need it. */
  readonly #volumesOf = new Map<string, Set<string>>()
  /** The same the other way round: what to forget when a volume changes. */
  readonly #secretsOf = new Map<string, readonly string[]>()
  readonly #stops: (() => void)[]

  constructor(reader: ObjectReader) {
    this.#reader = reader
    this.#stops = [
      reader.subscribe(Pod, ({ type, object }) => this.#followPod(type === 'deleted', object)),
      reader.subscribe(PersistentVolume, ({ type, object }) => {
        const { name } = object.metadata
        for (const key of this.#secretsOf.get(name) ?? []) this.#forgetVolume(key, name)
        this.#secretsOf.delete(name)
        const keys = type === 'deleted' ? [] : volumeSecretsOf(object)
        if (keys.length > 0) this.#secretsOf.set(name, keys)
        for (const key of keys) this.#volumesOf.getOrInsertComputed(key, () => new Set()).add(name)
      }),
    ]
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }

  refersTo(node: string, type: ReferencedType, namespace: string, name: string): boolean {
    const key = keyOf(type, namespace, name)
    if (this.#nodesOf.get(key)?.has(node)) return true
    if (type !== 'secret') return false
    for (const volume of this.#volumesOf.get(key) ?? []) if (this.usesVolume(node, volume)) return true
    return false
  }

  /** A volume is reached through the claim that it is bound to. */
  usesVolume(node: string, name: string): boolean {
    const claim = this.#reader.get(PersistentVolume, '', name)?.spec.claimRef
    return claim?.name !== undefined && this.refersTo(node, 'pvc', claim.namespace ?? '', claim.name)
  }

  hasPod(node: string, namespace: string, name: string): boolean {
    return this.#pods.get(`${namespace}/${name}`)?.node === node
  }

  #followPod(deleted: boolean, pod: Pod): void {
    const id = `${pod.metadata.namespace}/${pod.metadata.name}`
    const known = this.#pods.get(id)
    const node = deleted ? '' : (pod.spec.nodeName ?? '')
    // Of one pod, references change only by ephemeral containers and claim statuses; the set is small, so it is
    // simply made again.
    const next = node === '' ? undefined : { node, uid: pod.metadata.uid, keys: referencesOf(pod) }
    if (next) {
      this.#pods.set(id, next)
      for (const key of next.keys) this.#count(key, node, 1)
    } else this.#pods.delete(id)
    if (known) for (const key of known.keys) this.#count(key, known.node, -1)
  }

  #count(key: string, node: string, by: number): void {
    const nodes = this.#nodesOf.getOrInsertComputed(key, () => new Map())
    const count = (nodes.get(node) ?? 0) + by
    if (count > 0) nodes.set(node, count)
    else if (nodes.delete(node) && nodes.size === 0) this.#nodesOf.delete(key)
  }

  #forgetVolume(key: string, name: string): void {
    const volumes = this.#volumesOf.get(key)
    volumes?.delete(name)
    if (volumes?.size === 0) this.#volumesOf.delete(key)
  }
}
