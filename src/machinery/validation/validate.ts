/** Checks objects before they are stored: what the declarations say, then what each kind's own rules add. */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import type { ObjectMeta as ObjectMetaValue } from '../../api/meta/v1/object-meta.ts'
import { ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import type { FieldError } from '../../schema/field-error.ts'
import type { Kind } from '../../schema/kind.ts'
import { checkEmbedded, checkScaleValues } from '../custom/beyond-schema.ts'
import { checkValue } from '../custom/check.ts'
import { type CustomFacts, customFactsOf } from '../custom/custom-kind.ts'
import { checkRules } from '../custom/rules.ts'
import { checkDeclared } from './declared.ts'
import { judgesMetadataLast, saysAll } from './names.ts'
import { checkObjectMeta, checkObjectMetaUpdate, checkPathSegments } from './object-meta.ts'
import { inOrder } from './order.ts'
import { rulesOf } from './rules.ts'

/** Kinds whose specs never change, so that updates look at nothing in them. */
const isFixedSpec = ({ gvk }: Kind): boolean => gvk.group === 'resource.k8s.io' && gvk.kind === 'ResourceClaim'

/** Kinds that are asked or done, never stored: their metadata is not looked at. */
const transientGroups: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io'])

/**
 * What is wrong with an object, in the words that Kubernetes' clients know; empty where nothing is. `old` is undefined
 * on create. The object has its defaults, name and namespace. On an update the server has kept what the request may not
 * touch: the status on the object itself, all else on `status`.
 */
export function validateObject(
  kind: Kind,
  object: unknown,
  old: unknown | undefined,
  subresource: string,
): FieldError[] {
  const out: FieldError[] = []
  const values = object as Readonly<Record<string, unknown>>
  const before = old as Readonly<Record<string, unknown>> | undefined
  const hasMeta = kind.fields.metadata?.facts.type === ObjectMeta && !transientGroups.has(kind.gvk.group)
  if (hasMeta && kind.resource) {
    const meta = (values.metadata ?? {}) as Partial<ObjectMetaValue>
    if (before)
      checkObjectMetaUpdate(out, 'metadata', meta, (before.metadata ?? {}) as Partial<ObjectMetaValue>, kind, object)
    else if (!judgesMetadataLast(kind)) checkObjectMeta(out, 'metadata', meta, kind, object)
  }
  const looksAt = subresource === 'status' ? 'status' : undefined
  const context = { object, oldObject: old, subresource }
  const declared: FieldError[] = []
  checkDeclared(declared, kind, values, before, context, name =>
    looksAt === undefined
      ? name !== 'metadata' && name !== 'status' && !(before && name === 'spec' && isFixedSpec(kind))
      : name === looksAt,
  )
  const custom = customFactsOf(kind)
  if (custom) checkCustom(out, custom, values, before, subresource)
  const rules = rulesOf(kind)
  const own: FieldError[] = []
  if (before === undefined) rules?.create?.(own, object as never)
  else
    (rules?.subresources?.[subresource] ?? (subresource === '' ? rules?.update : undefined))?.(
      own,
      object as never,
      old as never,
    )
  const found = [...out, ...inOrder(kind, own, declared)]
  if (found.length === 0 && hasMeta && kind.resource && !before) {
    const meta = (values.metadata ?? {}) as Partial<ObjectMetaValue>
    if (judgesMetadataLast(kind)) checkObjectMeta(found, 'metadata', meta, kind, object)
    checkPathSegments(found, 'metadata', meta)
  }
  return saysAll(kind) ? found : withoutRepeats(found)
}

/** Upstream says nothing twice, but for kinds of which it says all. */
function withoutRepeats(errors: readonly FieldError[]): FieldError[] {
  if (errors.length < 2) return [...errors]
  return [...new Map(errors.map(error => [`${error.field}\n${error.message}`, error])).values()]
}

/** By itself, so that messages name its fields without it. */
function checkStatusAlone(out: FieldError[], schema: JSONSchemaProps | undefined, status: unknown, old: unknown): void {
  if (!schema || status === undefined) return
  const found: FieldError[] = []
  checkValue(found, '', status, schema, old)
  for (const error of found) {
    const field = error.field === '' ? 'status' : `status.${error.field}`
    out.push(error.field === '<nil>' ? error : { ...error, field })
  }
}

/** The whole object; metadata is checked as everyone's is. */
function checkCustom(
  out: FieldError[],
  facts: CustomFacts,
  values: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>> | undefined,
  subresource: string,
): void {
  const { schema } = facts
  const { metadata, ...properties } = schema.properties ?? {}
  if (subresource === 'status') {
    checkStatusAlone(out, properties.status, values.status, before?.status)
  } else checkValue(out, '', values, { ...schema, properties }, before)
  const names = metadata?.properties
  const given = values.metadata as Record<string, unknown> | undefined
  for (const name of ['name', 'generateName']) {
    const one = names?.[name]
    if (one && given?.[name] !== undefined) checkValue(out, `metadata.${name}`, given[name], one)
  }
  checkScaleValues(out, facts, values)
  checkEmbedded(out, '', values, { ...schema, 'x-kubernetes-embedded-resource': false })
  checkRules(out, schema, values, before)
}
