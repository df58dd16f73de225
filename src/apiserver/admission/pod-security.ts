/** Holds pods to the level of the Pod Security Standards that their namespace asks for (KEP-2579). */
import { Namespace } from '../../api/core/v1/namespace.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { invalidError } from '../../machinery/api-error.ts'
import type { CheckedPod, Violation } from '../../machinery/pod-security/check.ts'
import {
  detailsOf,
  isFullyPrivileged,
  isStricter,
  type LevelVersion,
  policyOf,
  reasonsOf,
  showLevel,
  violationsOf,
} from '../../machinery/pod-security/policy.ts'
import { isSame } from '../../machinery/validation/checks.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { metadataOf, nameOf, refusal } from './refusal.ts'

const ignoredSubresources: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
])

interface Template {
  readonly metadata?: { readonly annotations?: Record<string, string> }
  readonly spec?: PodSpec
}

/** Kinds that make pods, and where their template is. */
const templates: Readonly<Record<string, (object: Record<string, unknown>) => Template | undefined>> = {
  '/podtemplates': object => object.template as Template,
  '/replicationcontrollers': object => (object.spec as { template?: Template }).template,
  'apps/daemonsets': object => (object.spec as { template?: Template }).template,
  'apps/deployments': object => (object.spec as { template?: Template }).template,
  'apps/replicasets': object => (object.spec as { template?: Template }).template,
  'apps/statefulsets': object => (object.spec as { template?: Template }).template,
  'batch/cronjobs': object =>
    (object.spec as { jobTemplate: { spec: { template?: Template } } }).jobTemplate.spec.template,
  'batch/jobs': object => (object.spec as { template?: Template }).template,
}

/** Existing pods that are judged when a namespace becomes stricter. */
const maxPodsChecked = 3000

const checkedPod = ({ metadata, spec }: Template): CheckedPod => ({
  annotations: metadata?.annotations ?? {},
  spec: spec as PodSpec,
})

export class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, group, resource, subresource, object } = attributes
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || !object) return
    if (group === '' && resource === 'namespaces') return this.#judgeNamespace(attributes)
    if (group === '' && resource === 'pods') return this.#judgePod(attributes)
    const template = subresource === '' ? templates[`${group}/${resource}`]?.(object) : undefined
    if (template?.spec) await this.#judge(attributes, checkedPod(template), false)
  }

  async #judgePod(attributes: AdmissionAttributes): Promise<void> {
    const { operation, subresource, object, oldObject } = attributes
    if (ignoredSubresources.has(subresource)) return
    if (operation === 'UPDATE' && !changesImages(object as unknown as Pod, oldObject as unknown as Pod)) return
    await this.#judge(attributes, checkedPod(object as Template), true)
  }

  async #judge(attributes: AdmissionAttributes, pod: CheckedPod, enforces: boolean): Promise<void> {
    const { namespace } = attributes
    const found = this.#reader.get(Namespace, '', namespace) ?? (await this.#reader.getFresh(Namespace, '', namespace))
    const { policy, errors } = policyOf(found?.metadata.labels ?? {})
    if (errors.length === 0 && isFullyPrivileged(policy)) return
    const annotate = (key: string, value: string): void =>
      attributes.annotate?.(`pod-security.kubernetes.io/${key}`, value)
    if (errors.length > 0) {
      annotate(
        'error',
        `Failed to parse policy: ${errors.map(({ field, message }) => `${field}: ${message}`).join(', ')}`,
      )
    }
    const audited = violationsOf(policy.audit, pod)
    if (audited.length > 0) annotate('audit-violations', describe('would violate', policy.audit, audited))
    if (enforces) {
      annotate('enforce-policy', showLevel(policy.enforce))
      const violations = violationsOf(policy.enforce, pod)
      if (violations.length > 0) throw refusal(attributes, describe('violates', policy.enforce, violations))
    }
    const warned = violationsOf(policy.warn, pod)
    if (warned.length > 0) attributes.warn(describe('would violate', policy.warn, warned))
  }

  /** Wrong labels are refused; a stricter level is told which pods it would not have let in. */
  #judgeNamespace(attributes: AdmissionAttributes): void {
    const { operation, subresource, object, oldObject } = attributes
    if (subresource !== '') return
    const { policy, errors } = policyOf(metadataOf(object).labels ?? {})
    const before = operation === 'UPDATE' ? policyOf(metadataOf(oldObject).labels ?? {}) : undefined
    if (errors.length > 0 && !isSame(errors, before?.errors ?? [])) {
      throw invalidError('', 'Namespace', nameOf(attributes), errors)
    }
    if (!before) return
    const [now, old] = [policy.enforce, before.policy.enforce]
    if (isSame(now, old) || now.level === 'privileged') return
    if (now.version === old.version && !isStricter(now.level, old.level)) return
    for (const warning of this.#warnings(nameOf(attributes), now)) attributes.warn(warning)
  }

  #warnings(namespace: string, enforce: LevelVersion): string[] {
    const pods = prioritized(this.#reader.list(Pod, namespace))
    const checked = pods.slice(0, maxPodsChecked)
    const names = new Map<string, string[]>()
    for (const pod of checked) {
      const reasons = reasonsOf(violationsOf(enforce, checkedPod(pod as unknown as Template)))
      if (reasons !== '') names.set(reasons, [...(names.get(reasons) ?? []), pod.metadata.name])
    }
    const level = JSON.stringify(showLevel(enforce))
    return [
      ...(checked.length < pods.length
        ? [
            `new PodSecurity enforce level only checked against the first ${checked.length} of ${pods.length} existing pods`,
          ]
        : []),
      ...(names.size > 0
        ? [`existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${level}`]
        : []),
      ...[...names].map(([reasons, of]) => `${countedPods(of)}: ${reasons}`).sort(),
    ]
  }
}

const describe = (verb: string, level: LevelVersion, violations: readonly Violation[]): string =>
  `${verb} PodSecurity ${JSON.stringify(showLevel(level))}: ${detailsOf(violations)}`

function countedPods(names: readonly string[]): string {
  const [first = '', ...others] = [...names].sort()
  if (others.length === 0) return first
  return `${first} (and ${others.length} other ${others.length === 1 ? 'pod' : 'pods'})`
}

/** One pod of each controller first: the others are likely to be like it. */
function prioritized(pods: readonly Pod[]): Pod[] {
  const seen = new Set<string>()
  const first: Pod[] = []
  const later: Pod[] = []
  for (const pod of pods) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid
    if (owner !== undefined && seen.has(owner)) later.push(pod)
    else first.push(pod)
    if (owner !== undefined) seen.add(owner)
  }
  return [...first, ...later]
}

/** All else that counts is settled when the pod is made. */
function changesImages({ spec }: Pod, { spec: old }: Pod): boolean {
  const imagesOf = (containers: readonly { readonly name: string; readonly image?: string }[] | undefined) =>
    (containers ?? []).map(({ image = '' }) => image)
  if (!isSame(imagesOf(spec.containers), imagesOf(old.containers))) return true
  if (!isSame(imagesOf(spec.initContainers), imagesOf(old.initContainers))) return true
  return (spec.ephemeralContainers ?? []).some(({ name, image }) => {
    const before = old.ephemeralContainers?.find(container => container.name === name)
    return before === undefined || before.image !== image
  })
}
