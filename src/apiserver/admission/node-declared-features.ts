/** A pod on a node is changed only in ways that the node can follow (KEP-5328). */
import { Node } from '../../api/core/v1/node.ts'
import { featuresToUpdate } from '../../machinery/declared-features.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { boundUpdate, refusal } from './refusal.ts'

export class NodeDeclaredFeatureValidator implements AdmissionPlugin {
  readonly name = 'NodeDeclaredFeatureValidator'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  validate(attributes: AdmissionAttributes): void {
    const update = boundUpdate(attributes, ['', 'resize'])
    if (!update) return
    const needed = featuresToUpdate(update.old, update.pod)
    if (needed.length === 0) return
    const { nodeName = '' } = update.pod.spec
    const node = this.#reader.get(Node, '', nodeName)
    if (!node) throw refusal(attributes, `node "${nodeName}" not found`)
    const missing = needed.filter(feature => !node.status?.declaredFeatures?.includes(feature))
    if (missing.length > 0)
      throw refusal(
        attributes,
        `pod update requires features ${missing.join(', ')} which are not available on node "${nodeName}"`,
      )
  }
}
