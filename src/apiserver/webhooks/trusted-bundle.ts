/** What a `caBundle` means to TLS. */

/** Each of its certificates is trusted as it is: also an authority between, and the server's own certificate. */
export const trustedBundle = (caBundle: string): { ca: Buffer; allowPartialTrustChain: true } => ({
  ca: Buffer.from(caBundle, 'base64'),
  allowPartialTrustChain: true,
})
