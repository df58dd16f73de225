import type { UserInfo } from '../authentication/authenticator.ts'

/** What a request wants to do (authorization.k8s.io attributes). */
export interface Attributes {
  readonly user: UserInfo
  /** get, list, watch, create, update, patch, delete, deletecollection, impersonate, bind, escalate …, or the lower-case HTTP method of a non-resource request. */
  readonly verb: string
  readonly resourceRequest: boolean
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** Of a non-resource request. */
  readonly path: string
  readonly fieldSelector?: readonly {
    readonly key: string
    readonly operator: string
    readonly values: readonly string[]
  }[]
  readonly labelSelector?: readonly {
    readonly key: string
    readonly operator: string
    readonly values: readonly string[]
  }[]
}

export type Decision = 'allow' | 'deny' | 'noOpinion'

export interface Authorization {
  readonly decision: Decision
  readonly reason: string
}

export interface ResourceRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
}

export interface NonResourceRule {
  readonly verbs: readonly string[]
  readonly nonResourceURLs: readonly string[]
}

export interface Authorizer {
  authorize(attributes: Attributes): Promise<Authorization>
  /** What a user may do in a namespace (SelfSubjectRulesReview). */
  rulesFor(
    user: UserInfo,
    namespace: string,
  ): Promise<{
    resourceRules: readonly ResourceRule[]
    nonResourceRules: readonly NonResourceRule[]
    incomplete: boolean
    evaluationError?: string
  }>
}
