/**
 * `npm run bench`: figures of Clipper beside those of stock Kubernetes, from the same run on the same machine.
 *
 *   npm run bench -- [--quick | --full] [--only SUITE,…] [--side stock|clipper] [--results FILE] [--port-base 21000]
 *   npm run bench -- --render      # only renders docs/performance.md from the results
 *   npm run bench -- --list
 */
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { compare } from './compare.ts'
import { buildLoad } from './load.ts'
import { describeMachine } from './machine.ts'
import { formatFigure, formatRatio } from './report/format.ts'
import { renderReport } from './report/report.ts'
import { readResults, resultsFile, withSuite, writeResults } from './results.ts'
import { rows } from './rows/rows.ts'
import { runSuite } from './run-suite.ts'
import { clipper } from './sides/clipper.ts'
import { stock } from './sides/stock.ts'
import type { Extent } from './suites/suite.ts'
import { suites } from './suites/suites.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    full: { type: 'boolean' },
    list: { type: 'boolean' },
    render: { type: 'boolean' },
    only: { type: 'string' },
    side: { type: 'string' },
    results: { type: 'string', default: resultsFile },
    'port-base': { type: 'string', default: '21000' },
  },
})

const startedAt = performance.now()
const say = (line: string) => {
  const seconds = Math.floor((performance.now() - startedAt) / 1000)
  process.stderr.write(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} ${line}\n`)
}

async function main(): Promise<void> {
  const extent: Extent = values.quick ? 'quick' : values.full ? 'full' : 'default'
  const only = values.only?.split(',')
  const unknown = only?.filter(name => !suites.some(suite => suite.name === name)) ?? []
  if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(', ')} (see --list)`)
  const chosen = suites.filter(suite => (only ? only.includes(suite.name) : suite.extents.includes(extent)))
  if (values.list) {
    for (const { name, about, extents } of suites)
      process.stdout.write(`${name.padEnd(24)} ${about} (${extents.join(', ')})\n`)
    return
  }
  const path = resolve(values.results)
  if (values.render) return renderReport(readResults(path))
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
  say('building the load program')
  const program = await buildLoad()
  const sides = [stock, clipper].filter(side => values.side === undefined || side.name === values.side)
  const facts = {
    machine: describeMachine(),
    versions: Object.fromEntries(
      await Promise.all(sides.map(async side => [side.name, await side.versions()] as const)),
    ),
  }
  const options = {
    sides,
    extent,
    program,
    portBase: Number(values['port-base']),
    commit: commitOf(),
    signal: stopping.signal,
    say,
  }
  for (const [index, suite] of chosen.entries()) {
    say(`[${index + 1}/${chosen.length}] ${suite.name}: ${suite.about}`)
    const result = await runSuite(suite, options)
    const results = withSuite(readResults(path), facts, suite.name, result)
    writeResults(path, results)
    for (const { row, stock: a, clipper: b, ratio, notes } of compare(rows, results).filter(
      l => l.row.suite === suite.name,
    ))
      say(
        `  ${row.title.padEnd(52)} ${formatFigure(a).padStart(9)} ${formatFigure(b).padStart(9)} ${row.unit.padEnd(4)} ${formatRatio(ratio).padStart(7)} ${notes.join('; ')}`,
      )
  }
  if (path === resultsFile) renderReport(readResults(path))
  say('done')
}

function commitOf(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    }).trim()
  } catch {
    return 'unknown'
  }
}

try {
  await main()
} catch (error) {
  say(`FAILED: ${(error as Error).message}`)
  process.exitCode = 1
}
