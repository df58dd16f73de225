/** Claims of storage (upstream: ValidatePersistentVolumeClaim and its update). */
import type { PersistentVolumeClaim } from '../../../api/core/v1/persistent-volume-claim.ts'
import type { PersistentVolumeClaimSpec } from '../../../api/core/v1/volume.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkImmutable, checkLabelSelector, checkOneOf, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkAmount, isNativeResource } from './resources.ts'

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

export function checkAccessModes(out: Errors, path: string, modes: readonly string[]): void {
  for (const mode of modes) checkOneOf(out, path, mode, accessModes)
  const known = modes.filter(mode => accessModes.includes(mode))
  if (known.includes('ReadWriteOncePod') && known.some(mode => mode !== 'ReadWriteOncePod')) {
    out.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'))
  }
}

export function checkClaimSpec(out: Errors, path: string, spec: PersistentVolumeClaimSpec): void {
  const modes = spec.accessModes ?? []
  if (modes.length === 0) out.push(required(`${path}.accessModes`, 'at least 1 access mode is required'))
  checkLabelSelector(out, `${path}.selector`, spec.selector)
  checkAccessModes(out, `${path}.accessModes`, modes)
  const storage = spec.resources.requests?.storage
  if (storage === undefined) out.push(required(`${path}.resources[storage]`))
  else {
    checkAmount(out, `${path}.resources[storage]`, 'storage', storage)
    if (parseQuantity(storage).sign() <= 0) {
      out.push(invalid(`${path}.resources[storage]`, storage, 'must be greater than zero'))
    }
  }
  if (spec.storageClassName) {
    pushInvalid(out, `${path}.storageClassName`, spec.storageClassName, dns1123SubdomainErrors(spec.storageClassName))
  }
  if (spec.volumeAttributesClassName) {
    const name = spec.volumeAttributesClassName
    pushInvalid(out, `${path}.volumeAttributesClassName`, name, dns1123SubdomainErrors(name))
  }
  if (spec.dataSource) checkSource(out, `${path}.dataSource`, spec.dataSource)
  if (spec.dataSourceRef) checkSource(out, `${path}.dataSourceRef`, spec.dataSourceRef)
  if (spec.dataSource && spec.dataSourceRef && !spec.dataSourceRef.namespace) {
    const { apiGroup, kind, name } = spec.dataSourceRef
    if (!isSame(spec.dataSource, { apiGroup, kind, name })) {
      out.push(invalid(path, spec.dataSource, 'must match dataSourceRef'))
    }
  }
}

interface DataSource {
  readonly apiGroup?: string
  readonly kind?: string
  readonly name?: string
  readonly namespace?: string
}

function checkSource(out: Errors, path: string, source: DataSource): void {
  const { apiGroup = '', kind = '', name = '', namespace = '' } = source
  if (name === '') out.push(required(`${path}.name`))
  if (kind === '') out.push(required(`${path}.kind`))
  if (apiGroup !== '') pushInvalid(out, `${path}.apiGroup`, apiGroup, dns1123SubdomainErrors(apiGroup))
  else if (kind !== 'PersistentVolumeClaim')
    out.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
  if (namespace !== '') pushInvalid(out, `${path}.namespace`, namespace, dns1123LabelErrors(namespace))
}

export function checkClaim(out: Errors, claim: PersistentVolumeClaim): void {
  checkClaimSpec(out, 'spec', claim.spec)
}

export function checkClaimUpdate(out: Errors, claim: PersistentVolumeClaim, old: PersistentVolumeClaim): void {
  checkClaimSpec(out, 'spec', claim.spec)
  const isBound = old.spec.volumeName !== undefined && old.spec.volumeName !== ''
  // The volume's name is set once, by the binder.
  const volumeName = isBound ? old.spec.volumeName : claim.spec.volumeName
  // A class may be named where none was.
  const storageClassName = old.spec.storageClassName ?? claim.spec.storageClassName
  if (!isSame(frozenPart(claim.spec), { ...frozenPart(old.spec), volumeName, storageClassName })) {
    out.push(
      forbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    )
  }
  checkSizes(out, claim, old, isBound)
  checkImmutable(out, 'volumeMode', claim.spec.volumeMode, old.spec.volumeMode)
}

/** What never changes once the claim exists. */
const frozenPart = (spec: PersistentVolumeClaimSpec): object => ({
  ...spec,
  resources: undefined,
  volumeAttributesClassName: undefined,
})

function checkSizes(out: Errors, claim: PersistentVolumeClaim, old: PersistentVolumeClaim, isBound: boolean): void {
  const size = claim.spec.resources.requests?.storage
  const oldSize = old.spec.resources.requests?.storage
  if (size === undefined || oldSize === undefined || isSame(size, oldSize)) return
  if (!isBound || old.status.phase !== 'Bound') {
    out.push(
      forbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    )
    return
  }
  const capacity = old.status.capacity?.storage
  if (parseQuantity(size).compare(parseQuantity(oldSize)) < 0) {
    const reached = capacity === undefined ? undefined : parseQuantity(capacity)
    if (!reached || parseQuantity(size).compare(reached) <= 0) {
      out.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'))
    }
  }
}

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
]

/** Upstream: ValidatePersistentVolumeClaimStatusUpdate. */
export function checkClaimStatus(out: Errors, { status }: PersistentVolumeClaim): void {
  for (const [name, text] of Object.entries(status.capacity ?? {})) checkStored(out, `status.capacity[${name}]`, text)
  const statesAt = 'status.allocatedResourceStatuses'
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    checkStoredName(out, statesAt, name)
    if (!resizeStates.includes(state)) out.push(notSupported(statesAt, name, resizeStates))
  }
  const amountsAt = 'status.allocatedResources'
  for (const [name, text] of Object.entries(status.allocatedResources ?? {})) {
    const before = out.length
    checkStoredName(out, amountsAt, name)
    if (out.length === before) checkStored(out, `${amountsAt}[${name}]`, text)
  }
}

function checkStored(out: Errors, path: string, text: string): void {
  const amount = parseQuantity(text)
  if (amount.sign() < 0)
    out.push(invalid(path, Math.ceil(amount.milliValue() / 1000), 'must be a valid resource quantity'))
}

function checkStoredName(out: Errors, path: string, name: string): void {
  const messages = labelKeyErrors(name)
  pushInvalid(out, path, name, messages)
  if (messages.length === 0 && isNativeResource(name) && name !== 'storage')
    out.push(notSupported(path, name, ['storage']))
}
