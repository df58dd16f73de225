/** The four patches and the encodings of apply, made of an object as it would be read. */
import { encodeCbor } from '../../src/schema/cbor-encode.ts'
import type { JsonObject } from '../side-by-side/case.ts'
import type { Body } from './bodies.ts'
import { below, happens, pick, type Random, some } from './chance.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { mutateJsonText, mutateText, mutateValue } from './mutate-value.ts'
import { oddText, oddValue } from './odd-values.ts'

const operations = ['add', 'remove', 'replace', 'move', 'copy', 'test', 'Add', '', 'toString']

function pointersIn(value: unknown, at = '', found: string[] = ['']): string[] {
  if (value === null || typeof value !== 'object' || found.length > 300) return found
  for (const [key, inside] of Object.entries(value)) {
    const pointer = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    found.push(pointer)
    pointersIn(inside, pointer, found)
  }
  return found
}

function jsonPatch(random: Random, object: JsonObject): unknown {
  const pointers = [
    ...pointersIn(object),
    '/-',
    '/spec/-',
    '/metadata/labels/__proto__',
    '/~2',
    'a',
    '/9999999999',
    '//',
  ]
  const pointer = () => {
    const drawn = pick(random, pointers)
    return happens(random, 0.2) ? `${drawn}/${pick(random, ['-', '0', '-1', '01', '1e9', '__proto__', 'x'])}` : drawn
  }
  const operation = () => ({
    op: pick(random, operations.slice(0, happens(random, 0.9) ? 6 : undefined)),
    path: pointer(),
    ...(happens(random, 0.4) ? { from: pointer() } : {}),
    ...(happens(random, 0.8) ? { value: oddValue(random) } : {}),
  })
  // Each copies all that stands there: the bound on what copies add must hold.
  const doubling = () =>
    Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '/metadata', path: `/metadata/x${i}` }))
  return happens(random, 0.03) ? doubling() : some(random, 0, happens(random, 0.003) ? 12_000 : 5, operation)
}

const directives: readonly JsonObject[] = [
  { $patch: 'delete' },
  { $patch: 'replace' },
  { $patch: 'merge' },
  { $patch: 'bogus' },
  { $patch: 5 },
  { $retainKeys: ['a', 'name'] },
  { $retainKeys: 'x' },
  { '$deleteFromPrimitiveList/finalizers': ['a', 1] },
  { '$setElementOrder/containers': [{ name: 'a' }, 'b', null] },
  { '$setElementOrder/finalizers': ['z'] },
  { $setElementOrder: [] },
]

/** Puts directives of strategic merge patches into some of the objects. */
function directed(random: Random, value: unknown): unknown {
  if (Array.isArray(value)) return value.map(item => directed(random, item))
  if (value === null || typeof value !== 'object') return value
  const inside = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, directed(random, item)]))
  return happens(random, 0.15) ? { ...inside, ...pick(random, directives) } : inside
}

export function patchOf(random: Random, object: JsonObject): Body {
  const changed = happens(random, 0.7) ? mutateValue(random, object) : object
  switch (below(random, 5)) {
    case 0: {
      const patch = jsonPatch(random, object)
      return text(random, 'application/json-patch+json', happens(random, 0.1) ? mutateValue(random, patch) : patch)
    }
    case 1:
      return text(random, 'application/merge-patch+json', changed)
    case 2:
      return text(random, 'application/strategic-merge-patch+json', directed(random, changed))
    case 3:
      return text(random, 'application/apply-patch+yaml', changed)
    default:
      try {
        const bytes = encodeCbor(changed)
        return {
          contentType: 'application/apply-patch+cbor',
          bytes: happens(random, 0.3) ? mutateBytes(random, bytes) : bytes,
        }
      } catch {
        return text(random, 'application/apply-patch+yaml', changed)
      }
  }
}

function text(random: Random, contentType: string, value: unknown): Body {
  let json = JSON.stringify(value)
  if (happens(random, 0.1)) json = mutateJsonText(random, json)
  if (happens(random, 0.02)) json = mutateText(random, json)
  return { contentType: happens(random, 0.02) ? oddText(random) : contentType, bytes: Buffer.from(json) }
}
