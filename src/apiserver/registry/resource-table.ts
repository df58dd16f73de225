/** All served resources, by group, version and plural. */

import type { CustomResourceDefinitionVersion } from '../../api/apiextensions/v1/custom-resource-definition.ts'
import type { Clock } from '../../base/clock.ts'
import { customFactsOf } from '../../machinery/custom/custom-kind.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { compareVersions } from '../../machinery/discovery/api-groups.ts'
import { kindByName } from '../../machinery/scheme.ts'
import { isSelfDescribed, readCbor } from '../../schema/cbor-decode.ts'
import { decodeObject, decodeValue, readJson } from '../../schema/json-decode.ts'
import { apiVersionOf, type Kind } from '../../schema/kind.ts'
import { decodeEnvelope, isEnveloped } from '../../schema/protobuf-decode.ts'
import type { Store } from '../../store/store.ts'
import type { Equivalent } from '../admission/equivalent.ts'
import { type ObjectConverter, WebhookConversion } from '../custom-resources/webhook-conversion.ts'
import { ObjectCache } from '../watch/object-cache.ts'
import type { StoreFeed } from '../watch/store-feed.ts'
import type { DerivedForms } from './derived-forms.ts'
import { type PureConversion, type Resource, viewOnce } from './resource.ts'
import { irregularPrefixes } from './stored-keys.ts'
import { anyVersionLayout, type StoredLayout, storedLayoutOf } from './stored-layout.ts'
import type { NormalisedBytes, ObjectJson, SelectableFacts, StoredObject } from './stored-object.ts'
import { autoscalerConversion } from './strategies/autoscaler.ts'
import { customStrategy } from './strategies/custom.ts'
import { eventConversion } from './strategies/events.ts'
import { strategyFor } from './strategies/table.ts'
import type { Strategy } from './strategy.ts'

export interface TableOptions {
  readonly kinds: readonly Kind[]
  readonly store: Store
  readonly feed: StoreFeed
  readonly forms: DerivedForms
  readonly clock: Clock
  /** By `group/plural`: strategies that need more than their object. */
  readonly strategies: ReadonlyMap<string, Strategy>
}

interface StoredAs {
  readonly apiVersion: string
  readonly kind: string
  readonly conversion: PureConversion
}

/** Kinds stored as another kind, or in another version: `version/plural` to the stored kind and the way there. */
const storedAs: Readonly<Record<string, StoredAs>> = {
  'autoscaling/v1/horizontalpodautoscalers': {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    conversion: autoscalerConversion,
  },
  'events.k8s.io/v1/events': { apiVersion: 'v1', kind: 'Event', conversion: eventConversion },
}

const indexedFields: Readonly<Record<string, string>> = { '/pods': 'spec.nodeName' }

/** Verbs by which one knows that a resource is stored. */
const isStored = (kind: Kind): boolean =>
  kind.resource?.verbs.includes('watch') === true && kind.resource.verbs.includes('create')

export class ResourceTable {
  readonly #resources = new Map<string, Resource>()
  readonly #byKind = new Map<Kind, Resource>()
  readonly #equivalents = new WeakMap<Resource, readonly Equivalent[]>()
  readonly #caches = new Map<Kind, ObjectCache>()

  readonly #options: TableOptions
  readonly #customCaches = new Map<string, ObjectCache>()
  /** By the definition's name. */
  readonly #custom = new Map<string, readonly Resource[]>()

  constructor(options: TableOptions) {
    this.#options = options
    for (const kind of options.kinds) if (kind.resource) this.#add(kind, options)
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#resources.get(`${apiVersionOf(group, version)}/${plural}`)
  }

  ofKind(kind: Kind): Resource | undefined {
    return this.#byKind.get(kind)
  }

