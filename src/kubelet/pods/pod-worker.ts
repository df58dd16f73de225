/**
 * Brings one pod to the state that its spec asks for. It looks at the runtime, takes the next actions, and looks again;
 * one look at a time. Woken by changes of the pod, of containers, of probes, of volumes' sources, and by time.
 */
import type { Container } from '../../api/core/v1/container.ts'
import { Pod, type PodStatus } from '../../api/core/v1/pod.ts'
import type { Timer } from '../../base/clock.ts'
import { isConflict, isNotFound } from '../../machinery/api-error.ts'
import { readLastWords } from '../containers/last-words.ts'
import { actuateResize } from '../resize/resize-actuator.ts'
import { isIdle, planResize, type ResizePlan } from '../resize/resize-plan.ts'
import { qosClassOf } from '../resources/qos.ts'
import type { WaitingReason } from '../status/container-statuses.ts'
import { type PodVerdict, podStatusOf } from '../status/pod-status.ts'
import type { MountedVolume } from '../volumes/persistent-volumes.ts'
import { admit } from './admit.ts'
import { StartError } from './container-images.ts'
import { startContainer } from './container-starter.ts'
import { stopContainer, stopContainers } from './container-stopper.ts'
import { crashWait } from './crash-wait.ts'
import {
  hasStarted,
  type KillAction,
  type NextActions,
  nextActions,
  type ProbeView,
  type StartAction,
} from './next-actions.ts'
import { removeOld } from './old-containers.ts'
import { mergedStatus, onlyStatusDiffers, sameSpec } from './pod-changes.ts'
import {
  type ContainerRecord,
  emptyRuntime,
  type PodRuntime,
  PodRuntimeReader,
  type SandboxRecord,
} from './pod-runtime.ts'
import { type PodServices, podEvent, podTitle } from './pod-services.ts'
import { probeTargets } from './probe-targets.ts'
import { containersToReset, isRestartingAll } from './restart-all.ts'
import { createSandbox, podSandboxConfig } from './sandbox-starter.ts'

const defaultGraceSeconds = 30
/** The node needs what the pod uses: there is no time for its own grace period. */
const evictionGraceSeconds = 1
/** Steps in one look; a pod has fewer containers than this. */
const maxSteps = 200
const firstRetryMs = 500
const maxRetryMs = 60_000
const imagePullNoticeMs = 1_000
/** Volumes and status are looked at again after so long without any event. */
const resyncMs = 60_000

export interface PodWorkerOptions {
  /** From a manifest on the node: the API object only mirrors it. */
  readonly isStatic?: boolean
  /** The pod has ended and left nothing behind. */
  onGone(uid: string): void
}

export class PodWorker {
  readonly uid: string
  readonly #services: PodServices
  readonly #options: PodWorkerOptions
  readonly #reader: PodRuntimeReader
  readonly #waiting = new Map<string, WaitingReason>()
  readonly #starting = new Set<string>()
  readonly #words = new Map<string, string>()
  readonly #stopped = new AbortController()
  #work = new AbortController()
  /** As the API has it. */
  #source: Pod
  /** With the resources that the node has granted. */
  #pod: Pod
  #runtime: PodRuntime = emptyRuntime
  #status: PodStatus
  #verdict: PodVerdict | undefined
  #admitted = false
  #mounted = false
  /** The node's decision: it ends at once, and stays for its logs. */
  #evicted = false
  /** Its containers are being taken away, to be started over. */
  #restartingAll: boolean
  /** Deleted in the API, or gone from it. */
  #terminating: { graceSeconds: number } | undefined
  #removedFromSource = false
  #running: Promise<void> | undefined
  #dirty = false
  #timer: Timer | undefined
  #retryMs = firstRetryMs

