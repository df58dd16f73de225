import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { addProcessMetrics } from './process-metrics.ts'

test('figures of the process are read anew each time they are asked for', async () => {
  const registry = new Registry()
  addProcessMetrics(registry)
  const read = async () =>
    new Map((await registry.getMetricsAsJSON()).map(({ name, values }) => [name, values[0]?.value ?? 0]))
  await new Promise(resolve => setTimeout(resolve, 1))
  const before = await read()
  for (const [name, value] of before) assert.ok(value > 0, `${name} is ${value}`)
  assert.ok(before.get('process_resident_memory_bytes')! > 1 << 20)
  const until = process.cpuUsage().user + 20_000
  while (process.cpuUsage().user < until);
  const spent = (await read()).get('process_cpu_seconds_total')! - before.get('process_cpu_seconds_total')!
  assert.ok(spent >= 0.02 && spent < 5, `${spent} s of CPU time`)
})
