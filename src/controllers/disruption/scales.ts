/** How many pods their controllers want: of the kinds at hand by informer, of any other by its scale subresource. */
import { Deployment } from '../../api/apps/v1/deployment.ts'
import { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import { StatefulSet } from '../../api/apps/v1/stateful-set.ts'
import type { Scale } from '../../api/autoscaling/v1/scale.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { ReplicationController } from '../../api/core/v1/replication-controller.ts'
import type { OwnerReference } from '../../api/meta/v1/object-meta.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import { kindByName } from '../../machinery/scheme.ts'
import type { Kind } from '../../schema/kind.ts'
import type { ControllerContext } from '../runtime/controller.ts'
import { discoverKinds } from '../runtime/discovery.ts'
import { controllerOf, type Owned } from '../runtime/owners.ts'
import type { ExpectedScale } from './plan.ts'

type Scalable = Owned & { readonly spec: { readonly replicas?: number } }

interface Found {
  readonly uid: string
  readonly replicas: number
}

export type ScaleFinder = (pods: readonly Pod[]) => Promise<ExpectedScale>

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''

export function scaleFinder(context: ControllerContext): ScaleFinder {
  const deployments = context.informer(Deployment)
  const replicaSets = context.informer(ReplicaSet)
  const local = new Map<string, Informer<Scalable>>([
    ['/ReplicationController', context.informer(ReplicationController) as Informer<Scalable>],
    ['apps/ReplicaSet', replicaSets as Informer<Scalable>],
    ['apps/StatefulSet', context.informer(StatefulSet) as Informer<Scalable>],
  ])

  const find = async (reference: OwnerReference, namespace: string): Promise<Found | undefined> => {
    const informer = local.get(`${groupOf(reference.apiVersion)}/${reference.kind}`)
    if (!informer) return scaleOf(context.client, reference, namespace)
    const owner = informer.get(namespace, reference.name)
    if (owner?.metadata.uid !== reference.uid) return undefined
    // Pods of all ReplicaSets of a Deployment count towards the Deployment's replicas.
    const above = (informer as unknown) === replicaSets ? controllerOf(owner) : undefined
    if (above?.kind !== 'Deployment') return { uid: owner.metadata.uid, replicas: owner.spec.replicas ?? 1 }
    const deployment = deployments.get(namespace, above.name)
    if (deployment?.metadata.uid !== above.uid) return undefined
    return { uid: deployment.metadata.uid, replicas: deployment.spec.replicas ?? 1 }
  }

  return async pods => {
    const replicasByOwner = new Map<string, number>()
    const seen = new Set<string>()
    const unmanaged: Pod[] = []
    for (const pod of pods) {
      const reference = controllerOf(pod)
      if (!reference) {
        unmanaged.push(pod)
        continue
      }
      if (seen.has(reference.uid)) continue
      seen.add(reference.uid)
      const found = await find(reference, pod.metadata.namespace)
      if (!found) throw new Error(`found no controllers for pod "${pod.metadata.name}"`)
      replicasByOwner.set(found.uid, found.replicas)
    }
    return { replicas: [...replicasByOwner.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged }
  }
}

async function scaleOf(client: Client, reference: OwnerReference, namespace: string): Promise<Found | undefined> {
  const kind = await resourceOf(client, reference)
  const { group } = kind.gvk
  const plural = kind.resource?.plural ?? reference.kind
  const resource = group === '' ? plural : `${plural}.${group}`
  const noScale = new Error(`${resource} does not implement the scale subresource`)
  const declared = kindByName(reference.apiVersion, reference.kind)
  if (declared && !declared.resource?.subresources?.scale) throw noScale
  try {
    const scale = await client.of(kind).subresource<Scale>('GET', namespace, reference.name, 'scale')
    return scale.metadata.uid === reference.uid ? { uid: reference.uid, replicas: scale.spec.replicas } : undefined
  } catch (error) {
    if (!isNotFound(error)) throw error
    // Either the object is gone, or its kind cannot be scaled.
    if (!(await hasScale(client, kind.apiVersion, plural))) throw noScale
    return undefined
  }
}

async function hasScale(client: Client, apiVersion: string, plural: string): Promise<boolean> {
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const { resources = [] } = (await client.transport.request({ method: 'GET', path })) as {
    resources?: { name: string }[]
  }
  return resources.some(({ name }) => name === `${plural}/scale`)
}

async function resourceOf(client: Client, { apiVersion, kind }: OwnerReference): Promise<Kind> {
  const declared = kindByName(apiVersion, kind)
  if (declared) return declared
  const { kinds } = await discoverKinds(client, 'get')
  const group = groupOf(apiVersion)
  const found = kinds.find(({ gvk }) => gvk.group === group && gvk.kind === kind)
  if (!found) throw new Error(`no matches for kind "${kind}" in version "${apiVersion}"`)
  return found
}
