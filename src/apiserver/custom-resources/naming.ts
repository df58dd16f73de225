/** Which names a definition gets (upstream: apiextensions' naming controller): the first to ask keeps a name. Pure. */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '../../api/apiextensions/v1/custom-resource-definition.ts'

interface Taken {
  readonly resources: ReadonlySet<string>
  readonly kinds: ReadonlySet<string>
}

/** The names that other definitions of the group hold. */
function takenBy(others: readonly CustomResourceDefinition[]): Taken {
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const { status } of others) {
    const names: Partial<CustomResourceDefinitionNames> = status.acceptedNames ?? {}
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name)
    for (const kind of [names.kind, names.listKind]) if (kind) kinds.add(kind)
  }
  return { resources, kinds }
}

type Condition = Pick<CustomResourceDefinitionCondition, 'type' | 'status' | 'reason' | 'message'>

interface Named {
  readonly names: CustomResourceDefinitionNames
  readonly condition: Condition
}

/** Names that are free, or its own already, are accepted; each conflict is told. */
export function acceptNames(definition: CustomResourceDefinition, others: readonly CustomResourceDefinition[]): Named {
  const { resources, kinds } = takenBy(others)
  const wanted = definition.spec.names
  const held: Partial<CustomResourceDefinitionNames> = definition.status.acceptedNames ?? {}
  const names: CustomResourceDefinitionNames = { ...held, plural: held.plural ?? '', kind: held.kind ?? '' }
  let conflict: readonly [reason: string, message: string] | undefined
  const accept = (field: 'plural' | 'singular' | 'kind' | 'listKind', taken: ReadonlySet<string>, reason: string) => {
    const name = wanted[field]
    if (name === undefined) return
    if (name !== held[field] && taken.has(name)) conflict = [reason, `${JSON.stringify(name)} is already in use`]
    else names[field] = name
  }
  accept('plural', resources, 'PluralConflict')
  accept('singular', resources, 'SingularConflict')
  const clashes = (wanted.shortNames ?? []).filter(name => !held.shortNames?.includes(name) && resources.has(name))
  if (clashes.length > 0) {
    const shown = clashes.map(name => `${JSON.stringify(name)} is already in use`)
    conflict = ['ShortNamesConflict', shown.length === 1 ? shown[0]! : `[${shown.join(', ')}]`]
  } else if (wanted.shortNames) names.shortNames = wanted.shortNames
  else delete names.shortNames
  accept('kind', kinds, 'KindConflict')
  accept('listKind', kinds, 'ListKindConflict')
  if (wanted.categories) names.categories = wanted.categories
  else delete names.categories
  const type = 'NamesAccepted'
  const condition = conflict
    ? { type, status: 'False', reason: conflict[0], message: conflict[1] }
    : { type, status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
  return { names, condition }
}

const conditionOf = ({ status }: CustomResourceDefinition, type: string) =>
  status.conditions?.find(condition => condition.type === type)

/** A definition stays established while its names last. */
function establishedOf(definition: CustomResourceDefinition, accepted: boolean): Condition {
  const type = 'Established'
  if (accepted || conditionOf(definition, type)?.status === 'True')
    return { type, status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
  return { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
}

/** KEP-1111: whether a resource of a community group has been approved. */
function approvalOf({ spec, metadata }: CustomResourceDefinition): Condition | undefined {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return undefined
  const key = 'api-approved.kubernetes.io'
  const text = metadata.annotations?.[key] ?? ''
  const type = 'KubernetesAPIApprovalPolicyConformant'
  if (text === '') {
    const message = `protected groups must have approval annotation "${key}", see https://github.com/kubernetes/enhancements/pull/1111`
    return { type, status: 'False', reason: 'MissingAnnotation', message }
  }
  if (text.startsWith('unapproved'))
    return { type, status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(text)}` }
  return { type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${text}` }
}

export interface Judged {
  readonly accepted: boolean
  readonly status: CustomResourceDefinitionStatus
  /** Whether the status differs from the one that is stored. */
  readonly changed: boolean
}

export function judge(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  nowIso: string,
): Judged {
  const { names, condition } = acceptNames(definition, others)
  const accepted = condition.status === 'True'
  const wanted = [condition, establishedOf(definition, accepted), approvalOf(definition)].filter(
    one => one !== undefined,
  )
  const before = definition.status.conditions ?? []
  const isKnown = (one: Condition) =>
    before.some(
      ({ type, status, reason, message }) =>
        type === one.type && status === one.status && reason === one.reason && message === one.message,
    )
  const fresh = wanted
    .filter(one => !isKnown(one))
    .map(one => ({
      ...one,
      lastTransitionTime: conditionTime(before, one) ?? nowIso,
    }))
  const sameNames = JSON.stringify(sorted(names)) === JSON.stringify(sorted(definition.status.acceptedNames ?? {}))
  const kept = before.filter(({ type }) => !fresh.some(one => one.type === type))
  return {
    accepted,
    changed: fresh.length > 0 || !sameNames,
    status: { ...definition.status, acceptedNames: names, conditions: [...kept, ...fresh] },
  }
}

/** The time stays while the status does. */
const conditionTime = (before: readonly CustomResourceDefinitionCondition[], { type, status }: Condition) =>
  before.find(one => one.type === type && one.status === status)?.lastTransitionTime

const sorted = (names: object): [string, unknown][] =>
  Object.entries(names)
    .filter(([, value]) => value !== undefined && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
