/** Whether the client of a request is still there, as a signal for those who ask for one. */

/** One reason for all: making an exception for every request that is broken off costs more than the request. */
const clientGone = new Error('the client has gone away')

export class ClientPresence {
  hasLeft = false
  #aborter: AbortController | undefined

  get signal(): AbortSignal {
    if (!this.#aborter) {
      this.#aborter = new AbortController()
      if (this.hasLeft) this.#aborter.abort(clientGone)
    }
    return this.#aborter.signal
  }

  leave(): void {
    this.hasLeft = true
    this.#aborter?.abort(clientGone)
  }
}
