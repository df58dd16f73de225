/** What a pod asks for as a whole (KEP-2837; upstream: validatePodResources): never less than its containers do. */
import type { PodSpec } from '../../../api/core/v1/pod-spec.ts'
import { forbidden, invalid } from '../../../schema/field-error.ts'
import { ownMember } from '../../../schema/json-exact.ts'
import { isHugePages } from '../../pod-qos.ts'
import { parseQuantity, QuantityError } from '../../quantity.ts'
import { askedTotal } from '../../quota/pod-totals.ts'
import type { Errors } from '../checks.ts'
import { checkPodResourceName, checkResources } from './resources.ts'

export function checkPodLevelResources(
  out: Errors,
  path: string,
  spec: PodSpec,
  claims: Parameters<typeof checkResources>[3],
): void {
  const { resources } = spec
  if (!resources) return
  if (spec.os?.name === 'windows') {
    out.push(forbidden(path, 'may not be set for a windows pod'))
    return
  }
  if (resources.claims) out.push(forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level'))
  checkResources(out, path, resources, claims, checkPodResourceName)
  try {
    checkConsistency(out, path, spec)
  } catch (error) {
    // An amount that is none is told elsewhere.
    if (!(error instanceof QuantityError)) throw error
  }
}

const exceeds = (amount: string, bound: string): boolean => parseQuantity(amount).compare(parseQuantity(bound)) > 0

function checkConsistency(out: Errors, path: string, spec: PodSpec): void {
  const { requests = {}, limits = {} } = spec.resources ?? {}
  for (const which of ['requests', 'limits'] as const) {
    const own = which === 'requests' ? requests : limits
    for (const [name, total] of Object.entries(askedTotal(spec, which)).sort()) {
      // Limits of cpu and memory may add up to more: not all containers use theirs at a time.
      const ofPod = ownMember(own, name)
      if (ofPod === undefined || (which === 'limits' && !isHugePages(name))) continue
      if (exceeds(total, ofPod))
        out.push(
          invalid(
            `${path}.${which}[${name}]`,
            ofPod,
            `must be greater than or equal to aggregate container ${which} of ${total}`,
          ),
        )
    }
  }
  for (const [i, container] of (spec.containers ?? []).entries())
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {}).sort()) {
      const ofPod = ownMember(limits, name)
      if (ofPod !== undefined && exceeds(limit, ofPod))
        out.push(
          invalid(
            `${path}.containers[${i}][${name}].limits`,
            limit,
            `must be less than or equal to pod limits of ${ofPod}`,
          ),
        )
    }
}
