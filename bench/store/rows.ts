/** What is measured of a store. */
import type { Usage } from '../sides/server-process.ts'

export type Figure = 'rate' | 'p99' | 'max' | 'mib' | 'ms'

export interface LoadResult {
  readonly operations: number
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly errors: number
}

export type Load = (op: string, flags?: Readonly<Record<string, string | number>>) => Promise<LoadResult>

export interface RowContext {
  readonly load: Load
  readonly quick: boolean
  usage(): Usage
  /** Kills the store and starts it again; milliseconds until it answers. */
  crashAndOpen(): Promise<number>
}

export interface Row {
  readonly name: string
  readonly about: string
  readonly figures: readonly { readonly figure: Figure; readonly unit: string; readonly goal: string }[]
  measure(context: RowContext): Promise<Record<Figure, number>>
}

const none: Record<Figure, number> = { rate: 0, p99: 0, max: 0, mib: 0, ms: 0 }
const rateGoal = { figure: 'rate', unit: '/s', goal: '≥ 0.8× (aim 1×)' } as const

function throughput(name: string, about: string, op: string, flags: Readonly<Record<string, number>>): Row {
  return {
    name,
    about,
    figures: [rateGoal, { figure: 'p99', unit: 'ms p99', goal: '' }],
    async measure({ load, quick }) {
      const keys = 10_000
      if (op !== 'put') await load('fill', { keys, clients: 8 })
      const { rate, p99, errors } = await load(op, { ...flags, keys, duration: quick ? '1s' : '5s' })
      if (errors > 0) throw new Error(`${name}: ${errors} errors`)
      return { ...none, rate, p99 }
    },
  }
}

export const rows: readonly Row[] = [
  ...[1, 32, 256, 1000].map(clients =>
    throughput(`put-${clients}`, `puts of 1 KiB by ${clients} clients`, 'put', { clients }),
  ),
  ...[1, 32, 256].map(clients =>
    throughput(`get-${clients}`, `linearizable gets of 1 KiB by ${clients} clients`, 'get', { clients }),
  ),
  throughput('range', 'pages of 500 keys of 1 KiB by 8 clients', 'range', { clients: 8 }),
  throughput('watch', 'events to 100 watches, with what they replaced, under the puts of 8 clients', 'watch', {
    clients: 8,
    watchers: 100,
  }),
  {
    name: 'memory',
    about: 'resident with 1,000,000 keys of 100 bytes',
    figures: [{ figure: 'mib', unit: 'MiB', goal: '≤ 0.5×' }],
    async measure({ load, quick, usage }) {
      await load('fill', { keys: quick ? 50_000 : 1_000_000, value: 100, clients: 8 })
      await load('get', { clients: 32, keys: quick ? 50_000 : 1_000_000, duration: '5s' })
      return { ...none, mib: usage().residentMiB }
    },
  },
  {
    name: 'open',
    about: 'a database of 2 GiB after kill -9, to the first answer',
    figures: [{ figure: 'ms', unit: 'ms', goal: '≤ 1,000 ms' }],
    async measure({ load, quick, crashAndOpen }) {
      await load('fill', { keys: quick ? 2000 : 205_000, value: 10_240, clients: 8 })
      await load('put', { clients: 32, value: 1024, duration: '1s' })
      return { ...none, ms: await crashAndOpen() }
    },
  },
  {
    name: 'compaction',
    about: 'longest put of 8 clients while 300,000 revisions are forgotten',
    figures: [{ figure: 'max', unit: 'ms', goal: '≤ 100 ms' }],
    async measure({ load, quick }) {
      for (let i = 0; i < (quick ? 2 : 30); i++) await load('fill', { keys: 10_000, value: 1024, clients: 8 })
      const { max } = await load('compact', { clients: 8, keys: 10_000, duration: quick ? '2s' : '10s' })
      return { ...none, max }
    },
  },
]
