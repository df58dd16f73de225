/** The resources of authentication.k8s.io and authorization.k8s.io, and `serviceaccounts/token`: what is asked and answered. */
import { SelfSubjectReview } from '../../api/authentication/v1/self-subject-review.ts'
import { TokenRequest } from '../../api/authentication/v1/token-request.ts'
import { TokenReview } from '../../api/authentication/v1/token-review.ts'
import { LocalSubjectAccessReview } from '../../api/authorization/v1/local-subject-access-review.ts'
import { SelfSubjectAccessReview } from '../../api/authorization/v1/self-subject-access-review.ts'
import { SelfSubjectRulesReview } from '../../api/authorization/v1/self-subject-rules-review.ts'
import { SubjectAccessReview } from '../../api/authorization/v1/subject-access-review.ts'
import type { Clock } from '../../base/clock.ts'
import type { Kind } from '../../schema/kind.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'
import {
  reviewLocalSubjectAccess,
  reviewSelfAccess,
  reviewSelfRules,
  reviewSubjectAccess,
} from '../authorization/access-reviews.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import type { CreateCall, CreateHandler } from '../endpoints/handlers.ts'
import { isoSeconds } from '../registry/write-request.ts'
import type { TokenAuthenticator } from './authenticator.ts'
import { reviewSelf, reviewToken } from './reviews.ts'
import type { TokenIssuer } from './token-request.ts'

export interface ReviewHandlersOptions {
  readonly authenticator: TokenAuthenticator
  readonly tokens: TokenIssuer
  readonly authorizer: Authorizer
  /** Asked about every token that is to be issued: NodeRestriction keeps nodes to the pods that they run. */
  readonly admission: readonly AdmissionPlugin[]
  readonly clock: Clock
}

async function admitToken(
  request: TokenRequest,
  { context, user, namespace, name, dryRun }: CreateCall,
  plugins: readonly AdmissionPlugin[],
): Promise<TokenRequest> {
  const attributes: AdmissionAttributes = {
    operation: 'CREATE',
    kind: TokenRequest,
    group: '',
    version: 'v1',
    resource: 'serviceaccounts',
    subresource: 'token',
    namespace,
    name,
    object: request as unknown as Record<string, unknown>,
    oldObject: undefined,
    options: {},
    user,
    dryRun,
    warn: message => context.warn(message),
  }
  for (const plugin of plugins) await plugin.admit?.(attributes)
  for (const plugin of plugins) await plugin.validate?.(attributes)
  return attributes.object as unknown as TokenRequest
}

/** By the names that the endpoints look handlers up by. */
export function reviewHandlers(options: ReviewHandlersOptions): ReadonlyMap<string, CreateHandler> {
  const { authenticator, tokens, authorizer, clock } = options
  const handler = <T>(kind: Kind<T>, answer: (object: T, call: CreateCall) => Promise<unknown>): CreateHandler => ({
    kind,
    create: async call => (await answer(call.object as T, call)) as CreateCall['object'],
  })
  const nowIso = () => isoSeconds(clock.now())
  return new Map<string, CreateHandler>([
    ['authentication.k8s.io/tokenreviews', handler(TokenReview, review => reviewToken(review, authenticator))],
    [
      'authentication.k8s.io/selfsubjectreviews',
      handler(SelfSubjectReview, async (_, { user }) => reviewSelf(user, nowIso())),
    ],
    [
      '/serviceaccounts/token',
      handler(TokenRequest, async (request, call) => {
        const admitted = await admitToken(request, call, options.admission)
        return tokens.requestToken(call.namespace, call.name, admitted)
      }),
    ],
    [
      'authorization.k8s.io/subjectaccessreviews',
      handler(SubjectAccessReview, review => reviewSubjectAccess(review, authorizer)),
    ],
    [
      'authorization.k8s.io/localsubjectaccessreviews',
      handler(LocalSubjectAccessReview, (review, { namespace }) =>
        reviewLocalSubjectAccess(review, namespace, authorizer),
      ),
    ],
    [
      'authorization.k8s.io/selfsubjectaccessreviews',
      handler(SelfSubjectAccessReview, (review, { user }) => reviewSelfAccess(review, user, authorizer)),
    ],
    [
      'authorization.k8s.io/selfsubjectrulesreviews',
      handler(SelfSubjectRulesReview, (review, { user }) => reviewSelfRules(review, user, authorizer)),
    ],
  ])
}
