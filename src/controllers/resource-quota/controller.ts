/** Keeps the status of quotas: what they bound, and what is used of it (documentation: "Resource Quotas"). */
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { ReplicationController } from '../../api/core/v1/replication-controller.ts'
import { ResourceQuota } from '../../api/core/v1/resource-quota.ts'
import { Secret } from '../../api/core/v1/secret.ts'
import { Service } from '../../api/core/v1/service.ts'
import { ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import type { Informer, InformerEvent } from '../../client/informer.ts'
import { equalAmounts } from '../../machinery/quota/amounts.ts'
import { objectCountName, type QuotaEvaluator } from '../../machinery/quota/evaluator.ts'
import { quotaEvaluatorOf } from '../../machinery/quota/evaluators.ts'
import type { Kind } from '../../schema/kind.ts'
import { updateStatus } from '../runtime/action.ts'
import { type ControllerContext, type ControllerDefinition, keyOf, objectOf } from '../runtime/controller.ts'
import { discoverKinds } from '../runtime/discovery.ts'
import { type Counted, withUse } from './plan.ts'

/** Kinds whose resources have names of their own in quotas. */
const namedKinds: readonly Kind[] = [
  Pod,
  Service,
  PersistentVolumeClaim,
  ResourceClaim,
  ConfigMap,
  Secret,
  ReplicationController,
  ResourceQuota,
]

/** Everything is counted again after this time, whatever events have come. */
const resyncMs = 5 * 60_000
/**
 * Admission charges a quota before it stores the object. Counted in between, the object would be missing and its charge be
 * taken back, so that one more gets in: what only admission has touched is looked at once it has been still for so long.
 */
const settleMs = 500

interface Namespaced {
  readonly metadata: { readonly namespace: string; readonly name: string }
}

interface Watched {
  readonly informer: Informer<Namespaced>
  readonly evaluator: QuotaEvaluator
}

export const resourceQuotaController: ControllerDefinition = {
  name: 'resourcequota-controller',
  workers: 2,
  build(context) {
    const quotas = context.informer(ResourceQuota)
    const watched = new WatchedKinds(context, quotas)
    quotas.subscribe(event => watched.quotaChanged(event))
    return {
      async plan(key) {
        const quota = objectOf(quotas, key)
        if (!quota) return undefined
        const counted = await watched.countedBy(quota)
        const next = withUse(quota, counted, context.clock.now())
        return { steps: next ? [[updateStatus(ResourceQuota, next)]] : [], requeueAfterMs: resyncMs }
      },
    }
  },
}

/** The kinds that quotas count: a kind is followed from when the first quota names it. */
class WatchedKinds {
  readonly #context: ControllerContext
  readonly #quotas: Informer<ResourceQuota>
  /** By the name of the count, as `count/deployments.apps`: as many as there are kinds. */
  readonly #byCount = new Map<string, Watched>()
  /** Quotas that will be looked at soon: when, if nothing more is charged. */
  readonly #settling = new Map<string, number>()

  constructor(context: ControllerContext, quotas: Informer<ResourceQuota>) {
    this.#context = context
    this.#quotas = quotas
  }

  quotaChanged({ type, object, old }: InformerEvent<ResourceQuota>): void {
    const isCharged = type === 'updated' && old && equalAmounts(old.spec.hard ?? {}, object.spec.hard ?? {})
    if (isCharged) this.#soon(keyOf(object))
    else this.#context.enqueue(keyOf(object))
  }

  async countedBy(quota: ResourceQuota): Promise<Counted[]> {
    const names = Object.keys(quota.spec.hard ?? {})
    for (const kind of namedKinds) {
      const evaluator = evaluatorOf(kind)
      if (evaluator && evaluator.matchingResources(names).length > 0) this.#follow(kind, evaluator)
    }
    await this.#followCounted(names)
    const counted: Counted[] = []
    for (const { informer, evaluator } of this.#byCount.values()) {
      if (evaluator.matchingResources(names).length === 0) continue
      await informer.synced()
      counted.push({ evaluator, objects: informer.list(quota.metadata.namespace) })
    }
    return counted
  }

  /** Follows what is named by its count alone, if the server has it. */
  async #followCounted(names: readonly string[]): Promise<void> {
    const unknown = names.filter(name => name.startsWith('count/') && !this.#byCount.has(name))
    if (unknown.length === 0) return
    const { kinds } = await discoverKinds(this.#context.client, 'list', 'watch')
    for (const kind of kinds) {
      const { group } = kind.gvk
      if (!kind.resource?.namespaced || !unknown.includes(objectCountName(group, kind.resource.plural))) continue
      const evaluator = evaluatorOf(kind)
      if (evaluator) this.#follow(kind, evaluator)
    }
  }

  #follow(kind: Kind, evaluator: QuotaEvaluator): void {
    const name = objectCountName(kind.gvk.group, kind.resource?.plural ?? '')
    if (this.#byCount.has(name)) return
    const informer = this.#context.informer(kind as Kind<Namespaced>)
    this.#byCount.set(name, { informer, evaluator })
    informer.subscribe(event => this.#changed(evaluator, event))
  }

  #changed(evaluator: QuotaEvaluator, { type, object, old }: InformerEvent<Namespaced>): void {
    const nowMs = this.#context.clock.now()
    if (type === 'updated' && old && equalAmounts(evaluator.usage(old, nowMs), evaluator.usage(object, nowMs))) return
    for (const quota of this.#quotas.list(object.metadata.namespace)) {
      if (type === 'added') this.#soon(keyOf(quota))
      else this.#context.enqueue(keyOf(quota))
    }
  }

  #soon(key: string): void {
    const isWaiting = this.#settling.has(key)
    this.#settling.set(key, this.#context.clock.monotonic() + settleMs)
    if (!isWaiting) this.#settle(key, settleMs)
  }

  #settle(key: string, delayMs: number): void {
    const { clock, enqueue } = this.#context
    clock.after(delayMs, () => {
      const leftMs = (this.#settling.get(key) ?? 0) - clock.monotonic()
      if (leftMs > 0) return this.#settle(key, leftMs)
      this.#settling.delete(key)
      enqueue(key)
    })
  }
}

const evaluatorOf = (kind: Kind): QuotaEvaluator | undefined =>
  quotaEvaluatorOf(kind.gvk.group, kind.resource?.plural ?? '')
