import { cost, figures, p50, p99, type Row, rate, seconds, value } from '../row.ts'

const pods: Pick<Row, 'suite' | 'group' | 'better'> = { suite: 'pods', group: 'Pods on one node', better: 'less' }

const podRows: Row[] = [
  {
    ...pods,
    id: 'pods/cluster-ready',
    title: 'first start of a whole cluster until its node is ready',
    unit: 'ms',
    of: figures({ name: 'cluster-ready' }, value),
  },
  {
    ...pods,
    id: 'pods/start',
    title: 'a pod from created to ready, p50',
    unit: 'ms',
    of: figures({ name: 'pod-start' }, p50),
  },
  {
    ...pods,
    id: 'pods/deployment',
    title: 'a Deployment of 100 pods until all are ready',
    unit: 's',
    of: figures({ name: 'deployment-ready' }, seconds),
  },
  {
    ...pods,
    id: 'pods/deployment/p50',
    title: 'of them, a pod until it is ready, p50',
    unit: 'ms',
    of: figures({ name: 'deployment-ready' }, p50),
  },
  {
    ...pods,
    id: 'pods/deleted',
    title: 'the Deployment of 100 pods deleted until all are gone',
    unit: 's',
    of: figures({ name: 'deployment-deleted' }, seconds),
  },
  {
    ...pods,
    id: 'pods/update',
    title: 'rolling update of 30 pods',
    unit: 's',
    of: figures({ name: 'rolling-update' }, seconds),
  },
  {
    ...pods,
    id: 'pods/drain',
    title: 'drain of a node with 30 pods',
    unit: 's',
    of: figures({ name: 'drain' }, seconds),
  },
  ...cost('pods', 'the run with real pods'),
]

const services = { suite: 'services', group: 'Services and DNS' } as const

const serviceRows: Row[] = [1, 1000, 10_000].flatMap((count): Row[] => {
  const among = count === 1 ? 'with one Service' : `among ${count.toLocaleString('en')} Services`
  const request = `service-request-${count}`
  const id = `services/${count}`
  return [
    {
      ...services,
      id,
      title: `requests ${among}, 32 clients`,
      unit: '1/s',
      better: 'more',
      of: figures({ name: request, clients: 32 }, rate),
    },
    {
      ...services,
      id: `${id}/p50`,
      title: `a request ${among}, 1 client, p50`,
      unit: 'ms',
      better: 'less',
      of: figures({ name: request, clients: 1 }, p50),
    },
    {
      ...services,
      id: `${id}/p99`,
      title: `a request ${among}, 1 client, p99`,
      unit: 'ms',
      better: 'less',
      of: figures({ name: request, clients: 1 }, p99),
    },
    {
      ...services,
      id: `${id}/ready`,
      title:
        count === 1
          ? 'backends and a Service until it answers'
          : `${among.replace('among ', '')} made until the last answers`,
      unit: 's',
      better: 'less',
      of: figures({ name: `services-ready-${count}` }, seconds),
    },
    {
      ...services,
      id: `${id}/added`,
      title: `one more Service ${among} until it answers, p50`,
      unit: 'ms',
      better: 'less',
      of: figures({ name: `service-added-${count}` }, p50),
    },
  ]
})

const dnsRows: Row[] = [1, 32].flatMap((clients): Row[] => [
  {
    ...services,
    id: `dns/${clients}`,
    title: `DNS queries for a Service, ${clients === 1 ? '1 client' : `${clients} clients`}`,
    unit: '1/s',
    better: 'more',
    of: figures({ name: 'dns', clients }, rate),
  },
  {
    ...services,
    id: `dns/${clients}/p99`,
    title: `a DNS query, ${clients === 1 ? '1 client' : `${clients} clients`}, p99`,
    unit: 'ms',
    better: 'less',
    of: figures({ name: 'dns', clients }, p99),
  },
])

const idle = { suite: 'idle', group: 'Start and cost', better: 'less' } as const

const idleRows: Row[] = [
  {
    ...idle,
    id: 'idle/memory',
    title: 'resident memory of an idle cluster of one node',
    unit: 'MiB',
    of: figures({ name: 'idle-memory' }, value),
  },
  {
    ...idle,
    id: 'idle/cpu',
    title: 'CPU of an idle cluster of one node',
    unit: '% of a core',
    of: figures({ name: 'idle-cpu' }, value),
  },
]

export const clusterRows: readonly Row[] = [
  ...podRows,
  ...serviceRows,
  ...dnsRows,
  ...idleRows,
  ...cost('services', 'the run with Services'),
]
