/** The rows of the table: which figure of a run each shows, its unit, and its goal. */
import type { Measurement } from './measurement.ts'
import { workloads } from './suites/scheduler.ts'

export interface Row {
  readonly id: string
  readonly group: string
  readonly title: string
  readonly suite: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** By how much clipper is to be better than stock: ≥ 5 where more is better means five times as much, where less a fifth. */
  readonly goal?: number
  /** A bound on clipper's own figure, whatever stock does. */
  readonly bound?: number
  of(measurements: readonly Measurement[]): readonly number[]
}

type Pick = (measurement: Measurement) => number | undefined

/** Refused requests have no rate and no latency. */
const ifAny =
  (pick: Pick): Pick =>
  measurement =>
    (measurement.count ?? 0) > 0 ? pick(measurement) : undefined

const rate: Pick = ifAny(({ count = 0, seconds = Number.NaN }) => count / seconds)
const p50: Pick = ifAny(({ p50Ms }) => p50Ms)
const p99: Pick = ifAny(({ p99Ms }) => p99Ms)
const cpuPer10000: Pick = ifAny(({ serverCpuSeconds, count = 0 }) =>
  serverCpuSeconds === undefined ? undefined : (serverCpuSeconds / count) * 10_000,
)
export const value: Pick = measurement => measurement.value

export interface Wanted {
  readonly name: string
  readonly encoding?: string
  readonly clients?: number
}

export const figures =
  (wanted: Wanted, pick: Pick): Row['of'] =>
  measurements =>
    measurements
      .filter(
        one =>
          one.name === wanted.name &&
          (wanted.encoding === undefined || one.encoding === wanted.encoding) &&
          (wanted.clients === undefined || one.clients === wanted.clients),
      )
      .map(pick)
      .filter(found => found !== undefined)

const verbs: readonly { name: string; title: string; goal?: number }[] = [
  { name: 'create', title: 'create', goal: 5 },
  { name: 'get', title: 'get', goal: 3 },
  { name: 'list', title: 'list, all', goal: 2 },
  { name: 'list-label', title: 'list by label (1 in 100)', goal: 5 },
  { name: 'list-paged', title: 'list in pages of 500' },
  { name: 'list-table', title: 'list as a Table' },
  { name: 'list-metadata', title: 'list of metadata only' },
  { name: 'patch', title: 'patch', goal: 5 },
  { name: 'update-status', title: 'update of status' },
  { name: 'apply', title: 'server-side apply' },
  { name: 'delete', title: 'delete', goal: 5 },
]

const clientsText = (clients: number): string => (clients === 1 ? '1 client' : `${clients} clients`)

function apiRows(): Row[] {
  const rows: Row[] = []
  for (const { name, title, goal } of verbs) {
    for (const clients of [1, 32]) {
      const wanted = { name, encoding: 'protobuf', clients }
      const base = { suite: 'api', group: 'API, protobuf' }
      const label = `${title}, ${clientsText(clients)}`
      const id = `api/${name}/${clients}`
      const aim = goal === undefined ? {} : { goal }
      rows.push(
        { ...base, id, title: label, unit: '1/s', better: 'more', ...aim, of: figures(wanted, rate) },
        { ...base, id: `${id}/p50`, title: `${label}, p50`, unit: 'ms', better: 'less', of: figures(wanted, p50) },
        {
          ...base,
          id: `${id}/p99`,
          title: `${label}, p99`,
          unit: 'ms',
          better: 'less',
          goal: 1,
          of: figures(wanted, p99),
        },
      )
      if (clients === 1) continue
      rows.push({
        ...base,
        id: `${id}/cpu`,
        title: `${label}, server CPU for 10,000`,
        unit: 's',
        better: 'less',
        goal: 4,
        of: figures(wanted, cpuPer10000),
      })
    }
  }
  for (const { name, title, goal } of verbs.filter(verb =>
    ['get', 'list', 'list-label', 'patch'].includes(verb.name),
  )) {
    const wanted = { name, encoding: 'json', clients: 32 }
    rows.push({
      suite: 'api',
      group: 'API, JSON',
      id: `api/json/${name}`,
      title: `${title}, 32 clients`,
      unit: '1/s',
      better: 'more',
      ...(goal === undefined ? {} : { goal }),
      of: figures(wanted, rate),
    })
  }
  return rows
}

