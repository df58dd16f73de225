/** Who the components of this process are towards the API server: the same names and rights as if each ran alone. */
import type { UserInfo } from '../apiserver/authentication/authenticator.ts'
import {
  authenticatedGroup,
  nodesGroup,
  nodeUserPrefix,
  serviceAccountGroups,
  serviceAccountUsername,
} from '../apiserver/authentication/users.ts'

const component = (username: string): UserInfo => ({ username, groups: [authenticatedGroup] })

export const schedulerUser = component('system:kube-scheduler')
export const controllerManagerUser = component('system:kube-controller-manager')
export const proxyUser = component('system:kube-proxy')
export const dnsUser = component('system:clipper:dns')
export const networkUser = component('system:clipper:network')

export const nodeUser = (nodeName: string): UserInfo => ({
  username: `${nodeUserPrefix}${nodeName}`,
  groups: [nodesGroup, authenticatedGroup],
})

/** As upstream's `--use-service-account-credentials`. */
export const controllerUser = (controllerName: string): UserInfo => ({
  username: serviceAccountUsername('kube-system', controllerName),
  groups: [...serviceAccountGroups('kube-system'), authenticatedGroup],
})
