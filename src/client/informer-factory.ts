/** Informers shared by all users of a process with the same identity: one list and watch for each kind and selection. */
import type { Kind } from '../schema/kind.ts'
import type { Client } from './client.ts'
import { type Informer, type InformerDependencies, type InformerOptions, WatchingInformer } from './informer.ts'

export class InformerFactory {
  readonly #client: Client
  readonly #needs: InformerDependencies
  /** As many as there are kinds and selections in the program. */
  readonly #informers = new Map<string, WatchingInformer<unknown>>()
  #signal: AbortSignal | undefined

  constructor(client: Client, needs: InformerDependencies) {
    this.#client = client
    this.#needs = needs
  }

  /** The informer of a kind; the same one for the same options. Started at once if the factory has started. */
  of<T>(kind: Kind<T>, options: InformerOptions = {}): Informer<T> {
    const { namespace = '', fieldSelector = '', labelSelector = '' } = options
    const key = JSON.stringify([kind.name, namespace, fieldSelector, labelSelector])
    const known = this.#informers.get(key)
    if (known) return known as unknown as Informer<T>
    const made = new WatchingInformer(this.#client.of(kind), options, this.#needs)
    this.#informers.set(key, made as unknown as WatchingInformer<unknown>)
    if (this.#signal) made.start(this.#signal)
    return made
  }

  /** Starts all informers, those still to come too, until the signal aborts. */
  start(signal: AbortSignal): void {
    this.#signal = signal
    for (const informer of this.#informers.values()) informer.start(signal)
  }

  /** Resolves when every informer asked for so far has its first list. */
  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(informer => informer.synced()))
  }
}
