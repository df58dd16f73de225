/** Nothing is made in a namespace that is missing or going, and some namespaces stay (Kubernetes documentation, "NamespaceLifecycle"). */
import { Namespace } from '../../api/core/v1/namespace.ts'
import { ApiError, notFoundError } from '../../machinery/api-error.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { refusal } from './refusal.ts'

const immortal = new Set(['default', 'kube-system', 'kube-public'])

export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const { operation, group, resource, namespace } = attributes
    if (group === '' && resource === 'namespaces') {
      if (operation === 'DELETE' && immortal.has(attributes.name))
        throw refusal(attributes, 'this namespace may not be deleted')
      return
    }
    if (namespace === '' || operation === 'DELETE' || operation === 'CONNECT' || group === 'authorization.k8s.io')
      return
    const found = this.#reader.get(Namespace, '', namespace) ?? (await this.#reader.getFresh(Namespace, '', namespace))
    if (!found) throw notFoundError('', 'namespaces', namespace)
    const terminating = found.status.phase === 'Terminating' || found.metadata.deletionTimestamp !== undefined
    if (operation !== 'CREATE' || !terminating) return
    const { status } = refusal(
      attributes,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    )
    throw new ApiError(status.code, status.reason, status.message, {
      ...status.details,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    })
  }
}
