import { cost, cpuPer10000, figures, p50, p99, type Row, rate, value } from '../row.ts'

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

export const apiServerRows: readonly Row[] = [...apiRows(), ...watchRows, ...startRows]
