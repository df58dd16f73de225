/** Protobuf to objects. Unknown fields are dropped, as upstream does; malformed input throws DecodeError. */

import { choiceOf, valueOfMembers } from './choice.ts'
import { DecodeError } from './decode-error.ts'
import { sharedFields } from './fields-v1.ts'
import { showDuration } from './go-duration.ts'
import { readJson } from './json-decode.ts'
import { setMember } from './json-exact.ts'
import { quantityText } from './json-scalars.ts'
import { listFormType } from './json-shape.ts'
import type { Kind } from './kind.ts'
import { envelopePrefix } from './protobuf-encode.ts'
import { type Dialect, dropsZero, type LaidField, type LaidGroup, layoutOf } from './protobuf-layout.ts'
import { maxProtobufDepth, WireReader } from './protobuf-wire.ts'
import { showMicroTime, showTime, zeroTimeSeconds } from './time-format.ts'
import type { Message, ScalarName, Type } from './type.ts'

/** Longer messages are refused unless the caller names another bound. */
export const maxProtobufBytes = 64 * 1024 * 1024

/** Finds the kind that an envelope names. */
export type KindLookup = (apiVersion: string, kind: string) => Kind | undefined

/** A plain proto3 message: absent members stay absent, zeros on the wire are kept. Throws DecodeError. */
export function decodeMessage<T>(message: Message<T>, bytes: Uint8Array, maxBytes = maxProtobufBytes): T {
  return decode(message, bytes, 'plain', maxBytes) as T
}

/** A part of a Kubernetes object as upstream writes it, without envelope. Throws DecodeError. */
export function decodeApiMessage<T>(message: Message<T>, bytes: Uint8Array, maxBytes = maxProtobufBytes): T {
  return decode(message, bytes, 'upstream', maxBytes) as T
}

export const isEnveloped = (bytes: Uint8Array): boolean => envelopePrefix.every((byte, i) => bytes[i] === byte)

/** What the envelope says is in it. `raw` is a view on the input. Throws DecodeError. */
export function readEnvelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  if (!isEnveloped(bytes)) {
    throw new DecodeError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  }
  const envelope = { apiVersion: '', kind: '', raw: new Uint8Array() as Uint8Array }
  const reader = new WireReader(bytes.subarray(envelopePrefix.length))
  while (reader.at < reader.end) {
    const header = reader.header()
    if (header === 0x0a) readTypeMeta(new WireReader(reader.part()), envelope)
    else if (header === 0x12) envelope.raw = reader.part()
    else reader.skip(header & 7)
  }
  return envelope
}

function readTypeMeta(reader: WireReader, into: { apiVersion: string; kind: string }): void {
  while (reader.at < reader.end) {
    const header = reader.header()
    if (header === 0x0a) into.apiVersion = reader.text()
    else if (header === 0x12) into.kind = reader.text()
    else reader.skip(header & 7)
  }
}

/**
 * The object in an envelope, with the kind and apiVersion that the envelope names (the kind's own where it names none).
 * Given a kind, they are not compared with it. Throws DecodeError.
 */
export function decodeEnvelope<T>(of: Kind<T> | KindLookup, bytes: Uint8Array, maxBytes = maxProtobufBytes): T {
  const { apiVersion, kind: name, raw } = readEnvelope(bytes)
  const kind = typeof of === 'function' ? of(apiVersion, name) : of
  if (!kind) throw new DecodeError(`no kind "${name}" is registered for version "${apiVersion}"`)
  const object = decode(kind, raw, 'upstream', maxBytes) as object
  if (kind.options.typeless) return object as T
  return { kind: name || kind.gvk.kind, apiVersion: apiVersion || kind.apiVersion, ...object } as T
}

/** A frame of a protobuf watch: the event's type, and its object still enveloped. Throws DecodeError. */
export function decodeWatchEvent(bytes: Uint8Array): { type: string; object: Uint8Array } {
  const event = { type: '', object: new Uint8Array() as Uint8Array }
  const reader = new WireReader(bytes)
  while (reader.at < reader.end) {
    const header = reader.header()
    if (header === 0x0a) event.type = reader.text()
    else if (header === 0x12) event.object = rawExtension(reader)
    else reader.skip(header & 7)
  }
  return event
}

function decode(message: Message, bytes: Uint8Array, dialect: Dialect, maxBytes: number): unknown {
  if (bytes.length > maxBytes) {
    throw new DecodeError(`message of ${bytes.length} bytes exceeds the limit of ${maxBytes}`)
  }
  return partReaderOf(message, dialect)(new WireReader(bytes), undefined)
}

/** Reads a message up to the reader's end, into `previous` where the field stood on the wire before. */
type PartReader = (reader: WireReader, previous: unknown) => unknown
/** Reads one value of a field whose wire type is right; lists and maps are grown. */
type FieldReader = (reader: WireReader, previous: unknown) => unknown

const partReaders: Record<Dialect, WeakMap<Message, PartReader>> = { upstream: new WeakMap(), plain: new WeakMap() }

