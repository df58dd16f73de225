/** TokenReview and SelfSubjectReview (authentication.k8s.io/v1): answered, never stored. */
import type { SelfSubjectReview } from '../../api/authentication/v1/self-subject-review.ts'
import type { TokenReview } from '../../api/authentication/v1/token-review.ts'
import type { UserInfo as ApiUserInfo } from '../../api/authentication/v1/user-info.ts'
import { badRequestError } from '../../machinery/api-error.ts'
import type { Draft } from '../../schema/message.ts'
import type { TokenAuthenticator, UserInfo } from './authenticator.ts'
import { withAuthenticatedGroup } from './users.ts'

/** A user as authentication.k8s.io/v1 writes one. */
export const apiUserOf = (user: UserInfo): ApiUserInfo =>
  ({
    username: user.username,
    ...(user.uid ? { uid: user.uid } : {}),
    groups: [...user.groups],
    ...(user.extra ? { extra: user.extra } : {}),
  }) as ApiUserInfo

export async function reviewToken(review: Draft<TokenReview>, tokens: TokenAuthenticator): Promise<TokenReview> {
  const token = review.spec?.token ?? ''
  if (token === '') throw badRequestError('token is required for TokenReview in authentication')
  const audiences = review.spec?.audiences
  const result = await tokens.authenticate(token, audiences?.length ? audiences : undefined)
  const status = result?.ok
    ? {
        authenticated: true,
        user: apiUserOf(withAuthenticatedGroup(result.authenticated.user)),
        audiences: result.authenticated.audiences,
      }
    : {
        // What the client has written here stays.
        ...review.status,
        authenticated: undefined,
        user: review.status?.user ?? {},
        ...(result ? { error: `[invalid bearer token, ${result.error}]` } : { error: 'invalid bearer token' }),
      }
  return { ...review, kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', status } as TokenReview
}

/** `nowIso` becomes the creation timestamp, as upstream's answer has one. */
export const reviewSelf = (user: UserInfo, nowIso: string): SelfSubjectReview =>
  ({
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: nowIso },
    status: { userInfo: apiUserOf(user) },
  }) as SelfSubjectReview
