import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind } from './package.ts'
import { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from './review-spec.ts'

export const LocalSubjectAccessReview = kind(
  'LocalSubjectAccessReview',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata; the namespace is that of the question.'),
    spec: f(2, SubjectAccessReviewSpec).required().always().doc('The question.'),
    status: f(3, SubjectAccessReviewStatus).always().doc('The answer.'),
  },
  {
    doc: 'Asks whether a user may do something in a namespace.',
    resource: {
      plural: 'localsubjectaccessreviews',
      singular: 'localsubjectaccessreview',
      namespaced: true,
      verbs: ['create'],
    },
  },
)
export type LocalSubjectAccessReview = TypeOf<typeof LocalSubjectAccessReview>
