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

export interface Authenticator {
  /** The user; undefined where the credentials are of no kind it knows. Throws ApiError (401) where they are bad. */
  authenticate(credentials: Credentials): Promise<Authenticated | undefined>
}
