/** A typed client over a transport. */

import type { Kind } from '../schema/kind.ts'
import type { Draft } from '../schema/message.ts'
import type { Method, Transport, WatchEvent } from './transport.ts'

export interface ListOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan'
}

export interface WatchOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  readonly timeoutSeconds?: number
  readonly sendInitialEvents?: boolean
  readonly signal?: AbortSignal
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

const patchContentTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

export interface ObjectList<T> {
  readonly metadata: {
    readonly resourceVersion?: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly items: readonly T[]
}

/** The path of a resource or one of its objects. */
export function pathOf(kind: Kind, namespace: string, name = '', subresource = ''): string {
  const { group, version } = kind.gvk
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const resource = kind.resource
  if (!resource) throw new Error(`${kind.gvk.kind} is not a resource`)
  const scope = resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  const object = name === '' ? '' : `/${encodeURIComponent(name)}`
  return `${root}${scope}/${resource.plural}${object}${subresource === '' ? '' : `/${subresource}`}`
}

/** The verbs of one kind. Cluster-scoped kinds take '' as namespace; '' lists or watches all namespaces. */
export class ResourceClient<T> {
  readonly kind: Kind<T>
  readonly #transport: Transport
  readonly #fieldManager: string

  constructor(transport: Transport, kind: Kind<T>, fieldManager: string) {
    this.#transport = transport
    this.kind = kind
    this.#fieldManager = fieldManager
  }

  async get(namespace: string, name: string): Promise<T> {
    return (await this.#transport.request({ method: 'GET', path: pathOf(this.kind, namespace, name) })) as T
  }

  async list(namespace: string, options: ListOptions = {}): Promise<ObjectList<T>> {
    return (await this.#transport.request({
      method: 'GET',
      path: pathOf(this.kind, namespace),
      query: { ...options, limit: options.limit?.toString() },
    })) as ObjectList<T>
  }

  watch(namespace: string, options: WatchOptions = {}): AsyncIterable<WatchEvent<T>> {
    const { signal, sendInitialEvents, timeoutSeconds, ...selectors } = options
    return this.#transport.watch({
      method: 'GET',
      path: pathOf(this.kind, namespace),
      query: {
        ...selectors,
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: timeoutSeconds?.toString(),
        ...(sendInitialEvents === true ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : {}),
      },
      ...(signal === undefined ? {} : { signal }),
    }) as AsyncIterable<WatchEvent<T>>
  }

  create(namespace: string, object: Draft<T>): Promise<T> {
    return this.#write('POST', pathOf(this.kind, namespace), this.#typed(object))
  }

  update(object: T): Promise<T> {
    return this.#write('PUT', this.#pathOf(object), this.#typed(object))
  }

  /** `subresource`: another part that is written like the status, as `approval`. */
  updateStatus(object: T, subresource = 'status'): Promise<T> {
    return this.#write('PUT', this.#pathOf(object, subresource), this.#typed(object))
  }

  async patch(
    namespace: string,
    name: string,
    type: PatchType,
    patch: unknown,
    subresource = '',
    force = false,
  ): Promise<T> {
    return (await this.#transport.request({
      method: 'PATCH',
      path: pathOf(this.kind, namespace, name, subresource),
      query: { fieldManager: this.#fieldManager, ...(force ? { force: 'true' } : {}) },
      body: patch,
      contentType: patchContentTypes[type],
    })) as T
  }

  /** Any other subresource: `binding`, `eviction`, `token`, `scale`. */
  async subresource<R>(
    method: Method,
    namespace: string,
    name: string,
    subresource: string,
    body?: unknown,
  ): Promise<R> {
    return (await this.#transport.request({
      method,
      path: pathOf(this.kind, namespace, name, subresource),
      ...(method === 'GET' ? {} : { query: { fieldManager: this.#fieldManager } }),
      ...(body === undefined ? {} : { body }),
    })) as R
  }

  async delete(namespace: string, name: string, options: DeleteOptions = {}): Promise<void> {
    await this.#transport.request({
      method: 'DELETE',
      path: pathOf(this.kind, namespace, name),
      body: { kind: 'DeleteOptions', apiVersion: 'v1', ...options },
    })
  }

  async deleteCollection(namespace: string, options: DeleteOptions = {}, list: ListOptions = {}): Promise<void> {
    await this.#transport.request({
      method: 'DELETE',
      path: pathOf(this.kind, namespace),
      query: { ...list, limit: list.limit?.toString() },
      body: { kind: 'DeleteOptions', apiVersion: 'v1', ...options },
    })
  }

  async #write(method: Method, path: string, body: unknown): Promise<T> {
    return (await this.#transport.request({ method, path, body, query: { fieldManager: this.#fieldManager } })) as T
  }

  #typed(object: unknown): unknown {
    return { apiVersion: this.kind.apiVersion, kind: this.kind.gvk.kind, ...(object as object) }
  }

  #pathOf(object: T, subresource = ''): string {
    const { metadata } = object as { metadata: { namespace?: string; name: string } }
    return pathOf(this.kind, metadata.namespace ?? '', metadata.name, subresource)
  }
}

export class Client {
  readonly transport: Transport
  readonly fieldManager: string

  /** `fieldManager` is the name in managedFields, as `kube-scheduler`. */
  constructor(transport: Transport, fieldManager: string) {
    this.transport = transport
    this.fieldManager = fieldManager
  }

  of<T>(kind: Kind<T>): ResourceClient<T> {
    return new ResourceClient(this.transport, kind as Kind<T>, this.fieldManager)
  }
}
