/** How the node is named and reached: from this machine's name and interfaces where no flag says it. */
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { dns1123SubdomainErrors } from '../schema/formats.ts'
import { CliError } from './cli-error.ts'

export type Interfaces = NodeJS.Dict<Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal'>[]>

/** Interfaces that containers and clusters make; their addresses come and go. */
const madeInterfaces = /^(cni|clip|docker|veth|br-|flannel|virbr)/

/** Addresses that no endpoint may have: pods would reach themselves, or nothing (upstream: ValidateEndpointIP). */
const unusable = (address: string): boolean => /^(127\.|169\.254\.|0\.|22[4-9]\.|23\d\.|2[45]\d\.)/.test(address)

/** The IPv4 address by which other hosts and pods reach this machine. Throws CliError where it has none. */
export function primaryAddress(interfaces: Interfaces = networkInterfaces()): string {
  const candidates = Object.entries(interfaces)
    .filter(([name]) => !madeInterfaces.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && !unusable(address))
  const [first] = candidates
  if (first) return first.address
  throw new CliError(
    'this machine has no IPv4 address but loopback, by which pods could reach the API server',
    'connect a network, or make an address: ip link add node0 type dummy && ip addr add 192.0.2.1/32 dev node0 && ip link set node0 up',
  )
}

/** Throws CliError where pods could not reach the API server at this address. */
export function checkNodeAddress(address: string, interfaces: Interfaces = networkInterfaces()): void {
  const next = 'give another one with --node-address'
  if (unusable(address)) throw new CliError(`the node's address ${address} cannot be reached from pods`, next)
  const own = Object.values(interfaces).flatMap(addresses => addresses ?? [])
  if (own.some(one => one.address === address)) return
  const known = own.filter(({ family, internal }) => family === 'IPv4' && !internal).map(one => one.address)
  throw new CliError(
    `the node's address ${address} is not one of this machine's${known.length === 0 ? '' : ` (${known.join(', ')})`}`,
    next,
  )
}

/** The host's name as a node's. Throws CliError where it cannot be one. */
export function nodeNameOf(name: string = hostname()): string {
  const nodeName = name.toLowerCase()
  checkNodeName(nodeName)
  return nodeName
}

export function checkNodeName(name: string): void {
  const [fault] = dns1123SubdomainErrors(name)
  if (fault !== undefined)
    throw new CliError(
      `${JSON.stringify(name)} cannot be the name of a node: ${fault}`,
      'give another with --node-name',
    )
}
