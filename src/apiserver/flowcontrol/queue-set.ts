/**
 * The fair queues of one priority level (KEP-1040, "Fair Queuing for Server Requests"). Pure: time is handed in. Every
 * queue has a virtual time at which its next request would start if the seats were shared by all queues evenly; the
 * request that would finish first in that sense runs next. A request that runs shorter or longer than guessed moves its
 * queue's time by the difference.
 */
import { dealHand, type FlowHash } from '../../machinery/flowcontrol/shuffle-sharding.ts'

export interface QueueShape {
  readonly queues: number
  readonly handSize: number
  readonly queueLengthLimit: number
}

/** What a request takes: seats while it runs, and seats that it blocks for a while after its end. */
export interface Work {
  readonly seats: number
  readonly finalSeats: number
  readonly finalMs: number
}

export interface WaitingRequest {
  readonly flow: string
  readonly work: Work
  readonly arrivedMs: number
  readonly queue: number
  /** Called once: with undefined to run, or with the reason for which it is sent away. */
  readonly decide: (refusal: RefusalReason | undefined) => void
}

export type RefusalReason = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled'

interface Queue {
  readonly waiting: WaitingRequest[]
  waitingSeats: number
  /** Seats of its requests that run. */
  seatsInUse: number
  running: number
  /** Virtual start of the next request, in seat-milliseconds. */
  nextStart: number
}

/** What a request holds while it runs. */
export interface Running {
  readonly queue: number
  readonly startedMs: number
  readonly work: Work
}

/** The guess of how long a request runs, made good when it ends. */
const guessMs = 3

export class QueueSet {
  readonly #queues: Queue[] = []
  #shape: QueueShape | undefined
  #limit: number
  #virtual = 0
  #advancedMs = 0
  #activeQueues = 0
  seatsInUse = 0
  running = 0
  waiting = 0
  waitingSeats = 0

  constructor(limit: number, shape: QueueShape | undefined) {
    this.#limit = limit
    this.reshape(shape)
  }

  get limit(): number {
    return this.#limit
  }

  /** Queues beyond the new number drain; new requests go to the others. Undefined: no queues, who finds no seat is refused. */
  reshape(shape: QueueShape | undefined): void {
    this.#shape = shape
    while (this.#queues.length < (shape?.queues ?? 1)) {
      this.#queues.push({ waiting: [], waitingSeats: 0, seatsInUse: 0, running: 0, nextStart: 0 })
    }
  }

  setLimit(limit: number, nowMs: number): void {
    this.#advance(nowMs)
    this.#limit = limit
    this.#dispatch(nowMs)
  }

  /** A seat at once, a place in a queue (undefined), or the reason for none. */
  enter(hash: () => FlowHash, flow: string, work: Work, nowMs: number, wait: WaitingRequest['decide']): Entered {
    if (this.waiting === 0 && this.#fits(work.seats)) {
      const queue = this.#shape ? this.#choose(hash()) : 0
      this.#advance(nowMs)
      return { is: 'running', running: this.#start(queue, work, nowMs) }
    }
    const shape = this.#shape
    if (!shape) return { is: 'refused', reason: 'concurrency-limit' }
    this.#advance(nowMs)
    const index = this.#choose(hash())
    const queue = this.#queues[index]!
    if (queue.waiting.length >= shape.queueLengthLimit) return { is: 'refused', reason: 'queue-full' }
    this.#activate(queue)
    const request: WaitingRequest = { flow, work, arrivedMs: nowMs, queue: index, decide: wait }
    queue.waiting.push(request)
    queue.waitingSeats += work.seats
    this.waiting++
    this.waitingSeats += work.seats
    return { is: 'waiting', request }
  }

  /** Takes a request out of its queue. False where it is no longer there. */
  abandon(request: WaitingRequest, nowMs: number): boolean {
    const queue = this.#queues[request.queue]!
    const at = queue.waiting.indexOf(request)
    if (at < 0) return false
    this.#advance(nowMs)
    this.#unqueue(queue, at)
    this.#deactivate(queue)
    return true
  }

  /** The request has ended: its seats are free, but for those that it blocks for a while (`releaseFinal` frees them). */
  finish(running: Running, nowMs: number): void {
    this.#advance(nowMs)
    const { work, startedMs } = running
    const queue = this.#queues[running.queue]!
    const held = work.finalMs > 0 ? work.finalSeats : 0
    queue.nextStart += (nowMs - startedMs - guessMs) * work.seats + work.finalMs * work.finalSeats
    this.running--
    queue.running--
    this.#release(queue, work.seats - held, nowMs)
  }

  releaseFinal({ queue, work }: Running, nowMs: number): void {
    this.#advance(nowMs)
    this.#release(this.#queues[queue]!, work.finalSeats, nowMs)
  }

  /** For the debug endpoints. */
  describe(): readonly {
    readonly waiting: readonly WaitingRequest[]
    readonly running: number
    readonly seats: number
  }[] {
    return this.#queues.map(({ waiting, running, seatsInUse }) => ({ waiting, running, seats: seatsInUse }))
  }

  #release(queue: Queue, seats: number, nowMs: number): void {
    queue.seatsInUse -= seats
    this.seatsInUse -= seats
    this.#deactivate(queue)
    this.#dispatch(nowMs)
  }

