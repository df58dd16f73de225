/** Deletes bootstrap tokens that have ended. */
import { Secret } from '../../api/core/v1/secret.ts'
import { isBootstrapToken, tokenExpiryMs } from '../../machinery/bootstrap-token.ts'
import { remove } from '../runtime/action.ts'
import { type ControllerDefinition, keyOf, objectOf } from '../runtime/controller.ts'

/** Longer waits are looked at again in between: a timer holds 24 days. */
const longestWaitMs = 24 * 3_600_000

export const tokenCleaner: ControllerDefinition = {
  name: 'token-cleaner',
  workers: 1,
  build(context) {
    const secrets = context.informer(Secret)
    secrets.subscribe(({ object }) => {
      if (isBootstrapToken(object)) context.enqueue(keyOf(object))
    })
    return {
      plan(key) {
        const secret = objectOf(secrets, key)
        if (!secret || secret.metadata.deletionTimestamp !== undefined) return undefined
        const expiryMs = tokenExpiryMs(secret)
        if (expiryMs === Number.POSITIVE_INFINITY) return undefined
        const waitMs = expiryMs - context.clock.now()
        if (waitMs > 0) return { steps: [], requeueAfterMs: Math.min(waitMs, longestWaitMs) }
        return { steps: [[remove(Secret, secret)]] }
      },
    }
  },
}
