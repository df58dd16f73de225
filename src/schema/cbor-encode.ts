/**
 * Values to CBOR (RFC 8949) as Kubernetes writes it: strings and keys as byte strings, keys of maps in bytewise order,
 * bytes tagged for base64, floats in the shortest form that keeps them, and the self-described tag in front.
 */
import { type Choice, choiceOf } from './choice.ts'
import { listFormType } from './json-shape.ts'
import type { Kind } from './kind.ts'
import type { Message, Type } from './type.ts'

/** Tag 55799, by which a document is known to be CBOR. */
export const selfDescribedTag: Uint8Array = Uint8Array.of(0xd9, 0xd9, 0xf7)

/** Any JSON value; bigints are integers. */
export function encodeCbor(value: unknown): Buffer {
  const writer = new CborWriter()
  writer.raw(selfDescribedTag)
  writeAny(writer, value)
  return writer.take()
}

/** An object with its kind and apiVersion. */
export function encodeCborObject(kind: Kind, object: unknown): Buffer {
  const writer = new CborWriter()
  writer.raw(selfDescribedTag)
  memberWriterOf(kind, true)(writer, object)
  return writer.take()
}

/** An object without tag, kind and apiVersion, as the item of a list. */
export function encodeCborItem(kind: Kind, object: unknown): Buffer {
  const writer = new CborWriter()
  memberWriterOf(kind, false)(writer, object)
  return writer.take()
}

const half = new DataView(new ArrayBuffer(8))

/** Grows as needed. */
export class CborWriter {
  #buffer = Buffer.allocUnsafeSlow(1_024)
  #length = 0

  take(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** The head of an item: its major type, and a length or value. */
  head(major: number, argument: number | bigint): void {
    this.#reserve(9)
    const type = major << 5
    if (argument < 24) this.#buffer[this.#length++] = type | Number(argument)
    else if (argument < 0x100) this.#sized(type | 24, 1, Number(argument))
    else if (argument < 0x10000) this.#sized(type | 25, 2, Number(argument))
    else if (argument < 0x1_0000_0000) this.#sized(type | 26, 4, Number(argument))
    else {
      this.#buffer[this.#length++] = type | 27
      this.#length = this.#buffer.writeBigUInt64BE(BigInt(argument), this.#length)
    }
  }

  /** Text as a byte string. */
  text(text: string): void {
    const bytes = Buffer.byteLength(text)
    this.head(2, bytes)
    this.#reserve(bytes)
    this.#length += this.#buffer.write(text, this.#length)
  }

  /** Bytes, in JSON base64. */
  bytes(base64: string): void {
    this.head(6, 22)
    const bytes = Buffer.from(base64, 'base64')
    this.head(2, bytes.length)
    this.raw(bytes)
  }

  integer(value: number | bigint): void {
    if (value >= 0) this.head(0, value)
    else this.head(1, typeof value === 'bigint' ? -value - 1n : -value - 1)
  }

  float(value: number): void {
    this.#reserve(9)
    const size = Math.f16round(value) === value ? 2 : Math.fround(value) === value ? 4 : 8
    if (size === 2) half.setFloat16(0, value)
    else if (size === 4) half.setFloat32(0, value)
    else half.setFloat64(0, value)
    this.#buffer[this.#length++] = size === 2 ? 0xf9 : size === 4 ? 0xfa : 0xfb
    for (let i = 0; i < size; i++) this.#buffer[this.#length++] = half.getUint8(i)
  }

  /** false, true or null. */
  simple(value: boolean | null): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = value === null ? 0xf6 : value ? 0xf5 : 0xf4
  }

  #sized(head: number, size: number, argument: number): void {
    this.#buffer[this.#length++] = head
    this.#length = this.#buffer.writeUIntBE(argument, this.#length, size)
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length + bytes, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

/** The order of their encodings: the shorter first. */
function compareKeys(a: string, b: string): number {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length - right.length || Buffer.compare(left, right)
}

type Write = (writer: CborWriter, value: unknown) => void

const writeAny: Write = (writer, value) => {
  if (typeof value === 'string') writer.text(value)
  else if (typeof value === 'bigint') writer.integer(value)
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) writer.integer(value)
    else writer.float(value)
  } else if (typeof value === 'boolean') writer.simple(value)
  else if (value === null || value === undefined) writer.simple(null)
  else if (Array.isArray(value)) writeList(writer, value, writeAny)
  else writeMap(writer, value as Record<string, unknown>, writeAny)
}

