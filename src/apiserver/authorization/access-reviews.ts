/** The reviews of authorization.k8s.io/v1: asked, answered, never stored. */
import type { LocalSubjectAccessReview } from '../../api/authorization/v1/local-subject-access-review.ts'
import type { ResourceAttributes, SubjectAccessReviewSpec } from '../../api/authorization/v1/review-spec.ts'
import type { SelfSubjectAccessReview } from '../../api/authorization/v1/self-subject-access-review.ts'
import type { SelfSubjectRulesReview } from '../../api/authorization/v1/self-subject-rules-review.ts'
import type { SubjectAccessReview } from '../../api/authorization/v1/subject-access-review.ts'
import { badRequestError, invalidError } from '../../machinery/api-error.ts'
import { parseFieldSelector } from '../../machinery/selectors/field-selector.ts'
import { parseRequirements } from '../../machinery/selectors/label-selector-parser.ts'
import { labelKeyErrors, labelValueErrors } from '../../machinery/selectors/label-syntax.ts'
import {
  accessReviewErrors,
  localAccessReviewErrors,
  type Review,
  selfAccessReviewErrors,
} from '../../machinery/validation/policy/reviews.ts'
import type { FieldError } from '../../schema/field-error.ts'
import type { Draft } from '../../schema/message.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import type { Attributes, Authorizer } from './authorizer.ts'

const group = 'authorization.k8s.io'
const head = (kind: string) => ({ kind, apiVersion: `${group}/v1` })

type Spec = Draft<SubjectAccessReviewSpec>

/** Upstream has lost the kind by then. */
function throwErrors(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidError(group, '', '', errors)
}

interface Requirement {
  readonly key?: string
  readonly operator?: string
  readonly values?: readonly string[]
}

/** Fields are compared with one value each. */
const isFieldRequirement = ({ operator = '', values = [] }: Requirement): boolean =>
  ['In', 'NotIn'].includes(operator) && values.length === 1

function isLabelRequirement({ key = '', operator = '', values = [] }: Requirement): boolean {
  if (labelKeyErrors(key).length > 0 || values.some(value => labelValueErrors(value).length > 0)) return false
  if (operator === 'In' || operator === 'NotIn') return values.length > 0
  return (operator === 'Exists' || operator === 'DoesNotExist') && values.length === 0
}

/** What cannot be read is left out: requirements only narrow what is asked for. */
const requirementsOf = (list: readonly Requirement[] | undefined, isGood: (one: Requirement) => boolean) =>
  list?.filter(isGood).map(({ key = '', operator = '', values = [] }) => ({ key, operator, values }))

function attributesOf({ resourceAttributes, nonResourceAttributes }: Spec, user: UserInfo): Attributes {
  const target: Draft<ResourceAttributes> = resourceAttributes ?? {}
  const fieldSelector = requirementsOf(target.fieldSelector?.requirements, isFieldRequirement)
  const labelSelector = requirementsOf(target.labelSelector?.requirements, isLabelRequirement)
  return {
    user,
    verb: (resourceAttributes ?? nonResourceAttributes)?.verb ?? '',
    resourceRequest: resourceAttributes !== undefined,
    group: target.group ?? '',
    version: target.version ?? '',
    resource: target.resource ?? '',
    subresource: target.subresource ?? '',
    namespace: target.namespace ?? '',
    name: target.name ?? '',
    path: nonResourceAttributes?.path ?? '',
    ...(fieldSelector ? { fieldSelector } : {}),
    ...(labelSelector ? { labelSelector } : {}),
  }
}

const isReadable = (parse: (text: string) => unknown, text: string): boolean => {
  try {
    parse(text)
    return true
  } catch {
    return false
  }
}

/** Says which requirements were left out. */
function evaluationErrorOf({ resourceAttributes: target }: Spec): string {
  const errors: string[] = []
  for (const [name, isGood, parse] of [
    ['fieldSelector', isFieldRequirement, parseFieldSelector],
    ['labelSelector', isLabelRequirement, parseRequirements],
  ] as const) {
    const { requirements = [], rawSelector = '' } = target?.[name] ?? {}
    const good = requirements.filter(isGood).length
    if (requirements.length > 0 ? good === requirements.length : isReadable(parse, rawSelector)) continue
    errors.push(`spec.resourceAttributes.${name} ${good > 0 ? 'partially ' : ''}ignored due to parse error`)
  }
  return errors.join('; ')
}

async function answer(spec: Spec, user: UserInfo, authorizer: Authorizer) {
  const { decision, reason } = await authorizer.authorize(attributesOf(spec, user))
  const evaluationError = evaluationErrorOf(spec)
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(evaluationError === '' ? {} : { evaluationError }),
  }
}

const subjectOf = ({ user = '', groups = [], uid, extra }: Spec): UserInfo => ({
  username: user,
  groups,
  ...(uid ? { uid } : {}),
  ...(extra ? { extra: extra as unknown as Record<string, string[]> } : {}),
})

/** May some user do this? Throws ApiError 422 for a review that asks nothing or two things. */
export async function reviewSubjectAccess(
  review: Draft<SubjectAccessReview>,
  authorizer: Authorizer,
): Promise<SubjectAccessReview> {
  const spec = review.spec ?? {}
  throwErrors(accessReviewErrors(review as Review))
  const status = await answer(spec, subjectOf(spec), authorizer)
  return { ...review, ...head('SubjectAccessReview'), spec, status } as SubjectAccessReview
}

/** The same within one namespace, which the review must name. */
export async function reviewLocalSubjectAccess(
  review: Draft<LocalSubjectAccessReview>,
  namespace: string,
  authorizer: Authorizer,
): Promise<LocalSubjectAccessReview> {
  const spec = review.spec ?? {}
  const own = review.metadata?.namespace ?? ''
  if (own !== '' && own !== namespace)
    throw badRequestError('the namespace of the provided object does not match the namespace sent on the request')
  throwErrors(localAccessReviewErrors({ ...review, metadata: { ...review.metadata, namespace } } as Review))
  const status = await answer(spec, subjectOf(spec), authorizer)
  return { ...review, ...head('LocalSubjectAccessReview'), spec, status } as LocalSubjectAccessReview
}

/** May I? */
export async function reviewSelfAccess(
  review: Draft<SelfSubjectAccessReview>,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SelfSubjectAccessReview> {
  const spec = review.spec ?? {}
  throwErrors(selfAccessReviewErrors(review as Review))
  const status = await answer(spec, user, authorizer)
  return { ...review, ...head('SelfSubjectAccessReview'), spec, status } as SelfSubjectAccessReview
}

/** What may I, in a namespace? */
export async function reviewSelfRules(
  review: Draft<SelfSubjectRulesReview>,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SelfSubjectRulesReview> {
  const namespace = review.spec?.namespace ?? ''
  if (namespace === '') throw badRequestError('no namespace on request')
  const status = await authorizer.rulesFor(user, namespace)
  return { ...head('SelfSubjectRulesReview'), metadata: {}, spec: {}, status } as unknown as SelfSubjectRulesReview
}
