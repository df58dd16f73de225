/** `/debug/api_priority_and_fairness/…`: what the queues hold, as upstream's tables of comma-separated values. */
import type { FlowControl } from './flow-control.ts'

const cell = (value: unknown): string => String(value)

function table(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const lines = [header.join(', '), ...rows.map(row => row.map(cell).join(', '))]
  return `${lines.join('\n')}\n`
}

export function dumpPriorityLevels({ levels }: FlowControl): string {
  const rows = [...levels.values()].map(level => {
    const { queues, name, isExempt } = level
    const active = queues.describe().filter(queue => queue.waiting.length > 0 || queue.running > 0).length
    const dispatched = sum(level.dispatched.values())
    const reasons = (reason: string) => sum([...level.refused.values()].map(all => all.get(reason as never) ?? 0))
    const isIdle = queues.running === 0 && queues.waiting === 0
    const rejected = reasons('queue-full') + reasons('concurrency-limit')
    return [
      name,
      isExempt ? '<none>' : active,
      isIdle,
      false,
      queues.waiting,
      queues.running,
      dispatched,
      rejected,
      reasons('time-out'),
      reasons('cancelled'),
    ]
  })
  return table(
    [
      'PriorityLevelName',
      'ActiveQueues',
      'IsIdle',
      'IsQuiescing',
      'WaitingRequests',
      'ExecutingRequests',
      'DispatchedRequests',
      'RejectedRequests',
      'TimedoutRequests',
      'CancelledRequests',
    ],
    rows,
  )
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)

export function dumpQueues({ levels }: FlowControl): string {
  const rows = [...levels.values()]
    .filter(({ isExempt }) => !isExempt)
    .flatMap(({ name, queues }) =>
      queues.describe().map(({ waiting, running, seats }, i) => [name, i, waiting.length, running, seats]),
    )
  return table(['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse'], rows)
}

/** Who asks is shown by the flow's distinguisher alone. */
export function dumpRequests({ levels }: FlowControl, nowMs: number): string {
  const rows = [...levels.values()].flatMap(({ name, queues }) =>
    queues
      .describe()
      .flatMap(({ waiting }, i) =>
        waiting.map((request, j) => [
          name,
          i,
          j,
          JSON.stringify(request.flow),
          `${Math.round(nowMs - request.arrivedMs)}ms`,
          request.work.seats,
          request.work.finalSeats,
        ]),
      ),
  )
  return table(
    [
      'PriorityLevelName',
      'QueueIndex',
      'RequestIndexInQueue',
      'FlowDistinguisher',
      'WaitingTime',
      'InitialSeats',
      'FinalSeats',
    ],
    rows,
  )
}
