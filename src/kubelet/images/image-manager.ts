/** Makes sure that a container's image is there: pull policies, credentials, back-off, bounded parallel pulls. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Secret } from '../../api/core/v1/secret.ts'
import type { Clock } from '../../base/clock.ts'
import { GrpcCode, GrpcError } from '../../base/grpc/grpc-error.ts'
import type { AuthConfig, Image, PodSandboxConfig, RuntimeClient } from '../cri/runtime-client.ts'
import { BackOff, crashBackOff } from '../pods/back-off.ts'
import { defaultPullPolicy, parseImageName, withDefaultTag } from './image-name.ts'
import { credentialsFor } from './pull-secrets.ts'

/** Why a container has no image yet; the reason is what `kubectl get pods` shows. */
export class ImageError extends Error {
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

export interface PullRequest {
  readonly pod: Pod
  readonly container: Pick<Container, 'image' | 'imagePullPolicy'>
  readonly secrets: readonly Secret[]
  readonly sandboxConfig: PodSandboxConfig | undefined
  readonly signal: AbortSignal
  event(type: 'Normal' | 'Warning', reason: string, message: string): void
}

const seconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(3)}s`)

export class ImageManager {
  readonly #runtime: RuntimeClient
  readonly #clock: Clock
  readonly #backOff = new BackOff(crashBackOff)
  readonly #lastFailure = new Map<string, { atMs: number; message: string }>()
  readonly #maxPulls: number
  #pulls = 0
  /** As many as containers are being started. */
  readonly #waiting: (() => void)[] = []

  constructor(runtime: RuntimeClient, clock: Clock, maxParallelPulls: number) {
    this.#runtime = runtime
    this.#clock = clock
    this.#maxPulls = maxParallelPulls
  }

  /** Gives the image. Throws ImageError. */
  async ensure(request: PullRequest): Promise<Image> {
    const { container, event } = request
    const name = container.image ?? ''
    const parsed = parseImageName(name)
    if (!parsed) {
      const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format`
      event('Warning', 'InspectFailed', message)
      throw new ImageError('InvalidImageName', message)
    }
    const image = withDefaultTag(name)
    const policy = container.imagePullPolicy ?? defaultPullPolicy(name)
    const present = await this.#inspect(image, name, event)
    if (present && policy !== 'Always') {
      event('Normal', 'Pulled', `Container image "${name}" already present on machine and can be accessed by the pod`)
      return present
    }
    if (policy === 'Never') {
      const message = `Container image "${name}" is not present with pull policy of Never`
      event('Warning', 'ErrImageNeverPull', message)
      throw new ImageError('ErrImageNeverPull', message)
    }
    await this.#pull(request, name, image)
    const pulled = await this.#inspect(image, name, event)
    if (!pulled) throw new ImageError('ErrImagePull', `image "${name}" is missing after it was pulled`)
    return pulled
  }

  async #inspect(image: string, name: string, event: PullRequest['event']): Promise<Image | undefined> {
    try {
      return await this.#runtime.imageStatus(image)
    } catch (error) {
      const message = `Failed to inspect image "${name}": ${(error as Error).message}`
      event('Warning', 'InspectFailed', message)
      throw new ImageError('ImageInspectError', message)
    }
  }

  async #pull(request: PullRequest, name: string, image: string): Promise<void> {
    const { event, pod } = request
    const key = `${pod.metadata.uid}_${image}`
    const failure = this.#lastFailure.get(key)
    if (failure && this.#backOff.remainingMs(key, failure.atMs, this.#clock.now()) > 0) {
      const message = `Back-off pulling image "${name}"`
      event('Normal', 'BackOff', message)
      throw new ImageError('ImagePullBackOff', `${message}: ${failure.message}`)
    }
    event('Normal', 'Pulling', `Pulling image "${name}"`)
    const askedMs = this.#clock.monotonic()
    await this.#acquire()
    const startedMs = this.#clock.monotonic()
    try {
      await this.#pullWithAny(request, image)
    } catch (error) {
      if (error instanceof GrpcError && error.code === GrpcCode.cancelled && request.signal.aborted) throw error
      const { message } = error as Error
      event('Warning', 'Failed', `Failed to pull image "${name}": ${message}`)
      this.#backOff.next(key, this.#clock.now(), this.#clock.now())
      const reason = message.includes('SignatureValidationFailed') ? 'SignatureValidationFailed' : 'ErrImagePull'
      this.#lastFailure.set(key, { atMs: this.#clock.now(), message: `${reason}: ${message}` })
      throw new ImageError(reason, message)
    } finally {
      this.#release()
    }
    this.#lastFailure.delete(key)
    const size = Number((await this.#runtime.imageStatus(image))?.size ?? 0)
    const now = this.#clock.monotonic()
    event(
      'Normal',
      'Pulled',
      `Successfully pulled image "${name}" in ${seconds(now - startedMs)} (${seconds(now - askedMs)} including waiting). Image size: ${size} bytes.`,
    )
  }

  /** Tries each credential that fits, then none. */
  async #pullWithAny(request: PullRequest, image: string): Promise<void> {
    const parsed = parseImageName(image)!
    const choices: (AuthConfig | undefined)[] = credentialsFor(parsed, request.secrets)
    if (choices.length === 0) choices.push(undefined)
    let failure: unknown
    for (const auth of choices)
      try {
        await this.#runtime.pullImage(image, auth, request.sandboxConfig, request.signal)
        return
      } catch (error) {
        failure = error
        if (request.signal.aborted) break
      }
    throw failure
  }

  /** Milliseconds until the pod's image may be tried again; 0: now. */
  retryInMs(pod: Pod, name: string): number {
    const key = `${pod.metadata.uid}_${withDefaultTag(name)}`
    const failure = this.#lastFailure.get(key)
    return failure ? this.#backOff.remainingMs(key, failure.atMs, this.#clock.now()) : 0
  }

  forget(uid: string): void {
    this.#backOff.forget(uid)
    for (const key of this.#lastFailure.keys()) if (key.startsWith(uid)) this.#lastFailure.delete(key)
  }

  async #acquire(): Promise<void> {
    if (this.#pulls >= this.#maxPulls) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#pulls++
  }

  /** A waiting pull takes over the place. */
  #release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#pulls--
  }
}
