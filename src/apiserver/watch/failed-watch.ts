/** A watch that ends with the error for which it could not begin: once it is authorized and well formed, 200 is the answer. */
import type { FailureStatus } from '../../machinery/api-error.ts'
import type { Form } from '../forms/form.ts'
import type { WatchItem, WatchSource } from './watch-source.ts'

export class FailedWatch implements WatchSource {
  readonly mediaType: string
  onReady: (() => void) | undefined
  #error: WatchItem | undefined

  constructor(form: Form, status: FailureStatus) {
    this.mediaType = form.watchMediaType
    this.#error = { type: 'ERROR', frame: () => form.errorFrame(status), object: () => status }
  }

  get ended(): boolean {
    return this.#error === undefined
  }

  take(): WatchItem | undefined {
    const error = this.#error
    this.#error = undefined
    return error
  }

  whenEnded(done: () => void): void {
    done()
  }

  close(): void {
    this.#error = undefined
  }
}
