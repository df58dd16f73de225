/** What a client is warned about though its object is valid (upstream: WarningsOnCreate, WarningsOnUpdate of each strategy). */
import type { CronJob } from '../../api/batch/v1/cron-job.ts'
import type { Job } from '../../api/batch/v1/job.ts'
import type { JobSpec } from '../../api/batch/v1/job-spec.ts'
import type { Endpoints } from '../../api/core/v1/endpoints.ts'
import type { Node } from '../../api/core/v1/node.ts'
import type { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodTemplateSpec } from '../../api/core/v1/pod-spec.ts'
import type { PodTemplate } from '../../api/core/v1/pod-template.ts'
import type { ResourceQuota } from '../../api/core/v1/resource-quota.ts'
import type { Service } from '../../api/core/v1/service.ts'
import type { ServiceAccount } from '../../api/core/v1/service-account.ts'
import type { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import type { ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import type { Ingress } from '../../api/networking/v1/ingress.ts'
import type { NetworkPolicy } from '../../api/networking/v1/network-policy.ts'
import { dns1123LabelErrors } from '../../schema/formats.ts'
import type { Kind } from '../../schema/kind.ts'
import { parseQuantity } from '../quantity.ts'
import { addressWarnings, cidrWarnings } from './addresses.ts'
import { volumeWarnings } from './persistent-volume.ts'
import { claimWarnings, podWarnings } from './pod.ts'
import { serviceWarnings } from './service.ts'

/** `old` is undefined on create. */
type Rule = (object: never, old: never | undefined) => string[]
interface Counted {
  readonly metadata: ObjectMeta
}

const template = (path: string, { spec, metadata }: PodTemplateSpec): string[] => podWarnings(path, spec, metadata)

/** What only a create or a change of the spec is worth. */
const isNews = (object: Counted, old: Counted | undefined): boolean =>
  old === undefined || object.metadata.generation !== old.metadata.generation

const nameWarnings = ({ metadata: { name } }: Counted, use: string): string[] => {
  const messages = dns1123LabelErrors(name)
  if (messages.length === 0) return []
  return [
    `metadata.name: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${messages.join(' ')}]`,
  ]
}

interface Workload extends Counted {
  readonly spec: { readonly template: PodTemplateSpec }
}

const workload =
  (isNamedInPods: boolean) =>
  (object: Workload, old?: Workload): string[] => [
    ...(old === undefined && isNamedInPods ? nameWarnings(object, 'Pod names and hostnames') : []),
    ...(isNews(object, old) ? template('spec.template', object.spec.template) : []),
  ]

/** Upstream looks at the template that an update replaces. */
const replicationController = (object: Workload, old?: Workload): string[] =>
  old === undefined || isNews(object, old) ? workload(true)(old ?? object) : []

interface StatefulWorkload extends Workload {
  readonly spec: Workload['spec'] & {
    readonly volumeClaimTemplates?: readonly PersistentVolumeClaim[]
    readonly revisionHistoryLimit?: number
  }
}

function statefulSet(object: StatefulWorkload, old?: StatefulWorkload): string[] {
  const { volumeClaimTemplates = [], revisionHistoryLimit = 0 } = object.spec
  const child = old === undefined ? '' : '.Spec'
  return [
    ...workload(false)(object, old),
    ...volumeClaimTemplates.flatMap(({ spec }, i) => claimWarnings(`spec.volumeClaimTemplates[${i}]${child}`, spec)),
    ...(revisionHistoryLimit < 0
      ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
      : []),
  ]
}

function jobSpec(path: string, spec: JobSpec): string[] {
  const isHuge = (spec.completions ?? 0) > 100_000 && (spec.parallelism ?? 0) > 10_000
  return [
    ...(spec.completionMode === 'Indexed' && isHuge
      ? [
          `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
        ]
      : []),
    ...template(`${path}.template`, spec.template),
  ]
}

const job = (object: Job, old?: Job): string[] => [
  ...(old === undefined ? nameWarnings(object, 'Pod names and hostnames') : []),
  ...(isNews(object, old) ? jobSpec('spec', object.spec) : []),
]

const cronJob = (object: CronJob, old?: CronJob): string[] => [
  ...(old === undefined ? nameWarnings(object, 'Pod names and hostnames') : []),
  ...(isNews(object, old) ? jobSpec('spec.jobTemplate.spec', object.spec.jobTemplate.spec) : []),
  ...(old !== undefined && object.spec.schedule.includes('TZ')
    ? [
        'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
      ]
    : []),
]

/** Pods are written by controllers: only their creation is looked at. */
const pod = (object: Pod, old?: Pod): string[] =>
  old === undefined
    ? [...nameWarnings(object, "the Pod's hostname"), ...podWarnings('', object.spec, object.metadata)]
    : []

const node = ({ spec }: Node): string[] => [
  ...(spec.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
  ...(spec.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(`spec.podCIDRs[${i}]`, cidr)),
]

const storageClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

const claim = ({ metadata, spec }: PersistentVolumeClaim): string[] => [
  ...(metadata.annotations?.[storageClassAnnotation] === undefined
    ? []
    : [
        `metadata.annotations[${storageClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`,
      ]),
  ...claimWarnings('spec', spec),
]

function quota({ spec }: ResourceQuota, old?: ResourceQuota): string[] {
  if (old !== undefined) return []
  const hard = spec.hard ?? {}
  return ['cpu', 'memory', 'ephemeral-storage'].flatMap(resource => {
    const bare = resource !== 'ephemeral-storage' && hard[`requests.${resource}`] === undefined
    const request = bare ? resource : `requests.${resource}`
    const limit = `limits.${resource}`
    const [requested, limited] = [hard[request], hard[limit]]
    if (requested === undefined || limited === undefined) return []
    if (parseQuantity(requested).compare(parseQuantity(limited)) <= 0) return []
    return [`ResourceQuota ${request} (${requested}) should be less than ${limit} (${limited})`]
  })
}

const mountableSecrets = 'kubernetes.io/enforce-mountable-secrets'

const serviceAccount = ({ metadata }: ServiceAccount, old?: ServiceAccount): string[] =>
  metadata.annotations?.[mountableSecrets] === undefined || old?.metadata.annotations?.[mountableSecrets] !== undefined
    ? []
    : [
        `metadata.annotations[${mountableSecrets}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
      ]

const ingressClassAnnotation = 'kubernetes.io/ingress.class'

const ingress = ({ metadata, spec }: Ingress, old?: Ingress): string[] =>
  old === undefined &&
  metadata.annotations?.[ingressClassAnnotation] !== undefined &&
  spec.ingressClassName === undefined
    ? [`annotation "${ingressClassAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`]
    : []

type Peers = NonNullable<NonNullable<NetworkPolicy['spec']['ingress']>[number]['from']>

function peers(path: string, of: Peers | undefined): string[] {
  return (of ?? []).flatMap(({ ipBlock }, i) => {
    if (!ipBlock) return []
    const at = `${path}[${i}].ipBlock`
    const excepts = (ipBlock.except ?? []).flatMap((cidr, j) => cidrWarnings(`${at}.except[${j}]`, cidr))
    return [...cidrWarnings(`${at}.cidr`, ipBlock.cidr), ...excepts]
  })
}

const networkPolicy = ({ spec }: NetworkPolicy): string[] => [
  ...(spec.ingress ?? []).flatMap(({ from }, i) => peers(`spec.ingress[${i}].from`, from)),
  ...(spec.egress ?? []).flatMap(({ to }, i) => peers(`spec.egress[${i}].to`, to)),
]

const managedBy = 'endpointslice.kubernetes.io/managed-by'
const sliceControllers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io']

const endpointSlice = ({ metadata, addressType, endpoints }: EndpointSlice, old?: EndpointSlice): string[] => [
  ...(old === undefined && addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
  ...(sliceControllers.includes(metadata.labels?.[managedBy] ?? '')
    ? []
    : (endpoints ?? []).flatMap(({ addresses }, i) =>
        (addresses ?? []).flatMap((address, j) => addressWarnings(`endpoints[${i}].addresses[${j}]`, address)),
      )),
]

const endpoints = ({ subsets }: Endpoints): string[] =>
  (subsets ?? []).flatMap((subset, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap(list =>
      (subset[list] ?? []).flatMap(({ ip }, j) => addressWarnings(`subsets[${i}].${list}[${j}].ip`, ip)),
    ),
  )

const rules: Readonly<Record<string, Rule>> = {
  'v1/Endpoints': endpoints,
  'v1/Node': node,
  'v1/PersistentVolume': ({ metadata, spec }: PersistentVolume) => volumeWarnings(metadata, spec),
  'v1/PersistentVolumeClaim': claim,
  'v1/Pod': pod,
  'v1/PodTemplate': (object: PodTemplate, old?: PodTemplate) =>
    isNews(object, old) ? template('template', object.template) : [],
  'v1/ReplicationController': replicationController,
  'v1/ResourceQuota': quota,
  'v1/Service': ({ metadata, spec }: Service) => serviceWarnings(metadata, spec),
  'v1/ServiceAccount': serviceAccount,
  'apps/v1/DaemonSet': workload(false),
  'apps/v1/Deployment': workload(true),
  'apps/v1/ReplicaSet': workload(true),
  'apps/v1/StatefulSet': statefulSet,
  'batch/v1/CronJob': cronJob,
  'batch/v1/Job': job,
  'discovery.k8s.io/v1/EndpointSlice': endpointSlice,
  'networking.k8s.io/v1/Ingress': ingress,
  'networking.k8s.io/v1/NetworkPolicy': networkPolicy,
}

/** Both are whole and valid; not for subresources. */
export const warningsFor = (kind: Kind, object: unknown, old: unknown): string[] =>
  rules[`${kind.apiVersion}/${kind.gvk.kind}`]?.(object as never, old as never) ?? []
