/** The formats of texts that custom resources may demand (upstream: kube-openapi's strfmt). Unknown ones demand nothing. */
import { isIPv4, isIPv6 } from 'node:net'
import { dns1123LabelErrors, dns1123SubdomainErrors, isCidr } from '../../schema/formats.ts'

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

const isDate = (text: string): boolean => {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  return match !== null && new Date(`${text}T00:00:00Z`).getUTCDate() === Number(match[3])
}

function isDateTime(text: string): boolean {
  const match = /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.exec(text)
  return match !== null && isDate(match[1]!) && Number(match[2]) < 24 && Number(match[3]) < 60 && Number(match[4]) < 61
}

const isUri = (text: string): boolean => URL.canParse(text) || /^\/[^\s]*$/.test(text)

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  byte: text => text !== '' && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
  cidr: isCidr,
  date: isDate,
  'date-time': isDateTime,
  datetime: isDateTime,
  duration: text =>
    /^([+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(text) ||
    /^\d+ ?(ns|us|ms|s|m|h|d|w|seconds?|minutes?|hours?|days?|weeks?)$/.test(text),
  email: text => /^[^\s@<>]+@[^\s@<>]+$/.test(text),
  hexcolor: text => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  hostname: text =>
    /^([a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)*\.?$/.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  'k8s-short-name': text => dns1123LabelErrors(text).length === 0,
  'k8s-long-name': text => dns1123SubdomainErrors(text).length === 0,
  mac: text => /^([0-9a-f]{2}([:-]|$)){6,8}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(text),
  uri: isUri,
  uuid: text => uuid.test(text),
  uuid3: text => uuid.test(text) && text.replaceAll('-', '')[12] === '3',
  uuid4: text => uuid.test(text) && text.replaceAll('-', '')[12] === '4',
  uuid5: text => uuid.test(text) && text.replaceAll('-', '')[12] === '5',
}

export const matchesFormat = (format: string, text: string): boolean => formats[format]?.(text) ?? true
