/** Which fields of an object count in managedFields at all (upstream: stripMeta and the strategies' GetResetFields). */
import type { Kind } from '../../schema/kind.ts'
import { customFactsOf } from '../custom/custom-kind.ts'
import { type FieldSet, isEmptySet } from './field-set.ts'
import { fieldElement } from './path-element.ts'

/** Members of `metadata` that nobody owns: the server sets them, or they name the object. */
const unownedMetadata: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
])

/** What a write through one endpoint of a kind does not set, and so does not own. */
export interface Unowned {
  /** Members of the object, apiVersion, kind and metadata among them: the last is looked at member by member. */
  readonly members: ReadonlySet<string>
  readonly metadata: ReadonlySet<string>
  /** Metadata as a whole. */
  readonly allMetadata: boolean
  /** Of members of the object: `status` → `conditions`. */
  readonly below: ReadonlyMap<string, ReadonlySet<string>>
}

/** Kinds whose status endpoint leaves all of the metadata alone. */
const isolatedStatus: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
  'apiregistration.k8s.io/APIService',
  'certificates.k8s.io/PodCertificateRequest',
  'flowcontrol.apiserver.k8s.io/FlowSchema',
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration',
  'networking.k8s.io/ServiceCIDR',
  'resource.k8s.io/DeviceTaintRule',
  'resource.k8s.io/ResourceClaim',
  'storage.k8s.io/CSINode',
  'storage.k8s.io/VolumeAttachment',
  'storagemigration.k8s.io/StorageVersionMigration',
])

/** Kinds of which one endpoint resets more or less than others do: `group/Kind subresource` → paths. */
const ofOneKind: Readonly<Record<string, readonly string[]>> = {
  '/Namespace finalize': ['status'],
  '/Pod status': ['spec', 'metadata.ownerReferences', 'metadata.deletionTimestamp'],
  // Upstream forgets to say here what its strategy resets.
  'apiextensions.k8s.io/CustomResourceDefinition status': [],
  'apps/Deployment status': ['spec', 'metadata.labels'],
  'certificates.k8s.io/CertificateSigningRequest ': ['spec', 'status'],
  'certificates.k8s.io/CertificateSigningRequest status': ['spec', 'status.conditions'],
  'certificates.k8s.io/CertificateSigningRequest approval': ['spec', 'status.certificate'],
}

function resetPathsOf(kind: Kind, subresource: string): readonly string[] {
  const name = `${kind.gvk.group}/${kind.gvk.kind}`
  const own = ofOneKind[`${name} ${subresource}`]
  if (own) return own
  if (subresource === '') return kind.resource?.subresources?.status ? ['status'] : []
  if (subresource !== 'status') return []
  return customFactsOf(kind) || isolatedStatus.has(name) ? ['metadata', 'spec'] : ['spec']
}

const cached = new WeakMap<Kind, Map<string, Unowned>>()

export function unownedBy(kind: Kind, subresource: string): Unowned {
  let ofKind = cached.get(kind)
  if (!ofKind) {
    ofKind = new Map()
    cached.set(kind, ofKind)
  }
  let unowned = ofKind.get(subresource)
  if (!unowned) {
    unowned = unownedOf(resetPathsOf(kind, subresource))
    ofKind.set(subresource, unowned)
  }
  return unowned
}

function unownedOf(paths: readonly string[]): Unowned {
  const members = new Set(['apiVersion', 'kind', 'metadata'])
  const metadata = new Set(unownedMetadata)
  const below = new Map<string, Set<string>>()
  for (const path of paths) {
    const [member = '', inner] = path.split('.')
    if (inner === undefined) members.add(member)
    else if (member === 'metadata') metadata.add(inner)
    else below.set(member, (below.get(member) ?? new Set()).add(inner))
  }
  return { members, metadata, allMetadata: paths.includes('metadata'), below }
}

/** The set without what is not owned below members of the object. */
export function withoutUnowned(set: FieldSet | undefined, { below }: Unowned): FieldSet | undefined {
  if (set === undefined || below.size === 0) return set
  let result: { [element: string]: FieldSet } | undefined
  for (const [member, names] of below) {
    const node = set[fieldElement(member)]
    if (node === undefined) continue
    const gone = new Set([...names].map(fieldElement))
    const rest = Object.fromEntries(Object.entries(node).filter(([element]) => !gone.has(element)))
    result ??= { ...set }
    if (Object.keys(rest).length === 0 && !isEmptySet(node)) delete result[fieldElement(member)]
    else result[fieldElement(member)] = rest
  }
  return result && Object.keys(result).length === 0 ? undefined : (result ?? set)
}
