/** Conversion of custom resources by a webhook (documentation: "Versions in CustomResourceDefinitions", "Webhook conversion"). */
import { randomUUID } from 'node:crypto'
import type { CustomResourceConversion } from '../../api/apiextensions/v1/custom-resource-definition.ts'
import { ApiError } from '../../machinery/api-error.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { decodeValue } from '../../schema/json-decode.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Conversion } from '../registry/resource.ts'
import type { ObjectJson, StoredObject } from '../registry/stored-object.ts'
import type { WebhookClient } from '../webhooks/webhook-client.ts'

const timeoutSeconds = 30
const maxObjectsPerReview = 500

/** As upstream's server answers where it gets an error without a status. */
const failed = (message: string): ApiError => new ApiError(500, undefined, message)

export type ObjectConverter = (objects: readonly ObjectJson[], to: Kind) => Promise<ObjectJson[]>

interface ConversionReview {
  readonly apiVersion?: string
  readonly kind?: string
  readonly response?: {
    readonly uid?: string
    readonly convertedObjects?: readonly ObjectJson[]
    readonly result?: { readonly status?: string; readonly message?: string; readonly reason?: string }
  }
}

/** Asks the webhook. Throws ApiError 500 in upstream's words. */
export function webhookConverter(client: WebhookClient, { webhook }: CustomResourceConversion): ObjectConverter {
  const version = webhook?.conversionReviewVersions?.find(one => one === 'v1' || one === 'v1beta1') ?? 'v1'
  const apiVersion = `apiextensions.k8s.io/${version}`
  const ask = async (objects: readonly ObjectJson[], to: Kind): Promise<ObjectJson[]> => {
    const first = objects[0] as ObjectJson
    const what = `conversion webhook for ${first.apiVersion}, Kind=${first.kind}`
    const uid = randomUUID()
    const request = { uid, desiredAPIVersion: to.apiVersion, objects }
    const body = stringifyJson({ kind: 'ConversionReview', apiVersion, request })
    let converted: readonly ObjectJson[]
    try {
      const review = (await client.post(webhook?.clientConfig ?? {}, body, timeoutSeconds)) as ConversionReview
      converted = convertedOf(review, apiVersion, uid)
    } catch (error) {
      throw failed(`${what} failed: ${(error as Error).message}`)
    }
    if (converted.length !== objects.length) {
      throw failed(`${what} returned ${converted.length} objects, expected ${objects.length}`)
    }
    return converted.map((made, index) => {
      const original = objects[index] as ObjectJson
      const wrong = faultOf(original, made, to)
      if (wrong) throw failed(`${what} returned invalid converted object at index ${index}: ${wrong}`)
      return completed(original, made, to)
    })
  }
  return async (objects, to) => {
    const out: ObjectJson[] = []
    for (let at = 0; at < objects.length; at += maxObjectsPerReview) {
      out.push(...(await ask(objects.slice(at, at + maxObjectsPerReview), to)))
    }
    return out
  }
}

function convertedOf(review: ConversionReview, apiVersion: string, uid: string): readonly ObjectJson[] {
  if (review.kind !== 'ConversionReview' || review.apiVersion !== apiVersion) {
    const name = (group: unknown, kind: unknown) => `${group ?? ''}, Kind=${kind ?? ''}`
    throw new Error(
      `expected webhook response of ${name(apiVersion, 'ConversionReview')}, got ${name(review.apiVersion, review.kind)}`,
    )
  }
  const { response } = review
  if (!response) throw new Error('no response provided')
  if (response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  const { status = '', message, reason } = response.result ?? {}
  if (status !== 'Success') throw new Error(message || reason || `response.result.status was '${status}'`)
  return response.convertedObjects ?? []
}

/** What a webhook must leave as it is. */
function faultOf(original: ObjectJson, made: ObjectJson, to: Kind): string | undefined {
  if (made.apiVersion !== to.apiVersion) {
    return `invalid groupVersion (expected ${to.apiVersion}, received ${made.apiVersion})`
  }
  if (made.kind !== original.kind) return `must have the same kind: ${original.kind} != ${made.kind}`
  const [before, after] = [original.metadata, made.metadata ?? {}]
  if (after.name !== before.name) return `must have the same name: ${before.name} != ${after.name}`
  if ((after.namespace ?? '') !== (before.namespace ?? ''))
    return `must have the same namespace: ${before.namespace} != ${after.namespace}`
  if (after.uid !== before.uid) return `must have the same UID: ${before.uid} != ${after.uid}`
  return undefined
}

/** Of the metadata, labels and annotations alone are the webhook's to change. */
function completed(original: ObjectJson, made: ObjectJson, to: Kind): ObjectJson {
  const { labels: _labels, annotations: _annotations, ...kept } = original.metadata
  const { labels, annotations } = made.metadata
  const metadata = { ...kept, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }
  const object = decodeValue(to, { ...made, metadata }).object as ObjectJson
  applyDefaults(to, object)
  return object
}

/**
 * One served version. What is stored may be of any version; each object is converted once, before it is looked at, and
 * kept as long as the stored one.
 */
export class WebhookConversion implements Conversion {
  readonly #converter: ObjectConverter
  readonly #storage: Kind
  readonly #kind: Kind
  readonly #views = new WeakMap<StoredObject, ObjectJson>()
  readonly #running = new WeakMap<StoredObject, Promise<void>>()

  constructor(converter: ObjectConverter, storage: Kind, kind: Kind) {
    this.#converter = converter
    this.#storage = storage
    this.#kind = kind
  }

  toStorage(object: ObjectJson): Promise<ObjectJson> {
    return this.convert(object, this.#storage)
  }

  async convert(object: ObjectJson, to: Kind): Promise<ObjectJson> {
    if (this.#kind === to) return object
    const typed = { ...object, kind: this.#kind.gvk.kind, apiVersion: this.#kind.apiVersion }
    const [converted] = await this.#converter([typed], to)
    return converted as ObjectJson
  }

  fromStorage(object: ObjectJson): ObjectJson {
    if (object.apiVersion === this.#kind.apiVersion) return object
    throw failed(`${object.apiVersion}, Kind=${object.kind} was not converted to ${this.#kind.apiVersion}`)
  }

  view(stored: StoredObject): ObjectJson {
    return this.#views.get(stored) ?? this.fromStorage(stored.objectOnce)
  }

  prepare(stored: readonly StoredObject[]): Promise<void> | undefined {
    const missing = stored.filter(one => !this.#views.has(one) && one.objectOnce.apiVersion !== this.#kind.apiVersion)
    if (missing.length === 0) return undefined
    const fresh = missing.filter(one => !this.#running.has(one))
    if (fresh.length > 0) {
      const run = this.#convert(fresh)
      for (const one of fresh) this.#running.set(one, run)
    }
    return Promise.all(missing.map(one => this.#running.get(one))).then(() => undefined)
  }

  async #convert(stored: readonly StoredObject[]): Promise<void> {
    try {
      const converted = await this.#converter(
        stored.map(one => one.objectOnce),
        this.#kind,
      )
      for (const [index, one] of stored.entries()) this.#views.set(one, converted[index] as ObjectJson)
    } finally {
      for (const one of stored) this.#running.delete(one)
    }
  }
}
