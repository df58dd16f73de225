/** Clients at work: what was acknowledged to them, what they saw, and how long they were without an answer. */
import { ConfigMap } from '../../src/api/core/v1/config-map.ts'
import { sleep } from '../../src/base/clock.ts'
import type { Client } from '../../src/client/client.ts'
import { ApiError, isAlreadyExists, isConflict } from '../../src/machinery/api-error.ts'

export const namespace = 'default'
const counterName = 'counter'
const pauseMs = 50

/** Nothing was done: another server, or the same a moment later, may do it. */
const wasRefused = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === 429 || error.code === 503 || error.code === 500)

export class Load {
  readonly #client: Client
  readonly #stopping = new AbortController()
  readonly #running: Promise<unknown>[] = []
  readonly #underWay = new Set<Promise<unknown>>()
  /** Names of objects whose creation was acknowledged. */
  readonly created = new Set<string>()
  /** Those that may or may not be there. */
  readonly unknown = new Set<string>()
  /** Names that the watch told of, and how often as new. */
  readonly seen = new Map<string, number>()
  #probes = 0
  increments = 0
  unknownIncrements = 0
  /** Requests that failed for good, in words. */
  readonly failures: string[] = []

  constructor(client: Client) {
    this.#client = client
  }

  async start(writers: number): Promise<void> {
    const { signal } = this.#stopping
    await this.#client.of(ConfigMap).create(namespace, { metadata: { name: counterName }, data: { count: '0' } })
    for (let i = 0; i < writers; i++) this.#running.push(this.#write(i, signal))
    this.#running.push(this.#count(signal), this.#watch(signal))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#running)
  }

  async #write(writer: number, signal: AbortSignal): Promise<void> {
    for (let i = 0; !signal.aborted; i++) {
      await this.create(`load-${writer}-${i}`)
      await sleep(pauseMs)
    }
  }

  /** What was under way has its answer: a write that etcd lost with its leader has it after 7 s. */
  async settled(): Promise<void> {
    await Promise.all([...this.#underWay])
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
    return work
  }

  /** One creation; true: acknowledged. */
  create(name: string, client = this.#client): Promise<boolean> {
    return this.#track(this.#create(name, client))
  }

  async #create(name: string, client: Client): Promise<boolean> {
    try {
      await client.of(ConfigMap).create(namespace, { metadata: { name, labels: { load: '' } } })
      this.created.add(name)
      return true
    } catch (error) {
      // The transport itself sends again what was never sent.
      if (isAlreadyExists(error)) this.created.add(name)
      else {
        if (!wasRefused(error)) this.unknown.add(name)
        this.failures.push(`create: ${(error as Error).message}`)
      }
      return isAlreadyExists(error)
    }
  }

  /** A counter that is read and swapped: an increment that is done twice, or lost, shows. */
  async #count(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#track(this.#increment())
      await sleep(pauseMs)
    }
  }

  async #increment(): Promise<void> {
    try {
      const current = await this.#client.of(ConfigMap).get(namespace, counterName)
      const count = Number(current.data?.count) + 1
      try {
        await this.#client.of(ConfigMap).update({ ...current, data: { count: String(count) } })
        this.increments++
      } catch (error) {
        // With one counter a conflict comes of an own write whose answer was lost.
        if (!isConflict(error) && !wasRefused(error)) this.unknownIncrements++
        if (!isConflict(error)) this.failures.push(`update: ${(error as Error).message}`)
      }
    } catch (error) {
      this.failures.push(`get: ${(error as Error).message}`)
    }
  }

  /** As informers do: a list, then a watch from its version, over and over. */
  async #watch(signal: AbortSignal): Promise<void> {
    const maps = this.#client.of(ConfigMap)
    const labelSelector = 'load'
    let resourceVersion = ''
    while (!signal.aborted) {
      try {
        if (resourceVersion === '') {
          const list = await maps.list(namespace, { labelSelector })
          for (const { metadata } of list.items) if (!this.seen.has(metadata.name)) this.#see(metadata.name)
          resourceVersion = list.metadata.resourceVersion ?? ''
        }
        for await (const event of maps.watch(namespace, { labelSelector, resourceVersion, signal })) {
          if (event.type === 'ERROR') {
            resourceVersion = ''
            break
          }
          const { name, resourceVersion: version = '' } = event.object.metadata
          if (event.type === 'ADDED') this.#see(name)
          resourceVersion = version
        }
      } catch (error) {
        if (error instanceof ApiError && error.code === 410) resourceVersion = ''
        await sleep(pauseMs)
      }
    }
  }

  #see(name: string): void {
    this.seen.set(name, (this.seen.get(name) ?? 0) + 1)
  }

  /** Names and the counter as the cluster has them. */
  async state(): Promise<{ readonly names: ReadonlySet<string>; readonly count: number }> {
    const maps = this.#client.of(ConfigMap)
    const [{ items }, counter] = await Promise.all([
      maps.list(namespace, { labelSelector: 'load' }),
      maps.get(namespace, counterName),
    ])
    return { names: new Set(items.map(({ metadata }) => metadata.name)), count: Number(counter.data?.count) }
  }

  /** Milliseconds until a new write is acknowledged; many are sent, for one that is under way may hang. */
  async untilWritten(timeoutMs: number, client = this.#client): Promise<number> {
    const begun = performance.now()
    const number = this.#probes++
    const written = Promise.withResolvers<number>()
    const done = new AbortController()
    const probe = async () => {
      for (let i = 0; !done.signal.aborted && performance.now() - begun < timeoutMs; i++) {
        void this.create(`probe-${number}-${i}`, client).then(ok => ok && written.resolve(performance.now() - begun))
        await sleep(200)
      }
    }
    const probing = probe()
    const timer = setTimeout(() => written.reject(new Error(`no write in ${timeoutMs / 1000} s`)), timeoutMs)
    try {
      return await written.promise
    } finally {
      clearTimeout(timer)
      done.abort()
      await probing
    }
  }
}
