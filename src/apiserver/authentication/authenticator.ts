/** Who a request is from. */

export interface UserInfo {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export interface Credentials {
  /** The verified client certificate: set only if the TLS layer trusts its chain (`socket.authorized`). */
  readonly certificate?: {
    readonly commonName: string
    readonly organizations: readonly string[]
    readonly fingerprint: string
    readonly notAfterMs: number
    readonly uid?: string
  }
  /** The bearer token of the Authorization header. */
  readonly bearerToken?: string
}

export interface Authenticated {
  readonly user: UserInfo
  readonly audiences?: readonly string[]
}

export type TokenResult =
  | { readonly ok: true; readonly authenticated: Authenticated }
  | { readonly ok: false; readonly error: string }

/** One kind of bearer token. */
export interface TokenAuthenticator {
  /** Undefined where it does not know the token. `audiences`: for whom it must be meant; absent: this server. */
  authenticate(token: string, audiences?: readonly string[]): Promise<TokenResult | undefined>
}

export interface Authenticator {
  /** The user; undefined where the credentials are of no kind it knows. Throws ApiError (401) where they are bad. */
  authenticate(credentials: Credentials): Promise<Authenticated | undefined>
}
