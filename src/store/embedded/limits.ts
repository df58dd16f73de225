/** Every bound of the embedded store, in one place. */

/** Longest value (etcd: `--max-request-bytes`). */
export const maxValueBytes = 1.5 * 1024 * 1024
/** Most operations, and most comparisons, of one transaction (etcd: `--max-txn-ops`). */
export const maxOperations = 128
/** Longest lease, in seconds (etcd: `MaxLeaseTTL`). */
export const maxLeaseTtlSeconds = 9_000_000_000
/** Most leases at a time. */
export const maxLeases = 100_000

/** Requests that may wait for the writer; one more is refused. */
export const maxQueuedRequests = 8192
/** Bytes of values that may wait for the writer. */
export const maxQueuedBytes = 64 * 1024 * 1024
/** Requests that share one sync at most. */
export const maxBatchRequests = 1024
/** Bytes of values in one batch at most (one bigger request goes alone); keeps a batch below 100 ms. */
export const maxBatchBytes = 4 * 1024 * 1024

/** Events kept in memory for watches that start a little in the past. */
export const maxRingEvents = 4096
export const maxRingBytes = 8 * 1024 * 1024

/** Rows read in one slice of the event loop. */
export const rangeSliceRows = 2000
/** Bytes of events read from the database in one slice. */
export const historySliceBytes = 2 * 1024 * 1024
/** Revisions looked at in one slice. */
export const historySliceRevisions = 1000

/** History rows visited in one slice of a compaction. */
export const compactionSliceRows = 200
/** Free pages given back to the file system in one slice. */
export const vacuumSlicePages = 128
/** Free pages kept for reuse. */
export const keptFreePages = 512

/** Pages written since the last checkpoint that make the next one due: a page written often meanwhile is copied once. */
export const checkpointPages = 4000
/** The same while a compaction is under way: hardly a page that it writes is written again, and every one has to be copied. */
export const compactionCheckpointPages = 300
/** The log is cut to this size when it starts over. */
export const logSizeLimitBytes = 32 * 1024 * 1024
/** Memory of each connection for pages. */
export const defaultPageCacheKiB = 4096
