/** Users by bootstrap token: `system:bootstrap:<token id>`, who may do no more than ask for a node's certificate. */
import { Secret } from '../../api/core/v1/secret.ts'
import type { Clock } from '../../base/clock.ts'
import {
  bootstrapGroups,
  bootstrapTokenNamespace,
  bootstrapUserPrefix,
  parseBootstrapToken,
  secretNameOf,
} from '../../machinery/bootstrap-token.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { TokenAuthenticator, TokenResult } from './authenticator.ts'

export class BootstrapTokenAuthenticator implements TokenAuthenticator {
  readonly #reader: ObjectReader
  readonly #clock: Clock
  /** Of this server: the token says nothing about for whom it is meant. */
  readonly #audiences: readonly string[]

  constructor(reader: ObjectReader, clock: Clock, audiences: readonly string[]) {
    this.#reader = reader
    this.#clock = clock
    this.#audiences = audiences
  }

  /** Read from the store on every request: a token that is deleted is worth nothing from then on. */
  async authenticate(text: string, wanted = this.#audiences): Promise<TokenResult | undefined> {
    const token = parseBootstrapToken(text)
    const audiences = wanted.filter(audience => this.#audiences.includes(audience))
    if (!token || audiences.length === 0) return undefined
    const secret = await this.#reader.getFresh(Secret, bootstrapTokenNamespace, secretNameOf(token.id))
    const groups = secret && bootstrapGroups(secret, token, this.#clock.now())
    if (!groups) return undefined
    const user = { username: `${bootstrapUserPrefix}${token.id}`, groups }
    return { ok: true, authenticated: { user, audiences } }
  }
}
