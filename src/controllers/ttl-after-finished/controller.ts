/** Deletes ended Jobs after their `ttlSecondsAfterFinished` (documentation: "Automatic Cleanup for Finished Jobs"). */
import { Job } from '../../api/batch/v1/job.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { remove } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'

export const ttlAfterFinishedController: ControllerDefinition = {
  name: 'ttl-after-finished-controller',
  workers: 2,
  build(context) {
    const jobs = context.informer(Job)
    enqueueChanged(jobs, context)
    return {
      plan(key) {
        const job = objectOf(jobs, key)
        const ttlSeconds = job?.spec.ttlSecondsAfterFinished
        if (!job || ttlSeconds === undefined || job.metadata.deletionTimestamp !== undefined) return undefined
        const end = job.status.conditions?.find(
          ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
        )
        if (!end) return undefined
        const waitMs = epochMsOf(end.lastTransitionTime) + ttlSeconds * 1000 - context.clock.now()
        if (waitMs > 0) return { steps: [], requeueAfterMs: waitMs }
        return { steps: [[remove(Job, job, { propagationPolicy: 'Foreground' })]] }
      },
    }
  },
}
