/**
 * Objects in memory behind the Transport contract, for tests of what talks to an API server: resource versions, UIDs,
 * optimistic locking, finalizers, graceful deletion of bound pods, label and field selectors, watches, defaults. No admission,
 * validation or garbage collection.
 */

import { kinds } from '../../api/kinds.ts'
import {
  ApiError,
  alreadyExistsError,
  conflictError,
  expiredError,
  modifiedError,
  notFoundError,
} from '../../machinery/api-error.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { applyStrategicMergePatch } from '../../machinery/patch/strategic-merge-patch.ts'
import { kindByResource } from '../../machinery/scheme.ts'
import { parseFieldSelector } from '../../machinery/selectors/field-selector.ts'
import { parseLabelSelector } from '../../machinery/selectors/label-selector.ts'
import type { Kind } from '../../schema/kind.ts'
import { timeOf } from '../timestamps.ts'
import type { Transport, TransportRequest, WatchEvent } from '../transport.ts'

export interface StoredObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid: string
    readonly resourceVersion: string
    readonly generation?: number
    readonly labels?: Record<string, string>
    readonly annotations?: Record<string, string>
    readonly finalizers?: string[]
    readonly deletionTimestamp?: string
    readonly deletionGracePeriodSeconds?: number
    readonly creationTimestamp?: string
  }
  readonly spec?: unknown
  readonly status?: unknown
}

interface Change {
  readonly revision: number
  readonly kind: Kind
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: StoredObject
  readonly old: StoredObject | undefined
}

interface Target {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
  readonly subresource: string
}

export interface MemoryTransportOptions {
  /** Milliseconds since the epoch, for the timestamps of objects. */
  readonly now?: () => number
}

export class MemoryTransport implements Transport {
  readonly #now: () => number
  readonly #objects = new Map<string, StoredObject>()
  #history: Change[] = []
  readonly #watchers = new Set<(change: Change) => void>()
  #revision = 0
  #compacted = 0
  /** Every request, in order, as `POST /api/v1/namespaces/default/pods`. */
  readonly requests: string[] = []
  /** Answers a request itself or throws, before the objects are touched; undefined lets it pass. */
  intercept: ((request: TransportRequest) => unknown) | undefined

  constructor(options: MemoryTransportOptions = {}) {
    this.#now = options.now ?? Date.now
  }

  async request(request: TransportRequest): Promise<unknown> {
    request.signal?.throwIfAborted()
    this.requests.push(`${request.method} ${request.path}`)
    const answer = await this.intercept?.(request)
    if (answer !== undefined) return answer
    const discovered = request.method === 'GET' ? discovery(request.path) : undefined
    if (discovered) return discovered
    const target = targetOf(request.path)
    switch (request.method) {
      case 'GET':
        return target.name === '' ? this.#list(target, request) : this.#get(target)
      case 'POST':
        return target.subresource === ''
          ? this.#create(target, request.body as StoredObject)
          : this.#post(target, request)
      case 'PUT':
        return this.#update(target, request.body as StoredObject)
      case 'PATCH':
        return this.#patch(target, request)
      case 'DELETE':
        return target.name === '' ? this.#deleteAll(target, request) : this.#delete(target, request.body)
    }
  }

