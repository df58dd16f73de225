import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind } from './package.ts'
import { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from './review-spec.ts'

export const SubjectAccessReview = kind(
  'SubjectAccessReview',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata; not used.'),
    spec: f(2, SubjectAccessReviewSpec).required().always().doc('The question.'),
    status: f(3, SubjectAccessReviewStatus).always().doc('The answer.'),
  },
  {
    doc: 'Asks whether a user may do something.',
    resource: {
      plural: 'subjectaccessreviews',
      singular: 'subjectaccessreview',
      namespaced: false,
      verbs: ['create'],
    },
  },
)
export type SubjectAccessReview = TypeOf<typeof SubjectAccessReview>
