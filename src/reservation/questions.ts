import type { ServiceProblem } from '../errors.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { isLeased } from '../lease/lease.ts'
import { leaseName } from '../lease/names.ts'
import { type BindAddress, guessBindAddress, resolveBindAddress } from '../net/addresses.ts'
import type { BindFailure } from '../net/bind.ts'
import type { Endpoint } from '../net/endpoint.ts'
import { listeningNow } from '../net/owners/listening-now.ts'
import { acceptingPorts } from '../net/accepting.ts'
import { isSocketAlive } from '../net/socket-path.ts'
import { askInWorker } from './ask-in-worker.ts'
import {
  attemptsToDescribe,
  describeHolders,
  endpointsOf,
  fillIn,
  type Holders,
} from './holders.ts'
import { askLeases, type LeasePlace } from './who-holds.ts'
import type { Verdict } from './judge.ts'
import { type Asker, whose } from './whose.ts'

/**
 * What choosing has to ask the world between two steps. The steps themselves are synchronous, so
 * hosts whose hooks may not wait can choose as well.
 */
export type Question =
  | { readonly ask: 'bind-failure'; readonly port: number; readonly reason: Promise<BindFailure> }
  | { readonly ask: 'address'; readonly host: string | boolean | undefined }
  | ({ readonly ask: 'whose'; readonly endpoint: Endpoint } & Asker)
  | { readonly ask: 'socket-alive'; readonly path: string }
  | { readonly ask: 'holders'; readonly problems: readonly ServiceProblem[] }
  | { readonly ask: 'leases'; readonly endpoints: readonly Endpoint[] }
  | { readonly ask: 'all-listening' }
  | {
      readonly ask: 'listening'
      readonly ports: readonly number[]
      readonly address: string | undefined
    }

/** The answer to each kind of question. */
export interface Answers {
  'bind-failure': BindFailure
  address: BindAddress | undefined
  whose: Verdict
  /** A process has the socket at that path. */
  'socket-alive': boolean
  holders: void
  /** What nobody leases is absent. */
  leases: ReadonlyMap<Endpoint, LeaseAnswer>
  /** Every port that is listened on, as far as the system tells at little cost. */
  'all-listening': ReadonlySet<number>
  /** Those of the ports that are listened on. */
  listening: readonly number[]
}

/** Synchronous work that asks in between; see {@link ask}. */
export type Steps<T> = Generator<Question, T, Answers[keyof Answers]>

/** Asks and gives the answer its type. */
export function* ask<Q extends Question>(question: Q): Steps<Answers[Q['ask']]> {
  return (yield question) as Answers[Q['ask']]
}

/** Runs steps to their end, waiting for each answer. */
export async function runSteps<T>(steps: Steps<T>, place: LeasePlace): Promise<T> {
  let step = steps.next()
  while (!step.done) {
    const { value } = step
    step = await answerLater(value, place).then(
      (answer) => steps.next(answer),
      // Whoever asked may have something to let go.
      (error: unknown) => steps.throw(error),
    )
  }
  return step.value
}

/** Runs steps to their end within this tick. Answers that need waiting are got by another thread. */
export function runStepsSync<T>(steps: Steps<T>, place: LeasePlace): T {
  let step = steps.next()
  while (!step.done) {
    let answer: Answers[keyof Answers]
    try {
      answer = answerNow(step.value, place)
    } catch (error) {
      step = steps.throw(error)
      continue
    }
    step = steps.next(answer)
  }
  return step.value
}

async function answerLater(question: Question, place: LeasePlace): Promise<Answers[keyof Answers]> {
  switch (question.ask) {
    case 'bind-failure':
      return question.reason
    case 'address':
      return resolveBindAddress(question.host)
    case 'whose':
      return whose(question.endpoint, question, place)
    case 'socket-alive':
      return isSocketAlive(question.path)
    case 'holders':
      return describeHolders(attemptsOf(question.problems), place)
    case 'leases':
      return askLeases(question.endpoints, place)
    case 'listening':
      return acceptingPorts(question.ports, question.address)
    case 'all-listening':
      return listeningNow(place.platform)
  }
}

function answerNow(question: Question, place: LeasePlace): Answers[keyof Answers] {
  switch (question.ask) {
    case 'bind-failure':
      return probableFailure(question.port)
    case 'address':
      return guessBindAddress(question.host)
    case 'whose': {
      const { endpoint, checkout, service, leased } = question
      const asker: Asker = { checkout, service, leased }
      return askInWorker<Verdict>({ ask: 'whose', endpoint, asker, place }) ?? 'unknown'
    }
    case 'socket-alive':
      // Without an answer nothing may be removed.
      return askInWorker<boolean>({ ask: 'socket-alive', path: question.path, place }) ?? true
    case 'holders': {
      const open = attemptsToDescribe(attemptsOf(question.problems))
      const endpoints = endpointsOf(open)
      if (endpoints.length > 0) {
        fillIn(open, askInWorker<Holders>({ ask: 'holders', endpoints, place }))
      }
      return undefined
    }
    case 'leases': {
      const { platform, stateDir } = place
      const endpoints = question.endpoints.filter((endpoint) =>
        isLeased(leaseName(endpoint, platform, stateDir)),
      )
      if (endpoints.length === 0) return new Map()
      return askInWorker<Answers['leases']>({ ask: 'leases', endpoints, place }) ?? new Map()
    }
    case 'listening': {
      const { ports, address } = question
      return askInWorker<number[]>({ ask: 'listening', ports, address }) ?? []
    }
    case 'all-listening':
      return listeningNow(place.platform)
  }
}

function attemptsOf(problems: readonly ServiceProblem[]): ServiceProblem['attempts'][number][] {
  return problems.flatMap((problem) => problem.attempts)
}

/** The code of a failed bind comes a tick later; until then the port's number has to tell. */
function probableFailure(port: number): BindFailure {
  return port < 1024 && process.getuid?.() !== 0 ? 'denied' : 'in-use'
}
