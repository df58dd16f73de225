/** Metrics of priority and fairness, under upstream's names. Gauges are read when they are asked for. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { FlowControl } from './flow-control.ts'
import type { PriorityLevel } from './priority-level.ts'

const prefix = 'apiserver_flowcontrol_'
const byLevel = ['priority_level'] as const
const byFlow = ['priority_level', 'flow_schema'] as const

export function addFlowMetrics(registry: Registry, flow: FlowControl): void {
  const registers = [registry]
  const gauge = (name: string, help: string, value: (level: PriorityLevel) => number) =>
    new Gauge({
      name: prefix + name,
      help,
      labelNames: byLevel,
      registers,
      collect() {
        this.reset()
        for (const level of flow.levels.values()) {
          const seats = value(level)
          if (Number.isFinite(seats)) this.set({ priority_level: level.name }, seats)
        }
      },
    })
  gauge('nominal_limit_seats', 'Seats of the level by its weight.', level => level.limits.nominal)
  gauge('lower_limit_seats', 'Seats that the level keeps.', level => level.limits.lower)
  gauge('upper_limit_seats', 'Seats that the level can have.', level => level.limits.upper)
  gauge('current_limit_seats', 'Seats that the level has now.', level => level.queues.limit)
  gauge('current_executing_seats', 'Seats in use.', level => level.queues.seatsInUse)
  gauge('current_executing_requests', 'Requests that run.', level => level.queues.running)
  gauge('current_inqueue_requests', 'Requests that wait.', level => level.queues.waiting)
  gauge('current_inqueue_seats', 'Seats that are waited for.', level => level.queues.waitingSeats)
  gauge('demand_seats_smoothed', 'Seats that the level wants, smoothed.', level => level.smoothed)
  gauge('demand_seats_high_watermark', 'Most seats wanted in the last period.', level => level.highest)
  new Counter({
    name: `${prefix}dispatched_requests_total`,
    help: 'Requests that ran.',
    labelNames: byFlow,
    registers,
    collect() {
      this.reset()
      for (const { name, dispatched } of flow.levels.values())
        for (const [schema, count] of dispatched) this.inc({ priority_level: name, flow_schema: schema }, count)
    },
  })
  new Counter({
    name: `${prefix}rejected_requests_total`,
    help: 'Requests that were sent away, by reason.',
    labelNames: [...byFlow, 'reason'],
    registers,
    collect() {
      this.reset()
      for (const { name, refused } of flow.levels.values())
        for (const [schema, reasons] of refused)
          for (const [reason, count] of reasons) this.inc({ priority_level: name, flow_schema: schema, reason }, count)
    },
  })
  new Gauge({
    name: 'apiserver_current_inflight_requests',
    help: 'Requests under way by kind.',
    labelNames: ['request_kind'],
    registers,
    collect() {
      for (const [kind, count] of Object.entries(flow.inFlight)) this.set({ request_kind: kind }, count)
    },
  })
  const waits = new Histogram({
    name: `${prefix}request_wait_duration_seconds`,
    help: 'How long requests waited in queues.',
    labelNames: [...byFlow, 'execute'],
    buckets: [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
    registers,
  })
  flow.onWaited = (level, schema, seconds, ran) =>
    waits.observe({ priority_level: level, flow_schema: schema, execute: String(ran) }, seconds)
}
