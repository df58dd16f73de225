/** Amounts of resources as numbers. */
import { parseQuantity } from '../../machinery/quantity.ts'
import { milliValue, value } from '../../machinery/quantity.ts'

/** Thousandths, rounded up, as cpu is counted. 0 for none. */
export const milliOf = (text: string | undefined): number =>
  text === undefined ? 0 : Number(milliValue(parseQuantity(text)))

/** Whole units, rounded up, as bytes are counted. 0 for none. */
export const unitsOf = (text: string | undefined): number =>
  text === undefined ? 0 : Number(value(parseQuantity(text)))
