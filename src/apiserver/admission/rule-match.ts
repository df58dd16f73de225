/** Which writes the rules and selectors of admission policies and webhooks are for. */
import type { NamedRuleWithOperations, RuleWithOperations } from '../../api/admissionregistration/v1/match-resources.ts'
import { Namespace } from '../../api/core/v1/namespace.ts'
import type { LabelSelector } from '../../api/meta/v1/label-selector.ts'
import { notFoundError } from '../../machinery/api-error.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes } from './admission.ts'
import { metadataOf } from './refusal.ts'

const names = (list: readonly string[] | undefined, wanted: string): boolean =>
  list?.some(name => name === '*' || name === wanted) ?? false

/** `pods`, `pods/log`, `pods/*`, `*`, `*` with a subresource. */
function namesResource(list: readonly string[] | undefined, { resource, subresource }: AdmissionAttributes): boolean {
  return (
    list?.some(entry => {
      const [wanted, wantedSub = ''] = entry.split('/')
      return (wanted === '*' || wanted === resource) && (wantedSub === '*' || wantedSub === subresource)
    }) ?? false
  )
}

const isNamespaceObject = ({ group, resource }: AdmissionAttributes): boolean =>
  group === '' && resource === 'namespaces'

/** A Namespace counts as cluster-scoped, although its requests carry its name as their namespace. */
const isClusterScoped = (attributes: AdmissionAttributes): boolean =>
  attributes.namespace === '' || isNamespaceObject(attributes)

export function matchesRule(
  rule: RuleWithOperations | NamedRuleWithOperations,
  attributes: AdmissionAttributes,
): boolean {
  const { operation, group, version } = attributes
  if (!names(rule.operations, operation) || !names(rule.apiGroups, group) || !names(rule.apiVersions, version))
    return false
  if (!namesResource(rule.resources, attributes)) return false
  if ('resourceNames' in rule && rule.resourceNames?.length && !rule.resourceNames.includes(attributes.name))
    return false
  const { scope = '*' } = rule
  return scope === '*' || (scope === 'Cluster') === isClusterScoped(attributes)
}

/** The labels that a namespace selector looks at; undefined where the object is in none. Throws 404 for one that is gone. */
async function namespaceLabels(
  attributes: AdmissionAttributes,
  reader: ObjectReader,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (isNamespaceObject(attributes)) {
    // A namespace is judged by its labels as they will be, one that goes by those it has.
    const object = attributes.operation === 'DELETE' ? attributes.oldObject : attributes.object
    if (object) return metadataOf(object).labels ?? {}
  }
  if (attributes.namespace === '') return undefined
  const namespace = await namespaceOf(attributes.namespace, reader)
  return namespace.metadata.labels ?? {}
}

export async function namespaceOf(name: string, reader: ObjectReader): Promise<Namespace> {
  const namespace = reader.get(Namespace, '', name) ?? (await reader.getFresh(Namespace, '', name))
  if (!namespace) throw notFoundError('', 'namespaces', name)
  return namespace
}

const isEmpty = (selector: LabelSelector | undefined): boolean =>
  !selector?.matchExpressions?.length && Object.keys(selector?.matchLabels ?? {}).length === 0

export interface Selectors {
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
}

export async function matchesSelectors(
  { namespaceSelector, objectSelector }: Selectors,
  attributes: AdmissionAttributes,
  reader: ObjectReader,
): Promise<boolean> {
  if (namespaceSelector && !isEmpty(namespaceSelector)) {
    const labels = await namespaceLabels(attributes, reader)
    if (labels && !labelSelectorOf(namespaceSelector).matches(labels)) return false
  }
  if (!objectSelector || isEmpty(objectSelector)) return true
  return [attributes.object, attributes.oldObject].some(
    object => object && labelSelectorOf(objectSelector).matches(metadataOf(object).labels),
  )
}

const policyResources = new Set([
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
])
const reviewGroups = new Set(['authentication.k8s.io', 'authorization.k8s.io'])

/** Policies and webhooks never judge what configures them, nor reviews: nobody could mend a wrong one. */
export const isExempt = ({ group, resource }: AdmissionAttributes): boolean =>
  reviewGroups.has(group) || (group === 'admissionregistration.k8s.io' && policyResources.has(resource))
