/** A store whose calls are measured. */
import type { Clock } from '../../base/clock.ts'
import type { Store } from '../../store/store.ts'

export function timedStore(store: Store, clock: Clock, done: (operation: string, seconds: number) => void): Store {
  const timed = async <T>(operation: string, call: Promise<T>): Promise<T> => {
    const startedMs = clock.monotonic()
    try {
      return await call
    } finally {
      done(operation, (clock.monotonic() - startedMs) / 1000)
    }
  }
  return {
    currentRevision: () => store.currentRevision(),
    range: options => timed('range', store.range(options)),
    transact: transaction => timed('txn', store.transact(transaction)),
    watch: (options, handler) => store.watch(options, handler),
    compact: (revision, options) => timed('compact', store.compact(revision, options)),
    grantLease: (ttlSeconds, options) => timed('leaseGrant', store.grantLease(ttlSeconds, options)),
    keepAliveLease: lease => store.keepAliveLease(lease),
    revokeLease: lease => store.revokeLease(lease),
    leases: () => store.leases(),
    leaseStatus: (lease, options) => store.leaseStatus(lease, options),
    size: () => store.size(),
    close: () => store.close(),
  }
}
