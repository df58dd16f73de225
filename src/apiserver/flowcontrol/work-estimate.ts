/** How many seats a request takes (KEP-1040, "Width of requests"). Pure. */
import type { RequestInfo } from '../chain/request-info.ts'
import type { Work } from './queue-set.ts'

export interface EstimateFacts {
  /** How many objects the resource has. */
  readonly objects: () => number
  /** How many watchers a write wakes. */
  readonly watchers: () => number
  readonly query: URLSearchParams
}

const objectsPerSeat = 100
const maxSeats = 10
const watchersPerSeat = 10
const seatMs = 5

const one: Work = { seats: 1, finalSeats: 0, finalMs: 0 }
const works: readonly Work[] = Array.from({ length: maxSeats + 1 }, (_, seats) => ({ ...one, seats }))

const clamp = (seats: number): number => Math.min(maxSeats, Math.max(1, seats))

const writes = new Set(['create', 'update', 'patch', 'delete', 'apply'])

export function workOf(info: RequestInfo, facts: EstimateFacts): Work {
  if (!info.isResourceRequest) return one
  if (info.verb === 'list' || (info.verb === 'watch' && wantsInitialEvents(facts.query))) {
    // One object by its name.
    if (info.name !== '') return one
    const limit = Number(facts.query.get('limit') ?? '0') || Infinity
    const selects = facts.query.has('fieldSelector') || facts.query.has('labelSelector')
    const objects = facts.objects()
    // A selection reads all in order to answer some.
    const read = selects ? objects : Math.min(limit, objects)
    return works[clamp(Math.ceil(read / objectsPerSeat))]!
  }
  if (!writes.has(info.verb)) return one
  const watchers = facts.watchers()
  if (watchers < watchersPerSeat) return one
  const finalSeats = clamp(Math.ceil(watchers / watchersPerSeat))
  return { seats: 1, finalSeats: 1, finalMs: seatMs * finalSeats }
}

/** A watch from no version, or one that asks for it, starts with all objects. */
function wantsInitialEvents(query: URLSearchParams): boolean {
  const asked = query.get('sendInitialEvents')
  if (asked !== null) return asked === 'true'
  const version = query.get('resourceVersion') ?? ''
  return version === '' || version === '0'
}