  /** Serves the versions of a custom resource; what was served under the name goes. */
  serveCustom(name: string, { storage, served, converter, terminating }: CustomResource): void {
    this.withdrawCustom(name)
    const { group } = storage.kind.gvk
    const strategy = { ...customStrategy(storage.version), terminating }
    const plural = storage.kind.resource?.plural ?? ''
    const cache = this.#newCache(storage.kind, `${group}/${plural}`, strategy, this.#options, {
      ...(converter ? { layout: anyVersionLayout(storage.kind) } : {}),
    })
    const resources = served.map(({ kind, version }): Resource => {
      const facts = kind.resource as NonNullable<Kind['resource']>
      const resource: Resource = {
        kind,
        facts,
        group,
        version: kind.gvk.version,
        plural: facts.plural,
        namespaced: facts.namespaced,
        strategy: { ...customStrategy(version), terminating },
        cache,
        conversion: converter
          ? new WebhookConversion(converter, storage.kind, kind)
          : kind === storage.kind
            ? undefined
            : customConversion(storage.kind, kind),
        typedItems: true,
        ...deprecationOf(kind, version, served),
      }
      return resource.conversion ? { ...resource, factsOf: viewFacts(resource) } : resource
    })
    for (const resource of resources) {
      this.#resources.set(`${resource.kind.apiVersion}/${resource.plural}`, resource)
      this.#byKind.set(resource.kind, resource)
    }
    this.#custom.set(name, resources)
    this.#customCaches.set(name, cache)
  }

  /** The other versions, or groups, in which the objects of a resource are served: what is stored in one place. */
  equivalents(group: string, version: string, plural: string): readonly Equivalent[] {
    const own = this.find(group, version, plural)
    if (!own) return []
    // What is stored in one place comes and goes together. Asked for each write by every rule that does not match it.
    let known = this.#equivalents.get(own)
    if (!known) {
      known = this.#equivalentsOf(own)
      this.#equivalents.set(own, known)
    }
    return known
  }

  #equivalentsOf(own: Resource): Equivalent[] {
    if (!own.cache) return []
    const others = [...this.#resources.values()].filter(other => other !== own && other.cache === own.cache)
    const convert = (from: Resource, to: Resource) => (object: Record<string, unknown>) => {
      if (from.conversion?.convert) return from.conversion.convert(object as ObjectJson, to.kind)
      const stored = from.conversion
        ? (from.conversion.toStorage(object as ObjectJson) as ObjectJson)
        : (object as ObjectJson)
      return to.conversion ? to.conversion.fromStorage(stored) : { ...stored, apiVersion: to.kind.apiVersion }
    }
    return others.map(other => ({
      kind: other.kind,
      group: other.group,
      version: other.version,
      resource: other.plural,
      requested: own.kind,
      to: convert(own, other),
      from: convert(other, own),
    }))
  }

  withdrawCustom(name: string): void {
    for (const { kind, plural } of this.#custom.get(name) ?? []) {
      this.#resources.delete(`${kind.apiVersion}/${plural}`)
      this.#byKind.delete(kind)
    }
    this.#custom.delete(name)
    this.#customCaches.get(name)?.close()
    this.#customCaches.delete(name)
  }

  /** Objects of these keys are written again by the next update, also by one that changes nothing. */
  markOutdated(isMeant: (key: string) => boolean): void {
    for (const cache of [...this.#caches.values(), ...this.#customCaches.values()])
      if (isMeant(`${cache.prefix}any`)) cache.markOutdated()
  }

  all(): Iterable<Resource> {
    return this.#resources.values()
  }

  #add(kind: Kind, options: TableOptions): void {
    const facts = kind.resource as NonNullable<Kind['resource']>
    const { group, version } = kind.gvk
    const strategy = strategyFor(group, facts.plural, options.strategies)
    const stored = storedAs[`${kind.apiVersion}/${facts.plural}`]
    const storage = stored ? (kindByName(stored.apiVersion, stored.kind) as Kind) : kind
    const resource: Resource = {
      kind,
      facts,
      group,
      version,
      plural: facts.plural,
      namespaced: facts.namespaced,
      strategy,
      cache: isStored(kind) ? this.#cacheOf(storage, options) : undefined,
      conversion: stored?.conversion,
    }
    this.#resources.set(`${kind.apiVersion}/${facts.plural}`, resource)
    this.#byKind.set(kind, resource)
  }

  #cacheOf(kind: Kind, options: TableOptions): ObjectCache {
    const known = this.#caches.get(kind)
    if (known) return known
    const facts = kind.resource as NonNullable<Kind['resource']>
    const named = `${kind.gvk.group}/${facts.plural}`
    const strategy = strategyFor(kind.gvk.group, facts.plural, options.strategies)
    const cache = this.#newCache(kind, irregularPrefixes[named] ?? facts.plural, strategy, options, {
      indexedField: indexedFields[named],
    })
    this.#caches.set(kind, cache)
    return cache
  }

  #newCache(
    kind: Kind,
    prefix: string,
    strategy: Strategy,
    options: TableOptions,
    {
      indexedField,
      layout = storedLayoutOf(kind),
    }: { readonly indexedField?: string | undefined; readonly layout?: StoredLayout },
  ): ObjectCache {
    return new ObjectCache({
      kind,
      prefix: `/registry/${prefix}/`,
      namespaced: kind.resource?.namespaced === true,
      store: options.store,
      feed: options.feed,
      forms: options.forms,
      factsOf: object => factsOf(strategy, object),
      ...(indexedField === undefined ? {} : { indexedField }),
      layout,
      normalise: value => layout.normalise?.(value) ?? normalise(kind, layout, value),
      monotonic: () => options.clock.monotonic(),
    })
  }
}

