import { f } from '../../../schema/field.ts'
import { bool, list, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'
import { UserInfo } from './user-info.ts'

export const TokenReviewSpec = message('TokenReviewSpec', {
  token: f(1, str).required(),
  audiences: f(2, list(str)).listOf('atomic'),
})
export type TokenReviewSpec = TypeOf<typeof TokenReviewSpec>

export const TokenReviewStatus = message('TokenReviewStatus', {
  authenticated: f(1, bool),
  user: f(2, UserInfo).always(),
  error: f(3, str),
  audiences: f(4, list(str)).listOf('atomic'),
})
export type TokenReviewStatus = TypeOf<typeof TokenReviewStatus>

export const TokenReview = kind(
  'TokenReview',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, TokenReviewSpec).required().always(),
    status: f(3, TokenReviewStatus).always(),
  },
  {
    resource: {
      plural: 'tokenreviews',
      singular: 'tokenreview',
      namespaced: false,
      verbs: ['create'],
    },
  },
)
export type TokenReview = TypeOf<typeof TokenReview>
