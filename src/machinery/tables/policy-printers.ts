/** Disruption budgets and role bindings. */
import type { PodDisruptionBudget } from '../../api/policy/v1/pod-disruption-budget.ts'
import type { ClusterRoleBinding } from '../../api/rbac/v1/cluster-role-binding.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, nameColumn, type Printer, wideColumn } from './printer.ts'

export const podDisruptionBudgetPrinter: Printer<PodDisruptionBudget> = {
  columns: [
    nameColumn,
    column('Min Available', 'How many pods must stay available.'),
    column('Max Unavailable', 'How many pods may be unavailable.'),
    column('Allowed Disruptions', 'How many pods may be evicted now.', { type: 'integer' }),
    ageColumn,
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    String(spec.minAvailable ?? 'N/A'),
    String(spec.maxUnavailable ?? 'N/A'),
    status.disruptionsAllowed ?? 0,
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

const subjectColumns = [
  wideColumn('Users', 'The users who get the role.'),
  wideColumn('Groups', 'The groups that get the role.'),
  wideColumn('ServiceAccounts', 'The service accounts that get the role.'),
]

/** Bindings of both scopes have the same shape. */
export const roleBindingPrinter: Printer<ClusterRoleBinding> = {
  columns: [nameColumn, column('Role', 'The role that is given.'), ageColumn, ...subjectColumns],
  cells: ({ metadata, roleRef, subjects }, nowMs) => {
    const of = (kind: string): string =>
      (subjects ?? [])
        .filter(subject => subject.kind === kind)
        .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
        .join(', ')
    return [
      metadata.name,
      `${roleRef.kind}/${roleRef.name}`,
      ageOf(metadata.creationTimestamp, nowMs),
      of('User'),
      of('Group'),
      of('ServiceAccount'),
    ]
  },
}
