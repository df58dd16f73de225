/** `bench/results.json`: the raw runs. A suite that runs again replaces what it left before; the others stay. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Results, SuiteResult } from './measurement.ts'

export const resultsFile = join(import.meta.dirname, 'results.json')

export function readResults(path: string): Results {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Results
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { machine: {}, versions: {}, suites: {} }
  }
}

export function withSuite(
  results: Results,
  facts: Pick<Results, 'machine' | 'versions'>,
  name: string,
  suite: SuiteResult,
): Results {
  return { ...facts, suites: { ...results.suites, [name]: suite } }
}

export const writeResults = (path: string, results: Results): void =>
  writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`)