function writeList(writer: CborWriter, list: readonly unknown[], write: Write): void {
  writer.head(4, list.length)
  for (const element of list) write(writer, element)
}

function writeMap(writer: CborWriter, map: Record<string, unknown>, write: Write): void {
  const keys = Object.keys(map).filter(key => map[key] !== undefined)
  writer.head(5, keys.length)
  for (const key of keys.sort(compareKeys)) {
    writer.text(key)
    write(writer, map[key])
  }
}

function typeWriter(type: Type): Write {
  switch (type.is) {
    case 'enum':
      return writeAny
    case 'scalar':
      if (type.name === 'bytes') return (writer, value) => writer.bytes(value as string)
      return type.name === 'double' ? (writer, value) => writer.float(Number(value)) : writeAny
    case 'list': {
      const element = typeWriter(type.of)
      return (writer, value) => writeList(writer, value as unknown[], element)
    }
    case 'map': {
      const element = typeWriter(type.of)
      return (writer, value) => writeMap(writer, value as Record<string, unknown>, element)
    }
    case 'message':
      return (writer, value) => memberWriterOf(type, false)(writer, value)
    case 'reference':
      return (writer, value) => memberWriterOf(type.target(), false)(writer, value)
  }
}

const memberWriters: readonly [WeakMap<Message, Write>, WeakMap<Message, Write>] = [new WeakMap(), new WeakMap()]

/** Writes the members of a message, compiled once; `named`: with kind and apiVersion whether given or not. */
function memberWriterOf(message: Message, named: boolean): Write {
  const known = memberWriters[named ? 1 : 0].get(message)
  if (known) return known
  const choice = choiceOf(message)
  let made: Write
  if (choice) made = choiceWriter(choice)
  else made = message.options.listForm ? typeWriter(listFormType(message)) : fieldsWriter(message, named)
  memberWriters[named ? 1 : 0].set(message, made)
  return made
}

function choiceWriter({ object, other }: Choice): Write {
  const writeObject = typeWriter(object.facts.type)
  const writeOther = typeWriter(other.facts.type)
  return (writer, value) => {
    const isObject = typeof value === 'object' && !Array.isArray(value)
    return isObject ? writeObject(writer, value) : writeOther(writer, value)
  }
}

interface Member {
  readonly name: string
  readonly write: Write
  readonly orNull: boolean
  readonly omitZero: boolean
}

function fieldsWriter(message: Message, named: boolean): Write {
  let members: Member[] | undefined
  const compile = (): Member[] => {
    const all: Member[] = Object.entries(message.fields).map(([name, { facts }]) => ({
      name,
      write: typeWriter(facts.type),
      orNull: facts.orNull === true,
      omitZero: facts.omitZero === true,
    }))
    if (message.gvk && !message.options.typeless) {
      const kind = message as Kind
      const typeMeta = (name: string, value: string): Member => ({
        name,
        write: (writer, given) => writer.text(named ? value : (given as string)),
        orNull: named,
        omitZero: false,
      })
      all.push(typeMeta('kind', kind.gvk.kind), typeMeta('apiVersion', kind.apiVersion))
    }
    return all.sort((a, b) => compareKeys(a.name, b.name))
  }
  return (writer, value) => {
    members ??= compile()
    const given = value as Record<string, unknown>
    const isWritten = ({ name, orNull, omitZero }: Member) => {
      const member = given[name]
      if (omitZero && (member === 0 || member === '')) return false
      return orNull || (member !== undefined && member !== null)
    }
    const written = members.filter(isWritten)
    writer.head(5, written.length)
    for (const { name, write } of written) {
      writer.text(name)
      const member = given[name]
      if ((name === 'kind' || name === 'apiVersion') && named) write(writer, member)
      else if (member === undefined || member === null) writer.simple(null)
      else write(writer, member)
    }
  }
}
