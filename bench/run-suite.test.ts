import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runSuite } from './run-suite.ts'
import type { Part, Side, SideName } from './sides/side.ts'
import type { Extent, Suite } from './suites/suite.ts'

function fakeSides() {
  const events: string[] = []
  const directories: string[] = []
  const side = (name: SideName, missing?: string): Side => ({
    name,
    missing: (_parts: readonly Part[]) => missing,
    versions: async () => ({}),
    async start({ directory }) {
      directories.push(directory)
      writeFileSync(join(directory, 'data'), name)
      events.push(`start ${name}`)
      return {
        kubeconfig: '',
        readyMs: 1,
        processes: [],
        stop: async () => void events.push(`stop ${name}`),
      }
    },
  })
  return { events, directories, side }
}

const suite = (run: Suite['run'], once: readonly Extent[] = []): Suite => ({
  name: 'fake',
  about: '',
  parts: [],
  extents: ['default'],
  once,
  run,
})

const options = (sides: readonly Side[], extent: Extent = 'default') => ({
  sides,
  extent,
  program: '',
  portBase: 0,
  commit: 'c',
  signal: new AbortController().signal,
  say: () => {},
})

test('the sides run in turn, the second time the other way about, each on a server of its own that is removed', async () => {
  const { events, directories, side } = fakeSides()
  let number = 0
  const counting = suite(async ({ keep }) => keep({ name: 'x', value: ++number }))
  const result = await runSuite(counting, options([side('stock'), side('clipper')]))
  assert.deepEqual(
    events.filter(event => event.startsWith('start')),
    ['start stock', 'start clipper', 'start clipper', 'start stock'],
  )
  assert.equal(events.filter(event => event.startsWith('stop')).length, 4)
  assert.deepEqual(
    result.runs.map(run => [run.side, run.measurements[0]?.value]),
    [
      ['stock', 1],
      ['clipper', 2],
      ['clipper', 3],
      ['stock', 4],
    ],
  )
  assert.equal(new Set(directories).size, 4)
  assert.ok(directories.every(directory => !existsSync(directory)))
  const once = await runSuite(
    suite(async () => {}, ['default']),
    options([side('stock'), side('clipper')]),
  )
  assert.deepEqual(
    once.runs.map(run => run.side),
    ['stock', 'clipper'],
  )
})

test('a side that is missing says why, and a suite that fails keeps what it measured and stops its server', async () => {
  const { events, side } = fakeSides()
  const failing = suite(async ({ keep }) => {
    keep({ name: 'x', value: 1 })
    throw new Error('broke off')
  })
  const result = await runSuite(failing, options([side('stock', 'not on PATH: etcd'), side('clipper')], 'quick'))
  assert.deepEqual(result.missing, { stock: 'not on PATH: etcd' })
  assert.deepEqual(
    result.runs.map(run => [run.side, run.failure, run.measurements.length]),
    [['clipper', 'broke off', 1]],
  )
  assert.deepEqual(events, ['start clipper', 'stop clipper'])
})
