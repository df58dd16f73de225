/** Flow control, webhooks, admission policies, definitions of custom resources, API services. */
import type { ParamKind, ParamRef } from '../../api/admissionregistration/v1/match-resources.ts'
import type { MutatingAdmissionPolicy } from '../../api/admissionregistration/v1/mutating-admission-policy.ts'
import type { ValidatingAdmissionPolicy } from '../../api/admissionregistration/v1/validating-admission-policy.ts'
import type { CustomResourceDefinition } from '../../api/apiextensions/v1/custom-resource-definition.ts'
import type { APIService } from '../../api/apiregistration/v1/api-service.ts'
import type { FlowSchema } from '../../api/flowcontrol/v1/flow-schema.ts'
import type { PriorityLevelConfiguration } from '../../api/flowcontrol/v1/priority-level-configuration.ts'
import type { ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, createdAtColumn, nameColumn, type Printer, showSelector, wideColumn } from './printer.ts'

interface Condition {
  readonly type?: string
  readonly status?: string
  readonly reason?: string
}
const conditionOf = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find(one => one.type === type)

export const flowSchemaPrinter: Printer<FlowSchema> = {
  columns: [
    nameColumn,
    column('PriorityLevel', 'The priority level of the requests.'),
    column('MatchingPrecedence', 'The place among the schemas that match.'),
    column('DistinguisherMethod', 'How requests are split into flows.'),
    ageColumn,
    column('MissingPL', 'Whether the priority level does not exist.'),
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    spec.priorityLevelConfiguration.name,
    spec.matchingPrecedence,
    spec.distinguisherMethod?.type ?? '<none>',
    ageOf(metadata.creationTimestamp, nowMs),
    conditionOf(status.conditions, 'Dangling')?.status ?? '?',
  ],
}

export const priorityLevelPrinter: Printer<PriorityLevelConfiguration> = {
  columns: [
    nameColumn,
    column('Type', 'Whether requests may have to wait.'),
    column('NominalConcurrencyShares', 'The weight in the sharing of the capacity.'),
    column('Queues', 'The number of queues.'),
    column('HandSize', 'The number of queues among which a flow chooses.'),
    column('QueueLengthLimit', 'The most requests that wait in one queue.'),
    ageColumn,
  ],
  cells: ({ metadata, spec: { type, limited } }, nowMs) => {
    const queuing = limited?.limitResponse.queuing
    return [
      metadata.name,
      type,
      limited?.nominalConcurrencyShares ?? '<none>',
      queuing?.queues ?? '<none>',
      queuing?.handSize ?? '<none>',
      queuing?.queueLengthLimit ?? '<none>',
      ageOf(metadata.creationTimestamp, nowMs),
    ]
  },
}

interface Webhooks {
  readonly metadata: ObjectMeta
  readonly webhooks?: readonly unknown[]
}
/** Configurations of both kinds have the same shape. */
export const webhookConfigurationPrinter: Printer<Webhooks> = {
  columns: [nameColumn, column('Webhooks', 'The number of webhooks.', { type: 'integer' }), ageColumn],
  cells: ({ metadata, webhooks }, nowMs) => [
    metadata.name,
    webhooks?.length ?? 0,
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

const paramKindColumn = column('ParamKind', 'The kind of the parameters.')
const showParamKind = (kind: ParamKind | undefined): string =>
  kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : '<unset>'

export const validatingAdmissionPolicyPrinter: Printer<ValidatingAdmissionPolicy> = {
  columns: [nameColumn, column('Validations', 'The number of rules.', { type: 'integer' }), paramKindColumn, ageColumn],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec.validations?.length ?? 0,
    showParamKind(spec.paramKind),
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const mutatingAdmissionPolicyPrinter: Printer<MutatingAdmissionPolicy> = {
  columns: [nameColumn, column('Mutations', 'The number of changes.', { type: 'integer' }), paramKindColumn, ageColumn],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec.mutations?.length ?? 0,
    showParamKind(spec.paramKind),
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

function showParamRef(ref: ParamRef | undefined): string {
  if (ref?.name) return `${ref.namespace || '*'}/${ref.name}`
  return ref?.selector ? showSelector(ref.selector) : '<unset>'
}

interface PolicyBinding {
  readonly metadata: ObjectMeta
  readonly spec: { readonly policyName?: string; readonly paramRef?: ParamRef }
}
/** Bindings of both kinds have the same shape. */
export const policyBindingPrinter: Printer<PolicyBinding> = {
  columns: [
    nameColumn,
    column('PolicyName', 'The policy that is put in force.'),
    column('ParamRef', 'The parameters of the policy.'),
    ageColumn,
  ],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec.policyName ?? '',
    showParamRef(spec.paramRef),
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const customResourceDefinitionPrinter: Printer<CustomResourceDefinition> = {
  columns: [
    nameColumn,
    column('Scope', 'Whether objects are in namespaces.'),
    column('Versions', 'The versions that are served.'),
    createdAtColumn,
    wideColumn('Group', 'The API group.'),
    wideColumn('Kind', 'The kind of the objects.'),
    wideColumn('ShortNames', 'The short names for command lines.'),
    wideColumn('Established', 'Whether the resource is served.', { type: 'boolean' }),
  ],
  cells: ({ metadata, spec, status }) => [
    metadata.name,
    spec.scope,
    (spec.versions ?? [])
      .filter(version => version.served)
      .map(version => `${version.name}${version.storage ? '(storage)' : ''}`)
      .sort()
      .join(','),
    metadata.creationTimestamp ?? '',
    spec.group,
    spec.names.kind,
    (spec.names.shortNames ?? []).join(','),
    conditionOf(status.conditions, 'Established')?.status === 'True',
  ],
}

export const apiServicePrinter: Printer<APIService> = {
  columns: [
    nameColumn,
    column('Service', 'The service that answers.'),
    column('Available', 'Whether the service can be reached.'),
    ageColumn,
  ],
  cells: ({ metadata, spec: { service }, status }, nowMs) => {
    const available = conditionOf(status.conditions, 'Available')
    const why = available?.status !== 'True' && available?.reason ? ` (${available.reason})` : ''
    return [
      metadata.name,
      service ? `${service.namespace ?? ''}/${service.name ?? ''}` : 'Local',
      available ? `${available.status}${why}` : 'Unknown',
      ageOf(metadata.creationTimestamp, nowMs),
    ]
  },
}
