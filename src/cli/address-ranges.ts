/** Ranges of addresses and ports that people give by flags: well-formed, large enough, apart from each other. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { CliError } from './cli-error.ts'
import type { ClusterConfig } from './cluster-config.ts'

interface Range {
  readonly first: number
  readonly size: number
}

function rangeOf(cidr: string): Range {
  const [base = '', bits = ''] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const address = base.split('.').reduce((value, part) => value * 256 + Number(part), 0)
  return { first: address - (address % size), size }
}

const overlap = (a: Range, b: Range): boolean => a.first < b.first + b.size && b.first < a.first + a.size

/** The Services' range holds at least the API server's and the DNS's address. */
const minServiceAddresses = 16

export function checkRanges({
  clusterCidr,
  serviceCidr,
  nodeAddress,
  nodeCidrMaskSize = 24,
}: Pick<ClusterConfig, 'clusterCidr' | 'serviceCidr' | 'nodeAddress' | 'nodeCidrMaskSize'>): void {
  const pods = rangeOf(clusterCidr)
  const services = rangeOf(serviceCidr)
  const refuse = (message: string, next: string) => {
    throw new CliError(message, next)
  }
  if (pods.size < 2 ** (32 - nodeCidrMaskSize))
    refuse(
      `--cluster-cidr ${clusterCidr} is too small: a node needs a /${nodeCidrMaskSize}`,
      'give a larger one, as 10.244.0.0/16',
    )
  if (services.size < minServiceAddresses)
    refuse(`--service-cidr ${serviceCidr} is too small`, 'give at least a /28, as 10.96.0.0/16')
  if (overlap(pods, services))
    refuse(`--cluster-cidr ${clusterCidr} and --service-cidr ${serviceCidr} overlap`, 'give ranges that are apart')
  const node = rangeOf(`${nodeAddress}/32`)
  for (const [flag, range, cidr] of [
    ['--cluster-cidr', pods, clusterCidr],
    ['--service-cidr', services, serviceCidr],
  ] as const)
    if (overlap(node, range))
      refuse(`${flag} ${cidr} holds the node's own address ${nodeAddress}`, 'give another range')
}

export function checkNodePorts(nodePortRange: string): void {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(nodePortRange) ?? []
  if (first === undefined || Number(first) < 1 || Number(last) > 65_535 || Number(first) > Number(last))
    throw new CliError(`--node-port-range ${nodePortRange} is no range of ports`, 'give one as 30000-32767')
}

/** Networks that this machine is in already, and that pods or Services would hide from it. `own`: interfaces of the cluster. */
export function checkForeignNetworks(
  { clusterCidr, serviceCidr }: Pick<ClusterConfig, 'clusterCidr' | 'serviceCidr'>,
  own: ReadonlySet<string>,
  interfaces: NodeJS.Dict<Pick<NetworkInterfaceInfo, 'cidr' | 'family' | 'internal'>[]> = networkInterfaces(),
): void {
  for (const [name, addresses = []] of Object.entries(interfaces))
    for (const { cidr, family, internal } of addresses) {
      if (own.has(name) || internal || family !== 'IPv4' || cidr === null) continue
      for (const [what, range] of [
        ['pods', clusterCidr],
        ['Services', serviceCidr],
      ] as const)
        if (overlap(rangeOf(cidr), rangeOf(range)))
          throw new CliError(
            `the addresses of the cluster's ${what}, ${range}, overlap this machine's network ${cidr} (${name})`,
            'connect the machine to another network, or make the cluster with other ranges',
          )
    }
}
