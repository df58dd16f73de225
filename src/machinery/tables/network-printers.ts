/** The kinds of networking.k8s.io. */

import type { Ingress } from '../../api/networking/v1/ingress.ts'
import type { IngressClass } from '../../api/networking/v1/ingress-class.ts'
import type { IPAddress } from '../../api/networking/v1/ip-address.ts'
import type { NetworkPolicy } from '../../api/networking/v1/network-policy.ts'
import type { ServiceCIDR } from '../../api/networking/v1/service-cidr.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, firstItems, nameColumn, type Printer, showSelector } from './printer.ts'
import { loadBalancerAddresses } from './service-printers.ts'

export const ingressPrinter: Printer<Ingress> = {
  columns: [
    nameColumn,
    column('Class', 'The class whose controller serves it.'),
    column('Hosts', 'The host names that it answers to.'),
    column('Address', 'Where it is reached.'),
    column('Ports', 'The ports that are served.'),
    ageColumn,
  ],
  cells: ({ metadata, spec, status }, nowMs) => {
    const hosts = (spec?.rules ?? []).map(rule => rule.host ?? '').filter(host => host !== '')
    return [
      metadata.name,
      spec?.ingressClassName ?? '<none>',
      firstItems(hosts, 3) || '*',
      loadBalancerAddresses(status?.loadBalancer),
      (spec?.tls ?? []).length > 0 ? '80, 443' : '80',
      ageOf(metadata.creationTimestamp, nowMs),
    ]
  },
}

function parametersOf({ spec }: IngressClass): string {
  const parameters = spec?.parameters
  if (!parameters) return '<none>'
  const { apiGroup, kind, name } = parameters
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`
}

export const ingressClassPrinter: Printer<IngressClass> = {
  columns: [
    nameColumn,
    column('Controller', 'Who serves ingresses of the class.'),
    column('Parameters', 'What else configures the class.'),
    ageColumn,
  ],
  cells: (ingressClass, nowMs) => [
    ingressClass.metadata.name,
    ingressClass.spec?.controller ?? '',
    parametersOf(ingressClass),
    ageOf(ingressClass.metadata.creationTimestamp, nowMs),
  ],
}

export const networkPolicyPrinter: Printer<NetworkPolicy> = {
  columns: [nameColumn, column('Pod-Selector', 'The labels of the pods that it holds for.'), ageColumn],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    showSelector(spec?.podSelector),
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}

export const ipAddressPrinter: Printer<IPAddress> = {
  columns: [nameColumn, column('ParentRef', 'The object that uses the address.')],
  // Upstream gives the age too, for which it has no column.
  cells: ({ metadata, spec }, nowMs) => {
    const parent = spec?.parentRef
    const age = ageOf(metadata.creationTimestamp, nowMs)
    if (!parent) return [metadata.name, '<none>', age]
    const resource = `${parent.resource}${parent.group ? `.${parent.group}` : ''}`.toLowerCase()
    return [metadata.name, `${resource}/${parent.namespace ?? ''}/${parent.name}`, age]
  },
}

export const serviceCidrPrinter: Printer<ServiceCIDR> = {
  columns: [nameColumn, column('CIDRs', 'The ranges that service addresses are taken from.'), ageColumn],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    (spec?.cidrs ?? []).join(','),
    ageOf(metadata.creationTimestamp, nowMs),
  ],
}
