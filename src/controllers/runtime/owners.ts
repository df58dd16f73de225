/** Owners: which object controls which (API conventions, "Owner references"; upstream's ControllerRefManager). */
import type { OwnerReference } from '../../api/meta/v1/object-meta.ts'
import type { Informer } from '../../client/informer.ts'
import type { Selector } from '../../machinery/selectors/label-selector.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Action } from './action.ts'

export interface Owned {
  readonly metadata: {
    readonly namespace?: string
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly labels?: Record<string, string>
    readonly ownerReferences?: OwnerReference[]
    readonly deletionTimestamp?: string
  }
}

export const controllerOf = (object: Owned): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(reference => reference.controller === true)

/** The reference by which `owner` controls what it makes. */
export const controllerReference = (kind: Kind, owner: Owned): OwnerReference => ({
  apiVersion: kind.apiVersion,
  kind: kind.gvk.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  blockOwnerDeletion: true,
  controller: true,
})

/** By the controller's UID; of objects without one, by `orphan/` and their namespace. */
export const byController = 'controller'
export const orphansOf = (namespace: string): string => `orphan/${namespace}`

export const indexByController = <T extends Owned>(informer: Informer<T>): void =>
  informer.addIndex(byController, object => [controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace ?? '')])

export interface Claim<T> {
  readonly owned: readonly T[]
  /** Adoptions and releases. */
  readonly actions: readonly Action[]
}

/**
 * The objects that `owner` controls: those that refer to it and match, and orphans that match. What refers to it and
 * matches no more is let go. Nothing is adopted by or released from an owner that is being deleted.
 */
export function claim<T extends Owned>(
  ownerKind: Kind,
  owner: Owned,
  kind: Kind<T>,
  informer: Informer<T>,
  selector: Selector,
  mayAdopt: (object: T) => boolean = () => true,
): Claim<T> {
  const deleting = owner.metadata.deletionTimestamp !== undefined
  const owned: T[] = []
  const actions: Action[] = []
  for (const object of informer.byIndex(byController, owner.metadata.uid)) {
    if (selector.matches(object.metadata.labels)) owned.push(object)
    else if (!deleting) actions.push(changeOwners(kind, object, others(object, owner.metadata.uid)))
  }
  if (deleting) return { owned, actions }
  const namespace = owner.metadata.namespace ?? ''
  for (const object of informer.byIndex(byController, orphansOf(namespace))) {
    if (object.metadata.deletionTimestamp !== undefined || !selector.matches(object.metadata.labels)) continue
    if (!mayAdopt(object)) continue
    owned.push(object)
    const references = [...(object.metadata.ownerReferences ?? []), controllerReference(ownerKind, owner)]
    const { name, uid } = owner.metadata
    actions.push({
      ...changeOwners(kind, object, references),
      onlyWhileOwned: { kind: ownerKind, namespace, name, uid },
    })
  }
  return { owned, actions }
}

const others = (object: Owned, uid: string): OwnerReference[] =>
  (object.metadata.ownerReferences ?? []).filter(reference => reference.uid !== uid)

function changeOwners<T extends Owned>(kind: Kind<T>, object: T, ownerReferences: OwnerReference[]) {
  const { namespace = '', name, uid, resourceVersion } = object.metadata
  const patch = { metadata: { uid, resourceVersion, ownerReferences } }
  return { do: 'patch', kind: kind as Kind, namespace, name, type: 'merge', patch } as const
}

/** Enqueues the owner of what changed; for orphans, every possible owner whose selector matches. */
export function enqueueOwners<T extends Owned, O extends Owned>(
  informer: Informer<T>,
  ownerKind: Kind<O>,
  owners: Informer<O>,
  selectorOf: (owner: O) => Selector,
  enqueue: (key: string) => void,
): void {
  const tell = (object: T) => {
    const namespace = object.metadata.namespace ?? ''
    const reference = controllerOf(object)
    if (reference) {
      if (reference.kind !== ownerKind.gvk.kind || !reference.apiVersion.startsWith(ownerKind.gvk.group)) return
      const owner = owners.get(namespace, reference.name)
      if (owner?.metadata.uid === reference.uid) enqueue(`${namespace}/${reference.name}`)
      return
    }
    for (const owner of owners.list(namespace)) {
      if (selectorOf(owner).matches(object.metadata.labels)) enqueue(`${namespace}/${owner.metadata.name}`)
    }
  }
  informer.subscribe(({ object, old }) => {
    if (old !== undefined && controllerOf(old)?.uid !== controllerOf(object)?.uid) tell(old)
    tell(object)
  })
}
