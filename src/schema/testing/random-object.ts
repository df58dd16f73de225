/** Random values of declared messages, for tests of everything that is derived from declarations. */
import { choiceOf } from '../choice.ts'
import { messageOf } from '../field.ts'
import type { Message, ScalarName, Type } from '../type.ts'

export type Random = () => number

/** Numbers in [0, 1) that repeat for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Deeper messages are left empty. */
const maxDepth = 6

/** A JSON value that decodes as this message; about half of the fields are given, some of them as zero. */
export function randomObject(message: Message, random: Random, depth = 0): unknown {
  if (message.options.listForm) return randomValue(message.fields.items!.facts.type, random, depth + 1)
  const choice = choiceOf(message)
  if (choice) return randomValue((random() < 0.5 ? choice.object : choice.other).facts.type, random, depth + 1)
  const object: Record<string, unknown> = {}
  if (depth > maxDepth) return object
  for (const [name, { facts }] of Object.entries(message.fields)) {
    if (!facts.always && random() >= 0.5) continue
    const value = randomValue(facts.type, random, depth + 1)
    // A zero that is not written does not come back.
    if (!(facts.omitZero && (value === '' || value === 0))) object[name] = value
  }
  return object
}

function randomValue(type: Type, random: Random, depth: number): unknown {
  switch (type.is) {
    case 'scalar':
      return randomScalar(type.name, random)
    case 'enum':
      return type.values[Math.floor(random() * type.values.length)]
    case 'list':
      return Array.from({ length: Math.floor(random() * 3) }, () => randomValue(type.of, random, depth))
    case 'map':
      return Object.fromEntries(
        Array.from({ length: Math.floor(random() * 3) }, () => [
          randomText(random),
          randomValue(type.of, random, depth),
        ]),
      )
    default:
      return randomObject(messageOf(type)!, random, depth)
  }
}

const texts = ['', 'a', 'web-1', 'é', '日本', '😀', '"quoted"\n', '__proto__x', '0']
const randomText = (random: Random): string =>
  `${texts[Math.floor(random() * texts.length)]}${random() < 0.5 ? Math.floor(random() * 100) : ''}`

const scalars: Readonly<Partial<Record<ScalarName, (random: Random) => unknown>>> = {
  string: randomText,
  bool: random => random() < 0.5,
  int32: random => Math.floor((random() - 0.5) * 2 ** 32),
  int64: random => (random() < 0.3 ? 0 : Math.floor((random() - 0.5) * 2 ** 53)),
  uint32: random => Math.floor(random() * 2 ** 32),
  uint64: random => Math.floor(random() * 2 ** 53),
  double: random => random() * 1000,
  bytes: random => Buffer.from(randomText(random)).toString('base64'),
  quantity: random => ['0', '1', '500m', '1.5Gi', '-2'][Math.floor(random() * 5)],
  intOrString: random => (random() < 0.5 ? Math.floor(random() * 65536) : randomText(random)),
  time: random => new Date(Math.floor(random() * 4e12)).toISOString().replace(/\.\d+/, ''),
  microTime: random => new Date(Math.floor(random() * 4e12)).toISOString().replace('Z', '456Z'),
  duration: random => `${Math.floor(random() * 5000)}s`,
}

function randomScalar(name: ScalarName, random: Random): unknown {
  const make = scalars[name]
  return make ? make(random) : { [`k${Math.floor(random() * 10)}`]: randomText(random) }
}
