/** Runtime classes and storage migrations (upstream: ValidateRuntimeClass, ValidateStorageVersionMigration). */
import type { RuntimeClass } from '../../../api/node/v1/runtime-class.ts'
import type { StorageVersionMigration } from '../../../api/storagemigration/v1/storage-version-migration.ts'
import { duplicate, invalid, required } from '../../../schema/field-error.ts'
import { dns1035LabelErrors, dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { checkLabels, checkUnchanged, type Errors, immutableMessage, isSame, pushInvalid } from '../checks.ts'
import { checkConditions } from '../conditions.ts'
import { checkTolerations } from '../core/affinity.ts'
import { checkResources } from '../core/resources.ts'
import { shortNameErrors } from '../declared-names.ts'

export function checkRuntimeClass(out: Errors, { handler, overhead, scheduling }: RuntimeClass): void {
  if (handler === '') out.push(required('handler'))
  else pushInvalid(out, 'handler', handler, shortNameErrors(handler))
  if (overhead) checkResources(out, 'overhead', { limits: overhead.podFixed ?? {} }, new Set())
  if (!scheduling) return
  checkLabels(out, 'scheduling.nodeSelector', scheduling.nodeSelector)
  checkTolerations(out, 'scheduling.tolerations', scheduling.tolerations)
  const seen = new Set<string>()
  for (const [i, toleration] of (scheduling.tolerations ?? []).entries()) {
    const { key = '', operator = '', value = '', effect = '' } = toleration
    const meaning = JSON.stringify([key, operator, value, effect])
    if (seen.has(meaning)) {
      // Upstream shows its internal form, whose members are capitalised.
      const shown = { Key: key, Operator: operator, Value: value, Effect: effect }
      const { tolerationSeconds = null } = toleration
      out.push(duplicate(`scheduling.tolerations[${i}]`, { ...shown, TolerationSeconds: tolerationSeconds }))
    }
    seen.add(meaning)
  }
}

export function checkRuntimeClassUpdate(out: Errors, runtimeClass: RuntimeClass, old: RuntimeClass): void {
  const { handler, ...rest } = runtimeClass
  // Upstream looks no further at a handler that has changed, but for its form.
  if (handler !== old.handler && handler !== '') pushInvalid(out, 'handler', handler, dns1123LabelErrors(handler))
  checkUnchanged(out, 'handler', handler, old.handler)
  if (handler === '') out.push(required('handler'))
  checkRuntimeClass(out, { ...rest, handler: old.handler })
}

export function checkStorageVersionMigration(out: Errors, { spec }: StorageVersionMigration): void {
  const { resource, group } = spec.resource
  if (resource === '') out.push(required('spec.resource.resource', 'resource is required to be set'))
  else {
    const errors = dns1035LabelErrors(resource)
    if (errors.length > 0) out.push(invalid('spec.resource.resource', resource, errors.join(',')))
  }
  const errors = group === '' ? [] : dns1123SubdomainErrors(group)
  if (errors.length > 0) out.push(invalid('spec.resource.group', group, errors.join(',')))
}

export function checkStorageVersionMigrationUpdate(
  out: Errors,
  migration: StorageVersionMigration,
  old: StorageVersionMigration,
): void {
  checkStorageVersionMigration(out, migration)
  if (isSame(migration.spec, old.spec)) return
  // Upstream shows its internal form, whose members are capitalised.
  out.push(invalid('spec', { Resource: migration.spec.resource }, immutableMessage))
}

const holds = ({ status }: StorageVersionMigration, type: string): boolean =>
  (status.conditions ?? []).some(condition => condition.type === type && condition.status === 'True')

export function checkStorageVersionMigrationStatus(
  out: Errors,
  migration: StorageVersionMigration,
  old: StorageVersionMigration,
): void {
  const { conditions, resourceVersion = '' } = migration.status
  if (resourceVersion !== '' && !/^[1-9]\d*$/.test(resourceVersion)) {
    const message = `resource version is not well formed: ${resourceVersion}`
    out.push(invalid('status.resourceVersion', resourceVersion, message))
  }
  checkConditions(out, 'status.conditions', conditions)
  if (old.status.resourceVersion && old.status.resourceVersion !== resourceVersion) {
    out.push(invalid('status.resourceVersion', resourceVersion, 'field is immutable'))
  }
  const wrong = (message: string) => out.push(invalid('status.conditions', conditions ?? null, message))
  if (holds(migration, 'Succeeded') && holds(migration, 'Failed')) {
    wrong('Both success and failed conditions cannot be true at the same time')
  }
  if (holds(old, 'Succeeded') && !holds(migration, 'Succeeded')) {
    wrong('Success condition cannot be set to false once it is true')
  }
  if (holds(old, 'Failed') && !holds(migration, 'Failed')) {
    wrong('Failed condition cannot be set to false once it is true')
  }
}
