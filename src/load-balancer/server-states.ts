/** Which API servers there are and how they are, by what their checks told. Pure. */

/** `host:port`. */
export type ServerAddress = string

/** `ready`: takes work; `leaving`: answers, and asks to be left alone; `down`: does not answer; `unknown`: not asked yet. */
export type ServerState = 'ready' | 'unknown' | 'leaving' | 'down'

interface Entry {
  state: ServerState
  /** Checks in a row that found it not ready. */
  misses: number
}

/** More are ignored: a list from the cluster is bounded like everything. */
const maxServers = 64
/**
 * A server that stops hands its connections back by itself within a few checks. One that stays unready cannot serve, as when
 * it is cut off from its store: its connections are ended, so that their clients go elsewhere.
 */
const missesUntilLeft = 4

const rank: Readonly<Record<ServerState, number>> = { ready: 0, unknown: 1, leaving: 2, down: 3 }

export class ServerStates {
  #entries = new Map<ServerAddress, Entry>()

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
    this.#entries = new Map(wanted.map(one => [one, this.#entries.get(one) ?? { state: 'unknown', misses: 0 }]))
    return true
  }

  /** What a check found. True where connections to the server are to be ended. */
  found(server: ServerAddress, state: Exclude<ServerState, 'unknown'>): boolean {
    const entry = this.#entries.get(server)
    if (!entry) return true
    const wasDown = entry.state === 'down'
    entry.misses = state === 'ready' ? 0 : entry.misses + 1
    entry.state = state
    return (state === 'down' && !wasDown) || entry.misses === missesUntilLeft
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