function partReaderOf(message: Message, dialect: Dialect): PartReader {
  const known = partReaders[dialect].get(message)
  if (known) return known
  let compiled: PartReader | undefined
  const reader: PartReader = (wire, previous) => {
    compiled ??= compile(message, dialect)
    return compiled(wire, previous)
  }
  partReaders[dialect].set(message, reader)
  return reader
}

function compile(message: Message, dialect: Dialect): PartReader {
  if (message.options.listForm) return listFormReader(message, dialect)
  const choice = choiceOf(message)
  const read = fieldsReader(message, dialect)
  return choice ? wire => valueOfMembers(choice, read(wire, undefined) as Readonly<Record<string, unknown>>) : read
}

function listFormReader(message: Message, dialect: Dialect): PartReader {
  const { read } = typeReader(listFormType(message), dialect)
  const header = ((message.fields.items?.facts.tag ?? 1) << 3) | 2
  return (reader, previous) => {
    let list: unknown = previous ?? []
    while (reader.at < reader.end) {
      const found = reader.header()
      if (found === header) list = read(reader, list)
      else reader.skip(found & 7)
    }
    return list
  }
}

interface MemberReader {
  readonly name: string
  readonly wireType: number
  /** Numeric lists come packed or one by one, whatever the schema says. */
  readonly packed: FieldReader | undefined
  readonly read: FieldReader
  readonly dropsZero: boolean
}

type Members = readonly (MemberReader | GroupReader | undefined)[]

interface GroupReader {
  readonly members: Members
}

function membersOf(all: readonly (LaidField | LaidGroup)[], dialect: Dialect): Members {
  const members: (MemberReader | GroupReader | undefined)[] = []
  for (const laid of all) {
    members[laid.tag] = 'inline' in laid ? { members: membersOf(laid.inline, dialect) } : memberReader(laid, dialect)
  }
  return members
}

function fieldsReader(message: Message, dialect: Dialect): PartReader {
  const members = membersOf(layoutOf(message), dialect)
  return (reader, previous) => {
    const object = (previous as Record<string, unknown> | undefined) ?? {}
    readMembers(reader, members, object)
    return object
  }
}

function readMembers(reader: WireReader, members: Members, object: Record<string, unknown>): void {
  while (reader.at < reader.end) {
    const header = reader.header()
    const member = members[header >>> 3]
    if (member === undefined) {
      reader.skip(header & 7)
    } else if ('members' in member) {
      if ((header & 7) !== 2) throw wrongWireType(header, 'an embedded message')
      inPart(reader, () => readMembers(reader, member.members, object))
    } else readMember(reader, header, member, object)
  }
}

function readMember(reader: WireReader, header: number, member: MemberReader, object: Record<string, unknown>): void {
  const { name } = member
  const wireType = header & 7
  let value: unknown
  if (wireType === member.wireType) value = member.read(reader, object[name])
  else if (wireType === 2 && member.packed) value = member.packed(reader, object[name])
  else throw wrongWireType(header, name)
  if (value === undefined || (member.dropsZero && (value === '' || value === 0 || value === false))) {
    // The last one counts.
    if (object[name] !== undefined) delete object[name]
  } else object[name] = value
}

const wrongWireType = (header: number, name: string): DecodeError =>
  new DecodeError(`proto: wrong wireType = ${header & 7} for field ${name}`)

function memberReader({ name, facts }: LaidField, dialect: Dialect): MemberReader {
  return { name, dropsZero: dialect === 'upstream' && dropsZero(facts), ...typeReader(facts.type, dialect) }
}

interface TypeReader {
  readonly wireType: number
  readonly packed: FieldReader | undefined
  readonly read: FieldReader
}

function typeReader(type: Type, dialect: Dialect): TypeReader {
  switch (type.is) {
    case 'enum':
      return { wireType: 2, packed: undefined, read: reader => reader.text() }
    case 'scalar':
      return { wireType: scalarWireType(type.name), packed: undefined, read: scalarReaders[type.name] }
    case 'list':
      return listReader(typeReader(type.of, dialect))
    case 'map':
      return { wireType: 2, packed: undefined, read: mapReader(type.of, typeReader(type.of, dialect)) }
    case 'message':
      return { wireType: 2, packed: undefined, read: messageReader(partReaderOf(type, dialect)) }
    case 'reference': {
      let read: FieldReader | undefined
      const lazily: FieldReader = (reader, previous) => {
        read ??= messageReader(partReaderOf(type.target(), dialect))
        return read(reader, previous)
      }
      return { wireType: 2, packed: undefined, read: lazily }
    }
  }
}

/** Runs `read` with the reader's end set to the end of the part that follows. */
function inPart<T>(reader: WireReader, read: () => T): T {
  const length = reader.partLength()
  const outerEnd = reader.end
  reader.end = reader.at + length
  if (++reader.depth > maxProtobufDepth) throw new DecodeError('proto: exceeded max depth')
  const value = read()
  reader.depth--
  reader.at = reader.end
  reader.end = outerEnd
  return value
}

