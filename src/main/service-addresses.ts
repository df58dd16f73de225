/** The first usable addresses of an IPv4 range: the `kubernetes` Service has the first, the DNS the tenth. */
export function firstAddresses(cidr: string, count: number): string[] {
  const [base = '', bits = '32'] = cidr.split('/')
  const network = base.split('.').reduce((value, part) => value * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  if (count >= size) throw new RangeError(`${cidr} has no ${count} addresses`)
  return Array.from({ length: count }, (_, i) => {
    const address = network + i + 1
    return [24, 16, 8, 0].map(shift => Math.floor(address / 2 ** shift) % 256).join('.')
  })
}
