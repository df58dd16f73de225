import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'
import { UserInfo } from './user-info.ts'

export const SelfSubjectReviewStatus = message(
  'SelfSubjectReviewStatus',
  {
    userInfo: f(1, UserInfo).always().doc('The caller.'),
  },
  { doc: 'Who the server takes the caller for.' },
)
export type SelfSubjectReviewStatus = TypeOf<typeof SelfSubjectReviewStatus>

export const SelfSubjectReview = kind(
  'SelfSubjectReview',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata; not used.'),
    status: f(2, SelfSubjectReviewStatus).always().doc('The answer.'),
  },
  {
    doc: 'Asks who the server takes the caller for.',
    resource: {
      plural: 'selfsubjectreviews',
      singular: 'selfsubjectreview',
      namespaced: false,
      verbs: ['create'],
    },
  },
)
export type SelfSubjectReview = TypeOf<typeof SelfSubjectReview>
