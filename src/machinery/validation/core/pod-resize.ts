/** The `resize` subresource of pods (KEP-1287; upstream: ValidatePodResize): cpu and memory, and nothing else. */
import type { Container } from '../../../api/core/v1/container.ts'
import type { Pod } from '../../../api/core/v1/pod.ts'
import type { PodSpec } from '../../../api/core/v1/pod-spec.ts'
import type { ResourceRequirements } from '../../../api/core/v1/resources.ts'
import { forbidden, invalid } from '../../../schema/field-error.ts'
import { qosClassOf } from '../../pod-qos.ts'
import { comparisons, type Errors, isSame } from '../checks.ts'
import { checkPodSpec } from './pod-spec.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'

export function checkPodResize(out: Errors, pod: Pod, old: Pod): void {
  const refused =
    old.metadata.annotations?.[mirrorAnnotation] !== undefined
      ? 'static pods cannot be resized'
      : old.spec.os?.name === 'windows'
        ? 'windows pods cannot be resized'
        : undefined
  if (refused !== undefined) {
    out.splice(0, out.length, forbidden('[]', refused))
    return
  }
  const before = out.length
  checkPodSpec(out, 'spec', pod.spec, pod.metadata.name)
  const isValid = out.length === before
  out.push(comparisons)
  const compared = out.length
  if ((old.status.qosClass ?? qosClassOf(old.spec)) !== qosClassOf(pod.spec))
    out.push(invalid('spec', pod.status.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'))
  if (!runsWhereResizable(old)) out.push(forbidden('spec', 'Pod running on node without support for resize'))
  if (hasAny(old.spec.resources) || hasAny(pod.spec.resources)) checkPodLevel(out, pod.spec, old.spec)
  if (!checkOrder(out, pod.spec, old.spec)) return
  for (const list of ['initContainers', 'containers'] as const)
    pod.spec[list]?.forEach((container, i) => {
      checkRemoved(out, `spec.${list}[${i}].resources`, container.resources, old.spec[list]![i]!.resources)
    })
  for (const [i, container] of pod.spec.containers.entries())
    if (!isSame(withComputeOf(container, old.spec.containers[i]!), old.spec.containers[i]))
      out.push(forbidden('spec', 'only cpu and memory resources are mutable'))
  for (const [i, container] of (pod.spec.initContainers ?? []).entries())
    checkInitContainer(out, `spec.initContainers[${i}]`, container, old.spec.initContainers![i]!)
  if (!isValid || out.length > compared) return
  if (!isSame(munged(pod.spec, old.spec), old.spec))
    out.push(forbidden('spec', 'only cpu and memory resources are mutable'))
}

const hasAny = (resources: ResourceRequirements | undefined): boolean =>
  [resources?.requests, resources?.limits].some(amounts => Object.keys(amounts ?? {}).length > 0)

/** A node that resizes tells the resources of what runs. */
function runsWhereResizable({ status }: Pod): boolean {
  const running = status.containerStatuses?.find(({ state }) => state.running)
  return running === undefined || running.resources !== undefined
}

/** Gives whether containers are the same, in the same order. */
function checkOrder(out: Errors, spec: PodSpec, old: PodSpec): boolean {
  const before = out.length
  for (const list of ['containers', 'initContainers'] as const) {
    const [now = [], then = []] = [spec[list], old[list]]
    if (now.length !== then.length) {
      out.push(forbidden(`spec.${list}`, `${list} may not be added or removed on resize`))
      continue
    }
    for (const [i, { name }] of then.entries())
      if (now[i]?.name !== name)
        out.push(forbidden(`spec.${list}[${i}].name`, `${list} may not be renamed or reordered on resize`))
  }
  return out.length === before
}

type Amounts = Readonly<Record<string, string>> | undefined

const removed = (now: Amounts, old: Amounts): boolean => Object.keys(old ?? {}).some(name => now?.[name] === undefined)

function checkRemoved(
  out: Errors,
  path: string,
  now: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
): void {
  if (removed(now?.requests, old?.requests))
    out.push(forbidden(`${path}.requests`, 'resource requests cannot be removed'))
  if (removed(now?.limits, old?.limits)) out.push(forbidden(`${path}.limits`, 'resource limits cannot be removed'))
}

function checkPodLevel(out: Errors, spec: PodSpec, old: PodSpec): void {
  if (old.resources && !spec.resources) {
    out.push(forbidden('spec.resources', 'pod-level resources cannot be removed'))
    return
  }
  if (removed(spec.resources?.requests, old.resources?.requests))
    out.push(forbidden('spec.resources.requests', 'pod-level resource requests cannot be removed'))
  if (removed(spec.resources?.limits, old.resources?.limits))
    out.push(forbidden('spec.resources.limits', 'pod-level resource limits cannot be removed'))
  if (!isSame(withoutEmpty(computeOf(spec.resources, old.resources)), withoutEmpty(old.resources)))
    out.push(forbidden('spec', 'only cpu and memory resources are mutable at pod-level'))
}

function checkInitContainer(out: Errors, path: string, container: Container, old: Container): void {
  if (!isSame(withComputeOf(container, old), old))
    out.push(forbidden(path, 'only cpu and memory resources for init or sidecar containers are mutable'))
  if (container.restartPolicy === 'Always' || isSame(container, old)) return
  for (const { restartPolicy } of container.resizePolicy ?? [])
    if (restartPolicy === 'RestartContainer')
      out.push(
        forbidden(path, 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'),
      )
}

/** The new amounts with the old cpu and memory. */
function amountsWith(now: Amounts, old: Amounts): Record<string, string> | undefined {
  if (!now && !old) return undefined
  const { cpu: _, memory: __, ...others } = now ?? {}
  const kept = Object.entries(old ?? {}).filter(([name]) => name === 'cpu' || name === 'memory')
  return { ...others, ...Object.fromEntries(kept) }
}

function computeOf(
  now: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
): ResourceRequirements | undefined {
  if (!now) return undefined
  const { limits: _, requests: __, ...others } = now
  const limits = amountsWith(now.limits, old?.limits)
  const requests = amountsWith(now.requests, old?.requests)
  return { ...others, ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) }
}

/** Nothing asked for is the same as no field at all. */
function withoutEmpty(resources: ResourceRequirements | undefined): ResourceRequirements | undefined {
  const entries = Object.entries(resources ?? {}).filter(([, amounts]) => Object.keys(amounts ?? {}).length > 0)
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as ResourceRequirements)
}

function withComputeOf(container: Container, old: Container): Container {
  const { resources: _, ...others } = container
  const resources = withoutEmpty(computeOf(container.resources ?? {}, old.resources))
  const before = withoutEmpty(old.resources)
  // As empty as it was before.
  return isSame(resources, before)
    ? ({ ...others, ...(old.resources === undefined ? {} : { resources: old.resources }) } as Container)
    : ({ ...others, resources } as Container)
}

function munged(spec: PodSpec, old: PodSpec): PodSpec {
  const { resources: _, ...others } = spec
  return {
    ...others,
    containers: spec.containers.map((container, i) => withComputeOf(container, old.containers[i]!)),
    ...(spec.initContainers
      ? { initContainers: spec.initContainers.map((one, i) => withComputeOf(one, old.initContainers![i]!)) }
      : {}),
    ...(old.resources === undefined ? {} : { resources: old.resources }),
  }
}