export interface CustomVersion {
  readonly kind: Kind
  readonly version: CustomResourceDefinitionVersion
}

export interface CustomResource {
  readonly storage: CustomVersion
  readonly served: readonly CustomVersion[]
  /** Where a webhook converts. */
  readonly converter?: ObjectConverter | undefined
  /** Nothing is created any more. */
  readonly terminating: () => boolean
}

/** The strategy `None`: versions differ in the apiVersion alone. */
function customConversion(storage: Kind, kind: Kind): PureConversion {
  const as = (apiVersion: string) => (object: ObjectJson) => ({ ...object, apiVersion })
  return { toStorage: as(storage.apiVersion), fromStorage: as(kind.apiVersion) }
}

/** What clients of a deprecated version are told. */
function deprecationOf(kind: Kind, version: CustomResourceDefinitionVersion, served: readonly CustomVersion[]) {
  if (!version.deprecated) return {}
  const { group, kind: name } = kind.gvk
  const rank = (one: string) =>
    [...served]
      .map(each => each.kind.gvk.version)
      .sort(compareVersions)
      .indexOf(one)
  const newest = served.find(each => !each.version.deprecated && rank(each.kind.gvk.version) < rank(kind.gvk.version))
  const instead = newest ? `; use ${newest.kind.apiVersion} ${name}` : ''
  return { deprecation: version.deprecationWarning ?? `${group}/${kind.gvk.version} ${name} is deprecated${instead}` }
}

const noLabels: Readonly<Record<string, string>> = Object.freeze({})

function factsOf(strategy: Strategy, object: ObjectJson): SelectableFacts {
  const { name, namespace, labels } = object.metadata
  return {
    labels: labels ?? noLabels,
    fields: { ...strategy.selectableFields?.(object), 'metadata.name': name, 'metadata.namespace': namespace ?? '' },
  }
}

/** Each version of a custom resource has selectable fields of its own, and a webhook may show other labels. */
function viewFacts(resource: Resource): (stored: StoredObject) => SelectableFacts {
  const known = new WeakMap<StoredObject, SelectableFacts>()
  return stored => {
    const before = known.get(stored)
    if (before) return before
    const facts = factsOf(resource.strategy, viewOnce(resource, stored))
    known.set(stored, facts)
    return facts
  }
}

/** Our canonical bytes of what a stock API server stored: JSON in its own order, or protobuf. */
function normalise(kind: Kind, layout: StoredLayout, value: Uint8Array): NormalisedBytes {
  const { object, storedIn } = readStored(kind, value)
  applyDefaults(kind, object)
  return { bytes: layout.encode(object), isOutdated: storedIn !== kind.apiVersion }
}

interface ReadObject {
  readonly object: ObjectJson
  /** The version in which the store has it. */
  readonly storedIn: string
}

/** The object in the storage version, also where an older server has stored it in another one. */
function readStored(kind: Kind, value: Uint8Array): ReadObject {
  const plural = kind.resource?.plural ?? ''
  const conversionFrom = (apiVersion: string): PureConversion | undefined => {
    const other = storedAs[`${apiVersion}/${plural}`]
    return other?.apiVersion === kind.apiVersion && other.kind === kind.gvk.kind ? other.conversion : undefined
  }
  const kindIn = (apiVersion: string): Kind =>
    (conversionFrom(apiVersion) && kindByName(apiVersion, kind.gvk.kind)) || kind
  const converted = (object: ObjectJson, storedIn: string): ReadObject => ({
    object: conversionFrom(storedIn)?.toStorage(object) ?? object,
    storedIn,
  })
  if (isEnveloped(value)) {
    const object = decodeEnvelope(kindIn, value) as ObjectJson
    return converted(object, String(object.apiVersion))
  }
  // Custom resources, where a stock server has its gate on.
  if (isSelfDescribed(value)) {
    const read = readCbor(value) as { apiVersion?: string }
    const { apiVersion = '' } = read
    return { object: decodeValue(kind, read).object as ObjectJson, storedIn: apiVersion }
  }
  if (customFactsOf(kind) === undefined && !hasOtherVersions(kind)) {
    return { object: decodeObject(kind, value).object as ObjectJson, storedIn: kind.apiVersion }
  }
  const { apiVersion = '' } = readJson(value) as { apiVersion?: string }
  return converted(decodeObject(kindIn(apiVersion), value).object as ObjectJson, apiVersion)
}

const hasOtherVersions = (kind: Kind): boolean =>
  Object.values(storedAs).some(({ apiVersion, kind: name }) => apiVersion === kind.apiVersion && name === kind.gvk.kind)