  async *watch(request: TransportRequest): AsyncGenerator<WatchEvent<unknown>> {
    await this.intercept?.(request)
    const target = targetOf(request.path)
    const matches = this.#matcher(target, request)
    const from = Number(request.query?.resourceVersion ?? 0)
    if (from < this.#compacted) throw expiredError('too old resource version')
    const pending: Change[] = this.#history.filter(change => change.revision > from && change.kind === target.kind)
    let wake: (() => void) | undefined
    const onChange = (change: Change) => {
      if (change.kind !== target.kind) return
      pending.push(change)
      wake?.()
    }
    const onAbort = () => wake?.()
    this.#watchers.add(onChange)
    request.signal?.addEventListener('abort', onAbort)
    try {
      while (!request.signal?.aborted) {
        for (let change = pending.shift(); change; change = pending.shift()) {
          const event = eventOf(change, matches)
          if (event) yield event
          if (request.signal?.aborted) return
        }
        await new Promise<void>(resolve => {
          wake = resolve
          if (pending.length > 0 || request.signal?.aborted) resolve()
        })
      }
    } finally {
      this.#watchers.delete(onChange)
      request.signal?.removeEventListener('abort', onAbort)
    }
  }

  /** The stored object, or undefined. */
  peek<T>(kind: Kind<T>, namespace: string, name: string): T | undefined {
    return this.#objects.get(keyOf(kind, namespace, name)) as T | undefined
  }

  peekAll<T>(kind: Kind<T>): T[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${kind.name}|`)).map(([, object]) => object as T)
  }

  /** Forgets the history: watches from an older version are answered with 410. */
  compact(): void {
    this.#history = []
    this.#compacted = this.#revision
  }

  #matcher(target: Target, request: TransportRequest): (object: StoredObject) => boolean {
    const labels = parseLabelSelector(request.query?.labelSelector ?? '')
    const fields = parseFieldSelector(request.query?.fieldSelector ?? '')
    return object =>
      (target.namespace === '' || object.metadata.namespace === target.namespace) &&
      labels.matches(object.metadata.labels) &&
      fields.matches(field => valueAt(object, field))
  }

  #list(target: Target, request: TransportRequest): unknown {
    const matches = this.#matcher(target, request)
    const items = this.peekAll(target.kind).filter(object => matches(object as StoredObject))
    return {
      kind: `${target.kind.gvk.kind}List`,
      apiVersion: target.kind.apiVersion,
      metadata: { resourceVersion: String(this.#revision) },
      items,
    }
  }

  #get(target: Target): StoredObject {
    const object = this.#objects.get(keyOf(target.kind, target.namespace, target.name))
    if (!object) throw notFoundError(target.kind.gvk.group, target.kind.resource!.plural, target.name)
    return object
  }

  #create(target: Target, body: StoredObject & { metadata: { generateName?: string } }): StoredObject {
    const name =
      body.metadata.name ?? `${body.metadata.generateName ?? ''}${(this.#revision + 1).toString(36).padStart(5, 'x')}`
    const key = keyOf(target.kind, target.namespace, name)
    if (this.#objects.has(key)) throw alreadyExistsError(target.kind.gvk.group, target.kind.resource!.plural, name)
    const object = {
      ...structuredClone(body),
      apiVersion: target.kind.apiVersion,
      kind: target.kind.gvk.kind,
      metadata: {
        ...structuredClone(body.metadata),
        name,
        ...(target.namespace === '' ? {} : { namespace: target.namespace }),
        uid: body.metadata.uid ?? `uid-${this.#revision + 1}`,
        creationTimestamp: body.metadata.creationTimestamp ?? timeOf(this.#now()),
        ...(body.spec === undefined ? {} : { generation: 1 }),
      },
    }
    applyDefaults(target.kind, object)
    return this.#commit(target.kind, 'ADDED', object, undefined)
  }

  #post(target: Target, request: TransportRequest): unknown {
    if (target.subresource === 'binding') {
      const pod = this.#get(target)
      const { name } = (request.body as { target: { name: string } }).target
      this.#commit(target.kind, 'MODIFIED', { ...pod, spec: { ...(pod.spec as object), nodeName: name } }, pod)
      return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }
    }
    if (target.subresource === 'eviction') return this.#delete(target, {})
    throw new ApiError(404, 'NotFound', `no subresource ${target.subresource}`)
  }

  #update(target: Target, body: StoredObject): StoredObject {
    const old = this.#get(target)
    const { resourceVersion, uid } = body.metadata
    const { group } = target.kind.gvk
    const plural = target.kind.resource!.plural
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) {
      throw modifiedError(group, plural, target.name)
    }
    if (uid && uid !== old.metadata.uid) throw conflictError(group, plural, target.name, 'Precondition failed: UID')
    return this.#replace(target, old, structuredClone(body))
  }

  #replace(target: Target, old: StoredObject, body: StoredObject): StoredObject {
    const hasStatus = target.kind.resource?.subresources?.status !== undefined
    const next =
      target.subresource === 'status' || target.subresource === 'approval'
        ? {
            ...old,
            status: body.status,
            metadata: { ...old.metadata, labels: body.metadata.labels, annotations: body.metadata.annotations },
          }
        : { ...body, ...(hasStatus ? { status: old.status } : {}) }
    const changed = JSON.stringify(next.spec) !== JSON.stringify(old.spec)
    const metadata = {
      ...next.metadata,
      uid: old.metadata.uid,
      resourceVersion: old.metadata.resourceVersion,
      ...(old.metadata.creationTimestamp ? { creationTimestamp: old.metadata.creationTimestamp } : {}),
      ...(old.metadata.deletionTimestamp ? { deletionTimestamp: old.metadata.deletionTimestamp } : {}),
      ...(old.metadata.generation === undefined ? {} : { generation: old.metadata.generation + (changed ? 1 : 0) }),
    }
    const object = structuredClone({ ...next, metadata }) as StoredObject
    applyDefaults(target.kind, object)
    const gone =
      metadata.deletionTimestamp !== undefined &&
      (metadata.finalizers ?? []).length === 0 &&
      (old.metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
      target.kind.gvk.kind !== 'Namespace'
    if (gone || (target.subresource === 'finalize' && finalized(object)))
      return this.#commit(target.kind, 'DELETED', object, old)
    if (JSON.stringify(object) === JSON.stringify(old)) return old
    return this.#commit(target.kind, 'MODIFIED', object, old)
  }

  #patch(target: Target, request: TransportRequest): StoredObject {
    const old = this.#get(target)
    const body = request.body as { metadata?: { uid?: string; resourceVersion?: string } }
    if (request.contentType === 'application/json-patch+json')
      throw new ApiError(415, 'UnsupportedMediaType', 'no JSON patch here')
    const { uid, resourceVersion } = body.metadata ?? {}
    const { group } = target.kind.gvk
    const plural = target.kind.resource!.plural
    if (uid !== undefined && uid !== old.metadata.uid)
      throw conflictError(group, plural, target.name, 'the UID differs')
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion)
      throw modifiedError(group, plural, target.name)
    const strategic = request.contentType === 'application/strategic-merge-patch+json'
    const next = strategic ? applyStrategicMergePatch(target.kind, old, body) : merged(old, body)
    return this.#replace(target, old, next as StoredObject)
  }

  #delete(target: Target, options: unknown): unknown {
    const old = this.#get(target)
    const { preconditions, gracePeriodSeconds, propagationPolicy } = (options ?? {}) as {
      preconditions?: { uid?: string; resourceVersion?: string }
      gracePeriodSeconds?: number
      propagationPolicy?: string
    }
    const { group } = target.kind.gvk
    if (preconditions?.uid !== undefined && preconditions.uid !== old.metadata.uid) {
      throw conflictError(group, target.kind.resource!.plural, target.name, 'Precondition failed: UID in precondition')
    }
    if (
      preconditions?.resourceVersion !== undefined &&
      preconditions.resourceVersion !== old.metadata.resourceVersion
    ) {
      throw conflictError(group, target.kind.resource!.plural, target.name, 'Precondition failed: resourceVersion')
    }
    const bound = target.kind.gvk.kind === 'Pod' && ((old.spec as { nodeName?: string })?.nodeName ?? '') !== ''
    const added =
      { Foreground: ['foregroundDeletion'], Orphan: ['orphan'], Background: [] }[propagationPolicy ?? 'Background'] ??
      []
    const finalizers = [...(old.metadata.finalizers ?? []), ...added]
    const graceSeconds = bound ? (gracePeriodSeconds ?? 30) : 0
    if (finalizers.length === 0 && graceSeconds === 0 && target.kind.gvk.kind !== 'Namespace') {
      return this.#commit(target.kind, 'DELETED', old, old)
    }
    if (old.metadata.deletionTimestamp !== undefined) return old
    const metadata = {
      ...old.metadata,
      deletionTimestamp: timeOf(this.#now() + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
      ...(finalizers.length === 0 ? {} : { finalizers }),
    }
    const status =
      target.kind.gvk.kind === 'Namespace' ? { ...(old.status as object), phase: 'Terminating' } : old.status
    return this.#commit(target.kind, 'MODIFIED', { ...old, metadata, status }, old)
  }

  #deleteAll(target: Target, request: TransportRequest): unknown {
    const matches = this.#matcher(target, request)
    for (const item of this.peekAll(target.kind)) {
      const object = item as StoredObject
      if (matches(object))
        this.#delete(
          { ...target, namespace: object.metadata.namespace ?? '', name: object.metadata.name },
          request.body,
        )
    }
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }
  }

  #commit(kind: Kind, type: Change['type'], made: unknown, old: StoredObject | undefined): StoredObject {
    this.#revision++
    const body = made as StoredObject
    const object = freeze({ ...body, metadata: { ...body.metadata, resourceVersion: String(this.#revision) } })
    const key = keyOf(kind, object.metadata.namespace ?? '', object.metadata.name)
    if (type === 'DELETED') this.#objects.delete(key)
    else this.#objects.set(key, object)
    const change = { revision: this.#revision, kind, type, object, old }
    this.#history.push(change)
    for (const watcher of this.#watchers) watcher(change)
    return object
  }
}

/** The documents that tell which groups and resources there are. */
function discovery(path: string): unknown {
  const groupVersions = [...new Set(kinds.filter(kind => kind.resource).map(kind => kind.apiVersion))]
  if (path === '/apis') {
    const named = groupVersions.filter(groupVersion => groupVersion.includes('/'))
    const groups = named.map(groupVersion => ({ name: groupVersion.split('/')[0], versions: [{ groupVersion }] }))
    return { kind: 'APIGroupList', groups }
  }
  const groupVersion = groupVersions.find(one => path === (one.includes('/') ? `/apis/${one}` : `/api/${one}`))
  if (groupVersion === undefined) return undefined
  const resources = kinds
    .filter(kind => kind.resource && kind.apiVersion === groupVersion)
    .map(kind => ({
      name: kind.resource!.plural,
      kind: kind.gvk.kind,
      namespaced: kind.resource!.namespaced,
      verbs: kind.resource!.verbs,
    }))
  return { kind: 'APIResourceList', groupVersion, resources }
}

const keyOf = (kind: Kind, namespace: string, name: string): string => `${kind.name}|${namespace}|${name}`

const finalized = (object: StoredObject): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  ((object.spec as { finalizers?: string[] })?.finalizers ?? []).length === 0

function eventOf(change: Change, matches: (object: StoredObject) => boolean): WatchEvent<unknown> | undefined {
  const { type, object, old } = change
  const was = old !== undefined && matches(old)
  const is = type !== 'DELETED' && matches(object)
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object }
  return was ? { type: 'DELETED', object } : undefined
}

function targetOf(path: string): Target {
  const parts = path
    .split('/')
    .filter(part => part !== '')
    .map(decodeURIComponent)
  const apiVersion = parts[0] === 'api' ? parts[1]! : `${parts[1]}/${parts[2]}`
  let rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  let namespace = ''
  if (rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize') {
    namespace = rest[1]!
    rest = rest.slice(2)
  }
  const kind = kindByResource(apiVersion, rest[0] ?? '')
  if (!kind) throw new ApiError(404, 'NotFound', 'the server could not find the requested resource')
  return { kind, namespace, name: rest[1] ?? '', subresource: rest[2] ?? '' }
}

function valueAt(object: unknown, path: string): string | undefined {
  let value: unknown = object
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name]
  return value === undefined ? undefined : String(value)
}

/** A merge patch (RFC 7396). */
function merged(old: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return structuredClone(patch)
  const base = typeof old === 'object' && old !== null && !Array.isArray(old) ? (old as Record<string, unknown>) : {}
  const result: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = merged(base[name], value)
  }
  return result
}

/** So that a test fails where shared objects are changed. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) freeze(member)
  }
  return value
}
