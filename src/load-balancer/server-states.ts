/** Which API servers there are and how they are, by what their checks told. Pure. */

/** `host:port`. */
export type ServerAddress = string

/**
 * `ready`: takes work; `unready`: answers, but cannot serve just now, as without its store; `leaving`: answers, and asks to be
 * left alone; `down`: does not answer; `unknown`: not asked yet.
 */
export type ServerState = 'ready' | 'unknown' | 'unready' | 'leaving' | 'down'

interface Entry {
  state: ServerState
  /** Checks in a row that found it leaving. */
  misses: number
  /** When it was last found ready, and when the first of the checks in a row began that found it not to be. */
  readyAt: number
  failedSince: number
  /**
   * What became of those that were made while it was ready. Doubtful: it does not answer, and they were kept, as there is
   * nobody to go to.
   */
  connections: 'kept' | 'doubtful' | 'ended'
}

/** More are ignored: a list from the cluster is bounded like everything. */
const maxServers = 64
/** A server that stops hands its connections back by itself within a few checks. */
const missesUntilLeft = 4

const rank: Readonly<Record<ServerState, number>> = { ready: 0, unknown: 1, unready: 2, leaving: 3, down: 4 }

export class ServerStates {
  #entries = new Map<ServerAddress, Entry>()
  /** Counts what happens, so that it has an order. */
  #now = 0

  constructor(servers: readonly ServerAddress[]) {
    this.use(servers)
  }

  get servers(): ServerAddress[] {
    return [...this.#entries.keys()]
  }

  stateOf(server: ServerAddress): ServerState {
    return this.#entries.get(server)?.state ?? 'down'
  }

  /** True where that changes anything. What is known of those that stay is kept. */
  use(servers: readonly ServerAddress[]): boolean {
    const wanted = [...new Set(servers)].slice(0, maxServers)
    if (wanted.join() === this.servers.join()) return false
    this.#entries = new Map(wanted.map(one => [one, this.#entries.get(one) ?? newEntry()]))
    return true
  }

  /** A check begins; gives what `found` wants to know of that. */
  begin(): number {
    return ++this.#now
  }

  /**
   * What a check found that began then. True where connections to the server are to be ended: it does not serve, and another
   * one has been found ready since, so that their clients find that; where none is, as while the store of all has no
   * leader, what is under way may still be answered. So too where it did not answer and does again: its process, and what
   * was connected to it, may be gone. `isRefused`: its machine says that nobody listens. It ends what was connected to a
   * process that is gone, and one that stops finishes what it has accepted; but where the machine was silent before, it may
   * have started anew and know of nothing.
   */
  found(server: ServerAddress, state: Exclude<ServerState, 'unknown'>, begun: number, isRefused = false): boolean {
    const entry = this.#entries.get(server)
    if (!entry) return true
    if (state !== 'ready' && (entry.state === 'ready' || entry.state === 'unknown')) entry.failedSince = begun
    entry.misses = state === 'leaving' ? entry.misses + 1 : 0
    entry.state = state
    if (state === 'ready') {
      const { connections } = entry
      entry.readyAt = ++this.#now
      entry.connections = 'kept'
      return connections === 'doubtful'
    }
    if (isRefused) {
      const { connections } = entry
      entry.connections = 'ended'
      return connections === 'doubtful'
    }
    if (state === 'leaving' && entry.misses < missesUntilLeft) return false
    // One that does not answer at all fails for itself: without their store, servers say so.
    const isBetter = (other: Entry) =>
      state === 'down'
        ? other !== entry && (other.state === 'ready' || other.state === 'unready')
        : other.state === 'ready' && other.readyAt > entry.failedSince
    const isLeft = [...this.#entries.values()].some(isBetter)
    if (isLeft) entry.connections = 'ended'
    else if (entry.connections !== 'ended') entry.connections = state === 'down' ? 'doubtful' : 'kept'
    return isLeft
  }

  /**
   * Whom to try for a new connection, best first: those that are ready, those with fewer connections. `random` in [0, 1)
   * decides among equals, so that many nodes spread over the servers.
   */
  order(connections: (server: ServerAddress) => number, random: () => number): ServerAddress[] {
    return [...this.#entries]
      .map(([server, { state }]) => ({ server, rank: rank[state], open: connections(server), luck: random() }))
      .sort((a, b) => a.rank - b.rank || a.open - b.open || a.luck - b.luck)
      .map(({ server }) => server)
  }
}

const newEntry = (): Entry => ({ state: 'unknown', misses: 0, readyAt: 0, failedSince: 0, connections: 'kept' })
