/** Input that is no valid encoding of what it should be. The message is what Kubernetes' clients know from upstream. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}
