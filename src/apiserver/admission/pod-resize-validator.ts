/** A resize that the pod's node could never grant is refused at once (KEP-1287). */
import { Node } from '../../api/core/v1/node.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { ApiError } from '../../machinery/api-error.ts'
import { parseQuantity, zeroQuantity } from '../../machinery/quantity.ts'
import { podTotal } from '../../machinery/quota/pod-totals.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { boundUpdate, refusal } from './refusal.ts'

export class PodResizeValidator implements AdmissionPlugin {
  readonly name = 'PodResizeValidator'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  validate(attributes: AdmissionAttributes): void {
    const update = boundUpdate(attributes, ['resize'])
    if (!update) return
    const { nodeName = '' } = update.pod.spec
    const node = this.#reader.get(Node, '', nodeName)
    if (!node) throw refusal(attributes, `node "${nodeName}" not found`)
    const os = node.metadata.labels?.['kubernetes.io/os']
    if (os !== undefined && os !== 'linux')
      throw withCause(
        attributes,
        `pod resize is only supported on linux nodes, node "${nodeName}" is "${os}"`,
        'UnsupportedPlatform',
      )
    const missing = shortages(update.pod, node.status?.allocatable ?? {})
    if (missing.length > 0)
      throw withCause(
        attributes,
        `node didn't have enough allocatable resources: ${missing.join('; ')}`,
        'NodeCapacity',
      )
  }
}

function shortages(pod: Pod, allocatable: Readonly<Record<string, string>>): string[] {
  const requests = podTotal(pod, 'requests', 'spec')
  const amount = (text: string | undefined) => (text === undefined ? zeroQuantity : parseQuantity(text))
  return ['cpu', 'memory'].flatMap(name => {
    const [asked, there] = [amount(requests[name]), amount(allocatable[name])]
    if (asked.compare(there) <= 0) return []
    const shown = name === 'cpu' ? [asked.milliValue(), there.milliValue()] : [asked.value(), there.value()]
    return [`${name}, requested: ${shown[0]}, allocatable: ${shown[1]}`]
  })
}

/** The refusal with a cause that clients can tell it by. */
function withCause(attributes: AdmissionAttributes, why: string, reason: string): ApiError {
  const error = refusal(attributes, why)
  return new ApiError(error.code, error.reason, error.message, {
    ...error.status.details,
    causes: [{ reason }],
  })
}
