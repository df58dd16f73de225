/** The roles and bindings of a new cluster, as Kubernetes v1.37 has them, and those of our own components. */
import type { ClusterRole } from '../../api/rbac/v1/cluster-role.ts'
import type { ClusterRoleBinding } from '../../api/rbac/v1/cluster-role-binding.ts'
import type { Role } from '../../api/rbac/v1/role.ts'
import type { RoleBinding } from '../../api/rbac/v1/role-binding.ts'
import type { PolicyRule, Subject } from '../../api/rbac/v1/rules.ts'
import { clusterInfo, joiningNodesGroup } from '../../machinery/bootstrap-token.ts'
import { clusterSettingsName } from '../../machinery/cluster-settings.ts'
import type { Draft } from '../../schema/message.ts'
import { componentRoles } from './component-roles.ts'
import { controllerRoles } from './controller-roles.ts'
import { can, follow, read, recordEvents } from './rules.ts'
import { userRoles } from './user-roles.ts'

const apiGroup = 'rbac.authorization.k8s.io'
export const autoupdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate'
const aggregateTo = (role: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' })

const metadata = (name: string, labels: Record<string, string> = {}, namespace?: string) => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  annotations: { [autoupdateAnnotation]: 'true' },
})

/** What the roles of this project's own components add to the defaults. */
const ownRoles: Record<string, readonly PolicyRule[]> = {
  'system:clipper:dns': [
    can(follow, 'core', 'endpoints services pods namespaces nodes'),
    can(follow, 'discovery.k8s.io', 'endpointslices'),
  ],
  'system:clipper:network': [
    can(read, 'core', 'nodes pods namespaces services'),
    can(follow, 'discovery.k8s.io', 'endpointslices'),
    can(follow, 'networking.k8s.io', 'networkpolicies'),
    recordEvents,
  ],
}

/** What this project's own controllers may do, by the name of their service account. */
const ownControllerRoles: Record<string, readonly PolicyRule[]> = {
  'node-certificate-approver': [
    can(read, 'certificates.k8s.io', 'certificatesigningrequests'),
    can('update', 'certificates.k8s.io', 'certificatesigningrequests/approval'),
    can(
      'approve',
      'certificates.k8s.io',
      'signers',
      'kubernetes.io/kubelet-serving',
      'kubernetes.io/kube-apiserver-client',
    ),
    can(read, 'core', 'nodes'),
  ],
  'local-path-provisioner': [
    can('create delete get list watch', 'core', 'persistentvolumes'),
    can('get list update watch', 'core', 'persistentvolumeclaims'),
    can(read, 'core', 'nodes'),
    can(read, 'storage.k8s.io', 'storageclasses'),
    recordEvents,
  ],
  'cluster-dns-controller': [
    can(read, 'core', 'nodes'),
    can('create delete get list patch update watch', 'discovery.k8s.io', 'endpointslices'),
    can('update', 'core', 'services/finalizers'),
  ],
}

/** What all nodes may do beyond what the node authorizer lets them: learn that a volume is to be deleted. */
const nodeVolumes = 'system:clipper:node-volumes'
const nodeVolumeRules = [can('get', 'core', 'persistentvolumes')]

const clusterRole = (name: string, rules: readonly PolicyRule[], labels = {}): Draft<ClusterRole> => ({
  metadata: metadata(name, labels),
  rules: rules as PolicyRule[],
})

/** Roles without rules of their own: the cluster-role aggregation controller fills them. */
const aggregated = (name: string, labels = {}): Draft<ClusterRole> => ({
  metadata: metadata(name, labels),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(name) }] },
})

export const defaultClusterRoles: readonly Draft<ClusterRole>[] = [
  aggregated('admin'),
  aggregated('edit', aggregateTo('admin')),
  aggregated('view', aggregateTo('edit')),
  ...Object.entries(userRoles).map(([name, rules]) =>
    clusterRole(name, rules, aggregateTo(name.slice('system:aggregate-to-'.length))),
  ),
  ...Object.entries({ ...componentRoles, ...ownRoles }).map(([name, rules]) => clusterRole(name, rules)),
  ...Object.entries(ownControllerRoles).map(([name, rules]) => clusterRole(`system:clipper:${name}`, rules)),
  clusterRole(nodeVolumes, nodeVolumeRules),
  ...Object.entries(controllerRoles).map(([name, rules]) => clusterRole(`system:controller:${name}`, rules)),
]

const user = (name: string): Subject => ({ kind: 'User', apiGroup, name })
const group = (name: string): Subject => ({ kind: 'Group', apiGroup, name })
const account = (name: string): Subject => ({ kind: 'ServiceAccount', name, namespace: 'kube-system' })

const clusterBinding = (name: string, subjects: Subject[], roleName = name): Draft<ClusterRoleBinding> => ({
  metadata: metadata(name),
  roleRef: { apiGroup, kind: 'ClusterRole', name: roleName },
  ...(subjects.length === 0 ? {} : { subjects }),
})

const requests = 'system:certificates.k8s.io:certificatesigningrequests'

