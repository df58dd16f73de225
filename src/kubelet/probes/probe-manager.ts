/** Runs the probes of running containers and keeps what they found, by container id. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Probe } from '../../api/core/v1/probe.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { RuntimeClient } from '../cri/runtime-client.ts'
import type { ContainerRecord } from '../pods/pod-runtime.ts'
import { family, type Sample } from '../stats/metric-family.ts'
import { type Answer, askByExec, askByGrpc, askByHttp, askByTcp } from './handlers.ts'

export type ProbeType = 'startup' | 'liveness' | 'readiness'

type ProbeResult = 'successful' | 'failed' | 'unknown'

export interface ProbeTarget {
  readonly pod: Pod
  readonly container: Container
  readonly record: ContainerRecord
  readonly podIp: string
}

export interface ProbeManagerOptions {
  readonly runtime: RuntimeClient
  readonly clock: Clock
  /** A result changed: the pod wants another look. */
  onChange(podUid: string): void
  event(pod: Pod, container: Container, type: 'Normal' | 'Warning', reason: string, message: string): void
}

interface Worker {
  readonly type: ProbeType
  readonly probe: Probe
  target: ProbeTarget
  timer: Timer | undefined
  /** undefined: not known yet. */
  result: boolean | undefined
  run: number
  last: boolean | undefined
  stopped: boolean
  readonly counts: Record<ProbeResult, number>
}

/** API defaults, for pods that did not pass the API server. */
const defaults = { periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 }
const titles: Record<ProbeType, string> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' }
const types = ['startup', 'liveness', 'readiness'] as const

const probeOf = (container: Container, type: ProbeType): Probe | undefined => container[`${type}Probe`]

export class ProbeManager {
  readonly #options: ProbeManagerOptions
  /** By container id, then type: as many as containers run. */
  readonly #workers = new Map<string, Map<ProbeType, Worker>>()

  constructor(options: ProbeManagerOptions) {
    this.#options = options
  }

  /** Probes exactly these containers of a pod; others of it are probed no more. */
  track(podUid: string, targets: readonly ProbeTarget[]): void {
    const wanted = new Set(targets.map(({ record }) => record.id))
    for (const [id, workers] of this.#workers) {
      const [first] = workers.values()
      if (first?.target.pod.metadata.uid === podUid && !wanted.has(id)) this.#stop(id)
    }
    for (const target of targets) {
      const known = this.#workers.get(target.record.id)
      if (known) for (const worker of known.values()) worker.target = target
      else this.#start(target)
    }
  }

