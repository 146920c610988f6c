import { createHmac, randomBytes } from 'node:crypto'
import type { Endpoint } from '../net/endpoint.ts'

/** What the owner of a lease can be asked to do. */
export type OrderName =
  /** Let the port go. */
  | 'release'
  /** Tell how the ports of its root were chosen. */
  | 'explain'
  /** End the command that the process runs for the port. */
  | 'stop'
  /** Leave the lease to the process whose server has come; it is taken again when that has ended. */
  | 'yield'

/** One line of JSON from a process of the same user to the owner of a lease. */
export interface Order {
  readonly v: 1
  readonly order: OrderName
  /** See {@link proofOf}. */
  readonly proof: string
}

/** Why an order was not carried out. */
export type Refusal =
  /** Not the owner's token. */
  | 'token'
  /** A server of the owner listens on the port, or is to come, so only ending that frees it. */
  | 'serving'
  /** The owner runs no command that it could stop. */
  | 'not-running'
  /** The owner has given the port up already, or does not know the order. */
  | 'unknown'

/** The owner's one line of JSON in return. */
export type OrderReply =
  | { readonly v: 1; readonly ok: true; readonly result?: unknown }
  | { readonly v: 1; readonly ok: false; readonly refusal: Refusal }

const CHALLENGE_BYTES = 16
/** In characters. */
const MIN_CHALLENGE = 16

/** Longest order that is read, in characters. */
export const MAX_ORDER_LENGTH = 1024

const NAMES: readonly unknown[] = ['release', 'explain', 'stop', 'yield'] satisfies OrderName[]
const REFUSALS: readonly unknown[] = [
  'token',
  'serving',
  'not-running',
  'unknown',
] satisfies Refusal[]

/** Reads an order of whoever connected; `undefined` for anything else. */
export function parseOrder(line: string): Order | undefined {
  const { v, order, proof } = parseObject(line)
  if (v !== 1 || typeof proof !== 'string' || !NAMES.includes(order)) return undefined
  return { v, order: order as OrderName, proof }
}

/**
 * Shows that whoever gives an order knows the owner's token, without telling it: who listens at a
 * lease's name may be a stranger that says the owner's pid, and could use the token elsewhere. The
 * proof is good for this order about this endpoint in this one conversation.
 *
 * @param token What the owner wrote into its order file; see `writeOrderFile`.
 * @param challenge What the owner said at the beginning of the conversation.
 */
export function proofOf(
  token: string,
  challenge: string,
  endpoint: Endpoint,
  order: OrderName,
): string {
  const about = JSON.stringify([challenge, endpoint, order])
  return createHmac('sha256', token).update(about).digest('base64url')
}

/** What the owner's first line says for {@link proofOf}; `undefined` when it takes no orders. */
export function challengeIn(line: string): string | undefined {
  const { challenge } = parseObject(line)
  return typeof challenge === 'string' && challenge.length >= MIN_CHALLENGE ? challenge : undefined
}

/** One that nobody has said before. */
export function newChallenge(): string {
  return randomBytes(CHALLENGE_BYTES).toString('base64url')
}

/** Reads an owner's reply; `undefined` for anything else. */
export function parseReply(line: string): OrderReply | undefined {
  const { v, ok, result, refusal } = parseObject(line)
  if (v !== 1) return undefined
  if (ok === true) return { v, ok, ...(result !== undefined && { result }) }
  if (ok === false && REFUSALS.includes(refusal)) return { v, ok, refusal: refusal as Refusal }
  return undefined
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
