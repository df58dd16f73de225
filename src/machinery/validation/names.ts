/** What names the objects of each kind may have. */
import { dns1123LabelErrors, dns1123SubdomainErrors, ipErrors, pathSegmentErrors } from '../../schema/formats.ts'
import type { Kind } from '../../schema/kind.ts'
import { customFactsOf } from '../custom/custom-kind.ts'
import { trustBundleNameErrors } from './certificates/names.ts'

/** Messages for a name, or for the prefix of one. */
export type NameRule = (name: string, isPrefix: boolean) => string[]

/** A prefix may end in a dash, for more will follow. */
const masked = (name: string): string => (name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name)

const ruleOf =
  (errors: (name: string) => string[]): NameRule =>
  (name, isPrefix) =>
    errors(isPrefix ? masked(name) : name)

export const subdomainName = ruleOf(dns1123SubdomainErrors)
export const labelName = ruleOf(dns1123LabelErrors)

const anyName: NameRule = () => []
const nameAlone =
  (rule: NameRule): NameRule =>
  (name, isPrefix) =>
    isPrefix ? [] : rule(name, false)

const rules: ReadonlyMap<string, NameRule> = new Map([
  ['/Namespace', labelName],
  ['/Service', labelName], // KEP-5311
  ['/ReplicationController', nameAlone(subdomainName)],
  ['resource.k8s.io/DeviceClass', nameAlone(subdomainName)],
  ['apps/StatefulSet', labelName],
  // Upstream judges nothing of the metadata of these two.
  ['/Event', anyName],
  ['policy/PodDisruptionBudget', anyName],
  ['rbac.authorization.k8s.io/Role', pathSegmentErrors],
  ['rbac.authorization.k8s.io/RoleBinding', pathSegmentErrors],
  ['rbac.authorization.k8s.io/ClusterRole', pathSegmentErrors],
  ['rbac.authorization.k8s.io/ClusterRoleBinding', pathSegmentErrors],
  ['networking.k8s.io/IPAddress', ipErrors],
  ['apiregistration.k8s.io/APIService', pathSegmentErrors],
  ['certificates.k8s.io/CertificateSigningRequest', anyName],
])

/** Kinds whose names repeat what their specs say, whatever is asked for. */
const repeated: ReadonlyMap<string, (spec: Spec) => NameRule> = new Map([
  [
    'apiextensions.k8s.io/CustomResourceDefinition',
    ({ names, group }) =>
      (name, isPrefix) => [
        ...subdomainName(name, isPrefix),
        ...(name === `${names?.plural ?? ''}.${group ?? ''}` ? [] : ['must be spec.names.plural+"."+spec.group']),
      ],
  ],
  [
    'apiregistration.k8s.io/APIService',
    ({ version, group }) =>
      name => {
        const errors = pathSegmentErrors(name)
        const wanted = `${version ?? ''}.${group ?? ''}`
        if (errors.length > 0 || name === wanted) return errors
        return [`must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`]
      },
  ],
  [
    'certificates.k8s.io/ClusterTrustBundle',
    ({ signerName = '' }) =>
      (name, isPrefix) =>
        trustBundleNameErrors(signerName, name, each => subdomainName(each, isPrefix)),
  ],
])

interface Spec {
  readonly signerName?: string
  readonly group?: string
  readonly version?: string
  readonly names?: { readonly plural?: string }
}

const keyOf = ({ gvk }: Kind): string => `${gvk.group}/${gvk.kind}`

/** Names in `object`'s kind, which may repeat its spec. */
export function nameRuleOf(kind: Kind, object: unknown): NameRule {
  const key = keyOf(kind)
  const { spec = {} } = object as { spec?: Spec }
  return repeated.get(key)?.(spec) ?? rules.get(key) ?? subdomainName
}

/** Kinds whose names are compared with their specs on updates too. */
export const judgesNameAgain = (kind: Kind): boolean => repeated.has(keyOf(kind)) && judgesPrefixAgain(kind)

/** Kinds whose updates are judged as their creates are, so that the prefix of a name is looked at again. */
const judgedWhole: ReadonlySet<string> = new Set([
  ...['ConfigMap', 'Endpoints', 'LimitRange', 'Namespace', 'Node', 'PersistentVolume', 'PersistentVolumeClaim'],
  ...['Secret', 'ServiceAccount', 'ControllerRevision', 'EndpointSlice', 'IPAddress', 'APIService'],
  ...['ClusterTrustBundle', 'RuntimeClass', 'ResourceClaim', 'ResourceClaimTemplate', 'CSINode', 'CSIStorageCapacity'],
  ...['StorageClass', 'VolumeAttachment', 'VolumeAttributesClass', 'StorageVersionMigration'],
  ...['FlowSchema', 'PriorityLevelConfiguration'],
])

export const judgesPrefixAgain = (kind: Kind): boolean =>
  customFactsOf(kind) === undefined &&
  (judgedWhole.has(kind.gvk.kind) || kind.gvk.group === 'admissionregistration.k8s.io')

/** Kinds of whose metadata upstream judges only what it judges of every object, once all else is right. */
export const judgesMetadataLast = (kind: Kind): boolean =>
  rules.get(keyOf(kind)) === anyName && !keyOf(kind).startsWith('certificates')

const generic: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
])

/** Kinds of the servers beside the main one upstream, whose validation knows nothing of its own finalizers. */
const isGenericKind = (kind: Kind): boolean => generic.has(kind.gvk.group) || customFactsOf(kind) !== undefined

/** Kinds of which upstream may say the same twice: they are judged outside of its main server. */
export const saysAll = (kind: Kind): boolean => isGenericKind(kind) && kind.gvk.group !== 'admissionregistration.k8s.io'

/** Whether finalizers without a domain have to be known ones. */
export const hasPlainRule = (kind: Kind): boolean => !isGenericKind(kind) && !lenient.has(keyOf(kind))

const lenient: ReadonlySet<string> = new Set([
  '/Event',
  'coordination.k8s.io/Lease',
  'node.k8s.io/RuntimeClass',
  'policy/PodDisruptionBudget',
])
