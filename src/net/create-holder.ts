import type { Protocol } from '../types.ts'
import { DatagramHold } from './datagram-hold.ts'
import { Hold } from './hold.ts'
import type { Holder } from './holder.ts'

/** What is to be held, and how a client that is turned away may be answered. */
export interface HolderOptions {
  readonly protocol?: Protocol | undefined
  /** With `protocol: 'unix'`. */
  readonly path?: string | undefined
  /** Clear-text HTTP is spoken there. */
  readonly speaksHttp: boolean
}

/** An unbound holder for the protocol. */
export function createHolder({ protocol, path, speaksHttp }: HolderOptions): Holder {
  return protocol === 'udp' ? new DatagramHold() : new Hold({ speaksHttp, path })
}
