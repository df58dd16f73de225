/** Gives pods of a runtime class its overhead and its nodes (KEP-585, KEP-688). */
import type { Toleration } from '../../api/core/v1/affinity.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { RuntimeClass } from '../../api/node/v1/runtime-class.ts'
import { equalAmounts } from '../../machinery/quota/amounts.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { isPod, refusal, setSpec } from './refusal.ts'

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"

const specOf = ({ object }: AdmissionAttributes): PodSpec => object?.spec as PodSpec

export class RuntimeClassAdmission implements AdmissionPlugin {
  readonly name = 'RuntimeClass'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!isPod(attributes) || attributes.operation !== 'CREATE') return
    const runtimeClass = await this.#classOf(attributes)
    if (!runtimeClass) return
    const spec = specOf(attributes)
    const overhead = runtimeClass.overhead?.podFixed ?? {}
    if (runtimeClass.overhead) {
      const given = spec.overhead ?? {}
      if (Object.keys(given).length > 0 && !equalAmounts(given, overhead)) throw refusal(attributes, mismatch)
      setSpec(attributes, { overhead: { ...overhead } })
    }
    if (!runtimeClass.scheduling) return
    const { nodeSelector = {}, tolerations = [] } = runtimeClass.scheduling
    for (const [key, value] of Object.entries(nodeSelector)) {
      const own = spec.nodeSelector?.[key]
      if (own === undefined || own === value) continue
      const places = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`
      throw refusal(attributes, `conflict: ${places}`)
    }
    const merged = { ...spec.nodeSelector, ...nodeSelector }
    setSpec(attributes, {
      ...(Object.keys(merged).length > 0 ? { nodeSelector: merged } : {}),
      tolerations: mergedTolerations(spec.tolerations ?? [], tolerations),
    })
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (!isPod(attributes) || attributes.operation !== 'CREATE') return
    const runtimeClass = await this.#classOf(attributes)
    const { overhead } = specOf(attributes)
    if (runtimeClass?.overhead) {
      if (!equalAmounts(overhead ?? {}, runtimeClass.overhead.podFixed ?? {})) throw refusal(attributes, mismatch)
    } else if (overhead !== undefined) {
      throw refusal(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
    }
  }

  async #classOf(attributes: AdmissionAttributes): Promise<RuntimeClass | undefined> {
    const name = specOf(attributes).runtimeClassName
    if (name === undefined) return undefined
    const found = this.#reader.get(RuntimeClass, '', name) ?? (await this.#reader.getFresh(RuntimeClass, '', name))
    if (!found) throw refusal(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`)
    return found
  }
}

/** All of both, without those that another one covers. */
function mergedTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second]
  return all.filter(
    (toleration, i) =>
      !all.some((other, j) => j !== i && covers(other, toleration) && (j < i || !covers(toleration, other))),
  )
}

/** Whether whatever `b` tolerates is tolerated by `a` too. */
function covers(a: Toleration, b: Toleration): boolean {
  const sameTime =
    a.tolerationSeconds === undefined
      ? a.effect !== 'NoExecute' || b.effect === 'NoExecute' || a.tolerationSeconds === b.tolerationSeconds
      : b.tolerationSeconds !== undefined && a.tolerationSeconds >= b.tolerationSeconds
  const effect = !a.effect || a.effect === b.effect
  const anyValue = a.operator === 'Exists'
  const key = (!a.key && anyValue) || (a.key ?? '') === (b.key ?? '')
  const value = anyValue || ((b.operator ?? 'Equal') === (a.operator ?? 'Equal') && (a.value ?? '') === (b.value ?? ''))
  return sameTime && effect && key && value
}
