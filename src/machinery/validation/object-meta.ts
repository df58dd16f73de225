/** The rules of metadata that every kind has (upstream: ValidateObjectMeta, ValidateObjectMetaUpdate). */
import type { ObjectMeta, OwnerReference } from '../../api/meta/v1/object-meta.ts'
import { forbidden, invalid, required } from '../../schema/field-error.ts'
import { dns1123LabelErrors, pathSegmentErrors } from '../../schema/formats.ts'
import type { Kind } from '../../schema/kind.ts'
import { labelKeyErrors } from '../selectors/label-syntax.ts'
import { checkAnnotations, checkImmutable, checkLabels, checkNotNegative, type Errors, pushInvalid } from './checks.ts'
import { hasPlainRule, judgesNameAgain, judgesPrefixAgain, nameRuleOf, saysAll } from './names.ts'

const orphan = 'orphan'
const foregroundDeletion = 'foregroundDeletion'
/** Finalizers of old that are no qualified names. */
const plainFinalizers: ReadonlySet<string> = new Set([orphan, foregroundDeletion, 'kubernetes'])

export function checkObjectMeta(
  out: Errors,
  path: string,
  meta: Partial<ObjectMeta>,
  kind: Kind,
  object: unknown,
): void {
  const nameErrors = nameRuleOf(kind, object)
  if (meta.generateName)
    pushInvalid(out, `${path}.generateName`, meta.generateName, nameErrors(meta.generateName, true))
  if (!meta.name) out.push(required(`${path}.name`, 'name or generateName is required'))
  else pushInvalid(out, `${path}.name`, meta.name, nameErrors(meta.name, false))
  if (kind.resource?.namespaced) {
    if (!meta.namespace) out.push(required(`${path}.namespace`))
    else pushInvalid(out, `${path}.namespace`, meta.namespace, dns1123LabelErrors(meta.namespace))
  } else if (meta.namespace) {
    out.push(forbidden(`${path}.namespace`, 'not allowed on this type'))
  }
  checkCommonMeta(out, path, meta)
  checkFinalizers(out, `${path}.finalizers`, meta.finalizers, kind)
}

/** What no kind may have in its name, whatever its own rule is. On a create it is looked at where all else is right. */
export function checkPathSegments(out: Errors, path: string, meta: Partial<ObjectMeta>): void {
  if (meta.generateName)
    pushInvalid(out, `${path}.generateName`, meta.generateName, pathSegmentErrors(meta.generateName, true))
  if (meta.name) pushInvalid(out, `${path}.name`, meta.name, pathSegmentErrors(meta.name))
}

/** What update and create have in common. */
function checkCommonMeta(out: Errors, path: string, meta: Partial<ObjectMeta>): void {
  checkNotNegative(out, `${path}.generation`, meta.generation)
  checkLabels(out, `${path}.labels`, meta.labels)
  checkAnnotations(out, `${path}.annotations`, meta.annotations)
  checkOwners(out, `${path}.ownerReferences`, meta.ownerReferences)
}

export function checkObjectMetaUpdate(
  out: Errors,
  path: string,
  meta: Partial<ObjectMeta>,
  old: Partial<ObjectMeta>,
  kind: Kind,
  object: unknown,
): void {
  checkPathSegments(out, path, meta)
  if (meta.generateName && judgesPrefixAgain(kind))
    pushInvalid(out, `${path}.generateName`, meta.generateName, nameRuleOf(kind, object)(meta.generateName, true))
  if (meta.name && judgesNameAgain(kind))
    pushInvalid(out, `${path}.name`, meta.name, nameRuleOf(kind, object)(meta.name, false))
  if (old.deletionTimestamp !== undefined) {
    checkNoNewFinalizers(out, `${path}.finalizers`, meta, old)
    // Upstream says it in its library and in the kind's own rules; elsewhere repetitions are taken out.
    if (saysAll(kind)) checkNoNewFinalizers(out, `${path}.finalizers`, meta, old)
  }
  checkFinalizers(out, `${path}.finalizers`, meta.finalizers, kind)
  if ((meta.generation ?? old.generation ?? 0) < (old.generation ?? 0)) {
    out.push(invalid(`${path}.generation`, meta.generation ?? 0, 'must not be decremented'))
  }
  checkImmutable(out, `${path}.name`, meta.name ?? '', old.name ?? '')
  checkImmutable(out, `${path}.namespace`, meta.namespace ?? '', old.namespace ?? '')
  // What is left out of an update stays as it is.
  const kept = ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const
  for (const name of kept) {
    if (meta[name] !== undefined) checkImmutable(out, `${path}.${name}`, meta[name], old[name])
  }
  checkCommonMeta(out, path, meta)
}

function checkNoNewFinalizers(out: Errors, path: string, meta: Partial<ObjectMeta>, old: Partial<ObjectMeta>): void {
  const added = (meta.finalizers ?? []).filter(finalizer => !old.finalizers?.includes(finalizer))
  if (added.length === 0) return
  const shown = `[]string{${added
    .toSorted()
    .map(name => JSON.stringify(name))
    .join(', ')}}`
  out.push(
    forbidden(path, `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`),
  )
}

function checkFinalizers(out: Errors, path: string, finalizers: readonly string[] | undefined, kind: Kind): void {
  for (const finalizer of finalizers ?? []) pushInvalid(out, path, finalizer, labelKeyErrors(finalizer))
  if (finalizers?.includes(orphan) && finalizers.includes(foregroundDeletion)) {
    out.push(invalid(path, finalizers, `finalizer ${orphan} and ${foregroundDeletion} cannot be both set`))
  }
  if (!hasPlainRule(kind)) return
  for (const [i, finalizer] of (finalizers ?? []).entries()) {
    if (!finalizer.includes('/') && !plainFinalizers.has(finalizer))
      out.push(
        invalid(`${path}[${i}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      )
  }
}

function checkOwners(out: Errors, path: string, owners: readonly OwnerReference[] | undefined): void {
  let controller: string | undefined
  for (const [i, owner] of (owners ?? []).entries()) {
    const at = `${path}[${i}]`
    const version = owner.apiVersion.slice(owner.apiVersion.indexOf('/') + 1)
    if (owner.apiVersion === '') out.push(required(`${at}.apiVersion`, 'must not be empty'))
    else if (version === '' || owner.apiVersion.split('/').length > 2)
      out.push(invalid(`${at}.apiVersion`, owner.apiVersion, 'must be <group>/<version> or <version>'))
    for (const name of ['kind', 'name', 'uid'] as const) {
      if (owner[name] === '') out.push(required(`${at}.${name}`, 'must not be empty'))
    }
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
      out.push(invalid(at, owner, '/v1, Kind=Event is disallowed from being an owner'))
    }
    if (!owner.controller) continue
    if (controller !== undefined) {
      const found = `Found "true" in references for ${controller} and ${owner.kind}/${owner.name}`
      out.push(invalid(path, owners, `Only one reference can have Controller set to true. ${found}`))
    }
    controller = `${owner.kind}/${owner.name}`
  }
}
