/** Objects to protobuf. The same object always gives the same bytes: fields by tag, maps by key. */
import { choiceOf, membersOfChoice } from './choice.ts'
import { fieldsText } from './fields-v1.ts'
import { parseDuration } from './go-duration.ts'
import { encodeJson, isSorted, stringifyJson } from './json-encode.ts'
import { listFormType } from './json-shape.ts'
import type { Kind } from './kind.ts'
import { type Dialect, type LaidField, type LaidGroup, layoutOf, writtenWhenUnset } from './protobuf-layout.ts'
import { WireWriter } from './protobuf-wire.ts'
import { parseTime } from './time-format.ts'
import type { Message, ScalarName, Type } from './type.ts'

/** `k8s\0`, which every enveloped object starts with. */
export const envelopePrefix: Uint8Array = Uint8Array.of(0x6b, 0x38, 0x73, 0)

/** A plain proto3 message, as of CRI or etcd: absent members are not written, lists of numbers are packed. */
export function encodeMessage(message: Message, value: unknown): Uint8Array {
  const writer = new WireWriter()
  partWriterOf(message, 'plain')(writer, value)
  return writer.bytes()
}

/** The same in front of what the writer has. */
export function writeMessage(writer: WireWriter, message: Message, value: unknown): void {
  partWriterOf(message, 'plain')(writer, value)
}

/** A part of a Kubernetes object as upstream writes it, without envelope. */
export function encodeApiMessage(message: Message, value: unknown): Uint8Array {
  return withScratch(writer => partWriterOf(message, 'upstream')(writer, value))
}

/** The same behind given bytes and its length. */
export function encodeApiMessageBehind(head: Uint8Array, message: Message, value: unknown): Buffer {
  return withScratch(writer => {
    partWriterOf(message, 'upstream')(writer, value)
    writer.uint32(writer.length)
    writer.raw(head)
  })
}

/** `k8s\0` and the type: what stands in front of the object in an envelope. */
export function envelopeHead(kind: Kind): Buffer {
  return withScratch(writer => writeEnvelopeHead(writer, kind))
}

const scratchBytes = 65_536
/** A writer that grew larger is not kept. */
const maxScratchBytes = 1_048_576
let scratch: WireWriter | undefined = new WireWriter(scratchBytes)

/** Runs `write` on the one writer kept for it; what is left of it is a copy of its own. */
function withScratch(write: (writer: WireWriter) => void): Buffer {
  const writer = scratch ?? new WireWriter(scratchBytes)
  // Taken meanwhile: encoding one object may need another one encoded.
  scratch = undefined
  write(writer)
  const bytes = writer.bytes()
  if (writer.capacity <= maxScratchBytes) {
    writer.reset()
    scratch = writer
  }
  return bytes
}

/**
 * An object in runtime.Unknown behind `k8s\0`: the body of `application/vnd.kubernetes.protobuf`. `apiVersion`: what it says
 * of itself.
 */
export function encodeEnvelope(kind: Kind, object: unknown, apiVersion = kind.apiVersion): Uint8Array {
  return withScratch(writer => {
    writeText(writer, 4, '')
    writeText(writer, 3, '')
    const beforeObject = writer.length
    partWriterOf(kind, 'upstream')(writer, object)
    writer.lengthHeader(2, beforeObject)
    writeEnvelopeHead(writer, kind, apiVersion)
  })
}

function writeEnvelopeHead(writer: WireWriter, kind: Kind, apiVersion = kind.apiVersion): void {
  const beforeTypeMeta = writer.length
  const { typeless } = kind.options
  writeText(writer, 2, typeless ? '' : kind.gvk.kind)
  writeText(writer, 1, typeless ? '' : apiVersion)
  writer.lengthHeader(1, beforeTypeMeta)
  writer.raw(envelopePrefix)
}

/** Writes the fields of a value, without tag and length. */
type PartWriter = (writer: WireWriter, value: unknown) => void
/** Writes one field with its tag. */
type FieldWriter = (writer: WireWriter, tag: number, value: unknown) => void

const partWriters: Record<Dialect, WeakMap<Message, PartWriter>> = { upstream: new WeakMap(), plain: new WeakMap() }

