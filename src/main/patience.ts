/** What a start does to the store may meet an etcd between two leaders: it is repeated, since all of it is safe to repeat. */
import { sleep } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { ApiError } from '../machinery/api-error.ts'
import { OutcomeUnknownError, StoreUnavailableError } from '../store/store.ts'

const maxAttempts = 15
const pauseMs = 1000

const mayPass = (error: unknown): boolean =>
  error instanceof StoreUnavailableError ||
  error instanceof OutcomeUnknownError ||
  (error instanceof ApiError && error.code >= 500)

export async function patiently<T>(what: string, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action()
    } catch (error) {
      if (!mayPass(error) || attempt === maxAttempts) throw error
      loggerOf('clipper').warn({ error: (error as Error).message }, `${what} failed; trying again`)
      await sleep(pauseMs)
    }
  }
}
