/**
 * Figures of one node: how long `clipper up` takes, how soon a created pod runs, what the idle process costs.
 *
 *   scripts/node bench/one-node.ts [--runs 3] [--pods 20] [--idle-minutes 10]
 *
 * Prints JSON with the raw values and writes it to bench/one-node.json.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Pod } from '../src/api/core/v1/pod.ts'
import { Client } from '../src/client/client.ts'
import { HttpsTransport } from '../src/client/https-transport.ts'
import { readKubeconfig, transportOptionsOf } from '../src/client/kubeconfig.ts'
import { TestCluster, testImage } from '../test/e2e/test-cluster.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    pods: { type: 'string', default: '20' },
    'idle-minutes': { type: 'string', default: '10' },
  },
})

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)
const say = (text: string) => process.stderr.write(`${text}\n`)

/** Milliseconds from the command to its return: the node is Ready and DNS answers. */
async function timeUp(cluster: TestCluster): Promise<number> {
  const startedAt = performance.now()
  const { code, stderr } = await cluster.up()
  if (code !== 0) throw new Error(stderr)
  return performance.now() - startedAt
}

/** Milliseconds from the answer to the create until a watch shows the pod Running, one pod after the other. */
async function timePods(client: Client, count: number): Promise<number[]> {
  const pods = client.of(Pod)
  const times: number[] = []
  for (let i = 0; i < count; i += 1) {
    const name = `bench-${i}`
    const done = new AbortController()
    const { metadata } = await pods.list('default')
    const events = pods.watch('default', {
      fieldSelector: `metadata.name=${name}`,
      signal: done.signal,
      ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
    })
    const startedAt = performance.now()
    await pods.create('default', {
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: testImage, command: ['sleep', '3600'] }],
      },
    })
    for await (const event of events) {
      if (event.type === 'BOOKMARK' || event.object.status.phase !== 'Running') continue
      times.push(performance.now() - startedAt)
      break
    }
    done.abort()
    await pods.delete('default', name, { gracePeriodSeconds: 0 })
  }
  return times
}

interface Usage {
  readonly residentMiB: number
  readonly cpuSeconds: number
}

function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const ticksPerSecond = 100
  return {
    residentMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  }
}

/** The helper that spawns for the process: its child that runs the same program (containers are no children of either). */
function helperOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  return children.find(child => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('spawner-process'))
}

const upMs: number[] = []
let cluster = await TestCluster.prepare()
const runs = Number(values.runs)
for (let run = 1; run <= runs; run += 1) {
  upMs.push(await timeUp(cluster))
  say(`up: ${upMs.at(-1)?.toFixed(0)} ms`)
  if (run < runs) {
    await cluster.end()
    cluster = await TestCluster.prepare()
  }
}

try {
  await cluster.loadTestImage()
  const transport = new HttpsTransport(await transportOptionsOf(await readKubeconfig(cluster.kubeconfig)))
  const podMs = ascending(await timePods(new Client(transport, 'bench'), Number(values.pods)))
  transport.close()
  say(`pod created to Running: p50 ${quantile(podMs, 0.5).toFixed(0)} ms`)
  const { pid } = JSON.parse(
    (await cluster.clipper('status', '-o', 'json', '--data-dir', cluster.dataDirectory)).stdout,
  ) as { pid: number }
  const idleMinutes = Number(values['idle-minutes'])
  // The first minute still settles; the rest is what idling costs.
  await sleep(Math.min(60_000, idleMinutes * 30_000))
  const helper = helperOf(pid)
  const before = usageOf(pid)
  const from = performance.now()
  await sleep(idleMinutes * 60_000)
  const usage = usageOf(pid)
  const result = {
    date: new Date().toISOString(),
    machine: { cores: cpus().length, model: cpus()[0]?.model },
    upMs,
    podCreatedToRunningMs: { p50: quantile(podMs, 0.5), p99: quantile(podMs, 0.99), raw: podMs },
    idle: {
      minutes: idleMinutes,
      residentMiB: usage.residentMiB,
      helperResidentMiB: helper === undefined ? 0 : usageOf(helper).residentMiB,
      corePercent: ((usage.cpuSeconds - before.cpuSeconds) / ((performance.now() - from) / 1000)) * 100,
    },
  }
  writeFileSync(join(import.meta.dirname, 'one-node.json'), `${JSON.stringify(result, null, 2)}\n`)
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
} finally {
  await cluster.end()
}
