/** What the corpus is made of. */
import type { Answer } from './connection.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

export interface Step {
  /** Says what is special about this request, as `spec.replicas = -1`. */
  readonly label: string
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Absent: JSON. */
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Made of what this server has answered to the case's earlier steps. A string or buffer is sent as it is. */
  readonly body?: (answers: readonly Answer[]) => unknown
  /** What this makes or deletes, where a controller of the server itself acts on it: later steps wait for that. */
  readonly settles?: string
  /** Sent again until the answer has this status: what the case is about takes effect a little later. */
  readonly until?: number
  /** The path, where it hangs on an earlier answer. */
  readonly pathOf?: (answers: readonly Answer[]) => string
}

/** Requests that are sent one after the other; cases do not touch each other's objects. */
export interface Case {
  /** Kind and what is done with it, as `Pod create`. */
  readonly name: string
  readonly steps: readonly Step[]
}
