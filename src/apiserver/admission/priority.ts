/** Turns the name of a PriorityClass into a number (Kubernetes documentation, "Pod Priority and Preemption"). */
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { PriorityClass } from '../../api/scheduling/v1/priority-class.ts'
import { systemPriorityClasses } from '../bootstrap/system-priority-classes.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { isPod, metadataOf, nameOf, refusal, setSpec } from './refusal.ts'

interface Resolved {
  readonly priorityClassName?: string
  readonly priority: number
  readonly preemptionPolicy: string
}

const defaultPolicy = 'PreemptLowerPriority'

export class Priority implements AdmissionPlugin {
  readonly name = 'Priority'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!isPod(attributes)) return
    const spec = attributes.object?.spec as PodSpec
    if (attributes.operation === 'UPDATE') {
      // A client that leaves the computed fields out keeps them.
      const old = attributes.oldObject?.spec as PodSpec | undefined
      const { priority = old?.priority, preemptionPolicy = old?.preemptionPolicy } = spec
      if (priority !== spec.priority || preemptionPolicy !== spec.preemptionPolicy)
        setSpec(attributes, { priority, preemptionPolicy })
      return
    }
    if (attributes.operation !== 'CREATE') return
    const resolved = await this.#resolve(attributes, spec.priorityClassName ?? '')
    if (spec.priority !== undefined && spec.priority !== resolved.priority)
      throw refusal(
        attributes,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${resolved.priority} from the given PriorityClass name`,
      )
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== resolved.preemptionPolicy)
      throw refusal(
        attributes,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${resolved.preemptionPolicy} from the given PriorityClass name`,
      )
    setSpec(attributes, { ...resolved })
  }

  validate(attributes: AdmissionAttributes): void {
    const { group, resource, operation, object } = attributes
    if (group !== 'scheduling.k8s.io' || resource !== 'priorityclasses') return
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || object?.globalDefault !== true) return
    const other = this.#defaultClass()
    if (!other || other.metadata.name === nameOf(attributes)) return
    throw refusal(
      attributes,
      `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
    )
  }

  async #resolve(attributes: AdmissionAttributes, name: string): Promise<Resolved> {
    if (name === '') {
      const fallback = this.#defaultClass()
      if (!fallback) return { priority: 0, preemptionPolicy: defaultPolicy }
      return {
        priorityClassName: metadataOf(fallback as unknown as Record<string, unknown>).name ?? '',
        priority: fallback.value,
        preemptionPolicy: fallback.preemptionPolicy ?? defaultPolicy,
      }
    }
    const found: { value: number; preemptionPolicy?: string } | undefined =
      this.#reader.get(PriorityClass, '', name) ??
      (await this.#reader.getFresh(PriorityClass, '', name)) ??
      systemPriorityClasses.find(({ metadata }) => metadata.name === name)
    if (!found) throw refusal(attributes, `no PriorityClass with name ${name} was found`)
    return { priorityClassName: name, priority: found.value, preemptionPolicy: found.preemptionPolicy ?? defaultPolicy }
  }

  /** Of several, which only a race can make, the lowest. */
  #defaultClass(): PriorityClass | undefined {
    return this.#reader
      .list(PriorityClass, '')
      .filter(one => one.globalDefault)
      .reduce<PriorityClass | undefined>((low, one) => (low && low.value <= one.value ? low : one), undefined)
  }
}
