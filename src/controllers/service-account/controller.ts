/** Every active namespace has a ServiceAccount `default`. */
import { Namespace } from '../../api/core/v1/namespace.ts'
import { ServiceAccount } from '../../api/core/v1/service-account.ts'
import { create } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged } from '../runtime/controller.ts'

export const serviceAccountController: ControllerDefinition = {
  name: 'service-account-controller',
  workers: 1,
  build(context) {
    const namespaces = context.informer(Namespace)
    const accounts = context.informer(ServiceAccount)
    enqueueChanged(namespaces, context)
    accounts.subscribe(({ type, object }) => {
      if (type === 'deleted') context.enqueue(object.metadata.namespace)
    })
    return {
      plan(name) {
        const namespace = namespaces.get('', name)
        if (!namespace || namespace.metadata.deletionTimestamp !== undefined || accounts.get(name, 'default'))
          return undefined
        const action = create(ServiceAccount, name, { metadata: { name: 'default', namespace: name } })
        return { steps: [[{ ...action, mayExist: true } as typeof action]] }
      },
    }
  },
}
