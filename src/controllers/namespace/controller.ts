/** Empties a namespace that is being deleted and lets it go (documentation: "Namespaces"; upstream's namespaced_resources_deleter). */
import { Namespace, type NamespaceCondition } from '../../api/core/v1/namespace.ts'
import type { Client } from '../../client/client.ts'
import { timeOf } from '../../client/timestamps.ts'
import { ApiError, isConflict, isNotFound } from '../../machinery/api-error.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Plan } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged } from '../runtime/controller.ts'
import { discoverKinds } from '../runtime/discovery.ts'
import { same } from '../runtime/same.ts'

/** Looked at again while objects take their time, as pods in their grace period. */
const retryMs = 1000
/** Objects listed of a kind to count what remains. */
const maxListed = 500

interface Remaining {
  readonly discoveryFailures: readonly string[]
  readonly deletionFailures: readonly string[]
  /** By `pods.`, `deployments.apps`. */
  readonly counts: ReadonlyMap<string, number>
  readonly finalizers: ReadonlyMap<string, number>
}

interface Listed {
  readonly metadata: { readonly finalizers?: readonly string[] }
}

async function empty(client: Client, namespace: string): Promise<Remaining> {
  const { kinds, failures } = await discoverKinds(client, 'delete', 'list')
  const counts = new Map<string, number>()
  const finalizers = new Map<string, number>()
  const deletionFailures: string[] = []
  const emptyKind = async (kind: Kind) => {
    const resource = client.of(kind)
    try {
      const listed = await resource.list(namespace, { limit: maxListed })
      if (listed.items.length === 0) return
      await resource.deleteCollection(namespace, { propagationPolicy: 'Background' })
      const left = (await resource.list(namespace, { limit: maxListed })).items as Listed[]
      if (left.length === 0) return
      counts.set(`${kind.resource!.plural}.${kind.gvk.group}`, left.length)
      for (const name of left.flatMap(object => object.metadata.finalizers ?? [])) {
        finalizers.set(name, (finalizers.get(name) ?? 0) + 1)
      }
    } catch (error) {
      // A resource that went away between discovery and now holds nothing.
      if (!isNotFound(error) && !(error instanceof ApiError && error.code === 405))
        deletionFailures.push((error as Error).message)
    }
  }
  const namespaced = kinds.filter(kind => kind.resource?.namespaced === true)
  // Pods end before what guards them, as network policies, is gone (KEP-5080).
  const isPods = (kind: Kind) => kind.resource?.plural === 'pods' && kind.gvk.group === ''
  for (const kind of namespaced.filter(isPods)) await emptyKind(kind)
  if (counts.size === 0) for (const kind of namespaced) if (!isPods(kind)) await emptyKind(kind)
  return { discoveryFailures: failures, deletionFailures, counts, finalizers }
}

const listing = (of: ReadonlyMap<string, number>, show: (name: string, count: number) => string): string =>
  [...of]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => show(name, count))
    .join(', ')

export function conditionsOf(
  before: readonly NamespaceCondition[],
  remaining: Remaining,
  nowMs: number,
): NamespaceCondition[] {
  const { discoveryFailures, deletionFailures, counts, finalizers } = remaining
  const make = (
    type: string,
    bad: boolean,
    badReason: string,
    goodReason: string,
    badText: string,
    goodText: string,
  ): NamespaceCondition => {
    const [status, reason, message] = bad ? ['True', badReason, badText] : ['False', goodReason, goodText]
    const known = before.find(condition => condition.type === type)
    if (known?.status === status && known.reason === reason && known.message === message) return known
    const lastTransitionTime = known?.status === status ? (known.lastTransitionTime ?? '') : timeOf(nowMs)
    return { type, status, lastTransitionTime, reason, message }
  }
  const made = [
    make(
      'NamespaceDeletionDiscoveryFailure',
      discoveryFailures.length > 0,
      'DiscoveryFailed',
      'ResourcesDiscovered',
      `Discovery failed for some groups, ${discoveryFailures.length} failing: ${discoveryFailures.join(', ')}`,
      'All resources successfully discovered',
    ),
    make(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'GroupVersionParsingFailed',
      'ParsedGroupVersions',
      '',
      'All legacy kube types successfully parsed',
    ),
    make(
      'NamespaceDeletionContentFailure',
      deletionFailures.length > 0,
      'ContentDeletionFailed',
      'ContentDeleted',
      `Failed to delete all resource types, ${deletionFailures.length} remaining: ${deletionFailures.join(', ')}`,
      counts.size > 0
        ? 'All content successfully deleted, may be waiting on finalization'
        : 'All content successfully deleted',
    ),
    make(
      'NamespaceContentRemaining',
      counts.size > 0,
      'SomeResourcesRemain',
      'ContentRemoved',
      `Some resources are remaining: ${listing(counts, (name, count) => `${name} has ${count} resource instances`)}`,
      'All content successfully removed',
    ),
    make(
      'NamespaceFinalizersRemaining',
      finalizers.size > 0,
      'SomeFinalizersRemain',
      'ContentHasNoFinalizers',
      `Some content in the namespace has finalizers remaining: ${listing(finalizers, (name, count) => `${name} in ${count} resource instances`)}`,
      'All content-preserving finalizers finished',
    ),
  ]
  const own = new Set(made.map(({ type }) => type))
  return [...before.filter(({ type }) => !own.has(type)), ...made]
}

export const namespaceController: ControllerDefinition = {
  name: 'namespace-controller',
  workers: 4,
  build(context) {
    const { client, clock } = context
    const namespaces = context.informer(Namespace)
    enqueueChanged(namespaces, context)

    async function finalize(namespace: Namespace): Promise<void> {
      const finalizers = (namespace.spec.finalizers ?? []).filter(name => name !== 'kubernetes')
      const body = { ...namespace, spec: { ...namespace.spec, finalizers } }
      await client.of(Namespace).subresource('PUT', '', namespace.metadata.name, 'finalize', body)
    }

    return {
      async plan(name): Promise<Plan | undefined> {
        const namespace = namespaces.get('', name)
        if (!namespace || namespace.metadata.deletionTimestamp === undefined) return undefined
        if (!(namespace.spec.finalizers ?? []).includes('kubernetes')) return undefined
        const remaining = await empty(client, name)
        const conditions = conditionsOf(namespace.status.conditions ?? [], remaining, clock.now())
        const status = { ...namespace.status, phase: 'Terminating' as const, conditions }
        try {
          const current = same(status, namespace.status)
            ? namespace
            : await client.of(Namespace).updateStatus({ ...namespace, status })
          const done =
            remaining.counts.size + remaining.deletionFailures.length + remaining.discoveryFailures.length === 0
          if (!done) return { steps: [], requeueAfterMs: retryMs }
          await finalize(current)
        } catch (error) {
          if (!isConflict(error) && !isNotFound(error)) throw error
          return { steps: [], requeueAfterMs: 50 }
        }
        return undefined
      },
    }
  },
}
