import { cost, figures, p99, type Row, rate } from '../row.ts'
import { workloads } from '../suites/scheduler.ts'

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
  churn: ['while nodes and pods come and go'],
  preemption: ['preempting pods of full nodes'],
}

export const schedulerRows: Row[] = [1000, 5000].flatMap((nodes): Row[] => [
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
