/** Counts what is written against the quotas of its namespace (Kubernetes documentation, "Resource Quotas"). */
import { ResourceQuota } from '../../api/core/v1/resource-quota.ts'
import type { Clock } from '../../base/clock.ts'
import { parseQuantity } from '../../machinery/quantity.ts'
import {
  type Amounts,
  addAmounts,
  exceeding,
  growthOf,
  onlyNamed,
  showAmounts,
  withoutZeros,
} from '../../machinery/quota/amounts.ts'
import { matchesScopes, type QuotaEvaluator, type QuotaWrite } from '../../machinery/quota/evaluator.ts'
import { quotaEvaluatorOf } from '../../machinery/quota/evaluators.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { ObjectWriter } from '../registry/object-writer.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { refusal } from './refusal.ts'

interface Charge {
  readonly quota: string
  readonly added: Amounts
}

export class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota'
  readonly #reader: ObjectReader
  readonly #writer: ObjectWriter
  readonly #clock: Clock

  constructor(reader: ObjectReader, writer: ObjectWriter, clock: Clock) {
    this.#reader = reader
    this.#writer = writer
    this.#clock = clock
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, namespace, group, resource, subresource, object, oldObject, dryRun } = attributes
    if (namespace === '' || (operation !== 'CREATE' && operation !== 'UPDATE') || !object) return
    if (group === '' && resource === 'namespaces') return
    const quotas = this.#reader.list(ResourceQuota, namespace)
    if (quotas.length === 0) return
    const evaluator = quotaEvaluatorOf(group, resource)
    const write: QuotaWrite = { operation, subresource, object, oldObject }
    if (!evaluator?.handles(write)) return
    const charges: Charge[] = []
    for (const quota of quotas) {
      const added = this.#addedTo(attributes, evaluator, write, quota)
      if (!added) continue
      // Every quota is asked before the first is charged.
      charged(attributes, quota, added)
      charges.push({ quota: quota.metadata.name, added })
    }
    if (dryRun) return
    for (const { quota, added } of charges) {
      await this.#writer.change(ResourceQuota, namespace, quota, current => charged(attributes, current, added))
    }
  }

  /** What the write adds to the use that a quota bounds; undefined where it adds nothing. */
  #addedTo(
    attributes: AdmissionAttributes,
    evaluator: QuotaEvaluator,
    { operation, object, oldObject }: QuotaWrite,
    quota: ResourceQuota,
  ): Amounts | undefined {
    const hard = quota.status.hard ?? {}
    const restricted = evaluator.matchingResources(Object.keys(hard))
    if (restricted.length === 0 || !matchesScopes(evaluator, quota, object)) return undefined
    const lacking = evaluator.constraintError?.(restricted, object)
    const { name } = quota.metadata
    if (lacking !== undefined) throw refusal(attributes, `failed quota: ${name}: ${lacking}`)
    if (restricted.some(one => quota.status.used?.[one] === undefined)) {
      throw refusal(attributes, `status unknown for quota: ${name}, resources: ${restricted.sort().join(',')}`)
    }
    const nowMs = this.#clock.now()
    const usage = evaluator.usage(object, nowMs)
    const negative = Object.keys(usage).filter(one => parseQuantity(usage[one] as string).sign() < 0)
    if (negative.length > 0) {
      throw refusal(attributes, `quota usage is negative for resource(s): ${negative.sort().join(',')}`)
    }
    const isCounted = operation === 'UPDATE' && oldObject && matchesScopes(evaluator, quota, oldObject)
    const added = withoutZeros(isCounted ? growthOf(usage, evaluator.usage(oldObject, nowMs)) : usage)
    const bounded = onlyNamed(added, Object.keys(hard))
    return Object.keys(bounded).length === 0 ? undefined : bounded
  }
}

/** The quota with the use added. Throws where that is more than it allows. */
function charged(attributes: AdmissionAttributes, quota: ResourceQuota, added: Amounts): ResourceQuota {
  const { hard = {}, used = {} } = quota.status
  const next = addAmounts(used, added)
  const exceeded = exceeding(onlyNamed(next, Object.keys(added)), hard)
  // What a status reports has happened already.
  if (exceeded.length > 0 && attributes.subresource !== 'status') {
    const [requested, before, limited] = [added, used, hard].map(amounts => showAmounts(onlyNamed(amounts, exceeded)))
    const { name } = quota.metadata
    const amounts = `requested: ${requested}, used: ${before}, limited: ${limited}`
    throw refusal(attributes, `exceeded quota: ${name}, ${amounts}`)
  }
  return { ...quota, status: { ...quota.status, used: next } }
}
