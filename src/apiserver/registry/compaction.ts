/**
 * Forgets the store's history behind the API server, as upstream's compactor does (`k8s.io/apiserver/pkg/storage/etcd3/compact.go`):
 * every interval, to the revision that was current an interval before. Several servers on one store agree through the
 * version of one key, so that only one of them compacts per interval; the key is upstream's, and both kinds take turns.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { type Logger, loggerOf } from '../../base/log.ts'
import { CompactedError, type Store } from '../../store/store.ts'

export const compactionIntervalMs = 300_000
const compactionKey = 'compact_rev_key'

/** What is known of the last turn: the key's version, and the store's revision then. */
interface Turn {
  readonly version: number
  readonly revision: number
}

/** One turn: compacts to the last turn's revision, or, where another server was faster, only learns of its turn. */
export async function compactOnce(store: Store, last: Turn): Promise<Turn> {
  const { succeeded, revision, results } = await store.transact({
    compare: [{ key: compactionKey, target: 'version', is: '=', number: last.version }],
    success: [{ put: compactionKey, value: Buffer.from(String(last.revision)) }],
    failure: [{ range: { start: compactionKey } }],
  })
  if (!succeeded) return { version: results[0]?.range?.kvs[0]?.version ?? 0, revision }
  if (last.revision > 0) await store.compact(last.revision)
  return { version: last.version + 1, revision }
}

/** Runs until the returned function is called. At most one turn is under way. */
export function startCompaction(
  store: Store,
  clock: Clock,
  log: Logger = loggerOf('apiserver/compaction'),
): () => void {
  let stopped = false
  let last: Turn = { version: 0, revision: 0 }
  let timer: Timer
  const next = () => {
    if (!stopped) timer = clock.after(compactionIntervalMs, () => void run())
  }
  const run = async () => {
    try {
      last = await compactOnce(store, last)
    } catch (error) {
      // A server with another interval has gone further already.
      if (!(error instanceof CompactedError) && !stopped)
        log.warn({ error: (error as Error).message }, 'compaction failed')
    }
    next()
  }
  next()
  return () => {
    stopped = true
    timer.cancel()
  }
}