function partWriterOf(message: Message, dialect: Dialect): PartWriter {
  const known = partWriters[dialect].get(message)
  if (known) return known
  let compiled: PartWriter | undefined
  const writer: PartWriter = (wire, value) => {
    compiled ??= compile(message, dialect)
    compiled(wire, value)
  }
  partWriters[dialect].set(message, writer)
  return writer
}

function compile(message: Message, dialect: Dialect): PartWriter {
  if (message.options.listForm) return listFormWriter(message, dialect)
  const choice = choiceOf(message)
  const write = fieldsWriter(message, dialect)
  return choice ? (writer, value) => write(writer, membersOfChoice(choice, value)) : write
}

function listFormWriter(message: Message, dialect: Dialect): PartWriter {
  const write = typeWriter(listFormType(message), dialect)
  const tag = message.fields.items?.facts.tag ?? 1
  return (writer, value) => write(writer, tag, value)
}

/** Writes one member of a value, or nothing where it is absent. */
type MemberWriter = (writer: WireWriter, value: Record<string, unknown>) => void

function fieldsWriter(message: Message, dialect: Dialect): PartWriter {
  const members = layoutOf(message)
    .reverse()
    .map(laid => laidWriter(laid, dialect))
  return (writer, value) => {
    for (const member of members) member(writer, value as Record<string, unknown>)
  }
}

function laidWriter(laid: LaidField | LaidGroup, dialect: Dialect): MemberWriter {
  if (!('inline' in laid)) return memberWriter(laid, dialect)
  const inner = laid.inline.toReversed().map(one => laidWriter(one, dialect))
  return groupWriter(laid.tag, inner, dialect)
}

function groupWriter(tag: number, inner: readonly MemberWriter[], dialect: Dialect): MemberWriter {
  return (writer, value) => {
    const before = writer.length
    for (const member of inner) member(writer, value)
    if (dialect === 'upstream' || writer.length > before) writer.lengthHeader(tag, before)
  }
}

function memberWriter({ name, tag, facts }: LaidField, dialect: Dialect): MemberWriter {
  const write = typeWriter(facts.type, dialect)
  const unset = dialect === 'upstream' && writtenWhenUnset(facts) ? unsetWriter(facts.type, dialect) : undefined
  return (writer, value) => {
    const member = value[name]
    if (member !== undefined && member !== null) write(writer, tag, member)
    else unset?.(writer, tag, undefined)
  }
}

function typeWriter(type: Type, dialect: Dialect): FieldWriter {
  switch (type.is) {
    case 'enum':
      return writeText
    case 'scalar':
      return scalarWriters[type.name]
    case 'list':
      return dialect === 'plain' && isPackable(type.of)
        ? packedWriter(type.of)
        : listWriter(typeWriter(type.of, dialect))
    case 'map':
      return mapWriter(typeWriter(type.of, dialect))
    case 'message':
      return messageWriter(partWriterOf(type, dialect))
    case 'reference': {
      let write: FieldWriter | undefined
      return (writer, tag, value) => {
        write ??= messageWriter(partWriterOf(type.target(), dialect))
        write(writer, tag, value)
      }
    }
  }
}

/** What upstream writes for an unset field. */
function unsetWriter(type: Type, dialect: Dialect): FieldWriter {
  if (type.is === 'enum') return (writer, tag) => writeText(writer, tag, '')
  if (type.is !== 'scalar') {
    const write = typeWriter(type, dialect)
    const listForm = type.is === 'message' && type.options.listForm
    return (writer, tag) => write(writer, tag, listForm ? [] : {})
  }
  const zero = unsetScalars[type.name]
  if (zero === undefined) return (writer, tag) => writer.lengthHeader(tag, writer.length)
  return (writer, tag) => scalarWriters[type.name](writer, tag, zero)
}

/** Zero values; types without one are an empty part. */
const unsetScalars: Readonly<Partial<Record<ScalarName, unknown>>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  double: 0,
  quantity: '0',
  intOrString: 0,
  duration: '0s',
}

const messageWriter =
  (part: PartWriter): FieldWriter =>
  (writer, tag, value) => {
    const before = writer.length
    part(writer, value)
    writer.lengthHeader(tag, before)
  }

const listWriter =
  (element: FieldWriter): FieldWriter =>
  (writer, tag, value) => {
    const list = value as unknown[]
    for (let i = list.length - 1; i >= 0; i--) element(writer, tag, list[i])
  }

