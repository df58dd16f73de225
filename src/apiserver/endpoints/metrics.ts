/** `/metrics`: upstream's names for what its dashboards ask for. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { addBuildInfo } from '../../base/build-info.ts'
import { addProcessMetrics } from '../../base/process-metrics.ts'
import { WebhookMetrics } from '../admission/webhooks/webhook-metrics.ts'
import { addAlias } from './derived-metrics.ts'
import { versionInfo } from './version.ts'

export interface RequestLabels {
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly scope: string
}

const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]
const requestLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope'] as const

interface Children {
  readonly counter: { inc(): void }
  readonly histogram: { observe(seconds: number): void }
}

const maxChildren = 4_096

export class Metrics {
  readonly registry = new Registry()
  readonly #requests = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests by verb, resource and HTTP status code.',
    labelNames: [...requestLabels, 'code'],
    registers: [this.registry],
  })
  readonly #durations = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Time from the arrival of a request to its response, without watches.',
    labelNames: [...requestLabels],
    buckets: durationBuckets,
    registers: [this.registry],
  })
  readonly #watches = new Gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Open watches.',
    labelNames: ['verb', 'group', 'resource'],
    registers: [this.registry],
  })
  readonly #store = new Histogram({
    name: 'etcd_request_duration_seconds',
    help: 'Time that the store takes.',
    labelNames: ['operation'],
    buckets: durationBuckets,
    registers: [this.registry],
  })

  /** Told of by admission. */
  readonly webhooks = new WebhookMetrics(this.registry)

  readonly #children = new Map<string, Children>()
  readonly #storeOperations = new Map<string, Children['histogram']>()

  constructor(processMetrics: boolean) {
    if (processMetrics) addProcessMetrics(this.registry)
    addBuildInfo(this.registry, versionInfo)
    // Nothing is measured apart from the whole, so that the time in webhooks and queues is in it.
    const help = 'The same as apiserver_request_duration_seconds, for objectives.'
    addAlias(this.registry, this.#durations, 'apiserver_request_sli_duration_seconds', help)
  }

  requestDone(labels: RequestLabels, code: number, seconds: number): void {
    const { counter, histogram } = this.#childrenOf(labels, code)
    counter.inc()
    if (labels.verb !== 'WATCH') histogram.observe(seconds)
  }

  /** What is counted under the same labels: to find it anew costs more than to count. */
  #childrenOf(labels: RequestLabels, code: number): Children {
    const { verb, group, version, resource, subresource, scope } = labels
    const key = `${verb}/${group}/${version}/${resource}/${subresource}/${scope}/${code}`
    let children = this.#children.get(key)
    if (!children) {
      const histogram = this.#durations.labels({ ...labels })
      children = { counter: this.#requests.labels({ ...labels, code: String(code) }), histogram }
      if (this.#children.size >= maxChildren) this.#children.clear()
      this.#children.set(key, children)
    }
    return children
  }

  watchStarted(group: string, resource: string): void {
    this.#watches.inc({ verb: 'WATCH', group, resource })
  }

  watchEnded(group: string, resource: string): void {
    this.#watches.dec({ verb: 'WATCH', group, resource })
  }

  storeDone(operation: string, seconds: number): void {
    let timed = this.#storeOperations.get(operation)
    if (!timed) {
      timed = this.#store.labels({ operation })
      this.#storeOperations.set(operation, timed)
    }
    timed.observe(seconds)
  }
}
