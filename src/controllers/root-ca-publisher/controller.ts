/** Every namespace has the API server's certificate authority in the ConfigMap `kube-root-ca.crt`. */
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { Namespace } from '../../api/core/v1/namespace.ts'
import { create, update } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged } from '../runtime/controller.ts'

const name = 'kube-root-ca.crt'
const annotations = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
}

/** `rootCa` is PEM. */
export const rootCaPublisher = (rootCa: string): ControllerDefinition => ({
  name: 'root-ca-cert-publisher',
  workers: 1,
  build(context) {
    const namespaces = context.informer(Namespace)
    const maps = context.informer(ConfigMap)
    enqueueChanged(namespaces, context)
    maps.subscribe(({ object }) => {
      if (object.metadata.name === name) context.enqueue(object.metadata.namespace)
    })
    return {
      plan(key) {
        const namespace = namespaces.get('', key)
        if (!namespace || namespace.metadata.deletionTimestamp !== undefined) return undefined
        const current = maps.get(key, name)
        const data = { 'ca.crt': rootCa }
        if (!current) {
          const action = create(ConfigMap, key, { metadata: { name, namespace: key, annotations }, data })
          return { steps: [[{ ...action, mayExist: true } as typeof action]] }
        }
        if (current.data?.['ca.crt'] === rootCa && Object.keys(current.data).length === 1) return undefined
        const metadata = { ...current.metadata, annotations: { ...current.metadata.annotations, ...annotations } }
        return { steps: [[update(ConfigMap, { ...current, metadata, data })]] }
      },
    }
  },
})
