/** Which rows make which chart. */
import type { Line } from '../compare.ts'
import { ratioChart } from './chart.ts'

interface Chart {
  readonly file: string
  readonly title: string
  readonly shows: (line: Line) => boolean
}

const suffix = (id: string): string => id.split('/').at(-1) ?? ''

const charts: readonly Chart[] = [
  {
    file: 'api-throughput.svg',
    title: 'Requests a second, 32 clients, protobuf',
    shows: ({ row }) => row.group === 'API, protobuf' && suffix(row.id) === '32',
  },
  {
    file: 'api-latency.svg',
    title: 'Latency of a request, 1 client, median',
    shows: ({ row }) => row.group === 'API, protobuf' && row.id.endsWith('/1/p50'),
  },
  {
    file: 'api-cpu.svg',
    title: 'Server CPU time for 10,000 requests',
    shows: ({ row }) => row.group === 'API, protobuf' && suffix(row.id) === 'cpu',
  },
  { file: 'watch.svg', title: 'Watches', shows: ({ row }) => row.group === 'Watch' },
  { file: 'cost.svg', title: 'Start, memory, CPU time', shows: ({ row }) => row.group === 'Start and cost' },
  {
    file: 'scheduler.svg',
    title: 'Pods bound a second',
    shows: ({ row }) => row.group.startsWith('Scheduler') && row.unit === '1/s',
  },
  {
    file: 'cluster.svg',
    title: 'Real pods, Services, DNS',
    shows: ({ row }) => row.group === 'Pods on one node' || row.group === 'Services and DNS',
  },
  { file: 'scale.svg', title: 'Scale', shows: ({ row }) => row.group.startsWith('Scale') },
]

export interface DrawnChart {
  readonly file: string
  readonly title: string
  readonly svg: string
}

export function drawCharts(lines: readonly Line[]): DrawnChart[] {
  return charts.flatMap(({ file, title, shows }) => {
    const svg = ratioChart(title, lines.filter(shows).map(titled))
    return svg === undefined ? [] : [{ file, title, svg }]
  })
}

/** Where rows of several groups share a chart, titles alone would be the same. */
function titled(line: Line): Line {
  const { row } = line
  const nodes = /^Scheduler, (.*) nodes/.exec(row.group)?.[1]
  const short = row.title
    .replace(/, 32 clients$|, 1 client, p50$|, 32 clients, server CPU.*$/, '')
    .replace('pods bound, ', '')
    .replace(' simulated nodes', ' nodes')
  return { ...line, row: { ...row, title: nodes === undefined ? short : `${short} (${nodes})` } }
}
