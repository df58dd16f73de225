/** The smaller kinds of core/v1, and leases. */
import type { Lease } from '../../api/coordination/v1/lease.ts'
import type { ComponentStatus } from '../../api/core/v1/component-status.ts'
import type { ConfigMap } from '../../api/core/v1/config-map.ts'
import type { Namespace } from '../../api/core/v1/namespace.ts'
import type { ResourceQuota } from '../../api/core/v1/resource-quota.ts'
import type { Secret } from '../../api/core/v1/secret.ts'
import type { ServiceAccount } from '../../api/core/v1/service-account.ts'
import type { PriorityClass } from '../../api/scheduling/v1/priority-class.ts'
import { ownMember } from '../../schema/json-exact.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, nameColumn, type Printer } from './printer.ts'

const count = (map: object | undefined): number => Object.keys(map ?? {}).length

export const configMapPrinter: Printer<ConfigMap> = {
  columns: [nameColumn, column('Data', 'How many keys it has.'), ageColumn],
  cells: ({ metadata, data, binaryData }, nowMs) => [
    metadata.name,
    count(data) + count(binaryData),
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const secretPrinter: Printer<Secret> = {
  columns: [nameColumn, column('Type', 'What the secret is for.'), column('Data', 'How many keys it has.'), ageColumn],
  cells: ({ metadata, type, data }, nowMs) => [
    metadata.name,
    type ?? '',
    count(data),
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const namespacePrinter: Printer<Namespace> = {
  columns: [nameColumn, column('Status', 'Whether the namespace is in use or being emptied.'), ageColumn],
  cells: ({ metadata, status }, nowMs) => [metadata.name, status.phase ?? '', ageOf(metadata.creationTimestamp, nowMs)],
}

export const serviceAccountPrinter: Printer<ServiceAccount> = {
  columns: [nameColumn, ageColumn],
  cells: ({ metadata }, nowMs) => [metadata.name, ageOf(metadata.creationTimestamp, nowMs)],
}

function quotaOf({ status }: ResourceQuota, limits: boolean): string {
  return Object.entries(status.hard ?? {})
    .filter(([resource]) => resource.startsWith('limits') === limits)
    .map(([resource, hard]) => `${resource}: ${ownMember(status.used, resource) ?? '0'}/${hard}`)
    .sort()
    .join(', ')
}

export const resourceQuotaPrinter: Printer<ResourceQuota> = {
  columns: [
    nameColumn,
    column('Request', 'What is used of requests and counts, and how much is allowed.'),
    column('Limit', 'What is used of limits, and how much is allowed.'),
    ageColumn,
  ],
  cells: (quota, nowMs) => [
    quota.metadata.name,
    quotaOf(quota, false),
    quotaOf(quota, true),
    ageOf(quota.metadata.creationTimestamp, nowMs),
  ],
}

const health: Readonly<Record<string, string>> = { True: 'Healthy', False: 'Unhealthy' }

export const componentStatusPrinter: Printer<ComponentStatus> = {
  columns: [
    nameColumn,
    column('Status', 'Whether the component is healthy.'),
    column('Message', 'What it answered.'),
    column('Error', 'Why it could not be asked.'),
  ],
  cells: ({ metadata, conditions }) => {
    const condition = (conditions ?? []).find(one => one.type === 'Healthy')
    return [
      metadata.name,
      health[condition?.status ?? ''] ?? 'Unknown',
      condition?.message ?? '',
      condition?.error ?? '',
    ]
  },
}

export const leasePrinter: Printer<Lease> = {
  columns: [nameColumn, column('Holder', 'Who holds the lease.'), ageColumn],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec?.holderIdentity ?? '',
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const priorityClassPrinter: Printer<PriorityClass> = {
  columns: [
    nameColumn,
    column('Value', 'The priority of its pods.', { type: 'integer' }),
    column('Global-Default', 'Whether pods without a class get this one.', { type: 'boolean' }),
    ageColumn,
    column('PreemptionPolicy', 'Whether its pods may evict others.'),
  ],
  cells: ({ metadata, value, globalDefault, preemptionPolicy }, nowMs) => [
    metadata.name,
    value,
    globalDefault ?? false,
    ageOf(metadata.creationTimestamp, nowMs),
    preemptionPolicy ?? '',
  ],
}
