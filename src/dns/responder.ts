/** One DNS message in, one out: parses, answers from the cluster or upstream, encodes and truncates. */
import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  type Answer as PacketAnswer,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet'
import { questionEnd } from './message-scan.ts'
import { type ClusterNames, type DnsRecord, resolve, soaOf } from './records.ts'
import type { Upstream } from './upstream.ts'

export type Transport = 'udp' | 'tcp'

/** What a UDP answer may be without EDNS (RFC 1035), and at most with it (DNS flag day 2020). */
const plainUdpBytes = 512
const maxUdpBytes = 1232

const rcodes = { noError: 0, formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5 } as const

export class Responder {
  readonly #names: ClusterNames
  readonly #upstream: Upstream
  readonly #random: () => number

  constructor(names: ClusterNames, upstream: Upstream, random: () => number) {
    this.#names = names
    this.#upstream = upstream
    this.#random = random
  }

  /** The answer, or undefined for what deserves none (a response, or garbage without a header). */
  async respond(message: Buffer, transport: Transport): Promise<Buffer | undefined> {
    if (message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0) return undefined
    let query: Packet
    try {
      query = decode(message)
    } catch {
      return failure(message, rcodes.formatError)
    }
    const question = query.questions?.[0]
    if (((message[2] ?? 0) & 0x78) !== 0) return failure(message, rcodes.notImplemented)
    if (query.questions?.length !== 1 || !question || (question.class ?? 'IN') !== 'IN')
      return failure(message, rcodes.refused)
    const name = question.name.toLowerCase().replace(/\.$/, '')
    const answer = resolve(name, question.type, this.#names)
    switch (answer.kind) {
      case 'forward':
        return this.#forward(message, query, `${name} ${question.type} ${variantOf(query)}`, transport)
      case 'alias':
        return this.#alias(query, answer.aliases, answer.target, transport)
      case 'answer':
        return this.#encode(query, rcodes.noError, this.#shuffled(answer.answers), answer.additionals, [], transport)
      case 'noData':
        return this.#encode(query, rcodes.noError, [], [], [soaOf(this.#names.domain)], transport)
      case 'nameError':
        return this.#encode(query, rcodes.nameError, [], [], [soaOf(this.#names.domain)], transport)
    }
  }

  async #forward(message: Buffer, query: Packet, key: string, transport: Transport): Promise<Buffer> {
    try {
      const response = await this.#upstream.ask(message, `${transport} ${key}`, transport === 'tcp')
      return transport === 'udp' && response.length > udpLimit(query) ? truncated(response) : response
    } catch {
      return failure(message, rcodes.serverFailure)
    }
  }

  async #alias(query: Packet, aliases: readonly DnsRecord[], target: string, transport: Transport): Promise<Buffer> {
    const type = query.questions?.[0]?.type ?? 'A'
    let answers: PacketAnswer[] = []
    if (type !== 'CNAME') {
      try {
        const forwarded = encode({
          type: 'query',
          id: query.id ?? 0,
          flags: RECURSION_DESIRED,
          questions: [{ type, name: target }],
        })
        answers =
          decode(await this.#upstream.ask(forwarded, `${transport} ${target} ${type} alias`, transport === 'tcp'))
            .answers ?? []
      } catch {
        // The alias alone is still true.
      }
    }
    return this.#encode(query, rcodes.noError, [...aliases, ...answers], [], [], transport)
  }

  #encode(
    query: Packet,
    rcode: number,
    answers: readonly (DnsRecord | PacketAnswer)[],
    additionals: readonly DnsRecord[],
    authorities: readonly DnsRecord[],
    transport: Transport,
  ): Buffer {
    const edns = query.additionals?.some(record => record.type === 'OPT') === true
    const opt = edns
      ? [{ type: 'OPT', name: '.', udpPayloadSize: maxUdpBytes, flags: 0, options: [] } as unknown as PacketAnswer]
      : []
    const asked = query.questions?.[0]?.name ?? ''
    const lower = asked.toLowerCase()
    // Answers carry the name as it was spelt in the question.
    const spelt = <R extends { readonly name: string }>(record: R): R =>
      record.name === lower && asked !== lower ? { ...record, name: asked } : record
    const wantsRecursion = (query.flags ?? 0) & RECURSION_DESIRED
    const packet = (flags: number, kept: readonly (DnsRecord | PacketAnswer)[], extra: readonly DnsRecord[]): Buffer =>
      encode({
        type: 'response',
        id: query.id ?? 0,
        flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | wantsRecursion | flags | rcode,
        questions: query.questions ?? [],
        answers: kept.map(spelt) as PacketAnswer[],
        authorities: authorities as PacketAnswer[],
        additionals: [...(extra as PacketAnswer[]), ...opt],
      })
    const whole = packet(0, answers, additionals)
    const limit = transport === 'udp' ? udpLimit(query) : 65_535
    if (whole.length <= limit) return whole
    const withoutExtra = packet(0, answers, [])
    if (withoutExtra.length <= limit) return withoutExtra
    const perAnswer = withoutExtra.length / answers.length
    return packet(TRUNCATED_RESPONSE, answers.slice(0, Math.max(0, Math.floor((limit - 100) / perAnswer))), [])
  }

  /** Address records in random order, so that clients that take the first spread over all. */
  #shuffled(records: readonly DnsRecord[]): readonly DnsRecord[] {
    const order = [...records]
    for (let i = order.length - 1; i > 0; i -= 1) {
      const j = Math.floor(this.#random() * (i + 1))
      const [a, b] = [order[i], order[j]]
      if (a && b && a.type !== 'CNAME' && b.type !== 'CNAME') [order[i], order[j]] = [b, a]
    }
    return order
  }
}

/** What else than the question makes answers differ: EDNS with its size and flags, and the flags RD, AD and CD. */
function variantOf(query: Packet): string {
  const opt = query.additionals?.find(record => record.type === 'OPT') as
    | { udpPayloadSize?: number; flags?: number }
    | undefined
  return `${(query.flags ?? 0) & 0x0130} ${opt === undefined ? '' : `${opt.udpPayloadSize}/${opt.flags}`}`
}

function udpLimit(query: Packet): number {
  const opt = query.additionals?.find(record => record.type === 'OPT') as { udpPayloadSize?: number } | undefined
  return Math.min(maxUdpBytes, Math.max(plainUdpBytes, opt?.udpPayloadSize ?? 0))
}

/** The header and question of a query, with a response code. Clients ignore an answer without their question. */
function failure(message: Buffer, rcode: number): Buffer {
  const answer = headAndQuestion(message)
  answer[2] = 0x80 | ((message[2] ?? 0) & 0x79)
  answer[3] = 0x80 | rcode
  return answer
}

/** The beginning of a response that is too large: the client asks again over TCP. */
function truncated(response: Buffer): Buffer {
  const answer = headAndQuestion(response)
  answer[2] = (answer[2] ?? 0) | 0x02
  return answer
}

function headAndQuestion(message: Buffer): Buffer {
  const end = questionEnd(message)
  const copy = Buffer.from(message.subarray(0, end))
  copy.writeUInt16BE(end > 12 ? 1 : 0, 4)
  copy.fill(0, 6, 12)
  return copy
}