const mapWriter =
  (element: FieldWriter): FieldWriter =>
  (writer, tag, value) => {
    const map = value as Record<string, unknown>
    const keys = Object.keys(map)
    // By bytes, as Go sorts; for surrogate pairs JavaScript's own order differs.
    if (keys.some(hasSurrogate)) keys.sort(compareBytes)
    else if (!isSorted(keys)) keys.sort()
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i]!
      if (map[key] === undefined) continue
      const before = writer.length
      if (map[key] !== null) element(writer, 2, map[key])
      else writer.lengthHeader(2, writer.length)
      writeText(writer, 1, key)
      writer.lengthHeader(tag, before)
    }
  }

const hasSurrogate = (text: string): boolean => /[\ud800-\udfff]/.test(text)
const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

const packable: ReadonlySet<ScalarName> = new Set<ScalarName>(['bool', 'int32', 'int64', 'uint32', 'uint64', 'double'])

const isPackable = (type: Type): boolean => type.is === 'scalar' && packable.has(type.name)

const packedWriter =
  (of: Type): FieldWriter =>
  (writer, tag, value) => {
    const list = value as (number | bigint | boolean)[]
    if (list.length === 0) return
    const before = writer.length
    for (let i = list.length - 1; i >= 0; i--) {
      const element = list[i]!
      if (of.is === 'scalar' && of.name === 'double') writer.double(Number(element))
      else writer.integer(typeof element === 'boolean' ? Number(element) : element)
    }
    writer.lengthHeader(tag, before)
  }

const writeText: FieldWriter = (writer, tag, value) => {
  const before = writer.length
  writer.text(value as string)
  writer.lengthHeader(tag, before)
}

const writeInteger: FieldWriter = (writer, tag, value) => {
  writer.integer(value as number | bigint)
  writer.tag(tag, 0)
}

const writeBytes = (writer: WireWriter, tag: number, value: Uint8Array): void => {
  const before = writer.length
  writer.raw(value)
  writer.lengthHeader(tag, before)
}

/** A message with the JSON text of the value in field 1. */
const writeAny: FieldWriter = (writer, tag, value) => {
  const before = writer.length
  writeBytes(writer, 1, encodeJson(value))
  writer.lengthHeader(tag, before)
}

const timeWriter =
  (withNanos: boolean): FieldWriter =>
  (writer, tag, value) => {
    const before = writer.length
    if (value !== '') {
      const { seconds, nanos } = parseTime(value as string)
      writeInteger(writer, 2, withNanos ? nanos : 0)
      writeInteger(writer, 1, seconds)
    }
    writer.lengthHeader(tag, before)
  }

const scalarWriters: Readonly<Record<ScalarName, FieldWriter>> = {
  string: writeText,
  bool: (writer, tag, value) => {
    writer.uint32(value ? 1 : 0)
    writer.tag(tag, 0)
  },
  int32: writeInteger,
  int64: writeInteger,
  uint32: writeInteger,
  uint64: writeInteger,
  double: (writer, tag, value) => {
    writer.double(value as number)
    writer.tag(tag, 1)
  },
  bytes: (writer, tag, value) => writeBytes(writer, tag, Buffer.from(value as string, 'base64')),
  binary: (writer, tag, value) => writeBytes(writer, tag, value as Uint8Array),
  byteString: (writer, tag, value) => {
    const before = writer.length
    writer.byteString(value as string)
    writer.lengthHeader(tag, before)
  },
  quantity: (writer, tag, value) => {
    const before = writer.length
    writeText(writer, 1, value)
    writer.lengthHeader(tag, before)
  },
  intOrString: (writer, tag, value) => {
    const isText = typeof value === 'string'
    const before = writer.length
    writeText(writer, 3, isText ? value : '')
    writeInteger(writer, 2, isText ? 0 : value)
    writeInteger(writer, 1, isText ? 1 : 0)
    writer.lengthHeader(tag, before)
  },
  time: timeWriter(false),
  microTime: timeWriter(true),
  duration: (writer, tag, value) => {
    const before = writer.length
    writeInteger(writer, 1, parseDuration(value as string))
    writer.lengthHeader(tag, before)
  },
  raw: writeAny,
  json: writeAny,
  fieldsV1: (writer, tag, value) => {
    const before = writer.length
    writeText(writer, 1, fieldsText(value, stringifyJson))
    writer.lengthHeader(tag, before)
  },
}
