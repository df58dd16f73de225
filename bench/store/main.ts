/**
 * Figures of the embedded store behind etcd's API beside those of etcd on PATH, from the same run on the same machine.
 *
 *   npm run bench:store -- [--quick] [--only ROW,…] [--rounds 2] [--results FILE] [--port-base 21800]
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { describeMachine } from '../machine.ts'
import { findInPath, versionOf } from '../sides/executables.ts'
import { usageOf } from '../sides/server-process.ts'
import { median } from '../statistics.ts'
import { renderTable } from './report.ts'
import { type Figure, type Load, type LoadResult, type Row, rows } from './rows.ts'
import { type SideName, startStore } from './side.ts'

const run = promisify(execFile)

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '2' },
    results: { type: 'string', default: resolve(import.meta.dirname, 'results.json') },
    'port-base': { type: 'string', default: '21800' },
  },
})

/** What one row measured on one side in one run. */
export interface Run {
  readonly row: string
  readonly side: SideName
  readonly figures: Readonly<Record<Figure, number>>
}

const say = (line: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)

async function buildLoad(): Promise<string> {
  const directory = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'clipper/bench')
  mkdirSync(directory, { recursive: true })
  const program = join(directory, 'store-load')
  await run('go', ['build', '-o', program, '.'], { cwd: resolve(import.meta.dirname, 'load') })
  return program
}

const loadBy =
  (program: string) =>
  (url: string): Load =>
  async (op, flags = {}) => {
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
    const { stdout } = await run(program, ['--endpoint', url, '--op', op, ...args], { timeout: 600_000 })
    return JSON.parse(stdout) as LoadResult
  }

async function measure(row: Row, side: SideName, load: (url: string) => Load): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-bench-store-'))
  let store = startStore(side, directory, Number(values['port-base']))
  try {
    await load(store.url)('wait')
    const figures = await row.measure({
      load: load(store.url),
      quick: values.quick,
      usage: () => usageOf(store.process.pid)!,
      async crashAndOpen() {
        process.kill(store.process.pid, 'SIGKILL')
        await store.process.stop()
        const startedAt = performance.now()
        store = startStore(side, directory, Number(values['port-base']))
        await load(store.url)('wait')
        return performance.now() - startedAt
      },
    })
    return { row: row.name, side, figures }
  } finally {
    await store.process.stop()
    rmSync(directory, { recursive: true })
  }
}

/** Of rows that are not measured anew. */
function keptRuns(): Run[] {
  if (values.quick || !existsSync(values.results)) return []
  return (JSON.parse(readFileSync(values.results, 'utf8')) as { runs: Run[] }).runs
}

async function main(): Promise<void> {
  for (const needed of ['etcd', 'go']) if (!findInPath(needed)) throw new Error(`${needed} is not on PATH`)
  const only = values.only?.split(',')
  const load = loadBy(await buildLoad())
  const runs: Run[] = []
  // A B B A, so that neither side always has the warmer machine.
  const order: SideName[] = Array.from({ length: Number(values.rounds) }, (_, i): SideName[] =>
    i % 2 === 0 ? ['etcd', 'clipper'] : ['clipper', 'etcd'],
  ).flat()
  for (const row of rows) {
    if (only && !only.includes(row.name)) continue
    for (const side of order) {
      const one = await measure(row, side, load)
      say(
        `${row.name} ${side}: ${Object.entries(one.figures)
          .map(([name, value]) => `${name} ${value.toFixed(1)}`)
          .join(', ')}`,
      )
      runs.push(one)
    }
  }
  const versions = { etcd: await versionOf('etcd', '--version'), node: process.versions.node }
  const kept = keptRuns().filter(one => !runs.some(other => other.row === one.row))
  const all = [...kept, ...runs]
  const result = { machine: describeMachine(), versions, runs: all }
  if (!values.quick) writeFileSync(values.results, `${JSON.stringify(result, null, 2)}\n`)
  process.stdout.write(
    renderTable(rows, (row, side, figure) => {
      const seen = all.filter(one => one.row === row && one.side === side).map(one => one.figures[figure])
      return median(seen)
    }),
  )
}

await main()
