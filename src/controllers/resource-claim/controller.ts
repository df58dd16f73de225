/** Makes claims for devices from the templates that pods name, and frees them when their pods have ended (KEP-4381). */
import { Pod } from '../../api/core/v1/pod.ts'
import { ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import { ResourceClaimTemplate } from '../../api/resource/v1/resource-claim-template.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import { type ControllerDefinition, keyOf, objectOf } from '../runtime/controller.ts'
import { byController, controllerOf, indexByController } from '../runtime/owners.ts'
import { planClaim } from './claims.ts'
import { planPod } from './pods.ts'

const podPrefix = 'pod:'
const claimPrefix = 'claim:'

export const resourceClaimController: ControllerDefinition = {
  name: 'resource-claim-controller',
  workers: 10,
  build(context) {
    const pods = context.informer(Pod)
    const claims = context.informer(ResourceClaim)
    const templates = context.informer(ResourceClaimTemplate)
    indexByController(claims)
    pods.subscribe(({ object }) => {
      if (!object.spec.resourceClaims?.length) return
      context.enqueue(`${podPrefix}${keyOf(object)}`)
      const { namespace } = object.metadata
      const named = object.spec.resourceClaims.map(({ resourceClaimName }) => resourceClaimName)
      const made = claims.byIndex(byController, object.metadata.uid).map(({ metadata }) => metadata.name)
      for (const name of [...named, ...made]) if (name) context.enqueue(`${claimPrefix}${namespace}/${name}`)
    })
    claims.subscribe(({ object }) => {
      context.enqueue(`${claimPrefix}${keyOf(object)}`)
      const { namespace, name } = object.metadata
      const owner = controllerOf(object)
      if (owner?.kind === 'Pod') context.enqueue(`${podPrefix}${namespace}/${owner.name}`)
      for (const pod of pods.list(namespace)) {
        if (pod.spec.resourceClaims?.some(({ resourceClaimName }) => resourceClaimName === name)) {
          context.enqueue(`${podPrefix}${keyOf(pod)}`)
        }
      }
    })
    templates.subscribe(({ type, object }) => {
      if (type !== 'added') return
      for (const pod of pods.list(object.metadata.namespace)) {
        const waits = pod.spec.resourceClaims?.some(
          ({ resourceClaimTemplateName }) => resourceClaimTemplateName === object.metadata.name,
        )
        if (waits) context.enqueue(`${podPrefix}${keyOf(pod)}`)
      }
    })

    /** What the local copy does not have may only be new: the server knows. */
    const podOf = async (namespace: string, name: string, uid: string): Promise<Pod | undefined> => {
      const known = pods.get(namespace, name)
      if (known?.metadata.uid === uid) return known
      try {
        return await context.client.of(Pod).get(namespace, name)
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    }

    return {
      plan(key) {
        if (key.startsWith(podPrefix)) {
          const pod = objectOf(pods, key.slice(podPrefix.length))
          if (!pod) return undefined
          const { namespace, uid } = pod.metadata
          return planPod(pod, {
            claim: name => claims.get(namespace, name),
            template: name => templates.get(namespace, name),
            made: claims.byIndex(byController, uid),
          })
        }
        const claim = objectOf(claims, key.slice(claimPrefix.length))
        if (!claim) return undefined
        return planClaim(claim, (name, uid) => podOf(claim.metadata.namespace, name, uid))
      },
    }
  },
}
