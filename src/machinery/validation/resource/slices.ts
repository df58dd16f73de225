/** Devices that drivers offer (KEP-4381, KEP-4815, KEP-5055, KEP-5075). */
import type { Device, DeviceAttribute } from '../../../api/resource/v1/device.ts'
import type { CounterSet, DeviceCounterConsumption } from '../../../api/resource/v1/device-capacity.ts'
import type { ResourceSlice, ResourceSliceSpec } from '../../../api/resource/v1/resource-slice.ts'
import { invalid, required, tooLong, tooMany } from '../../../schema/field-error.ts'
import { dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkNodeSelector } from '../core/affinity.ts'
import { shortNameErrors } from '../declared-names.ts'
import { checkCapacity } from './capacity.ts'
import { checkBindingConditions } from './claim-status.ts'
import { checkDriverName, checkItems, checkLabelName, checkPoolName, checkQualifiedName, checkSet } from './names.ts'
import { checkTaint } from './taints.ts'

const maxDevices = 128
/** Where devices have taints or take of shared amounts. */
const maxRichDevices = 64
const maxCounterSets = 8
const maxCounters = 32
const maxConsumptions = 2
const maxTaints = 16
const maxProperties = 32
const maxValueLength = 64

const number = '(0|[1-9]\\d*)'
const preRelease = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
const build = '[0-9a-zA-Z-]+'
const version = new RegExp(
  `^${number}\\.${number}\\.${number}(-${preRelease}(\\.${preRelease})*)?(\\+${build}(\\.${build})*)?$`,
)

function checkAttribute(out: Errors, path: string, attribute: DeviceAttribute): void {
  const { string, version: release } = attribute
  if (string !== undefined && Buffer.byteLength(string) > maxValueLength) {
    out.push(tooLong(`${path}.string`, maxValueLength))
  }
  if (release !== undefined) {
    if (!version.test(release)) {
      out.push(invalid(`${path}.version`, release, 'must be a string compatible with semver.org spec 2.0.0'))
    }
    if (Buffer.byteLength(release) > maxValueLength) out.push(tooLong(`${path}.version`, maxValueLength))
  }
  const members = ['int', 'bool', 'string', 'version', 'ints', 'bools', 'strings', 'versions'] as const
  const given = members.filter(name => attribute[name] !== undefined)
  if (given.length === 1) return
  const all = members.map(name => `\`${name}\``).join(', ')
  if (given.length === 0) out.push(invalid(path, '', `must specify one of: ${all}`))
  else out.push(invalid(path, `{${given.join(', ')}}`, `must specify exactly one of: ${all}`))
}

type Counters = CounterSet['counters'] | DeviceCounterConsumption['counters']

function checkCounters(out: Errors, path: string, counters: Counters | undefined): void {
  const names = Object.keys(counters ?? {})
  if (names.length === 0) out.push(required(path))
  if (names.length > maxCounters) {
    out.push(tooMany(path, names.length, maxCounters))
    return
  }
  for (const name of names) pushInvalid(out, path, name, shortNameErrors(name))
}

interface NodeChoice {
  readonly nodeName?: string
  readonly nodeSelector?: Device['nodeSelector']
  readonly allNodes?: boolean
}

/** What is chosen, in upstream's notation. */
function checkNodes(out: Errors, path: string, choice: NodeChoice, emptyName: string): string[] {
  const { nodeName, nodeSelector, allNodes } = choice
  const chosen: string[] = []
  if (nodeName === '') out.push(invalid(`${path}.nodeName`, nodeName, emptyName))
  else if (nodeName !== undefined) {
    chosen.push('`nodeName`')
    pushInvalid(out, `${path}.nodeName`, nodeName, dns1123SubdomainErrors(nodeName))
  }
  if (nodeSelector) {
    chosen.push('`nodeSelector`')
    checkNodeSelector(out, `${path}.nodeSelector`, nodeSelector)
  }
  if (allNodes === true) chosen.push('`allNodes`')
  else if (allNodes === false) out.push(invalid(`${path}.allNodes`, false, 'must be either unset or set to true'))
  return chosen
}

function checkDeviceNodes(out: Errors, path: string, device: Device, isPerDevice: boolean): void {
  const { nodeName, nodeSelector, allNodes } = device
  const when = '`perDeviceNodeSelection` is set to true in the ResourceSlice spec'
  if (!isPerDevice) {
    if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return
    out.push(invalid(path, null, `\`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if ${when}`))
    return
  }
  const chosen = checkNodes(out, path, device, 'must not be empty')
  const message = `exactly one of \`nodeName\`, \`nodeSelector\`, or \`allNodes\` is required when ${when}`
  if (chosen.length === 0) out.push(required(path, message))
  else if (chosen.length > 1) out.push(invalid(path, `{${chosen.join(', ')}}`, message))
}

