/**
 * The token of a service account for a component that acts as it: had by TokenRequest, renewed before it ends (client-go's
 * DynamicControllerClientBuilder). An account that does not exist yet is made.
 */
import { TokenRequest } from '../api/authentication/v1/token-request.ts'
import { ServiceAccount } from '../api/core/v1/service-account.ts'
import type { Clock } from '../base/clock.ts'
import { isAlreadyExists, isNotFound } from '../machinery/api-error.ts'
import type { Client } from './client.ts'

const lifetimeSeconds = 3600
/** Renewed at 80 % of its life. */
const renewAfter = 0.8

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
    const askedMs = this.#clock.now()
    const { status } = await this.#tokenOrAccount()
    const endMs = Date.parse(status.expirationTimestamp ?? '') || askedMs + lifetimeSeconds * 1000
    this.#token = status.token
    this.#renewAtMs = askedMs + (endMs - askedMs) * renewAfter
    return this.#token
  }

  async #tokenOrAccount(): Promise<TokenRequest> {
    try {
      return await this.#tokenRequest()
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
    return this.#tokenRequest()
  }

  #tokenRequest(): Promise<TokenRequest> {
    const request = {
      apiVersion: TokenRequest.apiVersion,
      kind: 'TokenRequest',
      spec: { audiences: [], expirationSeconds: lifetimeSeconds },
    }
    return this.#client
      .of(ServiceAccount)
      .subresource<TokenRequest>('POST', this.#namespace, this.#name, 'token', request)
  }
}