  /** No probe of a pod that is being terminated may restart anything; readiness goes on, so that traffic follows it. */
  stopLivenessAndStartup(podUid: string): void {
    for (const workers of this.#workers.values())
      for (const worker of workers.values())
        if (worker.target.pod.metadata.uid === podUid && worker.type !== 'readiness') stopWorker(worker)
  }

  result(containerId: string, type: ProbeType): boolean | undefined {
    return this.#workers.get(containerId)?.get(type)?.result
  }

  /** Prometheus text: what the probes of the containers that run have found so far. */
  metrics(): string {
    const samples = [...this.#workers.values()].flatMap(workers =>
      [...workers.values()].flatMap(({ type, target, counts }) => {
        const { name, namespace = '', uid } = target.pod.metadata
        const labels = {
          container: target.container.name,
          namespace,
          pod: name,
          pod_uid: uid,
          probe_type: titles[type],
        }
        return Object.entries(counts).flatMap(([result, count]): Sample[] =>
          count === 0 ? [] : [[{ ...labels, result }, count]],
        )
      }),
    )
    return family('prober_probe_total', 'counter', 'Probes by their result.', samples)
  }

  stop(): void {
    for (const id of [...this.#workers.keys()]) this.#stop(id)
  }

  #start(target: ProbeTarget): void {
    const workers = new Map<ProbeType, Worker>()
    for (const type of types) {
      const probe = probeOf(target.container, type)
      if (!probe) continue
      const worker: Worker = {
        type,
        probe,
        target,
        timer: undefined,
        // A container is alive until proven otherwise, and not ready until proven ready.
        result: type === 'liveness' ? true : type === 'readiness' ? false : undefined,
        run: 0,
        last: undefined,
        stopped: false,
        counts: { successful: 0, failed: 0, unknown: 0 },
      }
      workers.set(type, worker)
    }
    if (workers.size === 0) return
    this.#workers.set(target.record.id, workers)
    const startup = workers.get('startup')
    if (startup) this.#schedule(startup, this.#initialDelayMs(startup))
    else for (const worker of workers.values()) this.#schedule(worker, this.#initialDelayMs(worker))
  }

  #initialDelayMs({ probe, target }: Worker): number {
    const startMs = target.record.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000
    return Math.max(0, startMs - this.#options.clock.now())
  }

  #schedule(worker: Worker, delayMs: number): void {
    if (worker.stopped) return
    worker.timer = this.#options.clock.after(delayMs, () => void this.#tick(worker))
  }

  async #tick(worker: Worker): Promise<void> {
    const { probe } = worker
    const periodMs = (probe.periodSeconds || defaults.periodSeconds) * 1000
    const startedMs = this.#options.clock.monotonic()
    let answer: Answer | undefined
    try {
      answer = await this.#ask(worker)
    } catch (error) {
      // What could not be asked says nothing about the container; it is told, and asked again.
      if (!worker.stopped) {
        const text = `${titles[worker.type]} probe errored and resulted in unknown state: ${(error as Error).message}`
        this.#options.event(worker.target.pod, worker.target.container, 'Warning', 'Unhealthy', text)
      }
    }
    worker.counts[answer === undefined ? 'unknown' : answer.ok ? 'successful' : 'failed'] += 1
    if (worker.stopped) return
    if (answer) this.#note(worker, answer)
    // A startup probe that has decided is done; the others begin after it has succeeded.
    if (worker.type === 'startup' && worker.result !== undefined) {
      if (worker.result)
        for (const other of this.#workers.get(worker.target.record.id)?.values() ?? [])
          if (other !== worker) this.#schedule(other, this.#initialDelayMs(other))
      return
    }
    this.#schedule(worker, Math.max(0, periodMs - (this.#options.clock.monotonic() - startedMs)))
  }

  #note(worker: Worker, answer: Answer): void {
    const { probe, type, target } = worker
    if (!answer.ok)
      this.#options.event(
        target.pod,
        target.container,
        'Warning',
        'Unhealthy',
        `${titles[type]} probe failed: ${answer.output}`,
      )
    worker.run = worker.last === answer.ok ? worker.run + 1 : 1
    worker.last = answer.ok
    const threshold = answer.ok
      ? probe.successThreshold || defaults.successThreshold
      : probe.failureThreshold || defaults.failureThreshold
    if (worker.run < threshold || worker.result === answer.ok) return
    worker.result = answer.ok
    this.#options.onChange(target.pod.metadata.uid)
  }

  #ask({ probe, target }: Worker): Promise<Answer> {
    const { container, record, podIp } = target
    const timeoutSeconds = probe.timeoutSeconds || defaults.timeoutSeconds
    if (probe.exec) return askByExec(this.#options.runtime, record.id, probe.exec, timeoutSeconds)
    if (probe.httpGet) return askByHttp(probe.httpGet, container, podIp, timeoutSeconds * 1000)
    if (probe.tcpSocket) return askByTcp(probe.tcpSocket, container, podIp, timeoutSeconds * 1000)
    if (probe.grpc) return askByGrpc(probe.grpc, podIp, timeoutSeconds * 1000)
    return Promise.reject(new Error('missing probe handler'))
  }

  #stop(id: string): void {
    for (const worker of this.#workers.get(id)?.values() ?? []) stopWorker(worker)
    this.#workers.delete(id)
  }
}

function stopWorker(worker: Worker): void {
  worker.stopped = true
  worker.timer?.cancel()
}
