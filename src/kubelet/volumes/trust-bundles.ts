/** Trust anchors from ClusterTrustBundles for projected volumes (KEP-3257). */
import { ClusterTrustBundle } from '../../api/certificates/v1/cluster-trust-bundle.ts'
import type { ClusterTrustBundleProjection } from '../../api/core/v1/volume.ts'
import { readPem, toPem } from '../../base/pki/pem.ts'
import type { Informer } from '../../client/informer.ts'
import type { InformerFactory } from '../../client/informer-factory.ts'
import { notFoundError } from '../../machinery/api-error.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'

export class TrustBundles {
  readonly #informers: InformerFactory
  readonly #onChange: (podUid: string) => void
  /** Pods that show bundles; told whenever any bundle changes. */
  readonly #users = new Set<string>()
  #bundles: Informer<ClusterTrustBundle> | undefined

  constructor(informers: InformerFactory, onChange: (podUid: string) => void) {
    this.#informers = informers
    this.#onChange = onChange
  }

  /** PEM of the anchors, each once. Throws where there are none and the projection is not optional. */
  async anchors(podUid: string, projection: ClusterTrustBundleProjection): Promise<string> {
    this.#users.add(podUid)
    const bundles = await this.#read()
    const { name, signerName, labelSelector, optional = false } = projection
    if (name !== undefined) {
      const bundle = bundles.get('', name)
      if (bundle) return anchorsOf([bundle])
      if (optional) return ''
      throw notFoundError('certificates.k8s.io', 'clustertrustbundle', name)
    }
    if (signerName === undefined)
      throw new Error('ClusterTrustBundle projection requires either name or signerName to be set')
    const selector = labelSelectorOf(labelSelector)
    const chosen = bundles
      .list()
      .filter(({ spec, metadata }) => spec.signerName === signerName && selector.matches(metadata.labels))
    if (chosen.length === 0 && !optional)
      throw new Error('combination of signerName and labelSelector matched zero ClusterTrustBundles')
    return anchorsOf(chosen)
  }

  forget(podUid: string): void {
    this.#users.delete(podUid)
  }

  /** Most nodes run no pod that shows bundles: they are followed from the first one on. */
  async #read(): Promise<Informer<ClusterTrustBundle>> {
    if (!this.#bundles) {
      this.#bundles = this.#informers.of(ClusterTrustBundle)
      this.#bundles.subscribe(() => {
        for (const user of this.#users) this.#onChange(user)
      })
    }
    await this.#bundles.synced()
    return this.#bundles
  }
}

function anchorsOf(bundles: readonly ClusterTrustBundle[]): string {
  const anchors = new Set<string>()
  for (const { spec } of bundles)
    for (const { bytes } of readPem(spec.trustBundle)) anchors.add(toPem('CERTIFICATE', bytes))
  return [...anchors].sort().join('')
}
