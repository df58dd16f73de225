/** Real containers on one node, Services, names, and what an idle cluster costs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeOciImage } from '../../src/kubelet/containerd/oci-image.ts'
import { testImage, writeTestImage } from '../../test/e2e/test-cluster.ts'
import { totalUsage } from '../sides/server-process.ts'
import { dnsAddress, type Part } from '../sides/side.ts'
import { keepMemory } from './memory.ts'
import type { Extent, Suite, SuiteContext } from './suite.ts'

const wholeCluster: readonly Part[] = ['controllers', 'scheduler', 'node']

async function load(context: SuiteContext, write: (path: string) => void): Promise<void> {
  const archive = join(context.directory, 'image.tar')
  write(archive)
  await context.side.loadImage?.(archive)
}

export const podsSuite: Suite = {
  name: 'pods',
  about: 'real pods: single ones, a Deployment of 100, an update, a drain',
  parts: wholeCluster,
  extents: ['default', 'full'],
  once: ['default'],
  async run(context) {
    context.keep({ name: 'cluster-ready', value: context.side.readyMs })
    await load(context, writeTestImage)
    await context.load('pods', ['--image', testImage], 1_200_000)
    await keepMemory(context)
  },
}

const backendImage = 'clipper.local/load:1'

const mostServices: Record<Extent, number> = { quick: 1, default: 1000, full: 10_000 }

export const servicesSuite: Suite = {
  name: 'services',
  about: 'requests through Services beside many others, and the cluster DNS',
  parts: wholeCluster,
  extents: ['default', 'full'],
  once: ['default'],
  async run(context) {
    const content = readFileSync(context.program)
    const image = writeOciImage({ name: backendImage, files: [{ name: 'load', mode: 0o755, content }] })
    await load(context, path => writeFileSync(path, image))
    const dns = context.side.hasDns === true ? ['--dns', `${dnsAddress}:53`] : []
    const services = String(mostServices[context.extent])
    await context.load('services', ['--image', backendImage, '--services', services, ...dns], 1_800_000)
    await keepMemory(context)
  },
}

const idleSeconds: Record<Extent, number> = { quick: 10, default: 45, full: 600 }
/** What starting left to do is done by then. */
const calmSeconds = 15

export const idleSuite: Suite = {
  name: 'idle',
  about: 'what a cluster of one node without pods costs',
  parts: wholeCluster,
  extents: ['default', 'full'],
  async run({ side, extent, signal, keep, say }) {
    await sleep(calmSeconds * 1000, undefined, { signal })
    const before = totalUsage(side.processes)
    const startedAt = performance.now()
    await sleep(idleSeconds[extent] * 1000, undefined, { signal })
    const after = totalUsage(side.processes)
    const corePercent = ((after.cpuSeconds - before.cpuSeconds) / (performance.now() - startedAt)) * 100_000
    say(`${after.residentMiB.toFixed(0)} MiB, ${corePercent.toFixed(1)} % of a core`)
    keep({ name: 'idle-memory', value: after.residentMiB }, { name: 'idle-cpu', value: corePercent })
  },
}

export const clusterSuites: readonly Suite[] = [podsSuite, servicesSuite, idleSuite]
