import { CronJob } from '../../api/batch/v1/cron-job.ts'
import { Job } from '../../api/batch/v1/job.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { byController, controllerOf, indexByController } from '../runtime/owners.ts'
import { planCron } from './plan.ts'

export const cronJobController: ControllerDefinition = {
  name: 'cronjob-controller',
  workers: 5,
  build(context) {
    const crons = context.informer(CronJob)
    const jobs = context.informer(Job)
    indexByController(jobs)
    enqueueChanged(crons, context)
    jobs.subscribe(({ object }) => {
      const owner = controllerOf(object)
      if (owner?.kind === 'CronJob') context.enqueue(`${object.metadata.namespace}/${owner.name}`)
    })
    return {
      plan(key) {
        const cron = objectOf(crons, key)
        if (!cron) return undefined
        return planCron({ cron, jobs: jobs.byIndex(byController, cron.metadata.uid), nowMs: context.clock.now() })
      },
    }
  },
}
