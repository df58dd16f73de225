/** The steps of a server's start as health checks, under the names that upstream's post-start hooks have for the same. */
import type { HealthCheck } from './health.ts'

/** Step → what upstream says of it. */
const namesOf = {
  informers: ['informer-sync'],
  access: [
    'poststarthook/start-apiserver-admission-initializer',
    'poststarthook/generic-apiserver-start-informers',
    'poststarthook/storage-readiness',
  ],
  objects: [
    'poststarthook/bootstrap-controller',
    'poststarthook/start-system-namespaces-controller',
    'poststarthook/rbac/bootstrap-roles',
    'poststarthook/scheduling/bootstrap-system-priority-classes',
    'poststarthook/priority-and-fairness-config-producer',
    'poststarthook/start-cluster-authentication-info-controller',
  ],
  addresses: ['poststarthook/start-service-ip-repair-controllers'],
  customResources: [
    'poststarthook/start-apiextensions-informers',
    'poststarthook/start-apiextensions-controllers',
    'poststarthook/crd-informer-synced',
  ],
  aggregation: [
    'poststarthook/start-kube-aggregator-informers',
    'poststarthook/apiservice-status-local-available-controller',
    'poststarthook/apiservice-status-remote-available-controller',
    'poststarthook/apiservice-registration-controller',
    'poststarthook/kube-apiserver-autoregistration',
    'autoregister-completion',
    'poststarthook/apiservice-openapi-controller',
    'poststarthook/apiservice-discovery-controller',
  ],
} as const

export type StartStep = keyof typeof namesOf

export class StartSteps {
  readonly #done = new Set<StartStep>()

  readonly checks: readonly HealthCheck[] = (Object.keys(namesOf) as StartStep[]).flatMap(step =>
    namesOf[step].map(name => ({
      name,
      // The informers of a server that lives may lag.
      in: step === 'informers' ? (['readyz'] as const) : (['livez', 'readyz'] as const),
      check: async () => {
        if (!this.#done.has(step)) throw new Error('not finished')
      },
    })),
  )

  done(...steps: readonly StartStep[]): void {
    for (const step of steps) this.#done.add(step)
  }
}
