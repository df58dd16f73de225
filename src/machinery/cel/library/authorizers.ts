/**
 * `authorizer.group('apps').resource('deployments').namespace('x').check('create').allowed()` (Kubernetes documentation,
 * "Kubernetes authorizer library"). Evaluation waits for nothing: a check whose answer is not known yet throws
 * PendingCheck, and whoever evaluates gets the answer and evaluates again.
 */
import { checkCost } from '../cost/factors.ts'
import { EvaluationError } from '../evaluation-error.ts'
import { type Cost, method, type Overload } from '../functions.ts'
import type { CelType } from '../types.ts'
import { Opaque, type Value } from '../values.ts'

/** What is asked; exactly one of `path` and `resource` is given. */
export interface AccessQuestion {
  /** `namespace/name` of a service account; the user of the request where absent. */
  readonly serviceAccount?: string
  readonly verb: string
  readonly path?: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

export interface AccessAnswer {
  readonly allowed: boolean
  readonly reason: string
  readonly error?: string
}

/** Answers known so far, by `questionKey`. */
export type KnownAnswers = ReadonlyMap<string, AccessAnswer>

export const questionKey = (question: AccessQuestion): string => JSON.stringify(Object.entries(question).sort())

/** Thrown by a check whose answer is not known yet; no logical operator hides it. */
export class PendingCheck extends Error {
  readonly question: AccessQuestion

  constructor(question: AccessQuestion) {
    super('an access check is pending')
    this.question = question
  }
}

type Stage = 'Authorizer' | 'PathCheck' | 'GroupCheck' | 'ResourceCheck'

const nameOf = (stage: Stage | 'Decision') => `kubernetes.authorization.${stage}`

class Check extends Opaque {
  readonly type: CelType
  readonly asked: Partial<AccessQuestion>
  readonly answers: KnownAnswers

  constructor(stage: Stage, asked: Partial<AccessQuestion>, answers: KnownAnswers) {
    super()
    this.type = { is: 'opaque', name: nameOf(stage) }
    this.asked = asked
    this.answers = answers
  }

  equals(other: Value): boolean {
    return other === this
  }
}

class Decision extends Opaque {
  readonly type: CelType = { is: 'opaque', name: nameOf('Decision') }
  readonly answer: AccessAnswer

  constructor(answer: AccessAnswer) {
    super()
    this.answer = answer
  }

  equals(other: Value): boolean {
    return other === this
  }
}

export const authorizerType: CelType = { is: 'opaque', name: nameOf('Authorizer') }
export const resourceCheckType: CelType = { is: 'opaque', name: nameOf('ResourceCheck') }

/** The variable `authorizer`. */
export const authorizerValue = (answers: KnownAnswers): Value => new Check('Authorizer', {}, answers)

/** The variable `authorizer.requestResource`. */
export const requestResourceValue = (resource: Partial<AccessQuestion>, answers: KnownAnswers): Value =>
  new Check('ResourceCheck', resource, answers)

function step(from: Stage, to: Stage, name: string, key: keyof AccessQuestion, cost?: Cost): Overload {
  const run = (check: Check, text: string) => new Check(to, { ...check.asked, [key]: text }, check.answers)
  return method(nameOf(from), `${name}(string) ${nameOf(to)}`, run, cost)
}

function serviceAccount(check: Check, namespace: string, name: string): Check {
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) throw new EvaluationError('Invalid service account name')
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace)) throw new EvaluationError('Invalid service account namespace')
  return new Check('Authorizer', { ...check.asked, serviceAccount: `${namespace}/${name}` }, check.answers)
}

function decide({ asked, answers }: Check, verb: string): Decision {
  const question: AccessQuestion = { ...asked, verb }
  const answer = answers.get(questionKey(question))
  if (!answer) throw new PendingCheck(question)
  return new Decision(answer)
}

/** So dear that one expression can make two. */
const checking: Cost = () => checkCost
const selectorCost: Cost = ([, text]) => 10 + Math.ceil((text as string).length * 25.1)
const decision = nameOf('Decision')

export const authorizers: readonly Overload[] = [
  step('Authorizer', 'PathCheck', 'path', 'path'),
  step('Authorizer', 'GroupCheck', 'group', 'group'),
  method(nameOf('Authorizer'), `serviceAccount(string, string) ${nameOf('Authorizer')}`, serviceAccount),
  step('GroupCheck', 'ResourceCheck', 'resource', 'resource'),
  step('ResourceCheck', 'ResourceCheck', 'subresource', 'subresource'),
  step('ResourceCheck', 'ResourceCheck', 'namespace', 'namespace'),
  step('ResourceCheck', 'ResourceCheck', 'name', 'name'),
  step('ResourceCheck', 'ResourceCheck', 'fieldSelector', 'fieldSelector', selectorCost),
  step('ResourceCheck', 'ResourceCheck', 'labelSelector', 'labelSelector', selectorCost),
  method(nameOf('PathCheck'), `check(string) ${decision}`, decide, checking),
  method(nameOf('ResourceCheck'), `check(string) ${decision}`, decide, checking),
  method(decision, 'allowed() bool', ({ answer: { allowed } }: Decision) => allowed),
  method(decision, 'reason() string', ({ answer: { reason } }: Decision) => reason),
  method(decision, 'errored() bool', ({ answer: { error } }: Decision) => error !== undefined),
  method(decision, 'error() string', ({ answer: { error } }: Decision) => error ?? ''),
]
