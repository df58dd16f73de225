/** Concurrent clients on a few keys, so that they are in each other's way. */
import type { Random } from '../../src/schema/testing/random-object.ts'
import type { Store, StoreEvent } from '../../src/store/store.ts'
import type { Action, History } from './history.ts'

const keys = ['/registry/a', '/registry/b', '/registry/c']
let values = 0

/** One client: calls one after the other until `until` says that it is enough. */
export async function runClient(
  store: Store,
  history: History,
  random: Random,
  isOver: (done: number) => boolean,
): Promise<void> {
  const known = new Map<string, number>()
  for (let done = 0; !isOver(done); done++) {
    const key = keys[Math.floor(random() * keys.length)]!
    const outcome = await history.perform(store, nextAction(key, known.get(key) ?? 0, random()))
    if (outcome.type === 'read') known.set(key, outcome.modRevision)
    else if (outcome.type === 'written') known.set(key, outcome.revision)
  }
}

function nextAction(key: string, expected: number, choice: number): Action {
  const value = `v${values++}`
  if (choice < 0.35) return { type: 'put', key, value }
  if (choice < 0.6) return { type: 'swap', key, value, expected }
  return choice < 0.7 ? { type: 'delete', key } : { type: 'get', key }
}

/** Every event from `from` to the current revision. */
export async function readLog(store: Store, from = 2): Promise<StoreEvent[]> {
  const last = await store.currentRevision()
  if (last < from) return []
  const events: StoreEvent[] = []
  await new Promise<void>((resolve, reject) => {
    const watch = store.watch(
      { start: '/', end: '0', startRevision: from },
      {
        events(more, revision) {
          events.push(...more)
          if (revision < last) return
          watch.close()
          resolve()
        },
        progress() {},
        ended: reject,
      },
    )
  })
  return events
}