  constructor(services: PodServices, pod: Pod, options: PodWorkerOptions) {
    this.uid = pod.metadata.uid
    this.#services = services
    this.#options = options
    this.#source = pod
    this.#pod = services.resizes.allocatedPod(pod)
    this.#status = pod.status
    this.#restartingAll = isRestartingAll(pod)
    const limitsOf = (id: string) => services.cgroups.containerLimitsOf(this.uid, qosClassOf(this.#pod), id)
    const ended = (record: ContainerRecord) => services.containerEnded(this.#pod, record)
    this.#reader = new PodRuntimeReader(services.runtime, pod.metadata.uid, limitsOf, ended)
  }

  get pod(): Pod {
    return this.#pod
  }

  get source(): Pod {
    return this.#source
  }

  get isActive(): boolean {
    return this.holdsResources && !this.#terminating
  }

  get isStatic(): boolean {
    return this.#options.isStatic ?? false
  }

  /** As last looked at. */
  get runtime(): PodRuntime {
    return this.#runtime
  }

  get status(): PodStatus {
    return this.#status
  }

  /** Whether it takes room that others cannot have: not once the API, and so the scheduler, knows it no more. */
  get holdsResources(): boolean {
    const isTaken = this.#admitted || this.#services.resizes.isAllocated(this.uid)
    return isTaken && !this.#ended && !this.#removedFromSource
  }

  update(pod: Pod): void {
    const before = this.#source
    this.#source = pod
    this.#pod = this.#services.resizes.allocatedPod(pod)
    if (!this.isStatic && !this.#terminating && !sameSpec(before, pod)) this.#services.resizes.updated(before, pod)
    if (before !== pod && onlyStatusDiffers(before, pod) && !this.#terminating) {
      // Mostly what was written from here; if somebody else wrote, it is put right.
      if (this.#admitted && !this.#running && !this.#ended) void this.#report(false)
      return
    }
    if (pod.metadata.deletionTimestamp !== undefined)
      this.#terminate(pod.metadata.deletionGracePeriodSeconds ?? this.#specGrace())
    this.wake()
  }

  /** The node has granted other resources, or tells why it does not. */
  reallocated(): void {
    this.#pod = this.#services.resizes.allocatedPod(this.#source)
    this.wake()
  }

  /** Ends the pod for the node's sake. `isDisruption`: through no fault of its own. */
  evict(message: string, isDisruption: boolean): void {
    if (this.#evicted || this.#ended || this.#terminating) return
    this.#evicted = true
    this.#verdict = { phase: 'Failed', reason: 'Evicted', message, ...(isDisruption ? { isDisruption } : {}) }
    podEvent(this.#services, this.#pod, 'Warning', 'Evicted', message)
    this.#work.abort()
    this.wake()
  }

  /** The pod is no longer in its source. */
  remove(): void {
    this.#removedFromSource = true
    this.#terminate(Math.max(1, this.#pod.metadata.deletionGracePeriodSeconds ?? this.#specGrace()))
    this.wake()
  }

  wake(): void {
    if (this.#stopped.signal.aborted) return
    this.#dirty = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#dirty) this.wake()
    })
  }

  /** Stops working for the pod; its containers go on. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#work.abort()
    this.#timer?.cancel()
    await this.#running
  }

  get #ended(): boolean {
    return this.#status.phase === 'Failed' || this.#status.phase === 'Succeeded'
  }

  /** Whether the runtime knows nothing of a container that ran: its records went with a reboot, or by a foreign hand. */
  #lostContainers(): boolean {
    const { containers } = this.#runtime
    return (this.#status.containerStatuses ?? []).some(
      ({ name, containerID }) => (containerID ?? '') !== '' && !containers.some(record => record.name === name),
    )
  }

  #specGrace(): number {
    return this.#pod.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds
  }

  #terminate(graceSeconds: number): void {
    const known = this.#terminating
    this.#terminating = { graceSeconds: Math.min(graceSeconds, known?.graceSeconds ?? Number.POSITIVE_INFINITY) }
    if (!known) {
      // What is being started need not be: a pull or a hook is given up.
      this.#work.abort()
      this.#services.probes.stopLivenessAndStartup(this.uid)
    } else if (graceSeconds < known.graceSeconds) {
      for (const { id, state } of this.#runtime.containers)
        if (state === 'running') void this.#services.runtime.stopContainer(id, graceSeconds).catch(() => {})
    }
  }

  async #run(): Promise<void> {
    while (this.#dirty && !this.#stopped.signal.aborted) {
      this.#dirty = false
      this.#timer?.cancel()
      try {
        const before = this.#retryMs
        await this.#sync()
        // It has grown if something is still to be tried again.
        if (this.#retryMs === before) this.#retryMs = firstRetryMs
      } catch (error) {
        if (this.#stopped.signal.aborted) return
        if (this.#work.signal.aborted && (this.#terminating || this.#evicted)) continue
        this.#services.log.warn({ pod: podTitle(this.#pod), error: (error as Error).message }, 'pod not synced')
        this.#wakeIn(this.#retryMs)
        this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs)
      }
    }
  }

  #wakeIn(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#services.clock.after(delayMs, () => this.wake())
  }

  async #sync(): Promise<void> {
    this.#runtime = await this.#reader.read()
    if (this.#terminating) return await this.#end(this.#terminating.graceSeconds)
    if (this.#ended) return await this.#settle()
    if (this.#evicted) return await this.#settle(evictionGraceSeconds)
    if (!(await this.#admit())) return await this.#settle()
    const left = this.#deadlineMs()
    if (left !== undefined && left <= 0) {
      this.#verdict = {
        phase: 'Failed',
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      }
      podEvent(this.#services, this.#pod, 'Normal', 'DeadlineExceeded', this.#verdict.message)
      return await this.#settle()
    }
    if (!this.#restartingAll && this.#lostContainers()) {
      // What has ended unseen and is not to be restarted may have ended the pod: nothing is started for it then.
      void this.#report(false)
      if (this.#ended) return await this.#settle()
    }
    this.#work = new AbortController()
    // Deleted or evicted meanwhile: the next round sees it.
    if (this.#terminating || this.#evicted) return
    const wakeMs = await this.#step()
    if (wakeMs === 'done') return await this.#settle()
    await this.#cleanOld()
    void this.#report(false)
    const { tokens, certificates } = this.#services
    const renewals = [tokens.renewalInMs(this.uid), certificates.renewalInMs(this.uid)]
    const times = [wakeMs, left, ...renewals, resyncMs].filter(time => time !== undefined)
    this.#wakeIn(Math.max(50, Math.min(...times)))
  }

  /** Once for a pod that is new here; what already runs stays. */
  async #admit(): Promise<boolean> {
    if (this.#admitted) return true
    if (this.#verdict) return false
    const services = this.#services
    if (this.#runtime.containers.length === 0) {
      const problem = await admit(services, this.#pod, this.isStatic)
      if (problem) {
        const { reason, message } = problem
        this.#verdict = { phase: 'Failed', reason, message: `Pod was rejected: ${message}` }
        podEvent(services, this.#pod, 'Warning', reason, message)
        return false
      }
    }
    services.resizes.admitted(this.#source)
    this.#pod = services.resizes.allocatedPod(this.#source)
    this.#admitted = true
    return true
  }

  #deadlineMs(): number | undefined {
    const { activeDeadlineSeconds } = this.#pod.spec
    const start = this.#status.startTime ?? this.#pod.status.startTime
    if (activeDeadlineSeconds === undefined) return undefined
    if (start === undefined) return activeDeadlineSeconds * 1000
    return Date.parse(start) + activeDeadlineSeconds * 1000 - this.#services.clock.now()
  }

  /** Acts until nothing more can be done now. Gives when to look again, or that the pod has ended. */
  async #step(): Promise<number | undefined | 'done'> {
    let volumes: ReadonlyMap<string, MountedVolume> | undefined
    for (let steps = 0; steps < maxSteps; steps++) {
      this.#trackProbes()
      const reset = containersToReset(this.#pod, this.#runtime, this.#restartingAll)
      if (reset.length > 0 || this.#restartingAll) await this.#restartAll(reset)
      const plan = nextActions(this.#pod, this.#runtime, this.#probeView(), this.#services.resizes.actuated(this.#pod))
      if (plan.killPod && !plan.createSandbox) return 'done'
      const resize = this.#resizePlan(plan)
      const idle = !plan.createSandbox && plan.start.length === 0 && plan.kill.length === 0 && isIdle(resize)
      if (idle && this.#mounted && volumes) return undefined
      void this.#report(false)
      volumes = await this.#ensureVolumes()
      if (!volumes) return this.#nextRetryMs()
      if (idle) return undefined
      if (plan.createSandbox) {
        await createSandbox(this.#services, this.#pod, this.#runtime, plan.attempt, {
          graceSeconds: this.#specGrace(),
          signal: this.#work.signal,
        })
        this.#runtime = await this.#reader.read()
        continue
      }
      for (const kill of plan.kill) await this.#kill(kill)
      const resized = isIdle(resize) || (await this.#resize(resize, plan.sandbox!))
      const { acted, wakeMs } = await this.#startAll(plan.start, plan.sandbox!, volumes)
      this.#runtime = await this.#reader.read()
      if (!resized) return Math.min(wakeMs ?? Number.POSITIVE_INFINITY, this.#nextRetryMs())
      if (!acted && plan.kill.length === 0 && isIdle(resize)) return wakeMs
    }
    return 0
  }

  async #restartAll(records: readonly ContainerRecord[]): Promise<void> {
    this.#restartingAll = true
    void this.#report(false)
    for (const { id, state } of records) {
      if (state === 'running') await this.#stopOne(id, 'restart all containers', 0)
      await this.#services.runtime.removeContainer(id)
    }
    this.#runtime = await this.#reader.read()
    void this.#report(false)
    this.#restartingAll = false
  }

  #resizePlan({ sandbox, kill, start }: NextActions): ResizePlan {
    const leaving = kill.map(({ record }) => record.id)
    const kept = this.#runtime.containers.filter(
      ({ id, sandboxId }) => sandboxId === sandbox?.id && !leaving.includes(id),
    )
    const starting = start.map(({ container }) => container.name)
    return planResize(this.#pod, kept, starting, this.#services.resizes.actuated(this.#pod))
  }

  /** Gives whether it went well; if not, the conditions tell why, and it is tried again. */
  async #resize(plan: ResizePlan, sandbox: SandboxRecord): Promise<boolean> {
    const { resizes, log } = this.#services
    try {
      await actuateResize(this.#services, this.#pod, sandbox.id, plan)
      return true
    } catch (error) {
      const { message } = error as Error
      log.info({ pod: podTitle(this.#pod), error: message }, 'pod not resized')
      resizes.failed(this.#pod, message)
      return false
    }
  }

  #nextRetryMs(): number {
    const delayMs = this.#retryMs
    this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs)
    return delayMs
  }

  async #ensureVolumes(): Promise<ReadonlyMap<string, MountedVolume> | undefined> {
    const { services } = { services: this.#services }
    const { namespace } = this.#pod.metadata
    const hostIps = services.hostIps()
    try {
      const volumes = await services.volumes.ensure(this.#pod, {
        hostIps,
        podIps: this.#pod.spec.hostNetwork === true ? hostIps : (this.#runtime.sandboxes[0]?.ips ?? []),
        allocatable: services.node().status.allocatable ?? {},
        configMap: name => services.objects.configMap(this.uid, namespace, name),
        secret: name => services.objects.secret(this.uid, namespace, name),
        token: projection => services.tokens.token(this.#pod, projection),
        anchors: projection => services.trustBundles.anchors(this.uid, projection),
        certificate: (volume, index, projection) =>
          services.certificates.credentials(this.#pod, volume, index, projection),
      })
      this.#mounted = true
      return volumes
    } catch (error) {
      podEvent(services, this.#pod, 'Warning', 'FailedMount', (error as Error).message)
      // Running containers keep the files that they have.
      return this.#mounted ? new Map() : undefined
    }
  }

  async #kill(action: KillAction): Promise<void> {
    const probe = action.why === 'liveness' ? action.container.livenessProbe : action.container.startupProbe
    const ownGrace =
      action.why === 'liveness' || action.why === 'startup' ? probe?.terminationGracePeriodSeconds : undefined
    await this.#stopOne(action.record.id, action.message, ownGrace ?? this.#specGrace())
  }

  async #stopOne(id: string, message: string, graceSeconds: number): Promise<void> {
    const record =
      this.#runtime.containers.find(candidate => candidate.id === id) ??
      (await this.#reader.read()).containers.find(candidate => candidate.id === id)
    if (!record) return
    const podIp = this.#runtime.sandboxes[0]?.ips[0] ?? this.#services.hostIps()[0] ?? ''
    await stopContainer(this.#services, this.#pod, record, podIp, { graceSeconds, message })
  }

  async #startAll(
    actions: readonly StartAction[],
    sandbox: SandboxRecord,
    volumes: ReadonlyMap<string, MountedVolume>,
  ): Promise<{ acted: boolean; wakeMs: number | undefined }> {
    let acted = false
    let wakeMs: number | undefined
    for (const action of actions) {
      const { container } = action
      const backMs = this.#crashWaitMs(container)
      if (backMs > 0) {
        wakeMs = Math.min(wakeMs ?? backMs, backMs)
        continue
      }
      try {
        await startContainer(
          {
            services: this.#services,
            pod: this.#pod,
            runtime: this.#runtime,
            sandbox,
            sandboxConfig: podSandboxConfig(this.#services, this.#pod, sandbox.attempt),
            volumes,
            signal: this.#work.signal,
            starting: this.#starting,
            kill: (id, _container, message) => this.#stopOne(id, message, this.#specGrace()),
          },
          action,
        )
        this.#services.resizes.started(this.#pod, container.name)
        this.#waiting.delete(container.name)
        acted = true
      } catch (error) {
        this.#work.signal.throwIfAborted()
        if (!(error instanceof StartError)) throw error
        this.#waiting.set(container.name, { reason: error.reason, message: error.message })
        const retryMs = this.#startRetryMs(error, container)
        wakeMs = Math.min(wakeMs ?? retryMs, retryMs)
      }
    }
    return { acted, wakeMs }
  }

  #startRetryMs(error: StartError, container: Container): number {
    // Looked at soon, so that the back-off shows as such; then when it is over.
    if (error.reason === 'ErrImagePull') return imagePullNoticeMs
    const volumeImages = (this.#pod.spec.volumes ?? []).flatMap(({ image }) => image?.reference ?? [])
    const waits = [container.image ?? '', ...volumeImages].map(name => this.#services.images.retryInMs(this.#pod, name))
    const imageMs = Math.max(...waits)
    return imageMs > 0 ? imageMs : this.#nextRetryMs()
  }

  /** Milliseconds until a container that keeps ending may be started again; 0: now. */
  #crashWaitMs(container: Container): number {
    const wait = crashWait(this.#services, this.#pod, this.#runtime, container)
    if (!wait) return 0
    const { message, remainingMs } = wait
    if (this.#waiting.get(container.name)?.message !== message)
      podEvent(
        this.#services,
        this.#pod,
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${container.name} in pod ${podTitle(this.#pod)}`,
        container.name,
      )
    this.#waiting.set(container.name, { reason: 'CrashLoopBackOff', message })
    return remainingMs
  }

  #probeView(): ProbeView {
    const { probes } = this.#services
    return {
      liveness: id => probes.result(id, 'liveness'),
      startup: id => probes.result(id, 'startup'),
      starting: id => this.#starting.has(id),
    }
  }

  #trackProbes(): void {
    const targets = probeTargets(this.#pod, this.#runtime, this.#services.hostIps()[0] ?? '')
    this.#services.probes.track(this.uid, targets)
  }

  async #cleanOld(): Promise<void> {
    await removeOld(this.#services, this.#runtime)
    const ids = new Set(this.#runtime.containers.map(({ id }) => id))
    for (const id of this.#words.keys()) if (!ids.has(id)) this.#words.delete(id)
  }

  async #stopEverything(graceSeconds: number): Promise<void> {
    await stopContainers(this.#services, this.#pod, this.#runtime, graceSeconds)
    for (const { id, ready } of this.#runtime.sandboxes) if (ready) await this.#services.runtime.stopPodSandbox(id)
    this.#runtime = await this.#reader.read()
    this.#services.probes.track(this.uid, [])
  }

  async #removeOutside(): Promise<void> {
    await this.#services.volumes.remove(this.uid)
    this.#mounted = false
    this.#services.cgroups.remove(this.uid)
    this.#services.objects.release(this.uid)
    this.#services.tokens.forget(this.uid)
    this.#services.trustBundles.forget(this.uid)
    this.#services.certificates.forget(this.uid)
  }

  /** The pod has ended by itself or by the node's decision: its containers stay for their logs. */
  async #settle(graceSeconds = this.#specGrace()): Promise<void> {
    await this.#stopEverything(graceSeconds)
    await this.#report(true)
    await this.#removeOutside()
    await this.#cleanOld()
    this.#services.resizes.retry('pod_terminated')
  }

  /** The pod is deleted: the API object goes when nothing of it runs any more. */
  async #end(graceSeconds: number): Promise<void> {
    const { services } = { services: this.#services }
    if (!this.#removedFromSource) void this.#report(false)
    await this.#stopEverything(graceSeconds)
    if (!this.#removedFromSource) await this.#report(true)
    await this.#removeOutside()
    // The words and logs are in the status by now.
    for (const { id } of this.#runtime.sandboxes) await services.runtime.removePodSandbox(id)
    if (!this.#removedFromSource && !this.isStatic) await this.#deleteObject()
    services.images.forget(this.uid)
    services.backOff.forget(this.uid)
    services.statuses.forget(this.uid)
    services.resizes.forget(this.#pod)
    this.#stopped.abort()
    this.#timer?.cancel()
    this.#options.onGone(this.uid)
  }

  async #deleteObject(): Promise<void> {
    const { namespace, name, uid } = this.#pod.metadata
    try {
      await this.#services.client.of(Pod).delete(namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } })
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }

  #report(terminal: boolean): Promise<void> {
    const { clock, probes, resizes, cgroups } = this.#services
    const view = this.#probeView()
    if (!terminal && !this.#terminating) resizes.observe(this.#pod, this.#runtime.containers)
    const before = this.#status.phase === undefined ? this.#pod.status : mergedStatus(this.#pod.status, this.#status)
    const status = podStatusOf({
      pod: { ...this.#pod, status: before },
      runtime: this.#runtime,
      waiting: this.#waiting,
      started: (record, container) => hasStarted(container, record, view),
      ready: (record, container) =>
        container.readinessProbe === undefined || probes.result(record.id, 'readiness') === true,
      lastWords: record => {
        const known = this.#words.get(record.id)
        if (known !== undefined) return known
        const words = readLastWords(record)
        if (record.state === 'exited') this.#words.set(record.id, words)
        return words
      },
      terminating: terminal || this.#terminating !== undefined,
      terminal,
      actuated: resizes.actuated(this.#pod),
      restartingAll: this.#restartingAll,
      resizeConditions: resizes.conditions.of(this.uid),
      groupLimits: () => cgroups.limitsOf(this.uid, qosClassOf(this.#pod)),
      hostIps: this.#services.hostIps(),
      nowIso: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
      ...(this.#verdict ? { verdict: this.#verdict } : {}),
    })
    this.#status = status
    if (this.isStatic) return Promise.resolve()
    return this.#services.statuses.write(this.#pod, status)
  }
}
