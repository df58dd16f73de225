/** Step: who is asking. */
import { unauthorizedError } from '../../machinery/api-error.ts'
import type { Authenticator } from '../authentication/authenticator.ts'
import type { RequestContext } from './request-context.ts'

export async function authenticate(context: RequestContext, authenticator: Authenticator): Promise<void> {
  const { request } = context
  if (request.user) {
    context.user = request.user
    return
  }
  const authenticated = await authenticator.authenticate(request.credentials)
  if (!authenticated) throw unauthorizedError()
  context.user = authenticated.user
}
