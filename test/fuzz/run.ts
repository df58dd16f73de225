/** Runs episodes in lanes and gathers what the server did wrong. */
import { seededRandom } from '../../src/schema/testing/random-object.ts'
import { happens } from './chance.ts'
import { episode, type FuzzRequest } from './episodes.ts'
import type { FuzzedServer } from './fuzzed-server.ts'
import { classOf, faultOf } from './judge.ts'
import type { Target } from './target.ts'

export interface Fault {
  readonly episode: number
  readonly request: FuzzRequest
  readonly fault: string
}

export interface FuzzResult {
  readonly requests: number
  readonly statuses: ReadonlyMap<number, number>
  /** The first of each class. */
  readonly faults: ReadonlyMap<string, Fault>
}

export interface FuzzOptions {
  readonly seed: number
  readonly first: number
  readonly custom: readonly Target[]
  readonly lanes: number
  /** Asked before each episode. */
  readonly goOn: (requests: number) => boolean
  readonly onFault?: (fault: Fault) => void
}

/** An answer that takes longer is none; nothing here asks for a wait of more than seconds. */
const answerTimeoutMs = 30_000
const overHttp = 0.05

export async function runEpisodes(server: FuzzedServer, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, custom, lanes, goOn, onFault } = options
  const statuses = new Map<number, number>()
  const faults = new Map<string, Fault>()
  let requests = 0
  let next = options.first
  const note = (found: Fault) => {
    const name = classOf(found.fault)
    if (faults.has(name)) return
    faults.set(name, found)
    onFault?.(found)
  }
  const lane = async () => {
    while (goOn(requests)) {
      const number = next++
      const random = seededRandom(seed * 1_000_003 + number)
      for (const request of episode(random, number, custom)) {
        requests++
        try {
          const answer = await answered(happens(random, overHttp) ? server.askOverHttp(request) : server.ask(request))
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
          const fault = faultOf(request, answer)
          if (fault !== undefined) note({ episode: number, request, fault })
        } catch (error) {
          if (isRefusedByClient(error) || (hasLongHead(request) && isCut(error))) continue
          note({ episode: number, request, fault: `thrown: ${(error as Error).stack}` })
        }
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { requests, statuses, faults }
}

/** What Node's client does not send. */
const isRefusedByClient = (error: unknown): boolean =>
  /^ERR_(UNESCAPED_CHARACTERS|INVALID_CHAR|INVALID_HTTP_TOKEN|HTTP_INVALID_HEADER_VALUE)$/.test(
    (error as NodeJS.ErrnoException).code ?? '',
  )

const hasLongHead = ({ path, headers }: FuzzRequest): boolean =>
  path.length > 8_000 || Object.values(headers).some(value => value.length > 8_000)

/** A head beyond every bound is not read to its end, so that its answer may be lost on the way. */
const isCut = (error: unknown): boolean => /^(ECONNRESET|EPIPE)$/.test((error as NodeJS.ErrnoException).code ?? '')

function answered<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer in time')), answerTimeoutMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

export function showFault(seed: number, { episode: number, request, fault }: Fault): string {
  const body = request.body ?? Buffer.alloc(0)
  const text = body.toString('utf8')
  const shown =
    body.length > 3_000
      ? `(${body.length} bytes) ${text.slice(0, 3_000)}`
      : isText(body)
        ? text
        : body.toString('base64')
  return [
    `seed ${seed}, episode ${number}: ${fault}`,
    `  ${request.method} ${request.path.slice(0, 500)}`,
    `  ${JSON.stringify(request.headers)} as user ${request.user}`,
    `  ${shown}`,
  ].join('\n')
}

const isText = (bytes: Buffer): boolean => Buffer.from(bytes.toString('utf8')).equals(bytes)
