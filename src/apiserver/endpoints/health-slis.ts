/** Outcomes of health checks as metrics, at `/metrics/slis` (KEP-3466). */
import { Counter, Gauge, Registry } from 'prom-client'
import type { CheckObserver } from './health.ts'

export class HealthSlis {
  readonly registry = new Registry()
  readonly #last = new Gauge({
    name: 'kubernetes_healthcheck',
    help: 'Whether a health check went well when it was last made.',
    labelNames: ['name', 'type'],
    registers: [this.registry],
  })
  readonly #total = new Counter({
    name: 'kubernetes_healthchecks_total',
    help: 'How often health checks were made, by outcome.',
    labelNames: ['name', 'type', 'status'],
    registers: [this.registry],
  })

  readonly observe: CheckObserver = (name, type, isWell) => {
    this.#last.set({ name, type }, isWell ? 1 : 0)
    this.#total.inc({ name, type, status: isWell ? 'success' : 'error' })
  }
}
