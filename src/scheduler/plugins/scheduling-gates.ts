/** A pod with scheduling gates waits outside of the queue (KEP-3521). */
import type { Pod } from '../../api/core/v1/pod.ts'

export const schedulingGatesName = 'SchedulingGates'

export const isGated = (pod: Pod): boolean => (pod.spec.schedulingGates ?? []).length > 0
