import { f } from '../../../schema/field.ts'
import { bool, list, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'
import { UserInfo } from './user-info.ts'

export const TokenReviewSpec = message(
  'TokenReviewSpec',
  {
    token: f(1, str).required().doc('The token.'),
    audiences: f(2, list(str))
      .listOf('atomic')
      .doc('Recipients of whom the token must name one; the API server if empty.'),
  },
  { doc: 'Specification of a token review.' },
)
export type TokenReviewSpec = TypeOf<typeof TokenReviewSpec>

export const TokenReviewStatus = message(
  'TokenReviewStatus',
  {
    authenticated: f(1, bool).doc('Whether the token belongs to a known user.'),
    user: f(2, UserInfo).always().doc('User of the token.'),
    error: f(3, str).doc('Why the token could not be checked.'),
    audiences: f(4, list(str)).listOf('atomic').doc('Recipients that both the token and the request name.'),
  },
  { doc: 'What the token is worth.' },
)
export type TokenReviewStatus = TypeOf<typeof TokenReviewStatus>

export const TokenReview = kind(
  'TokenReview',
  {
    metadata: f(1, ObjectMeta).always().doc('Standard metadata; not used.'),
    spec: f(2, TokenReviewSpec).required().always().doc('The token to check.'),
    status: f(3, TokenReviewStatus).always().doc('The answer.'),
  },
  {
    doc: 'Asks whom a token belongs to.',
    resource: {
      plural: 'tokenreviews',
      singular: 'tokenreview',
      namespaced: false,
      verbs: ['create'],
    },
  },
)
export type TokenReview = TypeOf<typeof TokenReview>
