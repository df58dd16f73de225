import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'
import { NonResourceAttributes, ResourceAttributes, SubjectAccessReviewStatus } from './review-spec.ts'

export const SelfSubjectAccessReviewSpec = message(
  'SelfSubjectAccessReviewSpec',
  {
    resourceAttributes: f(1, ResourceAttributes).doc('Request for a resource; excludes `nonResourceAttributes`.'),
    nonResourceAttributes: f(2, NonResourceAttributes).doc('Request for another path.'),
  },
  { doc: 'The request whose permission is asked about.' },
)
export type SelfSubjectAccessReviewSpec = TypeOf<typeof SelfSubjectAccessReviewSpec>

export const SelfSubjectAccessReview = kind(
  'SelfSubjectAccessReview',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata; not used.'),
    spec: f(2, SelfSubjectAccessReviewSpec).required().always().doc('The question.'),
    status: f(3, SubjectAccessReviewStatus).always().doc('The answer.'),
  },
  {
    doc: 'Asks whether the caller may do something.',
    resource: {
      plural: 'selfsubjectaccessreviews',
      singular: 'selfsubjectaccessreview',
      namespaced: false,
      verbs: ['create'],
    },
  },
)
export type SelfSubjectAccessReview = TypeOf<typeof SelfSubjectAccessReview>
