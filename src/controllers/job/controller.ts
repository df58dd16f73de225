import { Job } from '../../api/batch/v1/job.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { mergePatch } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { claim, controllerOf, enqueueOwners, indexByController } from '../runtime/owners.ts'
import { isTracked, trackingFinalizer } from './job-pods.ts'
import { planJob } from './plan.ts'

const ownManager = 'kubernetes.io/job-controller'
/** Keys of pods whose Job is gone. */
const orphanPrefix = 'orphan:'

export const jobController: ControllerDefinition = {
  name: 'job-controller',
  workers: 5,
  build(context) {
    const jobs = context.informer(Job)
    const pods = context.informer(Pod)
    indexByController(pods)
    const selectorOf = (job: Job) => labelSelectorOf(job.spec.selector)
    enqueueChanged(jobs, context)
    enqueueOwners(pods, Job, jobs, selectorOf, context.enqueue)
    // A pod that lost its Job would keep the finalizer, and so live forever.
    const orphaned = (pod: Pod): boolean => {
      const owner = controllerOf(pod)
      return (
        isTracked(pod) &&
        (owner?.kind !== 'Job' || jobs.get(pod.metadata.namespace, owner.name)?.metadata.uid !== owner.uid)
      )
    }
    pods.subscribe(({ type, object }) => {
      if (type !== 'deleted' && isTracked(object) && jobs.hasSynced() && orphaned(object)) {
        context.enqueue(`${orphanPrefix}${object.metadata.namespace}/${object.metadata.name}`)
      }
    })
    const releaseAll = () => {
      for (const pod of pods.list())
        if (orphaned(pod)) context.enqueue(`${orphanPrefix}${pod.metadata.namespace}/${pod.metadata.name}`)
    }
    jobs.subscribe(({ type, object }) => {
      if (type !== 'deleted') return
      for (const pod of pods.byIndex('controller', object.metadata.uid)) {
        context.enqueue(`${orphanPrefix}${pod.metadata.namespace}/${pod.metadata.name}`)
      }
    })
    return {
      started: releaseAll,
      plan(key) {
        if (key.startsWith(orphanPrefix)) {
          const pod = objectOf(pods, key.slice(orphanPrefix.length))
          if (!pod || !orphaned(pod)) return undefined
          const { uid, resourceVersion, finalizers = [] } = pod.metadata
          const left = finalizers.filter(name => name !== trackingFinalizer)
          return { steps: [[mergePatch(Pod, pod, { metadata: { uid, resourceVersion, finalizers: left } })]] }
        }
        const job = objectOf(jobs, key)
        if (!job || (job.spec.managedBy ?? ownManager) !== ownManager) return undefined
        const { owned, actions } = claim(Job, job, Pod, pods, selectorOf(job))
        return planJob({ job, pods: owned, claims: actions, nowMs: context.clock.now() })
      },
    }
  },
}
