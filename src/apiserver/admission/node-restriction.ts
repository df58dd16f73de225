/** Kubelets write their own Node, Lease and pods only (Kubernetes documentation, "NodeRestriction"). */
import { isDeepStrictEqual } from 'node:util'
import type { TokenRequest } from '../../api/authentication/v1/token-request.ts'
import type { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { nodeOf } from '../authentication/users.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { checkCertificateRequest } from './node-certificate-requests.ts'
import { changedLabels, mayChangeLabel } from './node-labels.ts'
import { metadataOf, mirrorAnnotation, nameOf, refusal } from './refusal.ts'

const leaseNamespace = 'kube-node-lease'

export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  admit(attributes: AdmissionAttributes): Promise<void> | void {
    const node = nodeOf(attributes.user)
    if (node === undefined) return
    if (attributes.operation === 'CONNECT') return
    if (node === '')
      throw refusal(attributes, `could not determine node from user ${JSON.stringify(attributes.user.username)}`)
    switch (`${attributes.group}/${attributes.resource}`) {
      case '/pods':
        return this.#pod(attributes, node)
      case '/nodes':
        return checkNode(attributes, node)
      case '/serviceaccounts':
        return this.#token(attributes, node)
      case '/persistentvolumeclaims':
        return checkClaim(attributes, node)
      case 'certificates.k8s.io/podcertificaterequests':
        return checkCertificateRequest(attributes, node, this.#reader)
      case 'coordination.k8s.io/leases':
        if (attributes.namespace !== leaseNamespace)
          throw refusal(attributes, `can only access leases in the ${JSON.stringify(leaseNamespace)} system namespace`)
        if (nameOf(attributes) !== node)
          throw refusal(attributes, 'can only access node lease with the same name as the requesting node')
        return
      case 'storage.k8s.io/csinodes':
        if (nameOf(attributes) !== node)
          throw refusal(attributes, 'can only access CSINode with the same name as the requesting node')
    }
  }

  async #pod(attributes: AdmissionAttributes, node: string): Promise<void> {
    const { operation, subresource } = attributes
    const quoted = JSON.stringify(node)
    switch (`${operation} ${subresource}`) {
      case 'CREATE ':
        return checkMirrorPod(attributes, node)
      case 'DELETE ':
        if ((await this.#nodeOfPod(attributes)) === node) return
        throw refusal(attributes, `node ${quoted} can only delete pods with spec.nodeName set to itself`)
      case 'UPDATE status': {
        const old = attributes.oldObject as unknown as Pod
        if (old.spec.nodeName !== node)
          throw refusal(
            attributes,
            `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`,
          )
        const labels = metadataOf(attributes.object).labels ?? {}
        if (!isDeepStrictEqual({ ...labels }, { ...old.metadata.labels }))
          throw refusal(attributes, `node ${quoted} cannot update labels through pod status`)
        return
      }
      case 'CREATE eviction':
        if ((await this.#nodeOfPod(attributes)) === node) return
        throw refusal(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`)
    }
    if (subresource === '') throw refusal(attributes, `unexpected operation ${JSON.stringify(operation)}`)
    throw refusal(
      attributes,
      `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`,
    )
  }

  /** Undefined where there is no such pod: then the write ends with 404 anyway. */
  async #nodeOfPod(attributes: AdmissionAttributes): Promise<string | undefined> {
    const { namespace } = attributes
    const name = nameOf(attributes)
    const pod = this.#reader.get(Pod, namespace, name) ?? (await this.#reader.getFresh(Pod, namespace, name))
    return pod?.spec.nodeName
  }

  /** A node gets tokens for the pods it runs, bound to them. */
  async #token(attributes: AdmissionAttributes, node: string): Promise<void> {
    if (attributes.subresource !== 'token' || attributes.operation !== 'CREATE') return
    const ref = (attributes.object as unknown as TokenRequest).spec.boundObjectRef
    if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name)
      throw refusal(attributes, 'node requested token not bound to a pod')
    if (!ref.uid) throw refusal(attributes, 'node requested token with a pod binding without a uid')
    const { namespace } = attributes
    const pod = this.#reader.get(Pod, namespace, ref.name) ?? (await this.#reader.getFresh(Pod, namespace, ref.name))
    if (!pod) throw refusal(attributes, `pod ${JSON.stringify(ref.name)} not found`)
    if (ref.uid !== pod.metadata.uid)
      throw refusal(
        attributes,
        `the UID in the bound object reference (${ref.uid}) does not match the UID in record (${pod.metadata.uid}). The object might have been deleted and then recreated`,
      )
    if (pod.spec.nodeName !== node)
      throw refusal(attributes, 'node requested token bound to a pod scheduled on a different node')
  }
}

/** The only pods that a node makes are the images of those it runs by itself; they refer to nothing in the cluster. */
function checkMirrorPod(attributes: AdmissionAttributes, node: string): void {
  const quoted = JSON.stringify(node)
  const { metadata, spec } = attributes.object as unknown as Pod
  if (metadata.annotations?.[mirrorAnnotation] === undefined)
    throw refusal(
      attributes,
      `pod does not have ${JSON.stringify(mirrorAnnotation)} annotation, node ${quoted} can only create mirror pods`,
    )
  if (spec.nodeName !== node)
    throw refusal(attributes, `node ${quoted} can only create pods with spec.nodeName set to itself`)
  const owners = metadata.ownerReferences ?? []
  if (owners.length !== 1)
    throw refusal(attributes, `node ${quoted} can only create pods with exactly one owner reference, to itself`)
  const [owner] = owners
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    throw refusal(attributes, `node ${quoted} can only create pods with an owner reference set to itself`)
  if (owner.controller !== true || owner.blockOwnerDeletion === true)
    throw refusal(
      attributes,
      `node ${quoted} can only create pods with an owner reference that is a controller and does not block the owner's deletion`,
    )
  if (spec.serviceAccountName)
    throw refusal(attributes, `node ${quoted} can not create pods that reference a service account`)
  const uses = (what: RegExp) => JSON.stringify(spec).match(what) !== null
  for (const [pattern, what] of [
    [/"(secretName|secretKeyRef|secretRef|nodePublishSecretRef|imagePullSecrets|secret)":/, 'secrets'],
    [/"(configMap|configMapKeyRef|configMapRef)":/, 'configmaps'],
    [/"persistentVolumeClaim":/, 'persistentvolumeclaims'],
    [/"resourceClaims":\[\{/, 'resourceclaims'],
  ] as const)
    if (uses(pattern)) throw refusal(attributes, `node ${quoted} can not create pods that reference ${what}`)
}

function checkNode(attributes: AdmissionAttributes, node: string): void {
  const { operation } = attributes
  const name = nameOf(attributes)
  const quoted = JSON.stringify(node)
  if (name !== node) throw refusal(attributes, `node ${quoted} is not allowed to modify node ${JSON.stringify(name)}`)
  if (operation !== 'CREATE' && operation !== 'UPDATE') return
  const next = attributes.object as unknown as Node
  const old = attributes.oldObject as unknown as Node | undefined
  const { labels } = metadataOf(attributes.object)
  const refused = changedLabels(labels, old?.metadata.labels).filter(label => !mayChangeLabel(label))
  if (refused.length > 0)
    throw refusal(
      attributes,
      operation === 'CREATE'
        ? `node ${quoted} is not allowed to set the following labels: ${refused.join(', ')}`
        : `is not allowed to modify labels: ${refused.join(', ')}`,
    )
  if (!old) return
  if (!isDeepStrictEqual(next.spec?.taints ?? [], old.spec?.taints ?? []))
    throw refusal(attributes, `node ${quoted} is not allowed to modify taints`)
  if (!isDeepStrictEqual(next.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? []))
    throw refusal(attributes, `node ${quoted} is not allowed to modify ownerReferences`)
}

/** After growing a volume a node says how large it is, and nothing else. */
function checkClaim(attributes: AdmissionAttributes, node: string): void {
  const { operation, subresource, object, oldObject } = attributes
  if (operation !== 'UPDATE') throw refusal(attributes, `unexpected operation ${JSON.stringify(operation)}`)
  if (subresource !== 'status')
    throw refusal(attributes, `unexpected subresource ${JSON.stringify(subresource)}, only 'status' is allowed`)
  const rest = (value: Record<string, unknown> | undefined) => {
    const { capacity, conditions, allocatedResources, allocatedResourceStatuses, resizeStatus, ...status } =
      (value?.status ?? {}) as Record<string, unknown>
    const { managedFields, resourceVersion, ...metadata } = (value?.metadata ?? {}) as Record<string, unknown>
    return { ...value, metadata, status }
  }
  if (!isDeepStrictEqual(rest(object), rest(oldObject)))
    throw refusal(
      attributes,
      `node ${JSON.stringify(node)} is not allowed to update fields other than status.capacity, status.conditions and the allocated resources`,
    )
}
