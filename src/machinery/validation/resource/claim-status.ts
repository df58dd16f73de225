/** What claims were given, and who uses it. */
import type { AllocationResult, DeviceRequestAllocationResult } from '../../../api/resource/v1/allocation-result.ts'
import type {
  AllocatedDeviceStatus,
  NetworkDeviceData,
  ResourceClaim,
} from '../../../api/resource/v1/resource-claim.ts'
import { forbidden, invalid, required, tooLong, tooMany } from '../../../schema/field-error.ts'
import { isCidr } from '../../../schema/formats.ts'
import { type Errors, isSame } from '../checks.ts'
import { checkConditions } from '../conditions.ts'
import { checkNodeSelector } from '../core/affinity.ts'
import { checkDeclaredDriver } from '../declared-names.ts'
import {
  checkConfiguration,
  checkRequestRefs,
  checkSingleRequestRef,
  maxConfigs,
  type RequestNames,
  requestNamesOf,
} from './claims.ts'
import {
  checkDeclaredPool,
  checkDriverName,
  checkItems,
  checkJsonObject,
  checkLabelKey,
  checkLabelName,
  checkPoolName,
  checkSet,
  checkUid,
} from './names.ts'
import { checkTolerations } from './taints.ts'

const maxReservations = 256
const maxResults = 32
const maxDataBytes = 10 * 1024
const maxDeviceConditions = 8
const maxBindingConditions = 4
const maxAddresses = 16
const maxInterfaceName = 256
const maxHardwareAddress = 128

/** The conditions that a pod's binding awaits, and those that end it: both or neither, with no name in common. */
export function checkBindingConditions(
  out: Errors,
  path: string,
  conditions: readonly string[] = [],
  failures: readonly string[] = [],
): void {
  for (const [name, list] of [
    ['bindingConditions', conditions],
    ['bindingFailureConditions', failures],
  ] as const) {
    checkSet(
      out,
      `${path}.${name}`,
      list,
      maxBindingConditions,
      item => item,
      (at, key) => checkLabelKey(out, at, key),
    )
  }
  for (const [i, failure] of failures.entries()) {
    if (!conditions.includes(failure)) continue
    const message = 'bindingFailureConditions must not overlap with bindingConditions'
    out.push(invalid(`${path}.bindingFailureConditions[${i}]`, failure, message))
  }
  if (conditions.length === 0 && failures.length > 0) {
    const message = 'bindingConditions are required to use bindingFailureConditions'
    out.push(invalid(`${path}.bindingConditions`, null, message))
  }
  if (failures.length === 0 && conditions.length > 0) {
    const message = 'bindingFailureConditions are required to use bindingConditions'
    out.push(invalid(`${path}.bindingFailureConditions`, null, message))
  }
}

function checkResult(out: Errors, path: string, result: DeviceRequestAllocationResult, names: RequestNames): void {
  checkSingleRequestRef(out, `${path}.request`, result.request, names)
  checkReported(out, path, result)
  checkDeclaredDriver(out, `${path}.driver`, result.driver)
  checkDeclaredPool(out, `${path}.pool`, result.pool)
  checkBindingConditions(out, path, result.bindingConditions, result.bindingFailureConditions)
  checkTolerations(out, `${path}.tolerations`, result.tolerations)
}

interface DeviceName {
  readonly driver: string
  readonly pool: string
  readonly device: string
  readonly shareID?: string
}

const nameOf = ({ driver, pool, device, shareID = '' }: DeviceName): string =>
  [driver, pool, device, ...(shareID === '' ? [] : [shareID])].join('/')

/** The declarations do not demand what components report. */
function checkReported(out: Errors, path: string, { driver, pool, device, shareID }: DeviceName): void {
  for (const [name, value] of Object.entries({ driver, pool })) {
    if (value === '') out.push(required(`${path}.${name}`))
  }
  checkLabelName(out, `${path}.device`, device)
  checkUid(out, `${path}.shareID`, shareID)
}

