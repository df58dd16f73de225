/** Bodies of writes: an object in one of the encodings, good, changed as a value, or changed as bytes. */
import { encodeCbor } from '../../src/schema/cbor-encode.ts'
import type { Kind } from '../../src/schema/kind.ts'
import { encodeEnvelope, envelopeHead } from '../../src/schema/protobuf-encode.ts'
import { toYaml } from '../../src/schema/yaml.ts'
import { below, happens, pick, type Random } from './chance.ts'
import { mutateBytes, nestedProtobuf } from './mutate-bytes.ts'
import { mutateJsonText, mutateText, mutateValue } from './mutate-value.ts'

export interface Body {
  readonly contentType: string
  readonly bytes: Buffer
}

type Encoder = (random: Random, value: unknown, kind: Kind | undefined) => Buffer | undefined

const asJson: Encoder = (random, value) => {
  const text = JSON.stringify(value)
  return Buffer.from(happens(random, 0.2) ? mutateJsonText(random, text) : text)
}

const yamlOddities: readonly string[] = [
  'a: &a [*a]\n',
  '? {a: b}\n: c\n',
  '!!binary x\n',
  '!!js/function x\n',
  '<<: *none\n',
  '- a\nb: c\n',
  '---\n---\n',
  '%YAML 9.9\n---\n',
  '{a: b',
  '\t- x\n',
  'a: 1\na: 2\n',
  'x: 1_000\ny: 0o17\nz: 2001-01-01\nw: .inf\nv: !!int "x"\n',
  `a: ${'['.repeat(2_000)}`,
  `b0: &b0 [x,x]\n${Array.from({ length: 30 }, (_, i) => `b${i + 1}: &b${i + 1} [*b${i},*b${i}]\n`).join('')}`,
]

const asYaml: Encoder = (random, value) => {
  let text: string
  try {
    text = toYaml(value)
  } catch {
    text = 'a: b\n'
  }
  if (happens(random, 0.2)) text = happens(random, 0.5) ? text + pick(random, yamlOddities) : pick(random, yamlOddities)
  return Buffer.from(happens(random, 0.1) ? mutateText(random, text) : text)
}

const asCbor: Encoder = (_random, value) => {
  try {
    return encodeCbor(value)
  } catch {
    return undefined
  }
}

const asProtobuf: Encoder = (random, value, kind) => {
  if (!kind) return undefined
  if (happens(random, 0.05)) {
    return Buffer.concat([
      envelopeHead(kind),
      nestedProtobuf(pick(random, [10, 99, 101, 5_000]), 1 + below(random, 20)),
    ])
  }
  try {
    return Buffer.from(encodeEnvelope(kind, value))
  } catch {
    // What the change made of it has no form in protobuf.
    return undefined
  }
}

const encoders: readonly (readonly [string, Encoder, number])[] = [
  ['application/json', asJson, 0.57],
  ['application/yaml', asYaml, 0.03],
  ['application/cbor', asCbor, 0.1],
  ['application/vnd.kubernetes.protobuf', asProtobuf, 0.3],
]

const oddTypes: readonly string[] = [
  '',
  'text/plain',
  'application/json; charset=utf-16',
  'application/json;',
  'application/json;;x',
  'APPLICATION/JSON',
  '*/*',
  'application/vnd.kubernetes.protobuf;type=x',
  'multipart/form-data; boundary=x',
  '\u00ff',
]

function encoderOf(random: Random): readonly [string, Encoder, number] {
  let drawn = random()
  for (const one of encoders) {
    drawn -= one[2]
    if (drawn < 0) return one
  }
  return encoders[0]!
}

/** `changed`: the share of bodies whose value is changed. */
export function bodyOf(random: Random, value: unknown, kind: Kind | undefined, changed = 0.7): Body {
  const wanted = happens(random, changed) ? mutateValue(random, value) : value
  const [type, encode] = encoderOf(random)
  const encoded = encode(random, wanted, kind)
  const bytes = encoded ?? asJson(random, wanted, kind)!
  const contentType = encoded ? type : 'application/json'
  return {
    contentType: happens(random, 0.02) ? pick(random, [...oddTypes, ...encoders.map(([name]) => name)]) : contentType,
    bytes: happens(random, encoded && type !== 'application/json' && type !== 'application/yaml' ? 0.4 : 0.05)
      ? mutateBytes(random, bytes)
      : bytes,
  }
}