function checkDevice(out: Errors, path: string, device: Device, old: Device | undefined, isPerDevice: boolean): void {
  checkLabelName(out, `${path}.name`, device.name)
  const { attributes = {}, capacity = {}, taints } = device
  const properties = Object.keys(attributes).length + Object.keys(capacity).length
  if (properties > maxProperties) {
    const message = `the total number of attributes and capacities must not exceed ${maxProperties}`
    out.push(invalid(path, properties, message))
  }
  for (const [name, attribute] of Object.entries(attributes)) {
    checkQualifiedName(out, `${path}.attributes`, name)
    checkAttribute(out, `${path}.attributes[${name}]`, attribute)
  }
  if (!old || !isSame(old.capacity, device.capacity)) {
    for (const [name, amount] of Object.entries(capacity)) {
      checkQualifiedName(out, `${path}.capacity`, name)
      checkCapacity(out, `${path}.capacity[${name}]`, amount, device.allowMultipleAllocations === true)
    }
  }
  if (!old || !isSame(old.taints, taints)) {
    checkItems(out, `${path}.taints`, taints, maxTaints, (at, taint) => checkTaint(out, at, taint))
  }
  checkSet(
    out,
    `${path}.consumesCounters`,
    device.consumesCounters,
    maxConsumptions,
    of => of.counterSet,
    (at, of) => {
      if (of.counterSet !== '') pushInvalid(out, `${at}.counterSet`, of.counterSet, shortNameErrors(of.counterSet))
      checkCounters(out, `${at}.counters`, of.counters)
    },
  )
  checkDeviceNodes(out, path, device, isPerDevice)
  checkBindingConditions(out, path, device.bindingConditions, device.bindingFailureConditions)
}

function checkSliceNodes(out: Errors, spec: ResourceSliceSpec): void {
  const chosen = checkNodes(out, 'spec', spec, 'must be either unset or set to a non-empty string')
  const { nodeSelector, perDeviceNodeSelection } = spec
  if (nodeSelector && nodeSelector.nodeSelectorTerms?.length !== 1) {
    const message = 'must have exactly one node selector term'
    out.push(invalid('spec.nodeSelector.nodeSelectorTerms', nodeSelector.nodeSelectorTerms ?? null, message))
  }
  if (perDeviceNodeSelection === true) chosen.push('`perDeviceNodeSelection`')
  else if (perDeviceNodeSelection === false) {
    out.push(invalid('spec.perDeviceNodeSelection', false, 'must be either unset or set to true'))
  }
  const message = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
  if (chosen.length === 0) out.push(required('spec', message))
  else if (chosen.length > 1) {
    out.push(invalid('spec', `{${chosen.join(', ')}}`, `${message}, but multiple fields are set`))
  }
}

export function checkResourceSlice(out: Errors, { spec }: ResourceSlice, old?: ResourceSlice): void {
  const { pool, devices } = spec
  if (spec.driver === '') out.push(required('spec.driver'))
  checkDriverName(out, 'spec.driver', spec.driver)
  if (pool.name === '') out.push(required('spec.pool.name'))
  checkPoolName(out, 'spec.pool.name', pool.name)
  if (pool.resourceSliceCount <= 0) {
    out.push(invalid('spec.pool.resourceSliceCount', pool.resourceSliceCount, 'must be greater than zero'))
  }
  if (pool.generation < 0) {
    out.push(invalid('spec.pool.generation', pool.generation, 'must be greater than or equal to zero'))
  }
  if (old) {
    checkImmutable(out, 'spec.pool.name', pool.name, old.spec.pool.name)
    checkImmutable(out, 'spec.driver', spec.driver, old.spec.driver)
    checkImmutable(out, 'spec.nodeName', spec.nodeName, old.spec.nodeName)
  }
  checkSliceNodes(out, spec)
  if (spec.sharedCounters && devices) {
    out.push(invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed'))
  }
  const isRich = devices?.some(of => (of.taints?.length ?? 0) > 0 || (of.consumesCounters?.length ?? 0) > 0)
  const before = new Map((old?.spec.devices ?? []).map(device => [device.name, device]))
  checkSet(
    out,
    'spec.devices',
    devices,
    isRich ? maxRichDevices : maxDevices,
    ({ name }) => name,
    (at, device) => checkDevice(out, at, device, before.get(device.name), spec.perDeviceNodeSelection === true),
    ({ name }) => name,
  )
  checkSet(
    out,
    'spec.sharedCounters',
    spec.sharedCounters,
    maxCounterSets,
    ({ name }) => name,
    (at, set) => {
      if (set.name !== '') pushInvalid(out, `${at}.name`, set.name, shortNameErrors(set.name))
      checkCounters(out, `${at}.counters`, set.counters)
    },
  )
}