function checkAllocation(out: Errors, path: string, allocation: AllocationResult, names: RequestNames): void {
  const { results, config } = allocation.devices
  checkItems(out, `${path}.devices.results`, results, maxResults, (at, result) => checkResult(out, at, result, names))
  // Configurations of the class and of the claim.
  checkItems(out, `${path}.devices.config`, config, 2 * maxConfigs, (at, item) => {
    if ((item.source as string) === '') out.push(required(`${at}.source`))
    checkRequestRefs(out, `${at}.requests`, item.requests, names)
    checkConfiguration(out, at, item)
  })
  if (allocation.nodeSelector) checkNodeSelector(out, `${path}.nodeSelector`, allocation.nodeSelector)
}

function checkNetworkData(out: Errors, path: string, data: NetworkDeviceData): void {
  const { interfaceName = '', hardwareAddress = '' } = data
  if (Buffer.byteLength(interfaceName) > maxInterfaceName) out.push(tooLong(`${path}.interfaceName`, maxInterfaceName))
  if (Buffer.byteLength(hardwareAddress) > maxHardwareAddress) {
    out.push(tooLong(`${path}.hardwareAddress`, maxHardwareAddress))
  }
  checkSet(
    out,
    `${path}.ips`,
    data.ips,
    maxAddresses,
    item => item,
    (at, address) => {
      if (isCidr(address)) return
      const message = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'
      out.push(invalid(at, address, message))
    },
  )
}

function checkDeviceStatus(out: Errors, path: string, device: AllocatedDeviceStatus, allocated: ReadonlySet<string>) {
  checkReported(out, path, device)
  checkDriverName(out, `${path}.driver`, device.driver)
  checkPoolName(out, `${path}.pool`, device.pool)
  if (!allocated.has(nameOf(device))) {
    const shown = { Driver: device.driver, Pool: device.pool, Device: device.device, ShareID: device.shareID ?? '' }
    out.push(invalid(path, shown, 'must be an allocated device in the claim'))
  }
  const conditions = device.conditions ?? []
  if (conditions.length > maxDeviceConditions) {
    out.push(tooMany(`${path}.conditions`, conditions.length, maxDeviceConditions))
  }
  checkConditions(out, `${path}.conditions`, conditions)
  if (device.data !== undefined) checkJsonObject(out, `${path}.data`, device.data, maxDataBytes)
  if (device.networkData) checkNetworkData(out, `${path}.networkData`, device.networkData)
}

export function checkResourceClaimStatus(out: Errors, claim: ResourceClaim, old: ResourceClaim): void {
  const { allocation, reservedFor = [], devices } = claim.status
  const before = old.status
  checkSet(
    out,
    'status.reservedFor',
    reservedFor,
    maxReservations,
    ({ uid }) => uid,
    (at, user) => {
      for (const name of ['resource', 'name', 'uid'] as const) {
        if (!user[name]) out.push(required(`${at}.${name}`))
      }
    },
  )
  const allocated = new Set((allocation?.devices.results ?? []).map(nameOf))
  checkSet(
    out,
    'status.devices',
    devices,
    Number.POSITIVE_INFINITY,
    nameOf,
    (at, device) => checkDeviceStatus(out, at, device, allocated),
    // Upstream's type shows conditions in any case.
    device => ({ ...device, conditions: device.conditions ?? null }),
  )
  if (reservedFor.length > 0 && !allocation) {
    out.push(forbidden('status.reservedFor', 'may not be specified when `allocated` is not set'))
  } else if (claim.metadata.deletionTimestamp !== undefined) {
    const known = before.reservedFor ?? []
    if (reservedFor.some(user => !known.some(other => isSame(user, other)))) {
      const message = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
      out.push(forbidden('status.reservedFor', message))
    }
  }
  if (!allocation) return
  if (before.allocation) {
    if (isSame(allocation, before.allocation)) return
    out.push(invalid('status.allocation', null, 'field cannot be modified once set'))
  } else checkAllocation(out, 'status.allocation', allocation, requestNamesOf(claim.spec.devices))
}
