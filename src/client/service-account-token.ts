/**
 * The token of a service account for a component that acts as it: had by TokenRequest, renewed before it ends (client-go's
 * DynamicControllerClientBuilder). An account that does not exist yet is made.
 */
import { ServiceAccount } from '../api/core/v1/service-account.ts'
import type { Clock } from '../base/clock.ts'
import { isAlreadyExists, isNotFound } from '../machinery/api-error.ts'
import type { Client } from './client.ts'
import { type IssuedToken, renewAfter, requestToken } from './request-token.ts'

const lifetimeSeconds = 3600

export class ServiceAccountToken {
  readonly #client: Client
  readonly #clock: Clock
  readonly #namespace: string
  readonly #name: string
  #token = ''
  #renewAtMs = 0
  #request: Promise<string> | undefined

  /** `client` is that of somebody who may make accounts and ask for their tokens. */
  constructor(client: Client, clock: Clock, namespace: string, name: string) {
    this.#client = client
    this.#clock = clock
    this.#namespace = namespace
    this.#name = name
  }

  /** `renew`: the one before was refused. Throws ApiError or UnreachableError. */
  get(renew = false): Promise<string> {
    if (!renew && this.#clock.now() < this.#renewAtMs) return Promise.resolve(this.#token)
    this.#request ??= this.#ask().finally(() => {
      this.#request = undefined
    })
    return this.#request
  }

  async #ask(): Promise<string> {
    const { token, issuedMs, expiresMs } = await this.#tokenOrAccount()
    this.#token = token
    this.#renewAtMs = issuedMs + (expiresMs - issuedMs) * renewAfter
    return token
  }

  async #tokenOrAccount(): Promise<IssuedToken> {
    try {
      return await this.#issue()
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    const account = { metadata: { name: this.#name, namespace: this.#namespace } }
    await this.#client
      .of(ServiceAccount)
      .create(this.#namespace, account)
      .catch(error => {
        if (!isAlreadyExists(error)) throw error
      })
    return this.#issue()
  }

  #issue(): Promise<IssuedToken> {
    const account = { namespace: this.#namespace, name: this.#name }
    return requestToken(this.#client, this.#clock, account, { audiences: [], expirationSeconds: lifetimeSeconds })
  }
}
