/** The API server's certificate authority as a trust bundle that pods can mount (KEP-3257). */
import { createHash } from 'node:crypto'
import { ClusterTrustBundle } from '../../api/certificates/v1/cluster-trust-bundle.ts'
import { create, remove } from '../runtime/action.ts'
import type { ControllerDefinition } from '../runtime/controller.ts'

const signerName = 'kubernetes.io/kube-apiserver-serving'
const label = 'kubernetes.io/kube-apiserver-serving'

/** A bundle never changes under its name: another authority is another object. */
const nameOf = (trustBundle: string): string =>
  `${signerName.replace('/', ':')}:${createHash('sha256').update(trustBundle).digest('hex').slice(0, 24)}`

/** `rootCa` is PEM. */
export const trustBundlePublisher = (rootCa: string): ControllerDefinition => ({
  name: 'kube-apiserver-serving-clustertrustbundle-publisher',
  workers: 1,
  build(context) {
    const bundles = context.informer(ClusterTrustBundle)
    const name = nameOf(rootCa)
    bundles.subscribe(({ object }) => {
      if (object.spec.signerName === signerName) context.enqueue(label)
    })
    return {
      started: () => context.enqueue(label),
      plan() {
        const own = bundles.list().filter(({ spec }) => spec.signerName === signerName)
        if (!own.some(({ metadata }) => metadata.name === name)) {
          const bundle = { metadata: { name }, spec: { signerName, trustBundle: rootCa } }
          return { steps: [[create(ClusterTrustBundle, '', bundle)]] }
        }
        const others = own.filter(({ metadata }) => metadata.name !== name)
        return { steps: [others.map(bundle => remove(ClusterTrustBundle, bundle))] }
      },
    }
  },
})
