/** Drivers for volumes: what they can do, on which nodes they are, what they have attached (upstream: storage validation). */
import type { CSIDriver, TokenRequest } from '../../../api/storage/v1/csi-driver.ts'
import type { CSINode, CSINodeDriver, StorageHealthCondition } from '../../../api/storage/v1/csi-node.ts'
import type { VolumeAttachment, VolumeError } from '../../../api/storage/v1/volume-attachment.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooLong, tooMany } from '../../../schema/field-error.ts'
import { betweenMessage, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import {
  checkImmutable,
  checkNotNegative,
  checkOneOf,
  checkUnchanged,
  comparisons,
  type Errors,
  immutableMessage,
  isSame,
  pushInvalid,
} from '../checks.ts'
import { conditionReasonErrors } from '../conditions.ts'
import { checkPersistentVolumeSpec } from '../core/persistent-volume.ts'
import { checkDriver } from '../core/volume-sources.ts'
import { checkDeclaredDriver } from '../declared-names.ts'

const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType']
const leastTokenSeconds = 600
const leastPeriodSeconds = 10

function checkTokenRequests(out: Errors, requests: readonly TokenRequest[]): void {
  for (const [i, { audience, expirationSeconds }] of requests.entries()) {
    const path = `spec.tokenRequests[${i}]`
    if (requests.findIndex(other => other.audience === audience) < i) {
      out.push(duplicate(`${path}.audience`, audience))
      continue
    }
    if (expirationSeconds === undefined) continue
    if (expirationSeconds < leastTokenSeconds) {
      const message = 'may not specify a duration less than 10 minutes'
      out.push(invalid(`${path}.expirationSeconds`, expirationSeconds, message))
    }
    if (expirationSeconds > 2 ** 32) {
      const message = 'may not specify a duration larger than 2^32 seconds'
      out.push(invalid(`${path}.expirationSeconds`, expirationSeconds, message))
    }
  }
}

export function checkCsiDriver(out: Errors, { spec }: CSIDriver): void {
  if (spec.fsGroupPolicy !== undefined) checkOneOf(out, 'spec.fsGroupPolicy', spec.fsGroupPolicy, groupPolicies)
  checkTokenRequests(out, spec.tokenRequests ?? [])
  for (const mode of spec.volumeLifecycleModes ?? []) {
    checkOneOf(out, 'spec.volumeLifecycleModes', mode, ['Persistent', 'Ephemeral'])
  }
  const period = spec.nodeAllocatableUpdatePeriodSeconds
  if (period !== undefined && period < leastPeriodSeconds) {
    const path = 'spec.nodeAllocatableUpdatePeriodSeconds'
    out.push(invalid(path, period, 'must be greater than or equal to 10 seconds'))
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && !spec.tokenRequests?.length) {
    const path = 'spec.serviceAccountTokenInSecrets'
    const message = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
    out.push(invalid(path, spec.serviceAccountTokenInSecrets, message))
  }
}

export function checkCsiDriverUpdate(out: Errors, driver: CSIDriver, old: CSIDriver): void {
  checkCsiDriver(out, driver)
  out.push(comparisons)
  // Upstream spells the path so.
  checkImmutable(out, 'spec.attachedRequired', driver.spec.attachRequired, old.spec.attachRequired)
  const path = 'spec.volumeLifecycleModes'
  checkImmutable(out, path, driver.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes)
}

const longestNodeId = 256

function checkNodeDriver(out: Errors, path: string, driver: CSINodeDriver): void {
  if (driver.name !== '') checkDriver(out, `${path}.name`, driver.name)
  if (driver.nodeID === '') out.push(required(`${path}.nodeID`))
  if (driver.nodeID.length > longestNodeId) {
    out.push(invalid(`${path}.nodeID`, driver.nodeID, `must be ${longestNodeId} characters or less`))
  }
  checkNotNegative(out, `${path}.allocatable.count`, driver.allocatable?.count)
}

function checkTopologyKeys(out: Errors, path: string, keys: readonly string[]): void {
  for (const [i, key] of keys.entries()) {
    if (key === '') out.push(required(path))
    if (keys.indexOf(key) < i) out.push(duplicate(path, key))
    pushInvalid(out, path, key, labelKeyErrors(key))
  }
}

export function checkCsiNode(out: Errors, { spec }: CSINode): void {
  const drivers = spec.drivers ?? []
  for (const [i, driver] of drivers.entries()) {
    const path = `spec.drivers[${i}]`
    checkNodeDriver(out, path, driver)
    if (drivers.findIndex(({ name }) => name === driver.name) < i) out.push(duplicate(`${path}.name`, driver.name))
    checkTopologyKeys(out, path, driver.topologyKeys ?? [])
  }
}

export function checkCsiNodeUpdate(out: Errors, node: CSINode, old: CSINode): void {
  checkCsiNode(out, node)
  out.push(comparisons)
  for (const before of old.spec.drivers ?? []) {
    for (const { allocatable: _, ...driver } of node.spec.drivers ?? []) {
      if (driver.name !== before.name) continue
      const { allocatable: _before, ...rest } = before
      if (isSame(driver, rest)) continue
      // Upstream shows its internal form, whose members are capitalised.
      const { name, nodeID, topologyKeys = null } = driver
      const shown = { Name: name, NodeID: nodeID, TopologyKeys: topologyKeys, Allocatable: null }
      out.push(invalid('spec.drivers', shown, immutableMessage))
    }
  }
}

const maxHealthConditions = 16

function checkHealthCondition(out: Errors, path: string, condition: StorageHealthCondition): void {
  const { reason } = condition
  if (reason === '') out.push(required(`${path}.reason`))
  else {
    pushInvalid(out, `${path}.reason`, reason, conditionReasonErrors(reason))
    if (reason.length > 256) out.push(tooLong(`${path}.reason`, 256))
  }
  if ((condition.message ?? '').length > 1024) out.push(tooLong(`${path}.message`, 1024))
}

export function checkCsiNodeStatus(out: Errors, { status }: CSINode): void {
  const reports = status.storageHealth ?? []
  for (const [i, { name, healthConditions = [] }] of reports.entries()) {
    const path = `status.storageHealth[${i}]`
    if (reports.findIndex(other => other.name === name) < i) out.push(duplicate(path, name))
    if (name === '') out.push(required(`${path}.name`))
    else checkDriver(out, `${path}.name`, name)
    if (healthConditions.length > maxHealthConditions) {
      out.push(tooMany(`${path}.healthConditions`, healthConditions.length, maxHealthConditions))
      continue
    }
    for (const [j, condition] of healthConditions.entries()) {
      const at = `${path}.healthConditions[${j}]`
      if (condition.status === undefined)
        out.push(notSupported(`${at}.status`, '', ['StorageDegraded', 'StorageUnreachable']))
      checkHealthCondition(out, at, condition)
    }
  }
}

const maxMetadataBytes = 256 * 1024
const maxErrorBytes = 1024

function checkVolumeError(out: Errors, path: string, error: VolumeError | undefined): void {
  if (!error) return
  if (Buffer.byteLength(error.message ?? '') > maxErrorBytes) out.push(tooLong(`${path}.message`, maxErrorBytes))
  if (error.errorCode !== undefined && error.errorCode < 0) {
    out.push(invalid(`${path}.errorCode`, error.errorCode, betweenMessage(0, 2147483647)))
  }
}

/** A spec that never changes is out of sight of declarative validation on updates: the other rules speak there. */
export function checkVolumeAttachment(
  out: Errors,
  { spec, status }: VolumeAttachment,
  checkAttacher = checkDeclaredDriver,
): void {
  if (spec.attacher !== '') checkAttacher(out, 'spec.attacher', spec.attacher)
  const { inlineVolumeSpec, persistentVolumeName } = spec.source
  const exactlyOne = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (inlineVolumeSpec === undefined && persistentVolumeName === undefined) {
    out.push(required('spec.source', exactlyOne))
  } else if (inlineVolumeSpec !== undefined && persistentVolumeName !== undefined) {
    out.push(forbidden('spec.source', exactlyOne))
  } else if (persistentVolumeName === '') {
    out.push(required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName'))
  } else if (inlineVolumeSpec !== undefined) {
    checkPersistentVolumeSpec(out, 'spec.source.inlineVolumeSpec', inlineVolumeSpec, undefined)
  }
  pushInvalid(out, 'spec.nodeName', spec.nodeName, dns1123SubdomainErrors(spec.nodeName))
  let bytes = 0
  for (const [key, value] of Object.entries(status.attachmentMetadata ?? {})) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (bytes > maxMetadataBytes) out.push(tooLong('status.attachmentMetadata', maxMetadataBytes))
  checkVolumeError(out, 'status.attachError', status.attachError)
  checkVolumeError(out, 'status.detachError', status.detachError)
  if (persistentVolumeName !== undefined) {
    const path = 'spec.source.persistentVolumeName'
    pushInvalid(out, path, persistentVolumeName, dns1123SubdomainErrors(persistentVolumeName))
  }
}

export function checkVolumeAttachmentUpdate(out: Errors, attachment: VolumeAttachment, old: VolumeAttachment): void {
  checkVolumeAttachment(out, attachment, checkDriver)
  out.push(comparisons)
  checkUnchanged(out, 'spec', attachment.spec, old.spec)
}
