/** Devices, and claims for them (KEP-4381). */
import type { AllocationResult } from '../../../api/resource/v1/allocation-result.ts'
import type { AllocatedDeviceStatus } from '../../../api/resource/v1/resource-claim.ts'
import { equalJson } from '../clone.ts'
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { at, isolatedStatusStrategy, strategyOf, textAt } from './base.ts'

const countsSpec = (object: ObjectJson, old: ObjectJson): void => {
  object.metadata.generation = (old.metadata.generation ?? 0) + (equalJson(object.spec, old.spec) ? 0 : 1)
}

export const deviceClassStrategy: Strategy = strategyOf({ counted: true })

interface Taint {
  effect: string
  timeAdded?: string
}

interface RuleSpec {
  taint: Taint
}

const taintedAt = (taint: Taint, nowIso: string): Taint => ({ ...taint, timeAdded: taint.timeAdded ?? nowIso })

export const deviceTaintRuleStrategy: Strategy = strategyOf({
  hasStatus: true,
  unconditionalUpdate: false,
  fillIn(object, { nowIso }) {
    const spec = object.spec as RuleSpec
    object.spec = { ...spec, taint: taintedAt(spec.taint, nowIso) }
  },
  prepareForCreate(object) {
    object.status = {}
    object.metadata.generation = 1
  },
  prepareForUpdate(object, old, { nowIso }) {
    const spec = object.spec as RuleSpec
    const before = (old.spec as RuleSpec).taint
    const taint = taintedAt(spec.taint, nowIso)
    // Another effect begins now, unless the client says when.
    if (taint.effect !== before.effect && taint.timeAdded === before.timeAdded) taint.timeAdded = nowIso
    object.spec = { ...spec, taint }
    countsSpec(object, old)
  },
  subresources: { status: isolatedStatusStrategy },
})

const sharedIdOf = (device: { driver: string; pool: string; device: string; shareID?: string }): string =>
  JSON.stringify([device.driver, device.pool, device.device, device.shareID ?? ''])

/** What drivers say of devices that are no longer allocated goes with the allocation. */
function dropDeallocated(object: ObjectJson, old: ObjectJson): void {
  const allocated = (of: ObjectJson) =>
    ((at(of, 'status', 'allocation') as AllocationResult | undefined)?.devices.results ?? []).map(sharedIdOf)
  const kept = new Set(allocated(object))
  const gone = new Set(allocated(old).filter(id => !kept.has(id)))
  const { devices, ...status } = (object.status ?? {}) as { devices?: AllocatedDeviceStatus[] }
  const left = devices?.filter(device => !gone.has(sharedIdOf(device))) ?? []
  object.status = left.length === 0 ? status : { ...status, devices: left }
}

export const resourceClaimStrategy: Strategy = strategyOf({
  hasStatus: true,
  subresources: {
    status: {
      ...isolatedStatusStrategy,
      prepareForUpdate(object, old, context) {
        isolatedStatusStrategy.prepareForUpdate(object, old, context)
        dropDeallocated(object, old)
      },
    },
  },
})

interface SliceSpec {
  driver: string
  devices?: { taints?: Taint[] }[]
}

function fillTaintTimes(object: ObjectJson, nowIso: string): void {
  const spec = object.spec as SliceSpec
  if (!spec.devices?.some(({ taints }) => taints?.some(({ timeAdded }) => timeAdded === undefined))) return
  object.spec = {
    ...spec,
    devices: spec.devices.map(device =>
      device.taints ? { ...device, taints: device.taints.map(taint => taintedAt(taint, nowIso)) } : device,
    ),
  }
}

export const resourceSliceStrategy: Strategy = strategyOf({
  fieldNames: ['spec.nodeName', 'spec.driver', 'spec.pool.name'],
  selectableFields: object => ({
    'spec.nodeName': textAt(object, 'spec', 'nodeName'),
    'spec.driver': textAt(object, 'spec', 'driver'),
    'spec.pool.name': textAt(object, 'spec', 'pool', 'name'),
  }),
  fillIn(object, { nowIso }) {
    fillTaintTimes(object, nowIso)
  },
  prepareForCreate(object) {
    object.metadata.generation = 1
  },
  prepareForUpdate(object, old, { nowIso }) {
    fillTaintTimes(object, nowIso)
    countsSpec(object, old)
  },
  warnings(object) {
    const { driver } = object.spec as SliceSpec
    return driver === driver.toLowerCase()
      ? []
      : [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`]
  },
})
