/** `docs/performance.md`, from the results. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compare } from '../compare.ts'
import type { Results } from '../measurement.ts'
import { rows } from '../rows.ts'
import { tableOf } from './markdown.ts'

const docs = resolve(import.meta.dirname, '../../docs')

export function renderReport(results: Results): void {
  mkdirSync(docs, { recursive: true })
  writeFileSync(join(docs, 'performance.md'), reportOf(results))
}

export const reportOf = (results: Results): string => ['# Performance', '', tableOf(compare(rows, results))].join('\n')
