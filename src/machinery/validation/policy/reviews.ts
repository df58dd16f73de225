/** What a review of access may ask (upstream: pkg/apis/authorization/validation). */
import type { SubjectAccessReviewSpec } from '../../../api/authorization/v1/review-spec.ts'
import { type FieldError, forbidden, invalid, required } from '../../../schema/field-error.ts'
import type { Draft } from '../../../schema/message.ts'
import { labelKeyErrors, labelValueErrors } from '../../selectors/label-syntax.ts'
import { type Errors, pushInvalid } from '../checks.ts'

type Spec = Draft<SubjectAccessReviewSpec>
type ResourceAttributes = NonNullable<Spec['resourceAttributes']>

export interface Review {
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly spec?: Spec
}

interface Requirement {
  readonly key?: string
  readonly operator?: string
  readonly values?: readonly string[]
}

function checkTarget(out: Errors, { resourceAttributes, nonResourceAttributes }: Spec): void {
  if (!resourceAttributes === !nonResourceAttributes)
    out.push(
      invalid(
        'spec',
        nonResourceAttributes ?? null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    )
}

/** Operators may be newer than this server. */
function checkSelectors(out: Errors, attributes: ResourceAttributes | undefined): void {
  const { fieldSelector, labelSelector } = attributes ?? {}
  checkSelector(out, 'spec.resourceAttributes.fieldSelector', fieldSelector, (at, { key }) => {
    if (!key) out.push(required(`${at}.key`, 'must be specified'))
  })
  checkSelector(out, 'spec.resourceAttributes.labelSelector', labelSelector, () => {}, checkLabel)
}

function checkLabel(out: Errors, at: string, { key = '', values = [] }: Requirement): void {
  pushInvalid(out, `${at}.key`, key, labelKeyErrors(key))
  values.forEach((value, i) => {
    pushInvalid(out, `${at}.values[${i}]`, value, labelValueErrors(value))
  })
}

interface Selector {
  readonly rawSelector?: string
  readonly requirements?: readonly Requirement[]
}

function checkSelector(
  out: Errors,
  path: string,
  selector: Selector | undefined,
  before: (at: string, requirement: Requirement) => void,
  after?: (out: Errors, at: string, requirement: Requirement) => void,
): void {
  if (!selector) return
  const { rawSelector = '', requirements = [] } = selector
  if (rawSelector !== '' && requirements.length > 0)
    out.push(invalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'))
  if (rawSelector === '' && requirements.length === 0)
    out.push(required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`))
  requirements.forEach((requirement, i) => {
    const at = `${path}.requirements[${i}]`
    before(at, requirement)
    const { operator = '', values = [] } = requirement
    if (['In', 'NotIn'].includes(operator) && values.length === 0)
      out.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    if (['Exists', 'DoesNotExist'].includes(operator) && values.length > 0)
      out.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    after?.(out, at, requirement)
  })
}

function checkMetadata(out: Errors, metadata: Review['metadata'], mayHaveNamespace: boolean): void {
  const { managedFields: _, namespace, ...rest } = metadata ?? {}
  const given = Object.values(mayHaveNamespace ? rest : { ...rest, namespace })
  if (given.every(value => value === undefined || (Array.isArray(value) && value.length === 0))) return
  out.push(invalid('metadata', metadata, mayHaveNamespace ? 'must be empty except for namespace' : 'must be empty'))
}

function checkUser(out: Errors, { user, groups }: Spec): void {
  if (!user && !groups?.length) {
    out.push(invalid('spec.user', user ?? '', 'at least one of user or group must be specified'))
  }
}

export function accessReviewErrors({ metadata, spec = {} }: Review): FieldError[] {
  const out: FieldError[] = []
  checkTarget(out, spec)
  checkUser(out, spec)
  checkSelectors(out, spec.resourceAttributes)
  checkMetadata(out, metadata, false)
  return out
}

export function selfAccessReviewErrors({ metadata, spec = {} }: Review): FieldError[] {
  const out: FieldError[] = []
  checkTarget(out, spec)
  checkSelectors(out, spec.resourceAttributes)
  checkMetadata(out, metadata, false)
  return out
}

export function localAccessReviewErrors({ metadata, spec = {} }: Review): FieldError[] {
  const out: FieldError[] = []
  checkTarget(out, spec)
  checkUser(out, spec)
  checkSelectors(out, spec.resourceAttributes)
  checkMetadata(out, metadata, true)
  const asked = spec.resourceAttributes
  if (asked && (asked.namespace ?? '') !== (metadata?.namespace ?? ''))
    out.push(invalid('spec.resourceAttributes.namespace', asked.namespace ?? '', 'must match metadata.namespace'))
  if (spec.nonResourceAttributes)
    out.push(invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, 'disallowed on this kind of request'))
  return out
}
