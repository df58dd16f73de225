/** The names and groups that Kubernetes itself gives to users (`k8s.io/apiserver/pkg/authentication/user`). */
import type { UserInfo } from './authenticator.ts'

export const anonymousUser = 'system:anonymous'
export const authenticatedGroup = 'system:authenticated'
export const unauthenticatedGroup = 'system:unauthenticated'
export const mastersGroup = 'system:masters'
export const nodesGroup = 'system:nodes'
export const nodeUserPrefix = 'system:node:'
export const serviceAccountPrefix = 'system:serviceaccount:'
export const serviceAccountsGroup = 'system:serviceaccounts'

/** In `extra`: which credential was used, as `JTI=…` or `X509SHA256=…`. */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id'
export const podNameKey = 'authentication.kubernetes.io/pod-name'
export const podUidKey = 'authentication.kubernetes.io/pod-uid'
export const nodeNameKey = 'authentication.kubernetes.io/node-name'
export const nodeUidKey = 'authentication.kubernetes.io/node-uid'

export const anonymous: UserInfo = { username: anonymousUser, groups: [unauthenticatedGroup] }

export const serviceAccountUsername = (namespace: string, name: string): string =>
  `${serviceAccountPrefix}${namespace}:${name}`

export const serviceAccountGroups = (namespace: string): string[] => [
  serviceAccountsGroup,
  `${serviceAccountsGroup}:${namespace}`,
]

/** Namespace and name of the service account that a user is; undefined for any other user. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(serviceAccountPrefix)) return undefined
  const [namespace, name, ...rest] = username.slice(serviceAccountPrefix.length).split(':')
  return namespace && name && rest.length === 0 ? { namespace, name } : undefined
}

/** The node that a user is: '' for a user in `system:nodes` without a node's name, undefined for any other user. */
export function nodeOf(user: UserInfo): string | undefined {
  if (!user.username.startsWith(nodeUserPrefix) || !user.groups.includes(nodesGroup)) return undefined
  return user.username.slice(nodeUserPrefix.length)
}

/** With `system:authenticated` among the groups. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  if (user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup)) return user
  return { ...user, groups: [...user.groups, authenticatedGroup] }
}
