/** Removes requests for certificates of pods some time after they were made: by then kubelets have what they asked for. */
import { PodCertificateRequest } from '../../api/certificates/v1/pod-certificate-request.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { remove } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'

const keptMs = 15 * 60_000

export const podCertificateRequestCleaner: ControllerDefinition = {
  name: 'podcertificaterequestcleaner',
  workers: 1,
  build(context) {
    const requests = context.informer(PodCertificateRequest)
    enqueueChanged(requests, context)
    return {
      plan(key) {
        const request = objectOf(requests, key)
        if (!request || request.metadata.deletionTimestamp !== undefined) return undefined
        const waitMs = epochMsOf(request.metadata.creationTimestamp) + keptMs - context.clock.now()
        if (waitMs > 0) return { steps: [], requeueAfterMs: waitMs }
        return { steps: [[remove(PodCertificateRequest, request)]] }
      },
    }
  },
}
