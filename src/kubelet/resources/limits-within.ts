/** The limits that bind a container. */
import type { ResourceRequirements } from '../../api/core/v1/resources.ts'
import { milliOf } from './amounts.ts'

/** A container without a limit of its own is bound by its pod's (KEP-2837). */
export function limitsWithin(
  pod: ResourceRequirements | undefined,
  container: ResourceRequirements | undefined,
): Record<string, string> {
  const limits: Record<string, string> = { ...container?.limits }
  for (const name of ['cpu', 'memory']) {
    const podLimit = pod?.limits?.[name]
    if (podLimit !== undefined && milliOf(podLimit) > 0 && milliOf(limits[name]) === 0) limits[name] = podLimit
  }
  return limits
}
