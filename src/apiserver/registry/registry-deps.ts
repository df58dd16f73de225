/** What the verbs of the registry need. */
import type { Clock } from '../../base/clock.ts'
import type { Store } from '../../store/store.ts'
import type { AdmissionPlugin } from '../admission/admission.ts'
import type { StoreFeed } from '../watch/store-feed.ts'

export interface RegistryDeps {
  readonly store: Store
  readonly feed: StoreFeed
  readonly clock: Clock
  readonly admission: readonly AdmissionPlugin[]
  readonly newUid: () => string
  /** Five characters for generated names. */
  readonly nameSuffix: () => string
  /** A number in [0, 1). */
  readonly random: () => number
}
