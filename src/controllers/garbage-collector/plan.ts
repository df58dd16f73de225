/** What the garbage collector does with one object (KEP "Garbage Collection"; upstream's attemptToDeleteItem and attemptToOrphan). */
import type { OwnerReference } from '../../api/meta/v1/object-meta.ts'
import type { Action } from '../runtime/action.ts'
import { foreground, type GraphNode, isDeletingDependents, type OwnerGraph, orphan } from './graph.ts'

/** Whether an owner exists, asked of the graph and, where it does not know, of the server. */
export type OwnerState = 'present' | 'waiting' | 'absent'

const patchMetadata = (node: GraphNode, metadata: object): Action => ({
  do: 'patch',
  kind: node.kind,
  namespace: node.namespace,
  name: node.name,
  type: 'merge',
  patch: { metadata: { uid: node.uid, resourceVersion: node.resourceVersion, ...metadata } },
})

const withoutOwners = (node: GraphNode, gone: ReadonlySet<string>): Action =>
  patchMetadata(node, { ownerReferences: node.owners.filter(({ uid }) => !gone.has(uid)) })

const withoutFinalizer = (node: GraphNode, name: string): Action =>
  patchMetadata(node, { finalizers: node.finalizers.filter(other => other !== name) })

/** The steps for an object that is being deleted itself. */
export function planDeleting(node: GraphNode, graph: OwnerGraph): Action[][] {
  const dependents = graph.dependentsOf(node.uid)
  if (node.finalizers.includes(orphan)) {
    const released = dependents.map(dependent => withoutOwners(dependent, new Set([node.uid])))
    return [released, [withoutFinalizer(node, orphan)]]
  }
  if (!isDeletingDependents(node)) return []
  const blocking = dependents.some(dependent =>
    dependent.owners.some(({ uid, blockOwnerDeletion }) => uid === node.uid && blockOwnerDeletion === true),
  )
  return blocking ? [] : [[withoutFinalizer(node, foreground)]]
}

/** The steps for an object with owners, knowing the state of each. */
export function planOwned(node: GraphNode, graph: OwnerGraph, states: ReadonlyMap<string, OwnerState>): Action[][] {
  const those = (state: OwnerState): OwnerReference[] => node.owners.filter(({ uid }) => states.get(uid) === state)
  const absent = those('absent')
  const waiting = those('waiting')
  if (those('present').length > 0) {
    const gone = new Set([...absent, ...waiting].map(({ uid }) => uid))
    return gone.size === 0 ? [] : [[withoutOwners(node, gone)]]
  }
  if (waiting.length > 0 && graph.dependentsOf(node.uid).length > 0) {
    return [unblocked(node, graph), [deletion(node, 'Foreground')]]
  }
  const policy = node.finalizers.includes(orphan)
    ? 'Orphan'
    : node.finalizers.includes(foreground)
      ? 'Foreground'
      : 'Background'
  return [[deletion(node, policy)]]
}

/** Two objects that block each other would wait forever: one of them stops blocking. */
function unblocked(node: GraphNode, graph: OwnerGraph): Action[] {
  if (!graph.dependentsOf(node.uid).some(isDeletingDependents)) return []
  const owners = node.owners.map(owner =>
    owner.blockOwnerDeletion === true ? { ...owner, blockOwnerDeletion: false } : owner,
  )
  return [patchMetadata(node, { ownerReferences: owners })]
}

const deletion = (node: GraphNode, propagationPolicy: 'Orphan' | 'Background' | 'Foreground'): Action => ({
  do: 'delete',
  kind: node.kind,
  namespace: node.namespace,
  name: node.name,
  uid: node.uid,
  options: { propagationPolicy },
})
