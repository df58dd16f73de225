/** Changes JSON values: a place is drawn, then what becomes of it. */
import { below, happens, pick, type Random } from './chance.ts'
import { oddNumerals, oddText, oddValue } from './odd-values.ts'

type Holder = Record<string | number, unknown>

interface Place {
  readonly holder: Holder
  readonly key: string | number
}

const maxPlaces = 2_000

function placesIn(value: unknown, places: Place[] = []): Place[] {
  if (value === null || typeof value !== 'object' || places.length >= maxPlaces) return places
  for (const key of Object.keys(value)) {
    places.push({ holder: value as Holder, key })
    placesIn((value as Holder)[key], places)
  }
  return places
}

/** A changed copy; the value itself stays as it is. */
export function mutateValue(random: Random, value: unknown): unknown {
  const root: { value?: unknown } = { value: structuredClone(value) }
  const times = happens(random, 0.7) ? 1 : 1 + below(random, 4)
  for (let time = 0; time < times; time++) {
    const places = placesIn(root)
    if (places.length === 0) break
    mutatePlace(random, pick(random, places), places)
  }
  return root.value ?? null
}

function mutatePlace(random: Random, { holder, key }: Place, places: readonly Place[]): void {
  switch (below(random, 9)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1)
      else delete holder[key]
      return
    case 1:
      if (Array.isArray(holder)) holder.push(structuredClone(holder[key]))
      else put(holder, oddText(random), holder[key])
      return
    case 2: {
      // A part of the object where another one stands.
      const other = pick(random, places)
      put(holder, key, structuredClone(other.holder[other.key]))
      return
    }
    case 3:
      put(holder, key, pick(random, [[holder[key]], { [String(key)]: holder[key] }, `${key}`, null]))
      return
    case 4:
      if (typeof holder[key] === 'string') put(holder, key, mutateText(random, holder[key]))
      else put(holder, key, oddValue(random))
      return
    case 5:
      if (Array.isArray(holder)) put(holder, key, oddValue(random))
      else put(holder, mutateText(random, String(key)), oddValue(random))
      return
    default:
      put(holder, key, oddValue(random))
  }
}

/** Also `__proto__` becomes an own member. */
const put = (holder: Holder, key: string | number, value: unknown): void => {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

export function mutateText(random: Random, text: string): string {
  const at = below(random, text.length + 1)
  switch (below(random, 6)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(0, at) + oddText(random) + text.slice(at)
    case 2:
      return text.slice(0, at) + text.slice(at + 1)
    case 3:
      return text.repeat(pick(random, [2, 3, 50]))
    case 4:
      return text.toUpperCase()
    default:
      return text.slice(0, at) + String.fromCharCode(below(random, 128)) + text.slice(at + 1)
  }
}

/** Changes JSON text in ways that no value has: members twice, numerals beyond doubles, faults of syntax. */
export function mutateJsonText(random: Random, text: string): string {
  switch (below(random, 5)) {
    case 0: {
      const members = [...text.slice(0, 20_000).matchAll(/"(?:[^"\\]|\\.)*":/g)]
      if (members.length === 0) return text
      const { 0: member, index } = pick(random, members)
      return `${text.slice(0, index)}${member}${JSON.stringify(oddValue(random))},${text.slice(index)}`
    }
    case 1: {
      const numbers = [...text.slice(0, 20_000).matchAll(/(?<=[:[,])-?\d+(?:\.\d+)?(?=[,}\]])/g)]
      if (numbers.length === 0) return text.replace(/"[^"]*"(?=[,}])/, pick(random, oddNumerals))
      const { 0: number, index } = pick(random, numbers)
      return text.slice(0, index) + pick(random, oddNumerals) + text.slice(index + number.length)
    }
    case 2:
      return text + pick(random, ['}', ']', ',', ' ', '\n\n', '{}', '//x', '\0', text])
    case 3:
      return text.replace(
        pick(random, [':', ',', '"', '{', '}']),
        pick(random, ['', '\\u', "'", '\t', '\\ud800', '::']),
      )
    default:
      return mutateText(random, text)
  }
}
