/** Defaults of claims for devices. When a taint was added is filled in on write, where there is a clock. */
import type { DeviceClaim } from '../../api/resource/v1/device-claim.ts'
import type { ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import type { ResourceClaimTemplate } from '../../api/resource/v1/resource-claim-template.ts'

interface Counted {
  allocationMode?: string
  count?: number
}

function defaultDeviceClaim({ requests }: DeviceClaim): void {
  for (const request of requests ?? []) {
    const ways: Counted[] = [...(request.exactly ? [request.exactly] : []), ...(request.firstAvailable ?? [])]
    for (const way of ways) {
      way.allocationMode ||= 'ExactCount'
      if (way.allocationMode === 'ExactCount') way.count ||= 1
    }
  }
}

export const defaultResourceClaim = ({ spec }: ResourceClaim): void => defaultDeviceClaim(spec.devices)

export const defaultResourceClaimTemplate = ({ spec }: ResourceClaimTemplate): void =>
  defaultDeviceClaim(spec.spec.devices)
