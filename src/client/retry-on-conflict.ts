import { sleep } from '../base/clock.ts'
import { isConflict } from '../machinery/api-error.ts'

/** Runs `attempt` until it does not end in a conflict, at most 5 times 10 ms apart (client-go's DefaultRetry). */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 4; ; left--) {
    try {
      return await attempt()
    } catch (error) {
      if (left === 0 || !isConflict(error)) throw error
      await sleep(10)
    }
  }
}
