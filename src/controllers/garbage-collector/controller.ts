/** Watches everything that can be deleted, and collects what lost its owners. */
import type { OwnerReference } from '../../api/meta/v1/object-meta.ts'
import { WatchingInformer } from '../../client/informer.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Plan } from '../runtime/action.ts'
import type { ControllerContext, ControllerDefinition } from '../runtime/controller.ts'
import { discoverKinds } from '../runtime/discovery.ts'
import { type GraphNode, isDeletingDependents, OwnerGraph, orphan } from './graph.ts'
import { type OwnerState, planDeleting, planOwned } from './plan.ts'

/** How often the server is asked for new kinds (upstream's `gc.Sync` period). */
const discoverEveryMs = 30_000

interface Watched {
  readonly metadata: {
    readonly namespace?: string
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly ownerReferences?: readonly OwnerReference[]
    readonly finalizers?: readonly string[]
    readonly deletionTimestamp?: string
  }
}

/** Events live an hour and own nothing. */
const isIgnored = ({ gvk }: Kind): boolean =>
  gvk.kind === 'Event' && (gvk.group === '' || gvk.group === 'events.k8s.io')

const slim = (object: unknown): unknown => {
  const { apiVersion, kind, metadata } = object as { apiVersion: string; kind: string } & Watched
  const { namespace, name, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } = metadata
  return {
    apiVersion,
    kind,
    metadata: { namespace, name, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp },
  }
}

function nodeOf(kind: Kind, object: unknown): GraphNode {
  const { metadata } = object as Watched
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    owners: metadata.ownerReferences ?? [],
    finalizers: metadata.finalizers ?? [],
    deleting: metadata.deletionTimestamp !== undefined,
  }
}

/** `signal` ends the watches. */
export const garbageCollector = (signal: AbortSignal): ControllerDefinition => ({
  name: 'generic-garbage-collector',
  workers: 8,
  build: context => new GarbageCollector(context, signal),
})

class GarbageCollector {
  readonly #context: ControllerContext
  readonly #signal: AbortSignal
  readonly #graph = new OwnerGraph()
  readonly #watched = new Map<
    string,
    { readonly kind: Kind; readonly stop: AbortController; readonly informer: WatchingInformer<unknown> }
  >()

  constructor(context: ControllerContext, signal: AbortSignal) {
    this.#context = context
    this.#signal = signal
  }

  started(): void {
    void this.#discover()
  }

  async plan(uid: string): Promise<Plan | undefined> {
    const node = this.#graph.get(uid)
    if (!node) return undefined
    if (node.deleting) return { steps: planDeleting(node, this.#graph) }
    if (node.owners.length === 0) return undefined
    const states = new Map<string, OwnerState>()
    for (const owner of node.owners) states.set(owner.uid, await this.#stateOf(node, owner))
    return { steps: planOwned(node, this.#graph, states) }
  }

  async #discover(): Promise<void> {
    const { client, clock, log } = this.#context
    if (this.#signal.aborted) return
    try {
      const { kinds, failures } = await discoverKinds(client, 'list', 'watch', 'delete')
      const wanted = new Map(
        kinds.filter(kind => !isIgnored(kind)).map(kind => [`${kind.apiVersion}/${kind.gvk.kind}`, kind]),
      )
      for (const [key, kind] of wanted) if (!this.#watched.has(key)) this.#watch(key, kind)
      // A kind is let go only if the server surely has it no more.
      if (failures.length === 0) for (const key of this.#watched.keys()) if (!wanted.has(key)) this.#unwatch(key)
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'the garbage collector cannot discover kinds')
    }
    clock.after(this.#watched.size === 0 ? 1000 : discoverEveryMs, () => void this.#discover())
  }

  #watch(key: string, kind: Kind): void {
    const { client, clock, random, log } = this.#context
    const stop = new AbortController()
    const informer = new WatchingInformer(client.of(kind), {}, { clock, random, log }, slim)
    informer.subscribe(({ type, object, old }) => {
      const node = nodeOf(kind, object)
      if (type === 'deleted') this.#deleted(node)
      else this.#changed(node, old === undefined ? undefined : nodeOf(kind, old))
    })
    this.#watched.set(key, { kind, stop, informer })
    informer.start(AbortSignal.any([stop.signal, this.#signal]))
  }

  #unwatch(key: string): void {
    const watched = this.#watched.get(key)
    watched?.stop.abort()
    this.#watched.delete(key)
    for (const node of [...this.#graph.all()]) if (node.kind === watched?.kind) this.#deleted(node)
  }

  #changed(node: GraphNode, old: GraphNode | undefined): void {
    const { enqueue } = this.#context
    this.#graph.put(node)
    if (node.deleting) {
      enqueue(node.uid)
      if (isDeletingDependents(node)) for (const dependent of this.#graph.dependentsOf(node.uid)) enqueue(dependent.uid)
    } else if (node.owners.length > 0) {
      // An owner that is not known yet is looked for; of one that is known, its end will tell.
      const settled = node.owners.every(({ uid }) => this.#graph.get(uid)?.deleting === false)
      if (!settled || this.#misplaced(node)) enqueue(node.uid)
    }
    const lost = (old?.owners ?? []).filter(
      ({ uid }) => !node.owners.some(owner => owner.uid === uid && owner.blockOwnerDeletion === true),
    )
    for (const { uid } of lost) this.#enqueueIfWaiting(uid)
  }

  #deleted(node: GraphNode): void {
    const dependents = this.#graph.dependentsOf(node.uid)
    this.#graph.remove(node.uid)
    for (const dependent of dependents) this.#context.enqueue(dependent.uid)
    for (const { uid } of node.owners) this.#enqueueIfWaiting(uid)
  }

  #enqueueIfWaiting(uid: string): void {
    const owner = this.#graph.get(uid)
    if (owner?.deleting === true && (isDeletingDependents(owner) || owner.finalizers.includes(orphan)))
      this.#context.enqueue(uid)
  }

  /** Owners of another namespace do not count. */
  #misplaced(node: GraphNode): boolean {
    return node.owners.some(({ uid }) => {
      const owner = this.#graph.get(uid)
      return owner !== undefined && owner.namespace !== '' && owner.namespace !== node.namespace
    })
  }

  async #stateOf(node: GraphNode, reference: OwnerReference): Promise<OwnerState> {
    const known = this.#graph.get(reference.uid)
    if (known && (known.namespace === '' || known.namespace === node.namespace)) {
      return isDeletingDependents(known) ? 'waiting' : 'present'
    }
    const kind = this.#watched.get(`${reference.apiVersion}/${reference.kind}`)?.kind ?? this.#otherVersion(reference)
    if (!kind) throw new Error(`unknown kind of owner: ${reference.apiVersion}, ${reference.kind}`)
    if (kind.resource?.namespaced === true && node.namespace === '') return 'present'
    try {
      const live = await this.#context.client
        .of(kind)
        .get(kind.resource?.namespaced === true ? node.namespace : '', reference.name)
      const owner = nodeOf(kind, live)
      if (owner.uid !== reference.uid) return 'absent'
      return isDeletingDependents(owner) ? 'waiting' : 'present'
    } catch (error) {
      if (isNotFound(error)) return 'absent'
      throw error
    }
  }

  /** A reference may name another version than the preferred one. */
  #otherVersion(reference: OwnerReference): Kind | undefined {
    const group = reference.apiVersion.includes('/') ? reference.apiVersion.split('/')[0] : ''
    for (const { kind } of this.#watched.values()) {
      if (kind.gvk.group === group && kind.gvk.kind === reference.kind) return kind
    }
    return undefined
  }
}
