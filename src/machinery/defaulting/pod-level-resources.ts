/**
 * What a pod asks for as a whole where it says only part of it (KEP-2837). Not part of decoding: it needs all containers,
 * with those that admission has added.
 */
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { isHugePages, isPodLevelResource } from '../pod-qos.ts'
import { parseQuantity } from '../quantity.ts'
import { askedTotal } from '../quota/pod-totals.ts'

export function defaultPodLevelResources(spec: PodSpec): void {
  const { resources } = spec
  if (!resources) return
  const requests: Record<string, string> = { ...resources.requests }
  const limits: Record<string, string> = { ...resources.limits }
  if (Object.keys(requests).length === 0 && Object.keys(limits).length === 0) return
  const limitTotals = askedTotal(spec, 'limits')
  // Huge pages are never overcommitted: their limit is what the containers may use.
  for (const [name, total] of Object.entries(limitTotals))
    if (isHugePages(name) && requests[name] === undefined) limits[name] ??= total
  for (const [name, total] of Object.entries(askedTotal(spec, 'requests')))
    if (isPodLevelResource(name) && !isHugePages(name)) requests[name] ??= total
  for (const [name, limit] of Object.entries(limits)) if (isPodLevelResource(name)) requests[name] ??= limit
  const all = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  for (const [name, request] of Object.entries(requests)) {
    if (!isPodLevelResource(name) || limits[name] !== undefined) continue
    const total = limitTotals[name]
    if (total === undefined || all.some(container => container.resources?.limits?.[name] === undefined)) continue
    limits[name] = parseQuantity(request).compare(parseQuantity(total)) > 0 ? request : total
  }
  if (Object.keys(requests).length > 0) resources.requests = requests
  if (Object.keys(limits).length > 0) resources.limits = limits
}
