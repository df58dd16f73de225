/** The admission plugin ValidatingAdmissionWebhook: all webhooks at once; the first refusal, in their order, counts. */
import { ValidatingWebhookConfiguration } from '../../../api/admissionregistration/v1/validating-webhook-configuration.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts'
import { failOrIgnore, type Hook, rejection, tell, WebhookSet, type WebhookSetOptions } from './webhook-set.ts'

type Options = Omit<WebhookSetOptions<ValidatingWebhookConfiguration>, 'kind' | 'mutating'>

export class ValidatingWebhooks implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook'
  readonly #set: WebhookSet<ValidatingWebhookConfiguration>

  constructor(options: Options) {
    this.#set = new WebhookSet({ ...options, kind: ValidatingWebhookConfiguration, mutating: false })
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const hooks = this.#set.hooks()
    if (hooks.length === 0) return
    const outcomes = await Promise.allSettled(hooks.map(hook => this.#judge(hook, attributes)))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  async #judge(hook: Hook, attributes: AdmissionAttributes): Promise<void> {
    const call = await this.#set.callOf(hook, attributes)
    if (!call) return
    try {
      const verdict = await this.#set.ask(call)
      tell(attributes, hook, verdict)
      if (!verdict.allowed) throw rejection(hook, verdict)
    } catch (error) {
      failOrIgnore(hook, error)
    }
  }
}
