/** Answers the questions that expressions ask of the authorizer: evaluation goes again with every answer. */
import {
  type AccessAnswer,
  type AccessQuestion,
  type KnownAnswers,
  PendingCheck,
  questionKey,
} from '../../../machinery/cel/library/authorizers.ts'
import type { UserInfo } from '../../authentication/authenticator.ts'
import { serviceAccountGroups, serviceAccountUsername, withAuthenticatedGroup } from '../../authentication/users.ts'
import type { Attributes, Authorizer } from '../../authorization/authorizer.ts'

/** More than any expression can pay for within its cost. */
const maxChecks = 64

function userOf(user: UserInfo, { serviceAccount }: AccessQuestion): UserInfo {
  if (serviceAccount === undefined) return user
  const [namespace = '', name = ''] = serviceAccount.split('/')
  return withAuthenticatedGroup({
    username: serviceAccountUsername(namespace, name),
    groups: serviceAccountGroups(namespace),
  })
}

const attributesOf = (user: UserInfo, question: AccessQuestion): Attributes => ({
  user: userOf(user, question),
  verb: question.verb,
  resourceRequest: question.resource !== undefined,
  group: question.group ?? '',
  version: '*',
  resource: question.resource ?? '',
  subresource: question.subresource ?? '',
  namespace: question.namespace ?? '',
  name: question.name ?? '',
  path: question.path ?? '',
})

async function ask(authorizer: Authorizer, user: UserInfo, question: AccessQuestion): Promise<AccessAnswer> {
  try {
    const { decision, reason } = await authorizer.authorize(attributesOf(user, question))
    return { allowed: decision === 'allow', reason }
  } catch (error) {
    return { allowed: false, reason: '', error: error instanceof Error ? error.message : String(error) }
  }
}

/** Runs `evaluate` until it needs no further answer. Other errors pass through. */
export async function withAnswers<T>(
  authorizer: Authorizer,
  user: UserInfo,
  answers: Map<string, AccessAnswer>,
  evaluate: (answers: KnownAnswers) => T,
): Promise<T> {
  for (;;) {
    try {
      return evaluate(answers)
    } catch (error) {
      if (!(error instanceof PendingCheck)) throw error
      if (answers.size >= maxChecks) throw new Error('too many access checks')
      answers.set(questionKey(error.question), await ask(authorizer, user, error.question))
    }
  }
}
