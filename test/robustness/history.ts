/** What clients of a store did and saw, in the order of one counter, so that "before" has a meaning across clients. */
import { OutcomeUnknownError, type Store, type StoreEvent } from '../../src/store/store.ts'

export type Action =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'delete'; readonly key: string }
  /** Puts if the key still has this revision. */
  | { readonly type: 'swap'; readonly key: string; readonly value: string; readonly expected: number }
  | { readonly type: 'get'; readonly key: string }

export type Outcome =
  | { readonly type: 'written'; readonly revision: number }
  /** Of a swap whose condition did not hold, and of a deletion that found nothing: nothing was written. */
  | { readonly type: 'unchanged'; readonly revision: number }
  | { readonly type: 'read'; readonly revision: number; readonly value?: string; readonly modRevision: number }
  /** The store said that nothing was done. */
  | { readonly type: 'refused' }
  /** It may have been done, or be done later. */
  | { readonly type: 'unknown' }

export interface Call {
  readonly action: Action
  readonly begun: number
  /** Infinity: never, as far as order is concerned. */
  readonly ended: number
  readonly outcome: Outcome
}

const text = (value: Uint8Array): string => Buffer.from(value).toString()

export class History {
  readonly calls: Call[] = []
  #clock = 0

  async perform(store: Store, action: Action): Promise<Outcome> {
    const begun = this.#clock++
    const outcome = await act(store, action).catch((error): Outcome => {
      const mayBeDone = action.type !== 'get' && error instanceof OutcomeUnknownError
      return { type: mayBeDone ? 'unknown' : 'refused' }
    })
    const ended = outcome.type === 'unknown' ? Number.POSITIVE_INFINITY : this.#clock++
    this.calls.push({ action, begun, ended, outcome })
    return outcome
  }
}

async function act(store: Store, action: Action): Promise<Outcome> {
  const { key } = action
  if (action.type === 'get') {
    const { kvs, revision } = await store.range({ start: key })
    const [kv] = kvs
    return { type: 'read', revision, modRevision: kv?.modRevision ?? 0, ...(kv ? { value: text(kv.value) } : {}) }
  }
  if (action.type === 'delete') {
    const { revision, results } = await store.transact({ compare: [], success: [{ delete: key }], failure: [] })
    return { type: results[0]?.deleted?.length ? 'written' : 'unchanged', revision }
  }
  const compare =
    action.type === 'swap' ? [{ key, target: 'modRevision', is: '=', number: action.expected } as const] : []
  const success = [{ put: key, value: Buffer.from(action.value) }]
  const { succeeded, revision } = await store.transact({ compare, success, failure: [] })
  return { type: succeeded ? 'written' : 'unchanged', revision }
}

/** `12 put /k=v`, as the log and watches are compared. */
export const shown = ({ type, kv }: StoreEvent): string =>
  `${kv.modRevision} ${type} ${kv.key}${type === 'put' ? `=${text(kv.value)}` : ''}`