const watchRows: Row[] = [100, 1000].flatMap((watchers): Row[] => {
  const base = { suite: 'watch', group: 'Watch' }
  const to = `to ${watchers.toLocaleString('en')} watchers`
  const full = { name: 'watch-throughput', clients: watchers }
  const paced = { name: 'watch-latency', clients: watchers }
  const id = `watch/${watchers}`
  return [
    { ...base, id, title: `events ${to}`, unit: '1/s', better: 'more', goal: 3, of: figures(full, rate) },
    { ...base, id: `${id}/p50`, title: `latency ${to}, p50`, unit: 'ms', better: 'less', of: figures(paced, p50) },
    {
      ...base,
      id: `${id}/p99`,
      title: `latency ${to}, p99`,
      unit: 'ms',
      better: 'less',
      goal: 1,
      of: figures(paced, p99),
    },
    {
      ...base,
      id: `${id}/cpu`,
      title: `server CPU for 10,000 events ${to}`,
      unit: 's',
      better: 'less',
      of: figures(full, cpuPer10000),
    },
  ]
})

const cost = (suite: string, title: string, goal?: number): Row[] => [
  {
    suite,
    group: 'Start and cost',
    id: `${suite}/memory`,
    title: `resident memory 10 s after ${title}`,
    unit: 'MiB',
    better: 'less',
    ...(goal === undefined ? {} : { goal }),
    of: figures({ name: 'memory-after' }, value),
  },
  {
    suite,
    group: 'Start and cost',
    id: `${suite}/memory-peak`,
    title: `most resident memory during ${title}`,
    unit: 'MiB',
    better: 'less',
    of: figures({ name: 'memory-peak' }, value),
  },
  {
    suite,
    group: 'Start and cost',
    id: `${suite}/cpu`,
    title: `CPU time of ${title}`,
    unit: 's',
    better: 'less',
    of: figures({ name: 'cpu-total' }, value),
  },
]

const startRows: Row[] = [
  {
    suite: 'start',
    group: 'Start and cost',
    id: 'start/ready',
    title: 'first start until /readyz says ok',
    unit: 'ms',
    better: 'less',
    goal: 3,
    of: figures({ name: 'ready' }, value),
  },
  ...cost('api', 'the API run', 4),
  ...cost('watch', 'the watch run'),
]

const workloadTitles: Record<(typeof workloads)[number], readonly [title: string, goal?: number]> = {
  basic: ['plain pods', 5],
  spreading: ['required spreading over zones', 10],
  'preferred-spreading': ['preferred spreading over zones', 10],
  affinity: ['required affinity by zone'],
  'anti-affinity': ['required anti-affinity by host', 10],
  'preferred-affinity': ['preferred affinity by host'],
  'preferred-anti-affinity': ['preferred anti-affinity by host', 10],
  'node-affinity': ['node affinity'],
  gated: ['beside gated pods'],
  secrets: ['with a secret volume'],
  churn: ['while nodes, pods and Services come and go'],
  preemption: ['preempting pods of full nodes'],
}

const schedulerRows: Row[] = [1000, 5000].flatMap((nodes): Row[] => [
  ...workloads.flatMap((name): Row[] => {
    const [title, goal] = workloadTitles[name]
    const suite = `scheduler-${nodes}`
    const base = { suite, group: `Scheduler, ${nodes.toLocaleString('en')} nodes` }
    const wanted = { name: `schedule-${name}` }
    return [
      {
        ...base,
        id: `${suite}/${name}`,
        title: `pods bound, ${title}`,
        unit: '1/s',
        better: 'more',
        ...(goal === undefined ? {} : { goal }),
        of: figures(wanted, rate),
      },
      {
        ...base,
        id: `${suite}/${name}/p99`,
        title: `from created to bound, ${title}, p99`,
        unit: 'ms',
        better: 'less',
        of: figures(wanted, p99),
      },
    ]
  }),
  ...cost(`scheduler-${nodes}`, `scheduling on ${nodes.toLocaleString('en')} nodes`),
])

export const rows: readonly Row[] = [...apiRows(), ...watchRows, ...startRows, ...schedulerRows]
