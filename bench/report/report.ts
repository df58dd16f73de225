/** `docs/performance.md` and its charts, from the results and the findings written by hand. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compare } from '../compare.ts'
import type { Results, SuiteResult } from '../measurement.ts'
import { rows } from '../rows/rows.ts'
import { drawCharts } from './charts.ts'
import { tableOf } from './markdown.ts'

const docs = resolve(import.meta.dirname, '../../docs')
const findingsFile = resolve(import.meta.dirname, '../findings.md')
const chartFolder = 'performance'

export function renderReport(results: Results): void {
  const folder = join(docs, chartFolder)
  mkdirSync(folder, { recursive: true })
  for (const file of readdirSync(folder)) if (file.endsWith('.svg')) rmSync(join(folder, file))
  for (const { file, svg } of drawCharts(compare(rows, results))) writeFileSync(join(folder, file), svg)
  writeFileSync(join(docs, 'performance.md'), reportOf(results, readFileSync(findingsFile, 'utf8')))
}

const method = `Both sides run in turn on the same machine, with the same client, the same disk and the same encoding: stock, Clipper,
Clipper, stock, each time from an empty store. A figure is the median of the runs of its side. **Better by** is the ratio of
the two: above 1× Clipper is better, whichever way is better for that row. Stock is kube-apiserver with etcd, and where
a row needs them kube-controller-manager, kube-scheduler, kubelet and kube-proxy, with the settings of a kubeadm cluster
but without limits on the rate of their requests. Default admission, RBAC and managedFields are on, everything is written to
disk before it is acknowledged. The load comes from client-go over TLS, from the same machine's cores. Memory (VmRSS)
and CPU time are sums over all processes of a side. \`npm run bench\` measures anew; the raw runs are in
[bench/results.json](../bench/results.json).

Lists are read but not decoded by the client, which would take longer than the server does. A mark in the charts is the goal.`

export function reportOf(results: Results, findings: string): string {
  const lines = compare(rows, results)
  return [
    '# Performance',
    '',
    method,
    '',
    '## Machine and versions',
    '',
    machineText(results),
    '',
    '## At a glance',
    '',
    ...drawCharts(lines).flatMap(({ file, title }) => [`![${title}](${chartFolder}/${file})`, '']),
    '## What holds back the rest',
    '',
    findings.trim(),
    '',
    '## All rows',
    '',
    tableOf(lines),
    '## When each part was measured',
    '',
    '| suite | date | commit | sizes | runs | took |',
    '| --- | --- | --- | --- | ---: | ---: |',
    ...Object.entries(results.suites).map(suiteText),
    '',
  ].join('\n')
}

function machineText({ machine, versions }: Results): string {
  const { cpu, cores, memoryGiB, kernel, system } = machine
  const named = Object.entries(versions).map(
    ([side, found]) =>
      `- ${side}: ${Object.entries(found)
        .filter(([, version]) => version !== '')
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}`,
  )
  return [`- ${cores} cores (${cpu}), ${memoryGiB} GiB, ${system}, Linux ${kernel}`, ...named].join('\n')
}

const suiteText = ([name, suite]: readonly [string, SuiteResult]): string =>
  `| ${name} | ${suite.date.slice(0, 16).replace('T', ' ')} | ${suite.commit} | ${suite.extent} | ${suite.runs.length} | ${suite.seconds} s |`
