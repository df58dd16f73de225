import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container } from '../../api/core/v1/container.ts'
import type { ContainerStatus } from '../../api/core/v1/container-status.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { ContainerRecord } from '../pods/pod-runtime.ts'
import type { CgroupLimits } from '../resources/cgroup-limits.ts'
import { containerResourceStatus, podResourceStatus } from './resource-statuses.ts'

const container = (resources: object): Container => ({ name: 'c', resources }) as Container
const running = (limits: CgroupLimits | undefined): ContainerRecord =>
  ({ id: 'i', name: 'c', state: 'running', limits }) as ContainerRecord
const limits = (cpuShares: number, cpuQuotaUs?: number, memoryBytes?: number): CgroupLimits => ({
  cpuShares,
  cpuQuotaUs,
  cpuPeriodUs: 100_000,
  memoryBytes,
})
const shown = (resources: object, seen: CgroupLimits | undefined, before?: ContainerStatus) =>
  containerResourceStatus(container(resources), running(seen), before, undefined).resources
const both = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } })

test('what is in force is told, in the words of the spec where it is the same', () => {
  assert.deepEqual(shown(both('100m', '100M'), limits(102, 10_000, 99_999_744)), both('100m', '100M'))
  assert.deepEqual(shown(both('200m', '64Mi'), limits(102, 10_000, 32 * 2 ** 20)), {
    requests: { cpu: '100m', memory: '64Mi' },
    limits: { cpu: '100m', memory: '32Mi' },
  })
})

test('below what the kernel can express, the spec is shown', () => {
  assert.deepEqual(shown({ requests: { cpu: '1m' }, limits: { cpu: '5m' } }, limits(2, 1000)), {
    requests: { cpu: '1m' },
    limits: { cpu: '5m' },
  })
})

test('what nobody knows stays as it was reported, for the same container', () => {
  const before = { state: { running: { startedAt: '' } }, containerID: 'containerd://i', resources: both('1', '1Mi') }
  assert.deepEqual(shown(both('2', '2Mi'), undefined, before as never), {
    requests: { cpu: '1', memory: '2Mi' },
    limits: { cpu: '1', memory: '1Mi' },
  })
  assert.deepEqual(
    shown(both('2', '2Mi'), undefined, { ...before, containerID: 'containerd://j' } as never),
    both('2', '2Mi'),
  )
})

test('a container that does not run shows what it will get', () => {
  const stopped = { ...running(limits(2)), state: 'exited' } as ContainerRecord
  assert.deepEqual(containerResourceStatus(container(both('1', '1Mi')), stopped, undefined, undefined), {
    allocatedResources: { cpu: '1', memory: '1Mi' },
    resources: both('1', '1Mi'),
  })
})

test('of the whole pod: sums, its own resources, and what its group has', () => {
  const pod = (resources?: object): Pod =>
    ({
      metadata: {},
      spec: {
        containers: [container({ requests: { cpu: '100m', memory: '1Mi' } })],
        ...(resources ? { resources } : {}),
      },
      status: { phase: 'Running' },
    }) as never
  assert.deepEqual(podResourceStatus(pod(), undefined, false), {
    allocatedResources: { cpu: '100m', memory: '1Mi' },
    resources: { requests: { cpu: '100m', memory: '1Mi' } },
  })
  assert.deepEqual(podResourceStatus(pod(), limits(51), true).resources, { requests: { cpu: '50m', memory: '1Mi' } })
  const own = { requests: { cpu: '1', memory: '8Mi' }, limits: { cpu: '2' } }
  assert.deepEqual(podResourceStatus(pod(own), limits(1024, 200_000), true), {
    allocatedResources: { cpu: '1', memory: '8Mi' },
    resources: own,
  })
})
