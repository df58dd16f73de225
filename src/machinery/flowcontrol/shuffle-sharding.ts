/**
 * Shuffle sharding (KEP-1040): a hash deals each flow a hand of queues, so that two flows seldom share all of them. A
 * hash has 60 bits, in two halves because numbers are exact to 53.
 */
export const maxHashBits = 60
const halfRange = 2 ** 30

/** Bits that tell all hands of `handSize` out of `queues` apart. */
export function requiredHashBits(queues: number, handSize: number): number {
  let bits = 0
  for (let i = 0; i < handSize; i++) bits += Math.log2(queues - i)
  return Math.ceil(bits)
}

export interface FlowHash {
  readonly high: number
  readonly low: number
}

/** Two FNV-1a hashes of 32 bits with different seeds. The schema and the distinguisher are told apart by a separator. */
export function flowHash(schema: string, distinguisher: string): FlowHash {
  let high = 0x811c9dc5
  let low = 0x5bd1e995
  const mix = (unit: number) => {
    high = Math.imul(high ^ unit, 0x01000193)
    low = Math.imul(low ^ unit, 0x01000193)
  }
  for (let i = 0; i < schema.length; i++) mix(schema.charCodeAt(i))
  mix(0x10000)
  for (let i = 0; i < distinguisher.length; i++) mix(distinguisher.charCodeAt(i))
  return { high: finished(high), low: finished(low) }
}

/** Spreads the last units over all bits (murmur3's finaliser), and keeps 30 of them. */
function finished(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) & (halfRange - 1)
}

/** The numbers of `handSize` different queues. */
export function dealHand(hash: FlowHash, queues: number, handSize: number): number[] {
  let { high, low } = hash
  const hand: number[] = []
  const sorted: number[] = []
  for (let i = 0; i < handSize; i++) {
    // One digit of the hash in a number system whose base is what is left of the deck.
    const deck = queues - i
    const rest = (high % deck) * halfRange + low
    high = Math.floor(high / deck)
    low = Math.floor(rest / deck)
    let card = rest % deck
    // Cards dealt before are no longer in the deck.
    let at = 0
    for (; at < sorted.length && card >= sorted[at]!; at++) card++
    sorted.splice(at, 0, card)
    hand.push(card)
  }
  return hand
}
