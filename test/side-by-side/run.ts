/** Sends every case to both servers and gathers where their answers differ. */
import type { Case, Step } from './case.ts'
import { compareAnswers, type Difference } from './compare.ts'
import type { Answer, Connection, WireRequest } from './connection.ts'
import { normalAnswer } from './normalize.ts'
import type { Pair } from './pair.ts'

export interface DifferingAnswer {
  readonly caseName: string
  readonly label: string
  readonly request: string
  readonly body: string
  readonly differences: readonly Difference[]
}

export interface RunResult {
  readonly requests: number
  /** Of the stock server's answers, by status. */
  readonly statuses: ReadonlyMap<number, number>
  readonly differing: readonly DifferingAnswer[]
  /** Cases whose object the stock server does not make, which therefore say little: `kind: message`. */
  readonly refused: ReadonlySet<string>
}

export async function runCases(pair: Pair, cases: Iterable<Case>, lanes: number): Promise<RunResult> {
  const rest = cases[Symbol.iterator]()
  const differing: DifferingAnswer[] = []
  const statuses = new Map<number, number>()
  const refused = new Set<string>()
  let requests = 0
  const lane = async () => {
    for (;;) {
      const next = rest.next()
      if (next.done) return
      await runCase(pair, next.value, (answer, difference, label) => {
        requests++
        if (label === 'make' && answer.status !== 201) refused.add(`${next.value.name}: ${answer.text.slice(0, 600)}`)
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        if (difference) differing.push(difference)
      })
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { requests, statuses, differing, refused }
}

async function runCase(
  pair: Pair,
  { name, steps }: Case,
  done: (stock: Answer, difference: DifferingAnswer | undefined, label: string) => void,
): Promise<void> {
  const stockAnswers: Answer[] = []
  const ourAnswers: Answer[] = []
  for (const step of steps) {
    const ourRequest = wireRequestOf(step, ourAnswers)
    const isAwaited = ({ status }: Answer) => step.until === undefined || status === step.until
    const [stock, ours] = await Promise.all([
      answerWhen(isAwaited, pair.stock, wireRequestOf(step, stockAnswers)),
      answerWhen(isAwaited, pair.ours, ourRequest),
    ])
    const settled = step.settles && stock.status < 300 && ours.status < 300 ? step.settles : undefined
    stockAnswers.push(settled === undefined ? stock : await settledAnswer(pair.stock, settled))
    ourAnswers.push(settled === undefined ? ours : await settledAnswer(pair.ours, settled))
    const differences = compareAnswers(normalAnswer(stock), normalAnswer(ours))
    done(
      stock,
      differences.length === 0
        ? undefined
        : {
            caseName: name,
            label: step.label,
            request: `${step.method} ${ourRequest.path}`,
            body: String(ourRequest.body ?? ''),
            differences,
          },
      step.label,
    )
  }
}

const settleTries = 160
const settlePauseMs = 50

interface Conditioned {
  readonly metadata?: { readonly deletionTimestamp?: string }
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
  readonly items?: readonly unknown[]
}

/** A definition is established by a second write, upstream after five seconds; one that is deleted tells when its objects are gone. */
function isSettled({ metadata, status, items }: Conditioned, path: string): boolean {
  if (items) return items.length === 0
  const conditions = status?.conditions ?? []
  if (!path.includes('/customresourcedefinitions/')) return conditions.length > 0
  const [type, wanted] = metadata?.deletionTimestamp ? ['Terminating', 'False'] : ['Established', 'True']
  return conditions.some(condition => condition.type === type && condition.status === wanted)
}

/** The answer, once it is what is waited for; as it is after a while otherwise. */
async function answerWhen(
  isAwaited: (answer: Answer) => boolean,
  connection: Connection,
  request: WireRequest,
): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await answerOf(connection, request)
    if (isAwaited(answer) || tries === settleTries) return answer
    await new Promise(resolve => setTimeout(resolve, settlePauseMs))
  }
}

/** The object once its conditions are written, or a list once it is empty. */
const settledAnswer = (connection: Connection, path: string): Promise<Answer> =>
  answerWhen(({ status, json }) => status !== 200 || isSettled(json as Conditioned, path), connection, {
    method: 'GET',
    path,
    headers: {},
  })

/** A server that does not answer is a difference like any other. */
async function answerOf(connection: Connection, request: WireRequest): Promise<Answer> {
  try {
    return await connection.send(request)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { status: 0, contentType: '', warnings: [], retryAfter: '', text, json: undefined }
  }
}

function wireRequestOf(step: Step, answers: readonly Answer[]): WireRequest {
  const body = step.body?.(answers)
  const path = (step.pathOf?.(answers) ?? step.path).replace(/\?&/, '?').replace(/\?$/, '')
  return {
    method: step.method,
    path,
    headers: {
      ...(body === undefined ? {} : { 'content-type': step.contentType ?? 'application/json' }),
      ...step.headers,
    },
    ...(body === undefined ? {} : { body: encoded(body) }),
  }
}

const encoded = (body: unknown): Buffer | string =>
  typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
