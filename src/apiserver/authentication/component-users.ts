/** Who the components are, over TLS by certificate and in one process by their transport alike. */
import type { UserInfo } from './authenticator.ts'
import {
  authenticatedGroup,
  mastersGroup,
  nodesGroup,
  nodeUserPrefix,
  serviceAccountGroups,
  serviceAccountUsername,
} from './users.ts'

export type Component = 'admin' | 'scheduler' | 'controller-manager' | 'kube-proxy' | 'dns' | 'network'

/** A certificate's subject: the common name is the user, the organizations are the groups. */
export interface ComponentSubject {
  readonly commonName: string
  readonly organizations?: readonly string[]
}

export const componentSubjects: Readonly<Record<Component, ComponentSubject>> = {
  admin: { commonName: 'kubernetes-admin', organizations: [mastersGroup] },
  scheduler: { commonName: 'system:kube-scheduler' },
  'controller-manager': { commonName: 'system:kube-controller-manager' },
  'kube-proxy': { commonName: 'system:kube-proxy' },
  dns: { commonName: 'system:clipper:dns' },
  network: { commonName: 'system:clipper:network' },
}

export const nodeSubject = (nodeName: string): ComponentSubject => ({
  commonName: `${nodeUserPrefix}${nodeName}`,
  organizations: [nodesGroup],
})

const userOf = ({ commonName, organizations = [] }: ComponentSubject): UserInfo => ({
  username: commonName,
  groups: [...organizations, authenticatedGroup],
})

export const componentUser = (component: Component): UserInfo => userOf(componentSubjects[component])

export const nodeUser = (nodeName: string): UserInfo => userOf(nodeSubject(nodeName))

/** One controller, as kube-controller-manager runs it with `--use-service-account-credentials`: bound to its own role. */
export const controllerUser = (controller: string): UserInfo => ({
  username: serviceAccountUsername('kube-system', controller),
  groups: [...serviceAccountGroups('kube-system'), authenticatedGroup],
})
