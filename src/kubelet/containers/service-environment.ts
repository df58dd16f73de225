/** Variables that tell a container where services are (Kubernetes documentation, "Discovering services"). */
import type { Service } from '../../api/core/v1/service.ts'

const variableName = (name: string): string => name.toUpperCase().replaceAll('-', '_')

const hasAddress = (service: Service): boolean => {
  const address = service.spec.clusterIP ?? ''
  return address !== '' && address !== 'None'
}

/** The services that a pod of `namespace` is told of; without links, the API server's alone. */
export function linkedServices(services: readonly Service[], namespace: string, links: boolean): Service[] {
  const byName = new Map<string, Service>()
  for (const service of services) {
    if (!hasAddress(service)) continue
    const { name, namespace: home } = service.metadata
    if (home === namespace && links) byName.set(name, service)
    else if (home === 'default' && name === 'kubernetes' && !byName.has(name)) byName.set(name, service)
  }
  return [...byName.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

export function serviceVariables(services: readonly Service[]): Map<string, string> {
  const variables = new Map<string, string>()
  for (const { metadata, spec } of services) {
    const prefix = variableName(metadata.name)
    const address = spec.clusterIP ?? ''
    const ports = spec.ports ?? []
    const host = address.includes(':') ? `[${address}]` : address
    variables.set(`${prefix}_SERVICE_HOST`, address)
    variables.set(`${prefix}_SERVICE_PORT`, `${ports[0]?.port ?? ''}`)
    for (const port of ports)
      if (port.name) variables.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, `${port.port}`)
    ports.forEach((port, index) => {
      const protocol = (port.protocol ?? 'TCP').toLowerCase()
      const url = `${protocol}://${host}:${port.port}`
      const one = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`
      if (index === 0) variables.set(`${prefix}_PORT`, url)
      variables.set(one, url)
      variables.set(`${one}_PROTO`, protocol)
      variables.set(`${one}_PORT`, `${port.port}`)
      variables.set(`${one}_ADDR`, address)
    })
  }
  return variables
}
