/** Step: acting as someone else, where the headers ask for it and the authorizer lets the user. */
import { impersonate } from '../authentication/impersonation.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import type { RequestContext } from './request-context.ts'

export async function impersonateStep(context: RequestContext, authorizer: Authorizer): Promise<void> {
  const { headers } = context.request
  if (headers['impersonate-user'] === undefined && !hasOtherImpersonation(headers)) return
  const user = await impersonate(headers, context.user, authorizer)
  if (!user) return
  context.impersonator = context.user
  context.user = user
}

/** Cheap test for the rarely used headers, which without a user are an error. */
function hasOtherImpersonation(headers: RequestContext['request']['headers']): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true
  return false
}
