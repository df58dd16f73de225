/**
 * Gives a pod's group and its running containers what is allocated to them (KEP-1287). Where the pod gets more, its group
 * grows before its containers do; where it gets less, after them. Memory comes before cpu.
 */
import type { Pod } from '../../api/core/v1/pod.ts'
import { type PodServices, podTitle } from '../pods/pod-services.ts'
import type { CgroupChange, CgroupLimits } from '../resources/cgroup-limits.ts'
import { cgroupUsage } from '../resources/cgroup-usage.ts'
import { containerResources, podLimits } from '../resources/linux-resources.ts'
import { qosClassOf } from '../resources/qos.ts'
import { type ComputeAmounts, podLevelAmounts, requirementsOf } from './compute-amounts.ts'
import { type ContainerUpdate, type ResizePlan, type Resource, withResource } from './resize-plan.ts'

/** Throws with a message for the pod's condition; what has been done by then stays and is recorded. */
export async function actuateResize(
  services: PodServices,
  pod: Pod,
  sandboxId: string,
  plan: ResizePlan,
): Promise<void> {
  const startedMs = services.clock.monotonic()
  let success = false
  try {
    await new Actuation(services, pod, sandboxId, plan).run()
    success = true
  } finally {
    services.resizeMetrics.actuated(services.clock.monotonic() - startedMs, success)
  }
}

class Actuation {
  readonly #services: PodServices
  readonly #pod: Pod
  readonly #sandboxId: string
  readonly #plan: ResizePlan
  /** Containers as they are after the last update of each. */
  readonly #now = new Map<string, ComputeAmounts>()

  constructor(services: PodServices, pod: Pod, sandboxId: string, plan: ResizePlan) {
    this.#services = services
    this.#pod = pod
    this.#sandboxId = sandboxId
    this.#plan = plan
  }

  async run(): Promise<void> {
    const { cgroups } = this.#services
    const { memory, cpu, podChanges, podLevelChanges } = this.#plan
    const { uid } = this.#pod.metadata
    const current = cgroups.limitsOf(uid, qosClassOf(this.#pod))
    // A limit that no longer follows from the spec stays: limits cannot be removed.
    const wanted = podLimits(this.#pod)
    const { cpuQuotaUs = current?.cpuQuotaUs, memoryBytes = current?.memoryBytes } = wanted
    if (memory.length > 0 || podChanges) this.#checkUsage(current, memoryBytes)
    if (memory.length > 0 || podChanges || podLevelChanges) {
      const change = memoryBytes === undefined ? undefined : { memoryBytes }
      const grows = memoryBytes !== undefined && memoryBytes > (current?.memoryBytes ?? Number.POSITIVE_INFINITY)
      const same = memoryBytes === current?.memoryBytes
      if (grows) await this.#setGroup(change)
      await this.#updateContainers('memory', memory)
      if (!grows && !same) await this.#setGroup(change)
      this.#notePodLevel('memory')
    }
    if (cpu.length > 0 || podChanges || podLevelChanges) {
      const quota = cpuQuotaUs === undefined ? undefined : { cpuQuotaUs, cpuPeriodUs: wanted.cpuPeriodUs }
      const shares = { cpuShares: wanted.cpuShares }
      const quotaGrows = cpuQuotaUs !== undefined && cpuQuotaUs > (current?.cpuQuotaUs ?? Number.POSITIVE_INFINITY)
      const sharesGrow = wanted.cpuShares > (current?.cpuShares ?? 0)
      if (quotaGrows) await this.#setGroup(quota)
      if (sharesGrow) await this.#setGroup(shares)
      await this.#updateContainers('cpu', cpu)
      if (!sharesGrow && wanted.cpuShares !== current?.cpuShares) await this.#setGroup(shares)
      if (!quotaGrows && cpuQuotaUs !== current?.cpuQuotaUs) await this.#setGroup(quota)
      this.#notePodLevel('cpu')
    }
  }

  async #setGroup(change: CgroupChange | undefined): Promise<void> {
    if (change === undefined) return
    const { cgroups, runtime } = this.#services
    const qos = qosClassOf(this.#pod)
    await runtime.updatePodSandboxResources(this.#sandboxId, {
      ...(change.memoryBytes === undefined ? {} : { memoryLimitInBytes: change.memoryBytes }),
      ...(change.cpuShares === undefined ? {} : { cpuShares: change.cpuShares }),
      ...(change.cpuQuotaUs === undefined ? {} : { cpuQuota: change.cpuQuotaUs, cpuPeriod: change.cpuPeriodUs ?? 0 }),
    })
    cgroups.setLimits(this.#pod.metadata.uid, qos, change)
  }

  async #updateContainers(resource: Resource, updates: readonly ContainerUpdate[]): Promise<void> {
    const { runtime, resizes, memoryCapacityBytes } = this.#services
    for (const { record, container, current, wanted } of updates) {
      const next = withResource(resource, this.#now.get(record.id) ?? current, wanted)
      const given = requirementsOf(next)
      const resources = containerResources(this.#pod, { ...container, resources: given }, memoryCapacityBytes)
      await runtime.updateContainerResources(record.id, resources)
      this.#now.set(record.id, next)
      const actuated = resizes.actuated(this.#pod)
      resizes.setActuated(this.#pod.metadata.uid, {
        ...actuated,
        containers: { ...actuated.containers, [container.name]: given },
      })
    }
  }

  #notePodLevel(resource: Resource): void {
    if (!this.#plan.podLevelChanges) return
    const { resizes } = this.#services
    const actuated = resizes.actuated(this.#pod)
    const next = withResource(resource, podLevelAmounts(actuated.pod), podLevelAmounts(this.#pod.spec.resources))
    resizes.setActuated(this.#pod.metadata.uid, { ...actuated, pod: requirementsOf(next) })
  }

  /** A limit below what is in use would have the kernel kill: refused before anything is changed. */
  #checkUsage(current: CgroupLimits | undefined, memoryBytes: number | undefined): void {
    const { cgroups } = this.#services
    const { uid } = this.#pod.metadata
    const qos = qosClassOf(this.#pod)
    const usage = (path: string) => cgroupUsage(cgroups.directoriesOf(path)).memoryBytes
    const unlimited = Number.POSITIVE_INFINITY
    const problems: string[] = []
    if (memoryBytes !== undefined && memoryBytes < (current?.memoryBytes ?? unlimited)) {
      const used = usage(cgroups.pathOf(uid, qos))
      if (used === undefined) problems.push('missing pod memory usage')
      else if (used >= memoryBytes)
        problems.push(`attempting to set pod memory limit (${memoryBytes}) below current usage (${used})`)
    }
    for (const { record, container, current: before, wanted } of this.#plan.memory) {
      if (wanted.memoryLimit === 0 || wanted.memoryLimit >= (before.memoryLimit || unlimited)) continue
      const used = usage(cgroups.containerPathOf(uid, qos, record.id))
      if (used === undefined) problems.push(`missing container "${container.name}" memory usage`)
      else if (used >= wanted.memoryLimit)
        problems.push(
          `attempting to set container "${container.name}" memory limit (${wanted.memoryLimit}) below current usage (${used})`,
        )
    }
    if (problems.length === 0) return
    const text = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`
    this.#services.log.info({ pod: podTitle(this.#pod), problems }, 'memory limits not decreased')
    throw new Error(`cannot decrease memory limits: ${text}`)
  }
}
