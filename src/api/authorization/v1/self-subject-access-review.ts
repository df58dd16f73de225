import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'
import { NonResourceAttributes, ResourceAttributes, SubjectAccessReviewStatus } from './review-spec.ts'

export const SelfSubjectAccessReviewSpec = message('SelfSubjectAccessReviewSpec', {
  resourceAttributes: f(1, ResourceAttributes),
  nonResourceAttributes: f(2, NonResourceAttributes),
})
export type SelfSubjectAccessReviewSpec = TypeOf<typeof SelfSubjectAccessReviewSpec>

export const SelfSubjectAccessReview = kind(
  'SelfSubjectAccessReview',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, SelfSubjectAccessReviewSpec).required().always(),
    status: f(3, SubjectAccessReviewStatus).always(),
  },
  {
    resource: {
      plural: 'selfsubjectaccessreviews',
      singular: 'selfsubjectaccessreview',
      namespaced: false,
      verbs: ['create'],
    },
  },
)
export type SelfSubjectAccessReview = TypeOf<typeof SelfSubjectAccessReview>
