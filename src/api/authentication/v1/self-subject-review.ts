import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'
import { UserInfo } from './user-info.ts'

export const SelfSubjectReviewStatus = message('SelfSubjectReviewStatus', {
  userInfo: f(1, UserInfo).always(),
})
export type SelfSubjectReviewStatus = TypeOf<typeof SelfSubjectReviewStatus>

export const SelfSubjectReview = kind(
  'SelfSubjectReview',
  {
    metadata: f(1, ObjectMeta).always(),
    status: f(2, SelfSubjectReviewStatus).always(),
  },
  {
    resource: {
      plural: 'selfsubjectreviews',
      singular: 'selfsubjectreview',
      namespaced: false,
      verbs: ['create'],
    },
  },
)
export type SelfSubjectReview = TypeOf<typeof SelfSubjectReview>
