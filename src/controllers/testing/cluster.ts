/** Controllers on objects in memory under a clock of the test's, with a stand-in for kubelets. */
import { Pod } from '../../api/core/v1/pod.ts'
import { loggerOf } from '../../base/log.ts'
import { Client } from '../../client/client.ts'
import { InformerFactory } from '../../client/informer-factory.ts'
import { ManualClock } from '../../client/testing/manual-clock.ts'
import { MemoryTransport } from '../../client/testing/memory-transport.ts'
import { timeOf } from '../../client/timestamps.ts'
import { type ControllersOptions, startControllers } from '../start.ts'

export class TestCluster {
  readonly clock = new ManualClock()
  readonly transport = new MemoryTransport({ now: () => this.clock.now() })
  readonly client = new Client(this.transport, 'test')
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  /** What the stand-in for kubelets makes of a pod that is Pending or Running; undefined: nothing. */
  kubelet: (pod: Pod) => Partial<Pod['status']> | undefined = pod =>
    pod.status?.phase === undefined ? { phase: 'Running', conditions: [readyAt(this.clock.now())] } : undefined

  start(options: ControllersOptions): void {
    const needs = { clock: this.clock, random: () => 0.5, log: loggerOf('test') }
    const informers = new InformerFactory(this.client, needs)
    const clientFor = (name: string) => new Client(this.transport, name)
    this.#running = startControllers({ ...needs, clientFor, informers, signal: this.#stop.signal, options })
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Lets time pass in steps of 100 ms, pods start, and terminating ones end. */
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      await this.clock.advance(100)
      await this.#kubelets()
    }
  }

  /** Lets time pass until `reached` is true; fails after `withinMs`. */
  async until(what: string, reached: () => boolean, withinMs = 30_000): Promise<void> {
    for (let passed = 0; !reached(); passed += 100) {
      if (passed > withinMs) throw new Error(`not reached within ${withinMs} ms: ${what}`)
      await this.run(100)
    }
  }

  pods(): Pod[] {
    return this.transport.peekAll(Pod)
  }

  async #kubelets(): Promise<void> {
    for (const pod of this.pods()) {
      const { namespace, name } = pod.metadata
      if (pod.metadata.deletionTimestamp !== undefined) {
        if ((pod.metadata.finalizers ?? []).length === 0)
          await this.client
            .of(Pod)
            .delete(namespace, name, { gracePeriodSeconds: 0 })
            .catch(() => {})
        continue
      }
      const status = this.kubelet(pod)
      if (status) await this.client.of(Pod).updateStatus({ ...pod, status: { ...pod.status, ...status } })
    }
  }
}

export const readyAt = (epochMs: number) => ({ type: 'Ready', status: 'True', lastTransitionTime: timeOf(epochMs) })
