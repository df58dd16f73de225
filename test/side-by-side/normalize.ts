/** Takes out of an answer what may differ: uids, times, resource versions, and what the server chooses at random. */
import type { Answer } from './connection.ts'

/** Uids of the corpus itself look like this and are compared. */
const givenUid = /^([0-9a-f])\1{7}-/
const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g
const token = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g
/** Suffixes of generated names, from the alphabet that upstream takes them from. */
const suffix = /\b(gen-a*[.-]*|Bad_|kube-api-access-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g
/** Addresses above the part of the range that is kept for addresses chosen by clients, which the corpus uses. */
const chosenAddress = /\b10\.96\.(?!0\.)\d{1,3}\.\d{1,3}\b/g

const nearMs = 3_600_000
const chosenPorts = { first: 30_086, last: 32_767 }

const isNow = (text: string): boolean => Math.abs(Date.parse(text) - Date.now()) < nearMs

function normalText(text: string): string {
  if (text.length < 8) return text
  return text
    .replace(uid, found => (givenUid.test(found) ? found : '<uid>'))
    .replace(time, found => (isNow(found) ? '<time>' : found))
    .replace(token, '<token>')
    .replace(suffix, '$1<suffix>')
    .replace(chosenAddress, '<address>')
    .replace(/(\b192\.0\.2\.1:)\d+/g, '$1<port>')
    .replace(/(Operation cannot be fulfilled on .*)\bUID in object meta: \S+/, '$1UID in object meta: <uid>')
    .replace(/(Too large resource version: \d+, current:) \d+/, '$1 <version>')
    .replace(/ResourceVersion in object meta: \d+/, 'ResourceVersion in object meta: <version>')
    .replace(/ResourceVersion in record \(\d+\)/, 'ResourceVersion in record (<version>)')
    .replace(/\(resourceVersion:? ?"?\d+"?\)/g, '(resourceVersion <version>)')
}

function normalValue(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    if (key === 'resourceVersion' && /^[1-9]\d*$/.test(value)) return '<version>'
    if (key === 'continue' && value !== '') return '<continue>'
    return normalText(value)
  }
  if (typeof value === 'number') {
    const isPort = key === 'nodePort' || key === 'healthCheckNodePort'
    return isPort && value >= chosenPorts.first && value <= chosenPorts.last ? '<port>' : value
  }
  if (Array.isArray(value)) {
    // Entries are sorted by their second, which may turn between two requests; conflicts come in the order of a Go map.
    const isConflicts = key === 'causes' && value.every(cause => cause?.reason === 'FieldManagerConflict')
    if (key === 'managedFields' || isConflicts) return inOrder(value.map(item => normalValue(item, '')))
    return value.map(item => (key === 'cells' && isAge(item) ? '<age>' : normalValue(item, '')))
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [normalText(name), normalValue(member, name)]),
  )
}

const isAge = (cell: unknown): boolean => typeof cell === 'string' && /^\d+s$/.test(cell)

/** Whatever the order of its members, at any depth. */
const sortedText = (value: unknown): string =>
  JSON.stringify(value, (_, member) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )

const inOrder = (entries: readonly unknown[]): unknown[] =>
  entries
    .map(entry => ({ entry, text: sortedText(entry) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ entry }) => entry)

export interface NormalAnswer {
  readonly status: number
  readonly contentType: string
  readonly warnings: readonly string[]
  readonly retryAfter: string
  readonly body: unknown
}

export const normalAnswer = (answer: Answer): NormalAnswer => ({
  status: answer.status,
  contentType: answer.contentType,
  warnings: answer.warnings.map(normalText),
  retryAfter: answer.retryAfter,
  body: answer.json === undefined ? normalText(answer.text) : normalValue(answer.json, ''),
})