  /** A request that needs more seats than there are runs alone. */
  #fits(seats: number): boolean {
    return this.seatsInUse + seats <= this.#limit || (this.seatsInUse === 0 && this.#limit > 0)
  }

  #start(index: number, work: Work, nowMs: number): Running {
    const queue = this.#queues[index]!
    this.#activate(queue)
    queue.seatsInUse += work.seats
    queue.running++
    queue.nextStart += guessMs * work.seats
    this.seatsInUse += work.seats
    this.running++
    return { queue: index, startedMs: nowMs, work }
  }

  #choose(hash: FlowHash): number {
    const { queues, handSize } = this.#shape!
    let best = -1
    let least = Infinity
    for (const index of dealHand(hash, queues, handSize)) {
      const { waitingSeats, seatsInUse } = this.#queues[index]!
      const load = waitingSeats + seatsInUse
      if (load < least) {
        least = load
        best = index
      }
    }
    return best
  }

  /** Virtual time runs at the seats that each queue would get. */
  #advance(nowMs: number): void {
    const elapsedMs = nowMs - this.#advancedMs
    this.#advancedMs = nowMs
    if (elapsedMs <= 0 || this.#activeQueues === 0) return
    const wanted = this.seatsInUse + this.waitingSeats
    this.#virtual += (elapsedMs * Math.min(wanted, this.#limit)) / this.#activeQueues
  }

  #isActive = (queue: Queue): boolean => queue.waiting.length > 0 || queue.seatsInUse > 0

  #activate(queue: Queue): void {
    if (this.#isActive(queue)) return
    this.#activeQueues++
    // An idle queue saves up nothing.
    queue.nextStart = this.#virtual
  }

  #deactivate(queue: Queue): void {
    if (!this.#isActive(queue)) this.#activeQueues--
  }

  #dispatch(nowMs: number): void {
    while (this.waiting > 0) {
      const queue = this.#next()
      const request = queue?.waiting[0]
      if (!queue || !request || !this.#fits(request.work.seats)) return
      this.#start(request.queue, request.work, nowMs)
      this.#unqueue(queue, 0)
      request.decide(undefined)
    }
  }

  #unqueue(queue: Queue, at: number): void {
    const [request] = queue.waiting.splice(at, 1)
    const { seats } = request!.work
    queue.waitingSeats -= seats
    this.waiting--
    this.waitingSeats -= seats
  }

  /** The queue whose head would finish first. */
  #next(): Queue | undefined {
    let best: Queue | undefined
    let first = Infinity
    for (const queue of this.#queues) {
      const head = queue.waiting[0]
      if (!head) continue
      const finish = queue.nextStart + guessMs * head.work.seats
      if (finish < first) {
        first = finish
        best = queue
      }
    }
    return best
  }
}

export type Entered =
  | { readonly is: 'running'; readonly running: Running }
  | { readonly is: 'waiting'; readonly request: WaitingRequest }
  | { readonly is: 'refused'; readonly reason: RefusalReason }
