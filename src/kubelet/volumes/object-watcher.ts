/**
 * The ConfigMaps and Secrets that the node's pods refer to: each read once, then watched by its name while a pod uses it,
 * as the node authorizer allows. Where a watch is refused, reads go to the server again after a minute.
 */
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { Secret } from '../../api/core/v1/secret.ts'
import type { Clock } from '../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import { isNotFound, notFoundError } from '../../machinery/api-error.ts'
import type { Kind } from '../../schema/kind.ts'

interface Entry {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
  readonly users: Set<string>
  readonly stopped: AbortController
  object: { readonly metadata: { readonly resourceVersion: string } } | undefined
  readAtMs: number
  watching: boolean
  reading: Promise<unknown> | undefined
}

const trustMs = 60_000
const firstRetryMs = 1_000
const maxRetryMs = 60_000

export class ObjectWatcher {
  readonly #client: Client
  readonly #clock: Clock
  /** As many as pods on the node refer to. */
  readonly #entries = new Map<string, Entry>()
  readonly #onChange: (podUid: string) => void

  constructor(client: Client, clock: Clock, onChange: (podUid: string) => void) {
    this.#client = client
    this.#clock = clock
    this.#onChange = onChange
  }

  configMap(podUid: string, namespace: string, name: string): Promise<ConfigMap> {
    return this.#read(ConfigMap, podUid, namespace, name) as Promise<ConfigMap>
  }

  secret(podUid: string, namespace: string, name: string): Promise<Secret> {
    return this.#read(Secret, podUid, namespace, name) as Promise<Secret>
  }

  /** The pod uses nothing any more. */
  release(podUid: string): void {
    for (const [key, entry] of this.#entries) {
      if (!entry.users.delete(podUid) || entry.users.size > 0) continue
      entry.stopped.abort()
      this.#entries.delete(key)
    }
  }

  stop(): void {
    for (const { stopped } of this.#entries.values()) stopped.abort()
    this.#entries.clear()
  }

  async #read(kind: Kind, podUid: string, namespace: string, name: string): Promise<unknown> {
    const key = `${kind.gvk.kind}/${namespace}/${name}`
    let entry = this.#entries.get(key)
    if (!entry) {
      entry = {
        kind,
        namespace,
        name,
        users: new Set(),
        stopped: new AbortController(),
        object: undefined,
        readAtMs: 0,
        watching: false,
        reading: undefined,
      }
      this.#entries.set(key, entry)
    }
    entry.users.add(podUid)
    if (entry.object && (entry.watching || this.#clock.monotonic() - entry.readAtMs < trustMs)) return entry.object
    const known = entry
    known.reading ??= this.#fetch(known).finally(() => {
      known.reading = undefined
    })
    return await known.reading
  }

  async #fetch(entry: Entry): Promise<unknown> {
    const first = entry.object === undefined
    const object = await this.#get(entry)
    entry.object = object
    entry.readAtMs = this.#clock.monotonic()
    const immutable = (object as { immutable?: boolean }).immutable === true
    if (immutable) entry.watching = true
    else if (first && !entry.stopped.signal.aborted) void this.#watch(entry, object.metadata.resourceVersion)
    return object
  }

  /** The kubelet tells what is missing by the singular of its resource. */
  async #get({ kind, namespace, name }: Entry): Promise<NonNullable<Entry['object']>> {
    try {
      return (await this.#client.of(kind).get(namespace, name)) as NonNullable<Entry['object']>
    } catch (error) {
      throw isNotFound(error) ? notFoundError('', kind.gvk.kind.toLowerCase(), name) : error
    }
  }

  async #watch(entry: Entry, from: string): Promise<void> {
    const { kind, namespace, name, stopped } = entry
    let resourceVersion = from
    let retryMs = firstRetryMs
    while (!stopped.signal.aborted) {
      try {
        const events = this.#client.of(kind).watch(namespace, {
          fieldSelector: `metadata.name=${name}`,
          resourceVersion,
          signal: stopped.signal,
        })
        entry.watching = true
        for await (const { type, object } of events) {
          if (type === 'ERROR') break
          const changed = object as NonNullable<Entry['object']>
          resourceVersion = changed.metadata.resourceVersion
          retryMs = firstRetryMs
          if (type === 'BOOKMARK') continue
          entry.object = type === 'DELETED' ? undefined : changed
          for (const user of entry.users) this.#onChange(user)
        }
      } catch {
        // Refused or lost: read again below.
      }
      entry.watching = false
      if (stopped.signal.aborted) return
      await new Promise<void>(resolve => void this.#clock.after(retryMs, resolve))
      retryMs = Math.min(retryMs * 2, maxRetryMs)
      if (stopped.signal.aborted) return
      try {
        const object = (await this.#client.of(kind).get(namespace, name)) as NonNullable<Entry['object']>
        const changed = object.metadata.resourceVersion !== resourceVersion
        entry.object = object
        entry.readAtMs = this.#clock.monotonic()
        resourceVersion = object.metadata.resourceVersion
        if (changed) for (const user of entry.users) this.#onChange(user)
      } catch {
        entry.readAtMs = 0
      }
    }
  }
}