const messageReader =
  (part: PartReader): FieldReader =>
  (reader, previous) =>
    inPart(reader, () => part(reader, previous))

function listReader({ wireType, read }: TypeReader): TypeReader {
  const append = (previous: unknown, element: unknown): unknown[] => {
    const list = (previous as unknown[] | undefined) ?? []
    list.push(element)
    return list
  }
  return {
    wireType,
    read: (reader, previous) => append(previous, read(reader, undefined)),
    packed:
      wireType === 2
        ? undefined
        : (reader, previous) =>
            inPart(reader, () => {
              let list = previous ?? []
              while (reader.at < reader.end) list = append(list, read(reader, undefined))
              return list
            }),
  }
}

function mapReader(of: Type, { wireType, read }: TypeReader): FieldReader {
  const entry = (reader: WireReader, map: Record<string, unknown>) => {
    let key = ''
    let value: unknown
    while (reader.at < reader.end) {
      const header = reader.header()
      if (header === 0x0a) key = reader.text()
      else if (header >>> 3 !== 2) reader.skip(header & 7)
      else if ((header & 7) === wireType) value = read(reader, undefined)
      else throw wrongWireType(header, 'a map value')
    }
    setMember(map, key, value === undefined ? zeroValue(of) : value)
    return map
  }
  return (reader, previous) =>
    inPart(reader, () => entry(reader, (previous as Record<string, unknown> | undefined) ?? {}))
}

/** Of a map's entry that has none. */
function zeroValue(type: Type): unknown {
  if (type.is === 'message') return type.options.listForm ? [] : {}
  if (type.is === 'reference') return {}
  if (type.is !== 'scalar') return ''
  if (type.name === 'bool') return false
  if (type.name === 'quantity') return '0'
  if (type.name === 'binary') return new Uint8Array()
  if (scalarWireType(type.name) !== 2) return 0
  return type.name === 'string' || type.name === 'bytes' || type.name === 'byteString' ? '' : null
}

function scalarWireType(name: ScalarName): number {
  if (name === 'double') return 1
  return name === 'bool' || /^u?int(32|64)$/.test(name) ? 0 : 2
}

/** Field 1 of a RawExtension or FieldsV1: a view on the input. */
function rawExtension(reader: WireReader): Uint8Array {
  return inPart(reader, () => {
    let raw: Uint8Array = new Uint8Array()
    while (reader.at < reader.end) {
      const header = reader.header()
      if (header === 0x0a) raw = reader.part()
      else reader.skip(header & 7)
    }
    return raw
  })
}

const textOfBytes = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

const readAny: FieldReader = reader => {
  const raw = rawExtension(reader)
  return raw.length === 0 ? undefined : readJson(raw)
}

/** Up to three numbers of a part; `text` is its field 3. */
function numbers(reader: WireReader): { first: number | bigint; second: number; text: string } {
  return inPart(reader, () => {
    const found = { first: 0 as number | bigint, second: 0, text: '' }
    while (reader.at < reader.end) {
      const header = reader.header()
      if (header === 0x08) found.first = reader.integer(true)
      else if (header === 0x10) found.second = reader.uint32() | 0
      else if (header === 0x1a) found.text = reader.text()
      else reader.skip(header & 7)
    }
    return found
  })
}

const timeReader =
  (show: (seconds: number, nanos: number) => string): FieldReader =>
  reader => {
    // An empty part is Go's zero time: unset.
    const isEmpty = reader.buffer[reader.at] === 0
    const { first, second } = numbers(reader)
    const seconds = Number(first)
    if (isEmpty || seconds === zeroTimeSeconds) return undefined
    return show(seconds, Math.min(Math.max(second, 0), 999_999_999))
  }

const scalarReaders: Readonly<Record<ScalarName, FieldReader>> = {
  string: reader => reader.text(),
  bool: reader => reader.integer(true) !== 0,
  int32: reader => reader.uint32() | 0,
  int64: reader => reader.integer(true),
  uint32: reader => reader.uint32(),
  uint64: reader => reader.integer(false),
  double: reader => reader.double(),
  bytes: reader => reader.part().toString('base64'),
  // A copy: the input may be a large frame that must not be kept for it.
  binary: reader => new Uint8Array(reader.part()),
  byteString: reader => reader.byteString(),
  quantity: reader =>
    inPart(reader, () => {
      let text = '0'
      while (reader.at < reader.end) {
        const header = reader.header()
        if (header === 0x0a) text = quantityText(reader.text())
        else reader.skip(header & 7)
      }
      return text
    }),
  intOrString: reader => {
    const { first, second, text } = numbers(reader)
    return first === 1 ? text : second
  },
  time: timeReader(showTime),
  microTime: timeReader(showMicroTime),
  duration: reader => showDuration(BigInt(numbers(reader).first)),
  raw: readAny,
  json: readAny,
  fieldsV1: reader => {
    const raw = rawExtension(reader)
    return raw.length === 0 ? undefined : sharedFields(textOfBytes(raw), readJson)
  },
}
