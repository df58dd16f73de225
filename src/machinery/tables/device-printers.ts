/** Devices and the claims for them. */
import type { DeviceClass } from '../../api/resource/v1/device-class.ts'
import type { DeviceTaintRule } from '../../api/resource/v1/device-taint-rule.ts'
import type { ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import type { ResourceSlice } from '../../api/resource/v1/resource-slice.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, nameColumn, type Printer } from './printer.ts'

/** Device classes and templates of claims: both show nothing of what they hold. */
export const plainAgePrinter: Printer<DeviceClass> = {
  columns: [nameColumn, ageColumn],
  cells: ({ metadata }, nowMs) => [metadata.name, ageOf(metadata.creationTimestamp, nowMs)],
}

export const deviceTaintRulePrinter: Printer<DeviceTaintRule> = {
  columns: [
    nameColumn,
    column('Key', 'The key of the taint.'),
    column('Value', 'The value of the taint.'),
    column('Effect', 'What the taint does.'),
    column('TimeAdded', 'How long ago the taint was set.'),
    ageColumn,
  ],
  cells: ({ metadata, spec: { taint } }, nowMs) => [
    metadata.name,
    taint.key,
    taint.value ?? '',
    taint.effect,
    taint.timeAdded === undefined ? '' : ageOf(taint.timeAdded, nowMs),
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

function stateOf({ metadata, status }: ResourceClaim): string {
  const states: string[] = []
  if (metadata.deletionTimestamp) states.push('deleted')
  if (status.allocation) states.push('allocated', ...(status.reservedFor?.length ? ['reserved'] : []))
  else if (!metadata.deletionTimestamp) states.push('pending')
  return states.join(',')
}

export const resourceClaimPrinter: Printer<ResourceClaim> = {
  columns: [nameColumn, column('State', 'Whether devices are allocated, and in use.'), ageColumn],
  cells: (claim, nowMs) => [claim.metadata.name, stateOf(claim), ageOf(claim.metadata.creationTimestamp, nowMs)],
}

export const resourceSlicePrinter: Printer<ResourceSlice> = {
  columns: [
    nameColumn,
    column('Node', 'The node that has the devices.'),
    column('Driver', 'The driver of the devices.'),
    column('Pool', 'The pool that it is a part of.'),
    ageColumn,
  ],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec.nodeName ?? '',
    spec.driver,
    spec.pool.name,
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}
