/** What the roles for people (`view`, `edit`, `admin`) are put together from. */
import { all, can, type Roles, read, write } from './rules.ts'

export const userRoles: Roles = {
  'system:aggregate-to-admin': [
    can('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
    can(all, 'rbac.authorization.k8s.io', 'rolebindings roles'),
  ],
  'system:aggregate-to-edit': [
    can(read, 'core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
    can('impersonate', 'core', 'serviceaccounts'),
    can(write, 'core', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
    can('create', 'core', 'pods/eviction'),
    can(
      write,
      'core',
      'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
    ),
    can('create', 'core', 'serviceaccounts/token'),
    can(write, 'core events.k8s.io', 'events'),
    can(
      write,
      'apps',
      'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
    ),
    can(write, 'autoscaling', 'horizontalpodautoscalers'),
    can(write, 'batch', 'cronjobs jobs'),
    can(
      write,
      'extensions',
      'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
    ),
    can(write, 'policy', 'poddisruptionbudgets'),
    can(write, 'networking.k8s.io', 'ingresses networkpolicies'),
    can(all, 'coordination.k8s.io', 'leases'),
    can(write, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
  ],
  'system:aggregate-to-view': [
    can(
      read,
      'core',
      'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
    ),
    can(
      read,
      'core',
      'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
    ),
    can(read, 'core', 'namespaces'),
    can(read, 'core events.k8s.io', 'events'),
    can(read, 'discovery.k8s.io', 'endpointslices'),
    can(
      read,
      'apps',
      'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
    ),
    can(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
    can(read, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
    can(
      read,
      'extensions',
      'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
    ),
    can(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
    can(read, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
    can(read, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
  ],
}
