/** Claims of storage (upstream: ValidatePersistentVolumeClaim and its update). */
import type { PersistentVolumeClaim } from '../../../api/core/v1/persistent-volume-claim.ts'
import type { PersistentVolumeClaimSpec } from '../../../api/core/v1/volume.ts'
import { forbidden, invalid, required } from '../../../schema/field-error.ts'
import { dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { checkImmutable, checkLabelSelector, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkAmount } from './resources.ts'

export function checkClaimSpec(out: Errors, path: string, spec: PersistentVolumeClaimSpec): void {
  const modes = spec.accessModes ?? []
  if (modes.length === 0) out.push(required(`${path}.accessModes`, 'at least 1 access mode is required'))
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    out.push(forbidden(`${path}.accessModes`, 'may not use ReadWriteOncePod with other access modes'))
  }
  checkLabelSelector(out, `${path}.selector`, spec.selector)
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
  for (const name of ['dataSource', 'dataSourceRef'] as const) {
    const source = spec[name]
    if (source && !source.apiGroup && source.kind !== 'PersistentVolumeClaim' && source.kind !== '') {
      out.push(
        invalid(
          `${path}.${name}`,
          source.kind,
          "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
        ),
      )
    }
  }
  if (spec.dataSource && spec.dataSourceRef && !spec.dataSourceRef.namespace) {
    const { apiGroup, kind, name } = spec.dataSourceRef
    if (!isSame(spec.dataSource, { apiGroup, kind, name })) {
      out.push(invalid(path, spec.dataSource, 'must match dataSourceRef'))
    }
  }
}

export function checkClaim(out: Errors, claim: PersistentVolumeClaim): void {
  checkClaimSpec(out, 'spec', claim.spec)
}

export function checkClaimUpdate(out: Errors, claim: PersistentVolumeClaim, old: PersistentVolumeClaim): void {
  checkClaimSpec(out, 'spec', claim.spec)
  const isBound = old.spec.volumeName !== undefined && old.spec.volumeName !== ''
  // The volume's name is set once, by the binder.
  const volumeName = isBound ? old.spec.volumeName : claim.spec.volumeName
  if (!isSame(frozenPart(claim.spec), { ...frozenPart(old.spec), volumeName })) {
    out.push(
      forbidden(
        'spec',
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ),
    )
  }
  checkSizes(out, claim, old, isBound)
  checkImmutable(out, 'spec.volumeMode', claim.spec.volumeMode, old.spec.volumeMode)
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