/** How machines join with a token, as kubeadm binds it: ask for a node's certificate, have it, and renew one's own. */
const joining = [
  clusterBinding('system:clipper:node-bootstrapper', [group(joiningNodesGroup)], 'system:node-bootstrapper'),
  clusterBinding('system:clipper:node-certificates', [group(joiningNodesGroup)], `${requests}:nodeclient`),
  clusterBinding('system:clipper:node-certificate-renewal', [group('system:nodes')], `${requests}:selfnodeclient`),
]

export const defaultClusterRoleBindings: readonly Draft<ClusterRoleBinding>[] = [
  clusterBinding('cluster-admin', [group('system:masters')]),
  clusterBinding('system:basic-user', [group('system:authenticated')]),
  clusterBinding('system:cluster-trust-bundle-discovery', [group('system:serviceaccounts')]),
  clusterBinding('system:discovery', [group('system:authenticated')]),
  clusterBinding('system:kube-controller-manager', [user('system:kube-controller-manager')]),
  clusterBinding('system:kube-dns', [account('kube-dns')]),
  clusterBinding('system:kube-scheduler', [user('system:kube-scheduler')]),
  clusterBinding('system:monitoring', [group('system:monitoring')]),
  // Nodes are authorized by the node authorizer; the binding stays for those who add subjects to it.
  clusterBinding('system:node', []),
  clusterBinding('system:node-proxier', [user('system:kube-proxy')]),
  clusterBinding('system:public-info-viewer', [group('system:authenticated'), group('system:unauthenticated')]),
  clusterBinding('system:service-account-issuer-discovery', [group('system:serviceaccounts')]),
  clusterBinding('system:volume-scheduler', [user('system:kube-scheduler')]),
  ...Object.keys(ownRoles).map(name => clusterBinding(name, [user(name)])),
  ...Object.keys(ownControllerRoles).map(name => clusterBinding(`system:clipper:${name}`, [account(name)])),
  clusterBinding(nodeVolumes, [group('system:nodes')]),
  ...joining,
  ...Object.keys(controllerRoles).map(name => clusterBinding(`system:controller:${name}`, [account(name)])),
]

const role = (namespace: string, name: string, ...rules: PolicyRule[]): Draft<Role> => ({
  metadata: metadata(name, {}, namespace),
  rules,
})

const leaderLocking = (component: string): Draft<Role> =>
  role(
    'kube-system',
    `system::leader-locking-${component}`,
    can('create get list update watch', 'coordination.k8s.io', 'leases'),
    can('create get list update watch', 'coordination.k8s.io', 'leasecandidates'),
  )

export const defaultRoles: readonly Draft<Role>[] = [
  role(
    'kube-public',
    'system:controller:bootstrap-signer',
    can(read, 'core', 'configmaps'),
    can('update', 'core', 'configmaps', 'cluster-info'),
    recordEvents,
  ),
  role('kube-public', 'system:clipper:cluster-info', can('get', 'core', 'configmaps', clusterInfo.name)),
  role('kube-system', 'system:clipper:cluster-settings', can(read, 'core', 'configmaps', clusterSettingsName)),
  role(
    'kube-system',
    'extension-apiserver-authentication-reader',
    can(read, 'core', 'configmaps', 'extension-apiserver-authentication'),
  ),
  leaderLocking('kube-controller-manager'),
  leaderLocking('kube-scheduler'),
  role('kube-system', 'system:controller:bootstrap-signer', can(read, 'core', 'secrets')),
  role('kube-system', 'system:controller:cloud-provider', can('create get list watch', 'core', 'configmaps')),
  role('kube-system', 'system:controller:token-cleaner', can('delete get list watch', 'core', 'secrets'), recordEvents),
]

const binding = (
  namespace: string,
  name: string,
  subjects: Subject[],
  roleName: string = name,
): Draft<RoleBinding> => ({
  metadata: metadata(name, {}, namespace),
  roleRef: { apiGroup, kind: 'Role', name: roleName },
  subjects,
})

export const defaultRoleBindings: readonly Draft<RoleBinding>[] = [
  // Whoever has no certificate yet reads it; the signatures in it prove it to the holders of tokens.
  binding('kube-public', 'system:clipper:cluster-info', [user('system:anonymous')]),
  binding('kube-system', 'system:clipper:cluster-settings', [group('system:nodes')]),
  binding('kube-public', 'system:controller:bootstrap-signer', [account('bootstrap-signer')]),
  binding(
    'kube-system',
    'system::extension-apiserver-authentication-reader',
    [user('system:kube-controller-manager'), user('system:kube-scheduler')],
    'extension-apiserver-authentication-reader',
  ),
  binding('kube-system', 'system::leader-locking-kube-controller-manager', [
    user('system:kube-controller-manager'),
    account('kube-controller-manager'),
    account('leader-election-controller'),
  ]),
  binding('kube-system', 'system::leader-locking-kube-scheduler', [
    user('system:kube-scheduler'),
    account('kube-scheduler'),
  ]),
  binding('kube-system', 'system:controller:bootstrap-signer', [account('bootstrap-signer')]),
  binding('kube-system', 'system:controller:cloud-provider', [account('cloud-provider')]),
  binding('kube-system', 'system:controller:token-cleaner', [account('token-cleaner')]),
]
