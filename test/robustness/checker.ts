/**
 * Whether a history is linearizable. The store numbers its writes, and every answer names the revision that it speaks of;
 * so the order is given, writes by their revision and each read behind the write of its revision, and it remains to see
 * that this order agrees with every answer and with which calls had ended before others began.
 */
import type { StoreEvent } from '../../src/store/store.ts'
import { type Action, type Call, shown } from './history.ts'

interface State {
  readonly value: string | undefined
  readonly modRevision: number
}

const absent: State = { value: undefined, modRevision: 0 }

/** The state of keys at every revision, from the store's whole log. */
class Log {
  readonly byRevision = new Map<number, StoreEvent>()
  readonly faults: string[] = []
  readonly #states = new Map<string, { readonly revision: number; readonly state: State }[]>()

  constructor(events: readonly StoreEvent[]) {
    let last = 1
    for (const event of events) {
      const { key, value, modRevision } = event.kv
      if (modRevision !== last + 1) this.faults.push(`the log goes from revision ${last} to ${modRevision}`)
      last = modRevision
      this.byRevision.set(modRevision, event)
      const state = event.type === 'put' ? { value: Buffer.from(value).toString(), modRevision } : absent
      const states = this.#states.get(key)
      if (states) states.push({ revision: modRevision, state })
      else this.#states.set(key, [{ revision: modRevision, state }])
    }
  }

  at(key: string, revision: number): State {
    const states = this.#states.get(key) ?? []
    // The first one that is too new, by halving: histories have hundreds of thousands of them.
    let low = 0
    let high = states.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (states[middle]!.revision <= revision) low = middle + 1
      else high = middle
    }
    return states[low - 1]?.state ?? absent
  }
}

const describe = ({ action, outcome }: Call): string => `${JSON.stringify(action)} → ${JSON.stringify(outcome)}`

/** What is wrong; empty: the history is linearizable. `log`: every event of the store from its first revision on. */
export function checkHistory(calls: readonly Call[], log: readonly StoreEvent[]): string[] {
  const written = new Log(log)
  return [
    ...written.faults,
    ...calls.flatMap(call => checkAnswer(call, written)),
    ...checkWriters(calls, log),
    ...checkOrder(calls),
  ]
}

function checkAnswer(call: Call, log: Log): string[] {
  const { action, outcome } = call
  const wrong = (why: string) => [`${describe(call)}: ${why}`]
  if (outcome.type === 'refused' || outcome.type === 'unknown') return []
  const { revision } = outcome
  if (outcome.type === 'read') {
    const { value, modRevision } = log.at(action.key, revision)
    const same = value === outcome.value && modRevision === outcome.modRevision
    return same ? [] : wrong(`at revision ${revision} it was ${value} of ${modRevision}`)
  }
  if (outcome.type === 'unchanged') {
    const { modRevision } = log.at(action.key, revision)
    if (action.type === 'delete') return modRevision === 0 ? [] : wrong('the key existed')
    return action.type === 'swap' && modRevision !== action.expected ? [] : wrong('its condition held')
  }
  const event = log.byRevision.get(revision)
  if (event === undefined || !isOf(event, action)) return wrong('the log has no such write')
  const { modRevision } = log.at(action.key, revision - 1)
  if (action.type === 'swap' && modRevision !== action.expected) return wrong(`before it the key was of ${modRevision}`)
  return []
}

const isOf = ({ type, kv }: StoreEvent, action: Action): boolean => {
  if (action.type === 'get' || kv.key !== action.key) return false
  return action.type === 'delete'
    ? type === 'delete'
    : type === 'put' && Buffer.from(kv.value).toString() === action.value
}

/** Every write of the log was asked for, once. Values are unique; deletions that nobody knows the end of are counted. */
function checkWriters(calls: readonly Call[], log: readonly StoreEvent[]): string[] {
  const acknowledged = new Set(calls.flatMap(({ outcome }) => (outcome.type === 'written' ? [outcome.revision] : [])))
  const open = calls.filter(({ outcome }) => outcome.type === 'unknown')
  const byValue = new Map<string, Call>()
  const deletions = new Map<string, Call[]>()
  for (const call of open) {
    if (call.action.type === 'delete') deletions.set(call.action.key, [...(deletions.get(call.action.key) ?? []), call])
    else if (call.action.type !== 'get') byValue.set(call.action.value, call)
  }
  const faults: string[] = []
  for (const event of log) {
    const { kv, type } = event
    if (acknowledged.has(kv.modRevision)) continue
    const value = Buffer.from(kv.value).toString()
    const call = type === 'put' ? byValue.get(value) : deletions.get(kv.key)?.shift()
    if (call === undefined || !isOf(event, call.action)) faults.push(`${shown(event)}: nobody asked for it`)
    else faults.push(...tooEarly(call, kv.modRevision, calls))
    byValue.delete(value)
  }
  return faults
}

/** A write whose end nobody knows still comes after everything that had ended before it began. */
function tooEarly({ begun, action }: Call, revision: number, calls: readonly Call[]): string[] {
  // Which of several deletions it was is not known.
  if (action.type === 'delete') return []
  const late = calls.find(call => call.ended < begun && 'revision' in call.outcome && call.outcome.revision >= revision)
  return late ? [`${JSON.stringify(action)} was written at ${revision}, but began after ${describe(late)}`] : []
}

/** Nobody sees an older store than someone saw who had ended before. */
function checkOrder(calls: readonly Call[]): string[] {
  const faults: string[] = []
  const answered = calls.filter(({ outcome }) => 'revision' in outcome)
  const byEnd = answered.toSorted((a, b) => a.ended - b.ended)
  let seen = 0
  let newest: Call | undefined
  for (const call of answered.toSorted((a, b) => a.begun - b.begun)) {
    for (; byEnd[seen] !== undefined && byEnd[seen]!.ended < call.begun; seen++) {
      if (newest === undefined || revisionOf(byEnd[seen]!) > revisionOf(newest)) newest = byEnd[seen]
    }
    if (newest === undefined) continue
    const least = revisionOf(newest) + (call.outcome.type === 'written' ? 1 : 0)
    if (revisionOf(call) < least) faults.push(`${describe(call)} came after ${describe(newest)}`)
  }
  return faults
}

const revisionOf = ({ outcome }: Call): number => ('revision' in outcome ? outcome.revision : 0)

/** A watch has every event of the log between its first and last revision, in order, once. */
export function checkWatch(
  name: string,
  seen: readonly StoreEvent[],
  log: readonly StoreEvent[],
  from: number,
  upTo: number,
): string[] {
  const expected = log.filter(({ kv }) => kv.modRevision >= from && kv.modRevision <= upTo).map(shown)
  const got = seen.map(shown)
  const at = expected.findIndex((line, i) => got[i] !== line)
  if (at < 0 && got.length === expected.length) return []
  const place = at < 0 ? expected.length : at
  return [`${name}: event ${place} is ${got[place] ?? 'missing'}, not ${expected[place] ?? 'absent'}`]
}
