/**
 * Copies what a store has now into an empty one, so that revisions never go back: the copy's revision is first brought up to
 * that of its source and what lies before is compacted, so every object gets a newer revision than anyone has seen, and who
 * watches from an older one is told to begin anew. History and leases stay behind; keys with a lease get a new one of the
 * time that was left.
 */
import { InvalidRequestError, type KeyValue, type LeaseId, type Store } from './store.ts'

export interface CopyResult {
  readonly keys: number
  readonly sourceRevision: number
  readonly targetRevision: number
}

const pageKeys = 500
const keysPerTransaction = 64
/** Bytes of values in one transaction, below etcd's limit of a request. */
const bytesPerTransaction = 1024 * 1024
/** Writes under way at a time while the revision is brought up. */
const writesAtOnce = 256
/** Written over and over, then deleted. */
const fillerKey = '\0copy'

/** Throws InvalidRequestError where the target has keys, or the source was written to meanwhile. */
export async function copyStore(
  source: Store,
  target: Store,
  onProgress: (what: string, done: number, total: number) => void = () => {},
): Promise<CopyResult> {
  const whole = { start: '\0', end: '\0' }
  if ((await target.range({ ...whole, countOnly: true })).count > 0) {
    throw new InvalidRequestError('the target has keys already: it must be a new store')
  }
  const sourceRevision = await source.currentRevision()
  await bringUp(target, sourceRevision, onProgress)
  const leases = new Map<LeaseId, Promise<LeaseId>>()
  const leaseOf = (id: LeaseId): Promise<LeaseId> => {
    const known = leases.get(id) ?? copyLease(source, target, id)
    leases.set(id, known)
    return known
  }
  let keys = 0
  for (let start = '\0'; ; ) {
    const page = await source.range({ start, end: '\0', limit: pageKeys, revision: sourceRevision })
    for (const some of inTransactions(page.kvs)) {
      const success = await Promise.all(
        some.map(async ({ key, value, lease }) => ({ put: key, value, lease: lease === 0 ? 0 : await leaseOf(lease) })),
      )
      await target.transact({ compare: [], success, failure: [] })
    }
    keys += page.kvs.length
    onProgress('keys', keys, Math.max(keys, page.count))
    if (!page.more) break
    start = `${page.kvs.at(-1)!.key}\0`
  }
  if ((await source.currentRevision()) !== sourceRevision) {
    throw new InvalidRequestError(
      'the source was written to meanwhile: stop its API servers, and copy into a new store',
    )
  }
  await compare(source, target, sourceRevision)
  return { keys, sourceRevision, targetRevision: await target.currentRevision() }
}

async function bringUp(
  target: Store,
  revision: number,
  onProgress: (what: string, done: number, total: number) => void,
) {
  const put = { compare: [], success: [{ put: fillerKey, value: Uint8Array.of(0) }], failure: [] }
  for (;;) {
    const now = await target.currentRevision()
    onProgress('revisions', now, revision)
    if (now >= revision) break
    // The last one is the deletion.
    const missing = Math.max(1, Math.min(writesAtOnce, revision - now - 1))
    await Promise.all(Array.from({ length: missing }, () => target.transact(put)))
  }
  const { revision: last } = await target.transact({ compare: [], success: [{ delete: fillerKey }], failure: [] })
  await target.compact(last)
}

async function copyLease(source: Store, target: Store, id: LeaseId): Promise<LeaseId> {
  const status = await source.leaseStatus(id)
  return target.grantLease(Math.max(1, status?.remainingTtlSeconds ?? 1))
}

function* inTransactions(kvs: readonly KeyValue[]): Generator<readonly KeyValue[]> {
  let some: KeyValue[] = []
  let bytes = 0
  for (const kv of kvs) {
    if (some.length > 0 && (some.length === keysPerTransaction || bytes + kv.value.byteLength > bytesPerTransaction)) {
      yield some
      some = []
      bytes = 0
    }
    some.push(kv)
    bytes += kv.value.byteLength
  }
  if (some.length > 0) yield some
}

/** Both have the same keys with the same values. */
async function compare(source: Store, target: Store, revision: number): Promise<void> {
  for (let start = '\0'; ; ) {
    const [theirs, ours] = await Promise.all([
      source.range({ start, end: '\0', limit: pageKeys, revision }),
      target.range({ start, end: '\0', limit: pageKeys }),
    ])
    const at = theirs.kvs.findIndex(({ key, value }, i) => {
      const copy = ours.kvs[i]
      return copy?.key !== key || Buffer.compare(copy.value, value) !== 0
    })
    if (at >= 0 || ours.kvs.length !== theirs.kvs.length) {
      // Where all of the source's keys are right, the copy has more.
      const different = theirs.kvs[at] ?? ours.kvs[theirs.kvs.length]
      throw new InvalidRequestError(`the copy differs at ${JSON.stringify(different?.key)}`)
    }
    if (!theirs.more) return
    start = `${theirs.kvs.at(-1)!.key}\0`
  }
}
