/** How long admission webhooks take and what they answer, by upstream's names. */
import { Counter, Histogram, type Registry } from 'prom-client'

const prefix = 'apiserver_admission_webhook_'
const labelNames = ['name', 'type', 'operation', 'rejected'] as const

export interface WebhookCall {
  readonly name: string
  readonly type: 'admit' | 'validating'
  readonly operation: string
  readonly seconds: number
  readonly rejected: boolean
  /** Of the answer; 0 without one. */
  readonly code: number
}

export class WebhookMetrics {
  readonly #durations: Histogram<(typeof labelNames)[number]>
  readonly #requests: Counter<(typeof labelNames)[number] | 'code'>

  /** Once for a registry. */
  constructor(registry: Registry) {
    const registers = [registry]
    this.#durations = new Histogram({
      name: `${prefix}admission_duration_seconds`,
      help: 'How long a webhook took to answer, in seconds.',
      labelNames,
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
      registers,
    })
    this.#requests = new Counter({
      name: `${prefix}request_total`,
      help: 'Calls of webhooks, by what they answered.',
      labelNames: [...labelNames, 'code'],
      registers,
    })
  }

  called({ seconds, code, rejected, ...rest }: WebhookCall): void {
    const labels = { ...rest, rejected: `${rejected}` }
    this.#durations.observe(labels, seconds)
    this.#requests.inc({ ...labels, code: `${code}` })
  }
}
